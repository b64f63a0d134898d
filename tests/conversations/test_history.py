"""What was said, page by page, and without what stays inside."""

from __future__ import annotations

import json

import pytest

from conversations.history import MAX_PAGE, history, message_view
from profiles.database import Database
from tests.factories import add_conversation, add_customer, add_message, statements

pytestmark = pytest.mark.anyio


async def talk(database: Database, count: int) -> str:
    customer = await add_customer(database)
    conversation = await add_conversation(database, customer.id)
    for number in range(1, count + 1):
        await add_message(database, conversation.id, f"message {number}")
    return conversation.id


async def texts(database: Database, conversation: str, **fields: object) -> list[str]:
    async with database.reading() as session:
        return [view.text for view in await history(session, conversation, **fields)]  # type: ignore[arg-type]


async def test_pages_go_backwards_without_gaps_or_repetitions(database: Database) -> None:
    conversation = await talk(database, 7)
    assert await texts(database, conversation, limit=3) == ["message 5", "message 6", "message 7"]
    assert await texts(database, conversation, limit=3, before=5) == ["message 2", "message 3", "message 4"]
    assert await texts(database, conversation, limit=3, before=2) == ["message 1"]
    assert await texts(database, conversation, limit=3, before=1) == []


async def test_catching_up_goes_forwards_from_what_is_known(database: Database) -> None:
    conversation = await talk(database, 5)
    assert await texts(database, conversation, after=3) == ["message 4", "message 5"]
    assert await texts(database, conversation, after=0, limit=2) == ["message 1", "message 2"]
    assert await texts(database, conversation, after=5) == []


async def test_notes_are_for_the_staff_only(database: Database) -> None:
    conversation = await talk(database, 2)
    await add_message(database, conversation, "he was rude", sender="note")
    assert "he was rude" not in await texts(database, conversation)
    assert "he was rude" not in await texts(database, conversation, after=0)
    assert "he was rude" in await texts(database, conversation, internal=True)


async def test_another_conversation_is_not_in_it(database: Database) -> None:
    mine, other = await talk(database, 2), await talk(database, 3)
    assert len(await texts(database, mine)) == 2
    assert len(await texts(database, other)) == 3
    assert await texts(database, "nowhere") == []


async def test_a_page_has_a_limit_whatever_is_asked_for(sqlite_database: Database) -> None:
    conversation = await talk(sqlite_database, MAX_PAGE + 1)
    assert len(await texts(sqlite_database, conversation, limit=10**6)) == MAX_PAGE


async def test_the_button_that_was_pressed_is_marked(database: Database) -> None:
    conversation = await talk(database, 1)
    buttons = [{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}]
    await add_message(database, conversation, "shall I?", sender="bot", buttons=buttons)
    await add_message(database, conversation, "No", payload="/deny")
    await add_message(database, conversation, "and now?", sender="bot", buttons=buttons)
    await add_message(database, conversation, "what else?")
    async with database.reading() as session:
        views = await history(session, conversation)
    assert [view.chosen for view in views] == [None, "/deny", None, None, None]


async def test_a_page_costs_one_statement(database: Database) -> None:
    conversation = await talk(database, 5)
    with statements(database) as seen:
        await texts(database, conversation)
    assert len(seen) == 1


async def test_the_wire_form_is_json_and_says_nothing_internal(database: Database) -> None:
    conversation = await talk(database, 0)
    message = await add_message(database, conversation, "olá ☕", external_id="m-1")
    wire = json.loads(json.dumps(message_view(message).as_json()))
    assert wire["text"] == "olá ☕"
    assert wire["created_at"].endswith("+00:00")
    assert set(wire) == {
        "id", "seq", "sender", "sender_name", "text", "buttons", "cards", "state", "language",
        "external_id", "chosen", "created_at",
    }  # fmt: skip
