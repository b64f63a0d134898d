"""Messages of ours on their way: states go forwards only."""

from __future__ import annotations

import asyncio

import pytest

from conversations.announcements import Announcer, MessageChanged, conversation_topic
from conversations.messages import do_send
from conversations.models import Delivery, Message
from conversations.outbox import Outbox
from conversations.owners import locked_conversation
from profiles.database import Database
from tests.factories import add_conversation, add_customer, add_message, rows, together

pytestmark = pytest.mark.anyio


async def queued(database: Database, count: int = 1, channel: str = "web") -> list[Message]:
    customer = await add_customer(database)
    conversation = await add_conversation(database, customer.id, channel=channel)
    async with database.transaction() as session:
        locked = await locked_conversation(session, conversation.id)
        return [do_send(session, locked, sender="bot", text=f"answer {n}") for n in range(count)]


async def states(database: Database) -> list[tuple[str, str]]:
    deliveries = {row.message_id: row.state for row in await rows(database, Delivery)}
    return [(row.state, deliveries[row.id]) for row in await rows(database, Message) if row.id in deliveries]


async def test_a_message_of_ours_starts_in_the_queue_of_its_channel(database: Database) -> None:
    messages = await queued(database, 3)
    outbox = Outbox(database, Announcer())
    assert await outbox.queued("web") == [message.id for message in messages]
    assert await outbox.queued("rest") == []
    assert await outbox.queued("web", limit=2) == [message.id for message in messages[:2]]


async def test_many_messages_in_one_transaction_keep_the_foreign_keys(database: Database) -> None:
    await queued(database, 40)
    assert len(await rows(database, Delivery)) == 40


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        (["sent"], "sent"),
        (["sent", "delivered", "read"], "read"),
        (["read", "sent"], "read"),
        (["delivered", "sent"], "delivered"),
        (["read", "read"], "read"),
        (["failed", "sent"], "failed"),
        (["blocked", "failed"], "blocked"),
        (["sent", "failed"], "failed"),
    ],
    ids=">".join,
)
async def test_a_state_never_goes_back(sqlite_database: Database, steps: list[str], end: str) -> None:
    (message,) = await queued(sqlite_database)
    outbox = Outbox(sqlite_database, Announcer())
    for state in steps:
        await outbox.mark([message.id], state)
    assert await states(sqlite_database) == [(end, end)]


async def test_marking_says_how_many_changed_and_announces_only_those(database: Database) -> None:
    first, second = await queued(database, 2)
    announcer = Announcer()
    outbox = Outbox(database, announcer)
    assert await outbox.mark([first.id], "read") == 1
    async with announcer.subscribe(conversation_topic(first.conversation_id)) as news:
        assert await outbox.mark([first.id, second.id, "nowhere"], "sent") == 1
        heard = await asyncio.wait_for(anext(news), 5)
    assert isinstance(heard, MessageChanged)
    assert (heard.message.id, heard.message.state) == (second.id, "sent")
    assert await outbox.mark([], "sent") == 0


async def test_marking_at_once_counts_each_message_once(database: Database) -> None:
    messages = await queued(database, 5)
    outbox = Outbox(database, Announcer())
    counts = await together(*(outbox.mark([message.id for message in messages], "sent") for _ in range(4)))
    assert sum(counts) == 5


async def test_what_was_seen_is_read_up_to_there_and_nothing_of_the_customers(database: Database) -> None:
    messages = await queued(database, 3)
    conversation = messages[0].conversation_id
    await add_message(database, conversation, "thanks", state="pending")
    outbox = Outbox(database, Announcer())
    assert await outbox.mark_seen(conversation, messages[1].seq) == 2
    assert [row.state for row in await rows(database, Message)] == ["read", "read", "queued", "pending"]
    assert await outbox.mark_seen(conversation, 10**6) == 1
    assert [row.state for row in await rows(database, Message)][-1] == "pending"
    assert await outbox.mark_seen("nowhere", 5) == 0
