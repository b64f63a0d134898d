"""The inbox: every message once, under the right customer, or a clear refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from conversations import inbox as inbox_module
from conversations.announcements import MessageAdded, account_topic, conversation_topic
from conversations.inbox import Pace, TooFast
from conversations.models import Conversation, Message
from conversations.texts import EmptyText, TooLong
from profiles.database import Database
from profiles.models import Customer, Identity
from tests.factories import World, rows, running, statements, together

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(database, load=False) as world:
        world.services.router.wake = lambda conversation_id: None  # type: ignore[method-assign]
        world.services.inbox._wake = world.services.router.wake
        yield world


async def test_the_first_message_makes_a_prospect_with_a_thread(world: World) -> None:
    accepted = await world.accept("oi", language="pt")
    (customer,) = await rows(world.database, Customer)
    (identity,) = await rows(world.database, Identity)
    (conversation,) = await rows(world.database, Conversation)
    (message,) = await rows(world.database, Message)
    assert (customer.kind, customer.tier, customer.language) == ("prospect", "unknown", "pt")
    assert (identity.kind, identity.value, identity.level) == ("web", "visitor", "anonymous")
    assert (conversation.customer_id, conversation.owner, conversation.language) == (customer.id, "bot", "pt")
    assert (message.id, message.seq, message.state) == (accepted.message_id, 1, "pending")
    assert not accepted.duplicate


async def test_a_duplicate_ends_in_the_inbox(world: World) -> None:
    first = await world.accept("oi", external_id="m-1")
    again = await world.accept("oi", external_id="m-1")
    assert again.duplicate
    assert (again.message_id, again.seq) == (first.message_id, first.seq)
    assert len(await rows(world.database, Message)) == 1


async def test_a_duplicate_wakes_nobody_and_is_not_announced(world: World) -> None:
    woken: list[str] = []
    world.services.inbox._wake = woken.append
    first = await world.accept("oi", external_id="m-1")
    async with world.services.announcer.subscribe(conversation_topic(first.conversation_id)) as news:
        await world.accept("oi", external_id="m-1")
        await world.accept("e aí", external_id="m-2")
        heard = await asyncio.wait_for(anext(news), 5)
    assert isinstance(heard, MessageAdded)
    assert heard.message.text == "e aí"
    assert woken == [first.conversation_id] * 2


async def test_the_same_external_id_of_another_customer_is_another_message(world: World) -> None:
    first = await world.accept("oi", external_id="m-1", account="one")
    second = await world.accept("oi", external_id="m-1", account="two")
    assert not second.duplicate
    assert first.conversation_id != second.conversation_id


async def test_the_same_message_at_once_is_stored_once(world: World) -> None:
    await world.accept("oi")
    results = await together(*(world.accept("tudo bem?", external_id="m-1") for _ in range(5)))
    assert sorted(result.duplicate for result in results) == [False, True, True, True, True]
    assert len({result.message_id for result in results}) == 1


async def test_first_messages_at_once_make_one_customer_and_one_thread(world: World) -> None:
    results = await together(*(world.accept(f"message {n}") for n in range(6)))
    assert [result for result in results if isinstance(result, BaseException)] == []
    assert len(await rows(world.database, Customer)) == 1
    assert len(await rows(world.database, Conversation)) == 1
    assert sorted(result.seq for result in results) == [1, 2, 3, 4, 5, 6]


async def test_channels_of_one_name_are_different_people(world: World) -> None:
    await world.accept("oi", account="ana", channel="web")
    await world.accept("oi", account="ana", channel="rest")
    assert len(await rows(world.database, Customer)) == 2
    levels = {row.kind: row.level for row in await rows(world.database, Identity)}
    assert levels == {"web": "anonymous", "rest": "claimed"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyText),
        (" \n\t ", EmptyText),
        ("\x00\x07\u200b", EmptyText),
        ("a" * 4001, TooLong),
        ("a" * 100_000, TooLong),
    ],
    ids=["empty", "blank", "control characters", "4001", "100000"],
)
async def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    world: World, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.accept(text)
    assert await rows(world.database, Customer) == []


async def test_control_characters_are_taken_out_and_the_rest_is_kept(world: World) -> None:
    await world.accept("o\x00i\x1b[31m, tudo\u202e bem? 👩‍👧")
    (message,) = await rows(world.database, Message)
    assert message.text == "oi[31m, tudo bem? 👩‍👧"


async def test_a_flood_is_slowed_down_with_the_seconds_to_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.inbox._pace = Pace(burst=3, per_s=2.0)
    monkeypatch.setattr(inbox_module.time, "monotonic", lambda: 100.0)
    for _ in range(3):
        await world.accept("oi")
    with pytest.raises(TooFast) as refused:
        await world.accept("oi")
    assert refused.value.retry_after_s == 0.5
    assert len(await rows(world.database, Message)) == 3


def test_the_pace_fills_up_again_and_is_kept_per_account(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(inbox_module.time, "monotonic", lambda: now)
    pace = Pace(burst=2, per_s=0.5)
    pace.check("a")
    pace.check("a")
    pace.check("b")
    with pytest.raises(TooFast) as refused:
        pace.check("a")
    assert refused.value.retry_after_s == 2.0
    now = 1.9
    with pytest.raises(TooFast):
        pace.check("a")
    now = 2.0
    pace.check("a")


@pytest.mark.parametrize("per_s", [0.3, 0.7, 1.0, 3.0, 7.0, 30.0])
def test_waiting_as_long_as_told_is_always_enough(monkeypatch: pytest.MonkeyPatch, per_s: float) -> None:
    now = 0.0
    monkeypatch.setattr(inbox_module.time, "monotonic", lambda: now)
    pace = Pace(burst=1, per_s=per_s)
    for _ in range(20):
        pace.check("a")
        now += 0.013
        with pytest.raises(TooFast) as refused:
            pace.check("a")
        assert refused.value.retry_after_s is not None
        now += refused.value.retry_after_s


def test_the_pace_forgets_the_oldest_accounts_only() -> None:
    pace = Pace(burst=1, per_s=0.001, most_accounts=2)
    for account in ("a", "b", "c"):
        pace.check(account)
    pace.check("a")
    with pytest.raises(TooFast):
        pace.check("c")


async def test_the_first_message_is_told_to_the_other_tabs_of_the_account(world: World) -> None:
    async with world.services.announcer.subscribe(account_topic("web", "visitor")) as news:
        accepted = await world.accept("oi")
        heard = await asyncio.wait_for(anext(news), 5)
    assert isinstance(heard, MessageAdded)
    assert heard.conversation_id == accepted.conversation_id


async def test_storing_costs_a_fixed_number_of_statements(world: World) -> None:
    with statements(world.database) as first:
        await world.accept("oi")
    with statements(world.database) as later:
        await world.accept("tudo bem?")
    assert len(first) == 8, first
    assert len(later) == 5, later
