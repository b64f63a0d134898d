"""The widget's socket: hello first, receipts, news, history, and every kind of wrong frame."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from conversations.inbox import Pace
from conversations.models import Conversation, Message
from profiles.database import Database
from profiles.identities import LoginClaim, make_login_token
from profiles.models import Customer, Identity
from tests.factories import (
    SECRETS,
    World,
    add_agent,
    add_customer,
    add_message,
    rows,
    running,
    web_app,
)
from tests.sockets import Socket, chatting, connected

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


@pytest.fixture
def app(world: World) -> FastAPI:
    return web_app(world)


def message(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "id": str(uuid.uuid4()), "text": text, **fields}


def is_answer(frame: dict[str, Any]) -> bool:
    return frame["type"] == "message" and frame["message"]["sender"] == "bot"


async def say(socket: Socket, text: str, **fields: Any) -> dict[str, Any]:
    """Say something and return the first answer."""
    await socket.send(message(text, **fields))
    return (await socket.until(is_answer))["message"]


# --- hello ---
async def test_the_welcome_says_who_is_speaking_and_in_which_language(app: FastAPI) -> None:
    async with chatting(app, language="en") as (_, welcome):
        assert welcome["owner"] == "bot"
        assert welcome["agent"] is None
        assert welcome["language"] == "en"
        assert welcome["conversation"] is None
        assert welcome["customer"] == {"name": None, "known": False}
        assert welcome["messages"] == []
        assert welcome["texts"]["bot"] == "Lia"
        assert welcome["texts"]["title"]


@pytest.mark.parametrize(("asked", "got"), [("en", "en"), ("pt", "pt"), ("de", "pt"), (None, "pt")])
async def test_a_language_the_company_has_not_gets_the_default(
    app: FastAPI, asked: str | None, got: str
) -> None:
    async with chatting(app, language=asked) as (_, welcome):
        assert welcome["language"] == got


async def test_looking_alone_makes_no_customer(app: FastAPI, world: World) -> None:
    async with chatting(app):
        pass
    assert await rows(world.database, Customer) == []


@pytest.mark.parametrize(
    "frame",
    [
        message("oi"), {"type": "ping"}, {"type": "history", "before": 5}, {"type": "hello", "x": 1},
        {"type": "hello", "after": -1}, {"type": "hello", "after": 10**30}, {"type": "nothing"}, {}, [], 5,
        "not json", "", '{"type": "hello"', b"\x00\x01", {"type": "hello", "session": "a" * 401},
        {"type": "hello", "session": "forged"}, {"type": "hello", "session": "\ud800"},
        {"type": "hello", "login": "forged"}, {"type": "hello", "login": "\ud800\x00"},
        {"type": "hello", "login": "e30.e30."},
    ],
    ids=lambda frame: repr(frame)[:40],
)  # fmt: skip
async def test_without_a_right_hello_the_socket_ends_with_a_reason(
    app: FastAPI, world: World, frame: Any
) -> None:
    async with connected(app) as socket:
        await socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
        assert await socket.closing_code() == 1008
    assert [one["type"] for one in socket.seen] == ["error"]
    assert socket.seen[0]["message"].endswith((".", "in.", "begins."))
    assert await rows(world.database, Customer) == []


# --- talking ---
async def test_the_receipt_comes_before_the_reply(app: FastAPI) -> None:
    async with chatting(app, language="pt") as (socket, _):
        for text in ("ajuda", "obrigada", "tchau"):
            sent = message(text)
            await socket.send(sent)
            await socket.until(is_answer)
            kinds = [
                (frame["type"], frame.get("id"))
                for frame in socket.seen
                if frame["type"] == "ack" or is_answer(frame)
            ]
            assert kinds.index(("ack", sent["id"])) < len(kinds) - 1
            assert kinds[-1][0] == "message"


async def test_my_own_message_comes_back_with_the_id_that_i_gave_it(app: FastAPI) -> None:
    async with chatting(app, language="pt") as (socket, _):
        sent = message("oi")
        await socket.send(sent)
        mine = await socket.until(lambda frame: frame["type"] == "message")
        assert (mine["message"]["external_id"], mine["message"]["text"]) == (sent["id"], "oi")


async def test_sending_again_what_was_not_acknowledged_is_harmless(app: FastAPI, world: World) -> None:
    async with chatting(app, language="pt") as (socket, _):
        sent = message("oi")
        await socket.send(sent)
        first = await socket.until("ack")
        await socket.send(sent)
        assert await socket.until("ack") == first
    assert len(await rows(world.database, Message, Message.sender == "customer")) == 1


async def test_after_a_reload_the_thread_is_there(app: FastAPI) -> None:
    async with chatting(app, language="pt") as (socket, welcome):
        answer = await say(socket, "oi")
    async with chatting(app, session=welcome["session"]) as (_, again):
        texts = [one["text"] for one in again["messages"]]
        assert texts[0] == "oi"
        assert answer["text"] in texts
        assert again["session"] == welcome["session"]
        assert again["customer"]["known"]
    async with chatting(app, session=welcome["session"], after=1) as (_, later):
        assert [one["seq"] for one in later["messages"]] == [one["seq"] for one in again["messages"]][1:]


async def test_two_windows_of_one_customer_show_the_same_thread(app: FastAPI) -> None:
    async with (
        chatting(app, language="pt") as (first, welcome),
        chatting(app, session=welcome["session"], language="pt") as (second, _),
    ):
        await say(first, "ajuda")
        await second.until(is_answer)
        await say(second, "obrigada")
        await first.until(is_answer)
        shown = [
            {frame["message"]["id"]: frame["message"]["text"] for frame in socket.seen if "message" in frame}
            for socket in (first, second)
        ]
        assert shown[0] == shown[1]
        assert list(shown[0].values())[0::2] == ["ajuda", "obrigada"]


async def test_another_visitor_hears_and_reads_nothing_of_it(app: FastAPI) -> None:
    async with (
        chatting(app, language="pt") as (mine, _),
        chatting(app, language="pt") as (other, _),
    ):
        await say(mine, "o meu segredo é torra clara")
        await other.send({"type": "history", "before": 1000})
        assert (await other.until("history"))["messages"] == []
        await other.send({"type": "seen", "seq": 1000})
        await other.send({"type": "ping"})
        await other.until("pong")
        assert not any("segredo" in json.dumps(frame, ensure_ascii=False) for frame in other.seen)


async def test_history_comes_in_pages(app: FastAPI, world: World) -> None:
    async with chatting(app, language="pt") as (socket, welcome):
        await say(socket, "oi")
        conversation = (await rows(world.database, Conversation))[0].id
        for number in range(60):
            await add_message(world.database, conversation, f"message {number}", sender="agent")
        last = (await rows(world.database, Message))[-1].seq
    async with chatting(app, session=welcome["session"]) as (socket, again):
        assert [one["seq"] for one in again["messages"]] == list(range(last - 49, last + 1))
        await socket.send({"type": "history", "before": last - 49})
        page = await socket.until("history")
        assert [one["seq"] for one in page["messages"]] == list(range(1, last - 49))
        assert page["more"] is False
        await socket.send({"type": "history", "before": last + 1})
        assert (await socket.until("history"))["more"] is True


async def test_seeing_marks_our_messages_as_read(app: FastAPI, world: World) -> None:
    async with chatting(app, language="pt") as (socket, _):
        answer = await say(socket, "oi")
        await socket.send({"type": "seen", "seq": 1000})
        changed = await socket.until(
            lambda frame: (
                frame["type"] == "changed"
                and frame["message"]["id"] == answer["id"]
                and frame["message"]["state"] == "read"
            )
        )
        assert changed
    states = {one.state for one in await rows(world.database, Message, Message.sender == "bot")}
    assert "queued" not in states


async def test_what_was_said_while_nobody_looked_is_sent_at_the_next_hello(
    app: FastAPI, world: World
) -> None:
    async with chatting(app, language="pt") as (socket, welcome):
        await say(socket, "oi")
    conversation = (await rows(world.database, Conversation))[0].id
    agent = await add_agent(world.database)
    view = await world.services.handoffs.answer(conversation, agent, "está aí?")
    async with chatting(app, session=welcome["session"]) as (socket, again):
        assert again["messages"][-1]["id"] == view.id
        assert (again["owner"], again["agent"]) == ("human", agent.name)
        await socket.until(lambda f: f["type"] == "changed" and f["message"]["id"] == view.id)
    (kept,) = await rows(world.database, Message, Message.id == view.id)
    assert kept.state == "sent"


async def test_a_person_joins_answers_and_hands_back_before_the_customers_eyes(
    app: FastAPI, world: World
) -> None:
    handoffs, agent = world.services.handoffs, await add_agent(world.database)
    async with chatting(app, language="pt") as (socket, _):
        await say(socket, "quero falar com uma pessoa")
        conversation = (await rows(world.database, Conversation))[0].id
        await handoffs.take(conversation, agent)
        assert (await socket.until(lambda f: f["type"] == "owner" and f["owner"] == "human"))["agent"] == (
            agent.name
        )
        await handoffs.note(conversation, agent, "internal words")
        await handoffs.answer(conversation, agent, "olá")
        shown = await socket.until(lambda f: f["type"] == "message" and f["message"]["sender"] == "agent")
        assert shown["message"]["sender_name"] == agent.name
        await handoffs.hand_back(conversation, agent, outcome="solved")
        assert (await socket.until("owner"))["owner"] == "bot"
        await socket.send({"type": "history", "before": 1000})
        await socket.until("history")
        assert "internal words" not in json.dumps(socket.seen)


async def test_typing_goes_to_the_desk_and_not_back(app: FastAPI, world: World) -> None:
    from conversations.announcements import Typing, conversation_topic

    async with chatting(app, language="pt") as (socket, _):
        await say(socket, "oi")
        conversation = (await rows(world.database, Conversation))[0].id
        async with world.services.announcer.subscribe(conversation_topic(conversation)) as news:
            await socket.send({"type": "typing", "on": True})
            while not isinstance(heard := await anext(news), Typing):
                pass
        assert heard == Typing(conversation, "customer", True)
        socket.seen.clear()
        await socket.send({"type": "ping"})
        await socket.until("pong")
        assert all(frame["type"] != "typing" or frame["sender"] != "customer" for frame in socket.seen)


# --- logging in ---
async def test_a_log_in_is_known_before_the_first_word(app: FastAPI, world: World) -> None:
    customer = await add_customer(world.database, name="Ana Prado", kind="customer", tier="MVC")
    async with world.database.transaction() as session:
        session.add(Identity(customer_id=customer.id, kind="company", value="c-1", level="verified"))
    login = make_login_token(SECRETS.login_key, LoginClaim("c-1", "Ana Prado"))
    async with chatting(app, login=login, language="pt") as (socket, welcome):
        assert welcome["customer"] == {"name": "Ana Prado", "known": True}
        assert "Ana" in (await say(socket, "oi"))["text"]


async def test_a_log_in_of_somebody_else_never_shows_my_thread(app: FastAPI, world: World) -> None:
    async with chatting(app, language="pt") as (socket, mine):
        await say(socket, "o meu segredo é torra clara")
    login = make_login_token(SECRETS.login_key, LoginClaim("c-2", "Ben"))
    async with chatting(app, session=mine["session"], login=login) as (_, other):
        assert other["session"] != mine["session"]
        assert other["messages"] == []
        assert other["customer"]["name"] == "Ben"


# --- bad input ---
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "bad_frame"),
        ("", "bad_frame"),
        ("null", "bad_frame"),
        ("[" * 100_000, "bad_frame"),
        (b"\x00\xff", "bad_frame"),
        ({"type": "message", "text": "oi"}, "bad_frame"),
        ({"type": "message", "id": "", "text": "oi"}, "bad_frame"),
        ({"type": "message", "id": "a" * 65, "text": "oi"}, "bad_frame"),
        ({"type": "message", "id": "\x00", "text": "oi"}, "bad_frame"),
        ({"type": "message", "id": "\ud800", "text": "oi"}, "bad_frame"),
        ({"type": "message", "id": "a", "text": "oi", "payload": "a\x00b"}, "bad_frame"),
        ({"type": "message", "id": "a", "text": "oi", "payload": "\ud800"}, "bad_frame"),
        ({"type": "message", "id": "a", "text": 5}, "bad_frame"),
        ({"type": "message", "id": "a", "text": "half a sign \ud83d"}, "bad_frame"),
        ({"type": "message", "id": "a", "text": "oi", "sender": "agent"}, "bad_frame"),
        ({"type": "message", "id": "a", "text": ""}, "empty_text"),
        ({"type": "message", "id": "a", "text": "\x00\u200b"}, "empty_text"),
        ({"type": "message", "id": "a", "text": "a" * 4001}, "too_long"),
        ({"type": "message", "id": "a", "text": "a" * 100_000}, "too_long"),
        ({"type": "seen", "seq": -1}, "bad_frame"),
        ({"type": "seen", "seq": 10**30}, "bad_frame"),
        ({"type": "history", "before": 10**30}, "bad_frame"),
        ({"type": "history"}, "bad_frame"),
        ({"type": "typing", "on": "yes please"}, "bad_frame"),
        ({"type": "hello"}, "bad_frame"),
        ({"type": "restart"}, "bad_frame"),
    ],
    ids=lambda value: repr(value)[:50],
)
async def test_a_wrong_frame_is_told_and_the_talk_goes_on(
    app: FastAPI, world: World, frame: Any, code: str
) -> None:
    async with chatting(app, language="pt") as (socket, _):
        await socket.send(frame)
        error = await socket.until("error")
        assert error["code"] == code
        assert error["message"]
        identifier = frame.get("id") if isinstance(frame, dict) else None
        assert error.get("id") == (identifier or None)
        assert (await say(socket, "oi"))["text"]
    assert len(await rows(world.database, Message, Message.sender == "customer")) == 1


async def test_control_characters_do_no_harm(app: FastAPI, world: World) -> None:
    async with chatting(app, language="pt") as (socket, _):
        assert (await say(socket, "o\x00i\x1b\u202e"))["text"]
    (kept,) = await rows(world.database, Message, Message.sender == "customer")
    assert kept.text == "oi"


async def test_only_emoji_gets_an_honest_answer(app: FastAPI) -> None:
    async with chatting(app, language="en") as (socket, _):
        answer = await say(socket, "🦜🦜")
        assert "words" in answer["text"]


async def test_a_flood_is_slowed_down_and_nothing_accepted_is_lost(app: FastAPI, world: World) -> None:
    world.services.inbox._pace = Pace(burst=3, per_s=0.001)
    async with chatting(app, language="pt") as (socket, _):
        sent = [message(f"oi {number}") for number in range(8)]
        for frame in sent:
            await socket.send(frame)
        answers = [
            await socket.until(lambda frame: frame["type"] in ("ack", "error")) for _ in range(len(sent))
        ]
        assert [frame["id"] for frame in answers] == [frame["id"] for frame in sent]
        assert [frame["type"] for frame in answers] == ["ack"] * 3 + ["error"] * 5
        for frame in answers[3:]:
            assert frame["code"] == "too_fast"
            assert frame["retry_after_s"] > 0
    assert len(await rows(world.database, Message, Message.sender == "customer")) == 3


async def test_who_sends_nothing_but_nonsense_is_cut_off(app: FastAPI) -> None:
    async with chatting(app) as (socket, _):
        for _ in range(25):
            await socket.send("nonsense")
        assert await socket.closing_code() == 1008


async def test_a_failure_on_our_side_is_told_with_the_id(
    app: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = world.services.inbox.accept
    failures = iter([OSError("disk full")])

    async def fail_once(incoming: Any) -> Any:
        for error in failures:
            raise error
        return await accept(incoming)

    monkeypatch.setattr(type(world.services.inbox), "accept", lambda self, incoming: fail_once(incoming))
    async with chatting(app, language="pt") as (socket, _):
        sent = message("oi")
        await socket.send(sent)
        error = await socket.until("error")
        assert (error["code"], error["id"]) == ("internal", sent["id"])
        assert error["retry_after_s"] > 0
        assert "disk" not in error["message"]
        await socket.send(sent)
        await socket.until(is_answer)


async def test_a_window_that_lags_too_far_is_told_to_come_again(
    app: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conversations import announcements

    async with chatting(app, language="pt") as (socket, _):
        await say(socket, "oi")
        conversation = (await rows(world.database, Conversation))[0].id
        monkeypatch.setattr(announcements, "BACKLOG", 0)
        topic = announcements.conversation_topic(conversation)
        world.services.announcer.publish(topic, announcements.Typing(conversation, "bot", True))
        assert await socket.closing_code() == 1013


async def test_leaving_at_any_moment_leaves_no_listener(app: FastAPI, world: World) -> None:
    async with chatting(app, language="pt") as (socket, _):
        await socket.send(message("oi"))
        await socket.until("ack")
    from conversations.announcements import conversation_topic

    conversation = (await rows(world.database, Conversation))[0].id
    await world.services.router.close()
    assert world.services.announcer.listeners(conversation_topic(conversation)) == 0
