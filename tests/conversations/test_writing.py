"""Writing a turn down: replies, outbox, treatments and the end of the message, together or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from conversations import writing
from conversations.models import Delivery, Message
from personalization.models import Treatment
from profiles.database import Database
from tests.factories import World, add_customer, rows, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(database) as world:
        yield world


async def test_an_answer_is_stored_with_its_outbox_treatment_and_understanding(world: World) -> None:
    accepted = await world.accept("ajuda", language="pt")
    (reply,) = await world.settled(accepted)
    (asked,) = await rows(world.database, Message, Message.id == accepted.message_id)
    assert (asked.state, asked.intent, asked.confidence, asked.language) == ("done", "help", 1.0, "pt")
    (delivery,) = await rows(world.database, Delivery)
    assert (delivery.message_id, delivery.channel, delivery.state) == (reply.id, "web", "queued")
    (treatment,) = await rows(world.database, Treatment)
    assert (treatment.message_id, treatment.kind, treatment.key) == (reply.id, "reply", "utter_help")
    assert treatment.variant.startswith("utter_help#")
    assert treatment.because["language"] == "pt"
    assert (reply.sender, reply.sender_name, reply.language) == ("bot", "Lia", "pt")


async def test_all_of_an_answer_is_written_or_nothing(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([RuntimeError("disk full")])
    treatment = writing.Treatment

    def fail_once(**fields: Any) -> Any:
        for error in failures:
            raise error
        return treatment(**fields)

    monkeypatch.setattr(writing, "Treatment", fail_once)
    async with running(sqlite_database) as world:
        assert await world.keys("ajuda") == ["utter_help"]
        assert len(await rows(sqlite_database, Message)) == 2
        assert len(await rows(sqlite_database, Delivery)) == 1


async def test_why_somebody_was_treated_so_never_holds_his_name(world: World) -> None:
    await add_customer(world.database, name="Ana Prado", account="visitor", tier="MVC", kind="customer")
    replies = await world.say("oi", language="pt")
    assert "Ana" in replies[0].text
    for treatment in await rows(world.database, Treatment):
        assert "name" not in treatment.because
        assert "Ana" not in str(treatment.because)


async def test_recommendations_are_logged_with_the_message_that_carries_them(world: World) -> None:
    replies = await world.say("me recomenda algo sem acidez", language="pt")
    (shown,) = [reply for reply in replies if reply.cards]
    logged = [row for row in await rows(world.database, Treatment) if row.kind == "recommendation"]
    assert [row.key for row in logged] == [card["product"] for card in shown.cards]
    assert {row.message_id for row in logged} == {shown.id}
    assert all(row.because["needs"] == ["low_acidity"] for row in logged)


async def test_a_hand_back_is_mentioned_to_the_variants_once(world: World) -> None:
    from tests.factories import add_agent

    await world.say("oi", language="pt")
    conversation, agent = await world.conversation(), await add_agent(world.database)
    await world.services.handoffs.take(conversation.id, agent)
    await world.services.handoffs.hand_back(conversation.id, agent, outcome="solved")
    assert (await world.conversation()).memory["handed_back"]["agent"] == agent.name
    await world.say("obrigada")
    assert "handed_back" not in (await world.conversation()).memory
    used = [row for row in await rows(world.database, Treatment) if row.key == "utter_thank"]
    assert used[0].because.get("handed_back") is True
    await world.say("obrigada")
    used = [row for row in await rows(world.database, Treatment) if row.key == "utter_thank"]
    assert used[-1].because.get("handed_back") is None


async def test_numbers_have_no_gaps_and_replies_follow_their_message(world: World) -> None:
    for text in ("oi", "ajuda", "obrigada"):
        await world.say(text, language="pt")
    messages = sorted(await rows(world.database, Message), key=lambda message: message.seq)
    assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
    by_id = {message.id: message for message in messages}
    assert all(by_id[m.reply_to].seq < m.seq for m in messages if m.reply_to)
