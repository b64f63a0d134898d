"""The engine calls actions here: with the key in the path, for a turn in progress, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from conversations.turns import TurnContext
from profiles.database import Database
from tests.factories import SECRETS, World, add_customer, http, running, situation, web_app

pytestmark = pytest.mark.anyio
URL = f"/actions/{SECRETS.action_key}"


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with http(web_app(world)) as client:
        yield client


def call(
    action: str, *, conversation: str = "conversation", message: str | None = "message"
) -> dict[str, Any]:
    metadata = {"message_id": message} if message else {}
    return {
        "next_action": action,
        "sender_id": conversation,
        "tracker": {
            "sender_id": conversation,
            "slots": {},
            "latest_message": {"text": "oi", "intent": {"name": "greet"}, "metadata": metadata},
            "events": [],
            "paused": False,
            "active_loop": {},
            "latest_action_name": "action_listen",
        },
        "domain": {"actions": [action], "responses": {}, "slots": {}, "intents": []},
        "version": "3.6.21",
    }


async def turn(world: World, **fields: Any) -> TurnContext:
    customer = await add_customer(world.database)
    return TurnContext(
        message_id="message",
        conversation_id="conversation",
        customer_id=customer.id,
        text="oi",
        situation=situation(customer_id=customer.id, **fields),
        memory={},
    )


async def test_an_action_runs_for_the_turn_in_progress(client: httpx.AsyncClient, world: World) -> None:
    with world.services.actions.turns.running(await turn(world)):
        answer = await client.post(URL, json=call("action_order_status"))
    assert answer.status_code == 200
    assert [response["response"] for response in answer.json()["responses"]] == ["utter_order_login"]


async def test_without_the_key_there_is_nothing(client: httpx.AsyncClient, world: World) -> None:
    with world.services.actions.turns.running(await turn(world)):
        for path in ("/actions/webhook", "/actions/", f"{URL}x", f"/actions/{'b' * 32}", "/actions/é"):
            answer = await client.post(path, json=call("action_order_status"))
            assert answer.status_code == 404


@pytest.mark.parametrize(
    ("conversation", "message"),
    [("another", "message"), ("conversation", "an older message"), ("conversation", None)],
)
async def test_a_call_for_another_turn_is_refused(
    client: httpx.AsyncClient, world: World, conversation: str, message: str | None
) -> None:
    with world.services.actions.turns.running(await turn(world)):
        body = call("action_handoff", conversation=conversation, message=message)
        answer = await client.post(URL, json=body)
    assert answer.status_code == 404
    assert answer.json()["action_name"] == "action_handoff"


async def test_after_the_turn_its_actions_are_refused(client: httpx.AsyncClient, world: World) -> None:
    with world.services.actions.turns.running(await turn(world)):
        pass
    assert (await client.post(URL, json=call("action_clarify"))).status_code == 404


async def test_a_session_may_open_before_the_engine_has_taken_the_message(
    client: httpx.AsyncClient, world: World
) -> None:
    with world.services.actions.turns.running(await turn(world, tier="MVC", language="pt")):
        answer = await client.post(URL, json=call("action_session_start", message=None))
    slots = {event["name"]: event["value"] for event in answer.json()["events"] if event["event"] == "slot"}
    assert (slots["tier"], slots["language"], slots["name_known"]) == ("MVC", "pt", False)


async def test_an_action_nobody_knows_is_refused(client: httpx.AsyncClient, world: World) -> None:
    with world.services.actions.turns.running(await turn(world)):
        answer = await client.post(URL, json=call("action_delete_everything"))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"{}",
        b'{"next_action": 5}',
        b'{"next_action": "action_clarify"}',
        b'{"next_action": "action_clarify", "tracker": 5}',
        b'{"next_action": "action_clarify", "tracker": {}}',
    ],
)
async def test_a_call_of_another_form_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post(URL, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]


async def test_an_action_that_breaks_offers_a_person_and_never_fails_the_turn(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: Any, **named: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(world.services.insights, "recommend", fail)
    running_turn = await turn(world)
    with world.services.actions.turns.running(running_turn):
        answer = await client.post(URL, json=call("action_recommend"))
    assert answer.status_code == 200
    assert [response["response"] for response in answer.json()["responses"]] == ["utter_offer_person"]
    assert answer.json()["events"][-1]["name"] == "offered"
    assert running_turn.memory["failed"] == "action_recommend"
