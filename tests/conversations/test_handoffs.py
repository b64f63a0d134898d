"""Handing over and back: who waits where, who has it, what each side is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from conversations.announcements import (
    QUEUE_TOPIC,
    MessageAdded,
    OwnerChanged,
    QueueChanged,
    conversation_topic,
)
from conversations.models import Delivery, Handoff, Message, OwnerChange
from profiles.database import Database, utc_now
from profiles.errors import Conflict, NotFound, VinculoError
from profiles.models import AuditEntry, StaffMember
from tests.factories import (
    WITHIN_S,
    World,
    add_agent,
    add_conversation,
    add_customer,
    add_message,
    rows,
    running,
    statements,
    together,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(database, load=False) as world:
        yield world


@pytest.fixture
async def agent(world: World) -> StaffMember:
    return await add_agent(world.database)


async def thread(world: World, *, tier: str = "unknown", name: str | None = None) -> str:
    """A conversation with one message in it."""
    customer = await add_customer(world.database, name=name, tier=tier)
    conversation = await add_conversation(world.database, customer.id)
    await add_message(world.database, conversation.id, "hello")
    return conversation.id


# --- the queue ---
async def test_who_asks_for_a_person_waits_in_the_queue(world: World) -> None:
    conversation = await thread(world, tier="MVC", name="Ana")
    assert await world.services.handoffs.open(conversation, "asked")
    (item,) = await world.services.handoffs.queue()
    assert (item.conversation_id, item.owner, item.reason) == (conversation, "waiting", "asked")
    assert (item.customer_name, item.tier, item.weight) == ("Ana", "MVC", 100)
    assert (item.last_text, item.last_sender) == ("hello", "customer")


async def test_asking_twice_is_one_place_in_the_queue(world: World) -> None:
    conversation = await thread(world)
    assert await world.services.handoffs.open(conversation, "asked")
    assert not await world.services.handoffs.open(conversation, "asked")
    assert len(await rows(world.database, Handoff)) == 1


async def test_asking_at_once_is_one_place_in_the_queue(world: World) -> None:
    conversation = await thread(world)
    opened = await together(*(world.services.handoffs.open(conversation, "asked") for _ in range(4)))
    assert sorted(opened) == [False, False, False, True]


async def test_the_queue_goes_by_treatment_and_then_by_waiting_time(world: World) -> None:
    tiers = ["intermediate", "BZ", "MVC", "unknown", "MGC", "MVC"]
    conversations = [await thread(world, tier=tier) for tier in tiers]
    for conversation in conversations:
        await world.services.handoffs.open(conversation, "asked")
    order = [item.conversation_id for item in await world.services.handoffs.queue()]
    assert order == [conversations[n] for n in (2, 5, 4, 3, 0, 1)]
    assert [await world.services.handoffs.place(one) for one in conversations] == [5, 6, 1, 4, 3, 2]


async def test_who_is_with_a_person_has_no_place_and_is_listed(world: World, agent: StaffMember) -> None:
    first, second = await thread(world, tier="MVC"), await thread(world)
    for conversation in (first, second):
        await world.services.handoffs.open(conversation, "asked")
    await world.services.handoffs.take(first, agent)
    assert await world.services.handoffs.place(first) == 0
    assert await world.services.handoffs.place(second) == 1
    owners = {item.conversation_id: item.agent_name for item in await world.services.handoffs.queue()}
    assert owners == {first: agent.name, second: None}


async def test_the_queue_costs_one_statement_however_long_it_is(world: World) -> None:
    for _ in range(5):
        await world.services.handoffs.open(await thread(world), "asked")
    with statements(world.database) as seen:
        assert len(await world.services.handoffs.queue()) == 5
    assert len(seen) == 1


# --- taking ---
async def test_taking_makes_one_owner_and_tells_the_customer_who(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.open(conversation, "asked")
    topic = conversation_topic(conversation)
    async with world.services.announcer.subscribe(topic) as news:
        await world.services.handoffs.take(conversation, agent)
        heard = [await asyncio.wait_for(anext(news), WITHIN_S) for _ in range(2)]
    assert OwnerChanged(conversation, "human", agent.name) in heard
    last = (await world.history(conversation))[-1]
    assert last.sender == "system"
    assert agent.name in last.text
    (handoff,) = await rows(world.database, Handoff)
    assert (handoff.agent_id, handoff.ended_at) == (agent.id, None)
    assert handoff.taken_at is not None
    (entry,) = await rows(world.database, AuditEntry)
    assert (entry.staff_id, entry.what) == (agent.id, "take")


async def test_of_two_agents_who_take_at_once_one_wins(world: World) -> None:
    conversation = await thread(world)
    await world.services.handoffs.open(conversation, "asked")
    ana, ben = await add_agent(world.database, "Ana"), await add_agent(world.database, "Ben")
    results = await together(
        world.services.handoffs.take(conversation, ana), world.services.handoffs.take(conversation, ben)
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
    winner = (ana, ben)[[result is None for result in results].index(True)]
    (item,) = await world.services.handoffs.queue()
    assert item.agent_id == winner.id
    changes = [change.owner for change in await rows(world.database, OwnerChange)]
    assert changes == ["waiting", "human"]


async def test_taking_twice_by_one_agent_is_taking_once(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await together(*(world.services.handoffs.take(conversation, agent) for _ in range(3)))
    assert [change.owner for change in await rows(world.database, OwnerChange)] == ["human"]
    lines = [message for message in await world.history(conversation) if message.sender == "system"]
    assert len(lines) == 1


async def test_an_agent_may_take_over_without_being_asked(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.take(conversation, agent)
    (handoff,) = await rows(world.database, Handoff)
    assert handoff.reason == "agent"


# --- answering ---
async def test_answering_is_taking(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.open(conversation, "asked")
    view = await world.services.handoffs.answer(conversation, agent, "  Hello, how can I help?  ")
    assert (view.sender, view.sender_name, view.text) == ("agent", agent.name, "Hello, how can I help?")
    (item,) = await world.services.handoffs.queue()
    assert (item.owner, item.agent_id) == ("human", agent.id)
    (handoff,) = await rows(world.database, Handoff)
    assert handoff.first_answer_at is not None
    deliveries = {row.message_id: row.state for row in await rows(world.database, Delivery)}
    assert deliveries[view.id] == "queued"


async def test_the_time_of_the_first_answer_stays(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.answer(conversation, agent, "one moment")
    (first,) = await rows(world.database, Handoff)
    await world.services.handoffs.answer(conversation, agent, "here it is")
    (later,) = await rows(world.database, Handoff)
    assert later.first_answer_at == first.first_answer_at


async def test_of_two_agents_who_answer_at_once_one_is_heard(world: World) -> None:
    conversation = await thread(world)
    agents = [await add_agent(world.database, name) for name in ("Ana", "Ben")]
    results = await together(
        *(world.services.handoffs.answer(conversation, agent, f"I am {agent.name}") for agent in agents)
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    heard = [message.text for message in await world.history(conversation) if message.sender == "agent"]
    assert len(heard) == 1


@pytest.mark.parametrize("text", ["", "  \n ", "a" * 4001])
async def test_an_answer_that_cannot_be_sent_changes_nothing(
    world: World, agent: StaffMember, text: str
) -> None:
    conversation = await thread(world)
    with pytest.raises(VinculoError) as refused:
        await world.services.handoffs.answer(conversation, agent, text)
    assert refused.value.status == 422
    assert await rows(world.database, OwnerChange) == []


async def test_a_note_stays_inside(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    note = await world.services.handoffs.note(conversation, agent, "careful: angry")
    assert note.id not in {message.id for message in await world.history(conversation)}
    assert note.id in {message.id for message in await world.history(conversation, internal=True)}
    assert note.id not in {row.message_id for row in await rows(world.database, Delivery)}
    assert await rows(world.database, OwnerChange) == []


# --- cancelling and handing back ---
async def test_the_customer_may_stop_waiting(world: World) -> None:
    conversation = await thread(world)
    await world.services.handoffs.open(conversation, "asked")
    assert await world.services.handoffs.cancel(conversation)
    assert await world.services.handoffs.queue() == []
    (handoff,) = await rows(world.database, Handoff)
    assert handoff.outcome == "cancelled"
    assert not await world.services.handoffs.cancel(conversation)


async def test_cancelling_and_taking_at_once_leave_one_owner(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.open(conversation, "asked")
    cancelled, taken = await together(
        world.services.handoffs.cancel(conversation), world.services.handoffs.take(conversation, agent)
    )
    assert taken is None
    assert cancelled in (True, False)
    open_ones = [one for one in await rows(world.database, Handoff) if one.ended_at is None]
    assert [one.agent_id for one in open_ones] == [agent.id]


async def test_handing_back_lets_the_bot_go_on_with_what_it_must_know(
    world: World, agent: StaffMember
) -> None:
    conversation = await thread(world)
    await world.services.handoffs.answer(conversation, agent, "done")
    await world.services.handoffs.hand_back(
        conversation, agent, outcome="promised", notes=["sends a sample on Tuesday"]
    )
    last = (await world.history(conversation))[-1]
    assert (last.sender, last.sender_name) == ("bot", world.services.business.settings.bot_name)
    assert agent.name in last.text
    assert await world.services.handoffs.queue() == []
    (handoff,) = await rows(world.database, Handoff)
    assert (handoff.outcome, handoff.ended_at is not None) == ("promised", True)
    memory = (await reloaded(world, conversation)).memory
    assert memory["handed_back"] == {
        "agent": agent.name,
        "outcome": "promised",
        "notes": ["sends a sample on Tuesday"],
    }
    noted = world.engine._conversations[conversation].events
    slots = {event["name"]: event.get("value") for event in noted if event["event"] == "slot"}
    assert slots == {"handed_back": True, "offered": None}


async def reloaded(world: World, conversation_id: str):  # type: ignore[no-untyped-def]
    from conversations.models import Conversation

    (conversation,) = await rows(world.database, Conversation, Conversation.id == conversation_id)
    return conversation


async def test_the_agents_own_sentence_is_said_instead(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.take(conversation, agent)
    await world.services.handoffs.hand_back(
        conversation, agent, outcome="solved", next_sentence=" Your new order is on its way. "
    )
    assert (await world.history(conversation))[-1].text == "Your new order is on its way."


async def test_handing_back_works_while_the_engine_is_away(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.take(conversation, agent)
    world.engine.away = True
    await world.services.handoffs.hand_back(conversation, agent, outcome="solved")
    assert (await reloaded(world, conversation)).owner == "bot"


async def test_only_who_leads_can_hand_back(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    with pytest.raises(Conflict):
        await world.services.handoffs.hand_back(conversation, agent, outcome="solved")
    await world.services.handoffs.take(conversation, agent)
    other = await add_agent(world.database, "Ben")
    with pytest.raises(Conflict):
        await world.services.handoffs.hand_back(conversation, other, outcome="solved")
    assert (await reloaded(world, conversation)).owner == "human"


async def test_handing_back_twice_at_once_is_once(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.take(conversation, agent)
    results = await together(
        *(world.services.handoffs.hand_back(conversation, agent, outcome="solved") for _ in range(2))
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    said = await rows(world.database, Message, Message.response_key == "utter_handed_back")
    assert len(said) == 1


async def test_an_outcome_nobody_knows_is_refused(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.take(conversation, agent)
    with pytest.raises(VinculoError) as refused:
        await world.services.handoffs.hand_back(conversation, agent, outcome="fine")
    assert refused.value.code == "bad_outcome"


async def test_a_conversation_that_is_not_there_is_told(world: World, agent: StaffMember) -> None:
    for work in (
        world.services.handoffs.open("nowhere", "asked"),
        world.services.handoffs.cancel("nowhere"),
        world.services.handoffs.take("nowhere", agent),
        world.services.handoffs.answer("nowhere", agent, "hello"),
    ):
        with pytest.raises(NotFound):
            await work


async def test_every_change_of_the_queue_is_announced(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    handoffs = world.services.handoffs
    steps = [
        lambda: handoffs.open(conversation, "asked"),
        lambda: handoffs.cancel(conversation),
        lambda: handoffs.open(conversation, "asked"),
        lambda: handoffs.take(conversation, agent),
        lambda: handoffs.hand_back(conversation, agent, outcome="solved"),
    ]
    async with world.services.announcer.subscribe(QUEUE_TOPIC) as news:
        for step in steps:
            await step()
            assert await asyncio.wait_for(anext(news), WITHIN_S) == QueueChanged()


async def test_waiting_is_measured_from_the_opening(world: World) -> None:
    conversation = await thread(world)
    await world.services.handoffs.open(conversation, "asked")
    (item,) = await world.services.handoffs.queue()
    assert utc_now() - item.opened_at < timedelta(minutes=1)


async def test_the_answer_is_announced_to_the_customers_windows(world: World, agent: StaffMember) -> None:
    conversation = await thread(world)
    await world.services.handoffs.take(conversation, agent)
    async with world.services.announcer.subscribe(conversation_topic(conversation)) as news:
        view = await world.services.handoffs.answer(conversation, agent, "hello")
        assert await asyncio.wait_for(anext(news), WITHIN_S) == MessageAdded(conversation, view)
