"""Rasa's REST channel: any client of Rasa can talk to us."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.channels.web import rest
from bot.channels.web.rest import as_rest, card_text
from conversations.history import message_view
from conversations.models import Message
from profiles.database import Database
from profiles.models import Customer, Identity
from tests.factories import (
    World,
    add_agent,
    add_conversation,
    add_customer,
    add_message,
    http,
    rows,
    running,
    web_app,
)

pytestmark = pytest.mark.anyio
URL = "/webhooks/rest/webhook"


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with http(web_app(world)) as client:
        yield client


async def say(client: httpx.AsyncClient, message: str, sender: str = "ana") -> list[dict[str, Any]]:
    answer = await client.post(URL, json={"sender": sender, "message": message})
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def test_a_message_is_answered_in_rasas_form(client: httpx.AsyncClient, world: World) -> None:
    first, *_ = await say(client, "oi")
    assert first["recipient_id"] == "ana"
    assert first["text"]
    assert all(set(button) == {"title", "payload"} for button in first["buttons"])
    (identity,) = await rows(world.database, Identity)
    assert (identity.kind, identity.value, identity.level) == ("rest", "ana", "claimed")
    states = {row.state for row in await rows(world.database, Message, Message.sender == "bot")}
    assert states == {"sent"}


async def test_a_button_goes_back_as_its_payload(client: httpx.AsyncClient, world: World) -> None:
    await say(client, "oi")
    parts = await say(client, "/recommend")
    assert world.engine.said[-1].text == "/recommend"
    assert "R$" in parts[0]["text"]


@pytest.mark.parametrize("text", ["/restart", "/ask_person", '/greet{"x":1}', "/session_start"])
async def test_a_command_that_was_not_offered_is_plain_text(
    client: httpx.AsyncClient, world: World, text: str
) -> None:
    await say(client, text)
    assert not world.engine.said[-1].text.startswith("/")


async def test_senders_are_kept_apart(client: httpx.AsyncClient, world: World) -> None:
    await say(client, "me chamo Ana", sender="ana")
    await say(client, "oi", sender="ben")
    assert sorted(customer.name or "" for customer in await rows(world.database, Customer)) == ["", "Ana"]


async def test_while_a_person_answers_the_bot_says_nothing(client: httpx.AsyncClient, world: World) -> None:
    await say(client, "quero falar com uma pessoa")
    conversation = await world.conversation("ana", "rest")
    await world.services.handoffs.take(conversation.id, await add_agent(world.database))
    assert await say(client, "você está aí?") == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"message": "oi"}, 422, "invalid_body"),
        ({"sender": "", "message": "oi"}, 422, "invalid_body"),
        ({"sender": "a" * 201, "message": "oi"}, 422, "invalid_body"),
        ({"sender": "a\x00b", "message": "oi"}, 422, "invalid_body"),
        ({"sender": 5, "message": "oi"}, 422, "invalid_body"),
        ({"sender": "ana"}, 422, "invalid_body"),
        ({"sender": "ana", "message": None}, 422, "invalid_body"),
        ({"sender": "ana", "message": ""}, 422, "empty_text"),
        ({"sender": "ana", "message": "\x00"}, 422, "empty_text"),
        ({"sender": "ana", "message": "a" * 5000}, 413, "too_long"),
        ([], 422, "invalid_body"),
        ("oi", 422, "invalid_body"),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_wrong_body_is_told(
    client: httpx.AsyncClient, world: World, body: Any, status: int, code: str
) -> None:
    answer = await client.post(URL, json=body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert await rows(world.database, Message) == []


async def test_no_json_is_told(client: httpx.AsyncClient) -> None:
    for content in (b"", b"{", b"\xff\xfe"):
        answer = await client.post(URL, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "invalid_body"


async def test_fields_that_rasa_would_ignore_are_ignored(client: httpx.AsyncClient) -> None:
    answer = await client.post(URL, json={"sender": "ana", "message": "oi", "input_channel": "x", "a": 1})
    assert answer.status_code == 200


async def test_a_flood_gets_the_seconds_to_wait(sqlite_database: Database) -> None:
    slow = {"messages_burst": 2, "messages_per_s": 0.01}
    async with running(sqlite_database, settings=slow) as world, http(web_app(world)) as client:
        for _ in range(2):
            await say(client, "oi")
        answer = await client.post(URL, json={"sender": "ana", "message": "oi"})
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_fast"
    assert int(answer.headers["Retry-After"]) > 1


async def test_an_answer_that_does_not_come_is_told_and_the_message_is_kept(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "ANSWER_WITHIN_S", 0.05)
    world.engine.away = True
    answer = await client.post(URL, json={"sender": "ana", "message": "ajuda"})
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "no_answer_yet"
    assert answer.headers["Retry-After"] == "5"
    (message,) = await rows(world.database, Message, Message.sender == "customer")
    assert message.state == "pending"
    world.engine.away = False
    await world.services.router.settled(message.id)


async def test_the_health_of_the_channel_is_as_in_rasa(client: httpx.AsyncClient) -> None:
    assert (await client.get("/webhooks/rest/")).json() == {"status": "ok"}


async def test_cards_are_told_in_words(sqlite_database: Database) -> None:
    customer = await add_customer(sqlite_database)
    conversation = await add_conversation(sqlite_database, customer.id)
    card = {"title": "Café", "price": "R$ 40,00", "reason": "Combina com você.", "text": "…"}
    message = await add_message(sqlite_database, conversation.id, "Veja:", sender="bot", cards=[card])
    (part,) = as_rest(message_view(message), "ana")
    assert part == {"recipient_id": "ana", "text": "Veja:\n\nCafé · R$ 40,00\nCombina com você."}
    assert card_text({"title": "Café", "price": ""}) == "Café · "
