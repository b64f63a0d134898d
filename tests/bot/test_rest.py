"""Rasa's REST channel: what a client that knows nothing of us can do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.channels.web.rest import rest_routes
from profiles.database import Database
from tests.factories import World, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    services = world.services
    app.include_router(rest_routes(services.database, services.inbox, services.outbox, services.router))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://vinculo") as client:
        yield client


async def say(client: httpx.AsyncClient, message: str) -> list[dict[str, Any]]:
    answer = await client.post("/webhooks/rest/webhook", json={"sender": "ana", "message": message})
    assert answer.status_code == 200
    replies: list[dict[str, Any]] = answer.json()
    return replies


async def test_every_button_is_pressed_by_sending_its_payload(
    client: httpx.AsyncClient, world: World
) -> None:
    [queued] = await say(client, "I want to talk to a person")
    [back] = queued["buttons"]
    assert (await world.conversation("ana", "rest")).owner == "waiting"

    assert await say(client, back["payload"]) != []
    assert (await world.conversation("ana", "rest")).owner == "bot"


async def test_a_payload_that_was_not_offered_is_words(client: httpx.AsyncClient, world: World) -> None:
    await say(client, "I want to talk to a person")
    await say(client, "app:start_again")
    assert (await world.conversation("ana", "rest")).owner == "waiting"
