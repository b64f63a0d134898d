"""For the operator: alive, ready, and figures without names."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from profiles.database import Database
from tests.factories import World, http, running, web_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database, load=False) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with http(web_app(world)) as client:
        yield client


async def test_alive_is_said_whatever_the_engine_does(client: httpx.AsyncClient, world: World) -> None:
    world.engine.away = True
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_ready_is_said_only_when_every_part_is(client: httpx.AsyncClient, world: World) -> None:
    before = await client.get("/ready")
    assert before.status_code == 503
    assert before.json()["parts"] == {"database": True, "engine": True, "embeddings": False}
    await world.services.insights.load()
    after = await client.get("/ready")
    assert after.status_code == 200
    assert after.json() == {
        "status": "ready",
        "parts": {"database": True, "engine": True, "embeddings": True},
        "model": "fake",
    }


async def test_an_absent_engine_is_named(client: httpx.AsyncClient, world: World) -> None:
    await world.services.insights.load()
    world.engine.away = True
    answer = await client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"]["engine"] is False
    assert answer.json()["detail"] == "away"


async def test_a_lost_database_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Database("sqlite:////nonexistent/folder/vinculo.db")
    object.__setattr__(world.services, "database", lost)
    async with http(web_app(world)) as client:
        answer = await client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"]["database"] is False
    await lost.close()


async def test_figures_count_the_steps_of_a_turn_and_name_nobody(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.services.insights.load()
    await world.say("me chamo Marina Prado", account="somebody-special")
    text = (await client.get("/metrics")).text
    for step in ("inbox", "engine", "rendering", "storing", "turn"):
        assert f'vinculo_turn_seconds_count{{step="{step}"}}' in text
    for personal in ("Marina", "somebody-special", (await world.conversation("somebody-special")).id):
        assert personal not in text
