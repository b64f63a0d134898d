"""What is obeyed before anything is understood, and the app's own buttons."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from conversations.controls import offered_payload
from conversations.models import Handoff, Message
from profiles.database import Database
from profiles.models import Consent, Fact
from tests.factories import (
    World,
    add_agent,
    add_conversation,
    add_customer,
    add_message,
    rows,
    running,
)

pytestmark = pytest.mark.anyio
YES = [{"title": "Yes", "payload": "/affirm"}]


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


async def pressed(database: Database, *, offered_by: str | None, between: int = 0) -> str | None:
    """Whether "/affirm" counts as offered when pressed after so many messages."""
    customer = await add_customer(database)
    conversation = await add_conversation(database, customer.id)
    if offered_by:
        await add_message(database, conversation.id, "shall I?", sender=offered_by, buttons=YES)
    for _ in range(between):
        await add_message(database, conversation.id, "…", sender="bot")
    message = await add_message(database, conversation.id, "Yes", payload="/affirm")
    async with database.reading() as session:
        return await offered_payload(session, message)


@pytest.mark.parametrize("sender", ["bot", "system", "agent"])
async def test_a_button_that_we_showed_may_be_pressed(database: Database, sender: str) -> None:
    assert await pressed(database, offered_by=sender) == "/affirm"


@pytest.mark.parametrize("sender", [None, "customer", "note"])
async def test_a_button_that_we_did_not_show_is_none(database: Database, sender: str | None) -> None:
    assert await pressed(database, offered_by=sender) is None


async def test_an_old_button_no_longer_counts(database: Database) -> None:
    assert await pressed(database, offered_by="bot", between=19) == "/affirm"
    assert await pressed(database, offered_by="bot", between=20) is None


async def test_stopping_can_be_undone_with_its_button(world: World) -> None:
    (stopped,) = await world.say("stop", language="en")
    (undo,) = stopped.buttons
    assert await world.keys(undo["title"], payload=undo["payload"]) == ["utter_started_again"]
    consents = await rows(world.database, Consent)
    assert [consent.granted for consent in consents] == [False, True]
    assert all(consent.message_id for consent in consents)


async def test_wanting_ones_data_erased_is_for_a_person(world: World) -> None:
    assert await world.keys("apagar meus dados", language="pt") == ["utter_handoff_queued"]
    (handoff,) = await rows(world.database, Handoff)
    assert handoff.reason == "erase"
    assert world.engine.said == []


async def test_the_place_in_the_queue_is_told_and_logged(world: World) -> None:
    from personalization.models import Treatment

    (reply,) = await world.say("quero falar com uma pessoa", language="pt")
    assert "1" in reply.text
    treatments = {row.kind: row for row in await rows(world.database, Treatment)}
    assert treatments["queue"].because == {"tier": "unknown", "place": 1}
    assert treatments["queue"].message_id == reply.id


async def test_waiting_can_be_cancelled_with_its_button(world: World) -> None:
    (reply,) = await world.say("quero falar com uma pessoa", language="pt")
    back = reply.buttons[-1]
    assert await world.keys(back["title"], payload=back["payload"]) == ["utter_no_problem"]
    assert (await world.conversation()).owner == "bot"
    assert await world.keys("ajuda") == ["utter_help"]


async def test_cancelling_too_late_changes_nothing(world: World) -> None:
    (reply,) = await world.say("quero falar com uma pessoa", language="pt")
    await world.services.handoffs.take((await world.conversation()).id, await add_agent(world.database))
    assert await world.say("voltar", payload=reply.buttons[-1]["payload"]) == []
    assert (await world.conversation()).owner == "human"


async def test_what_was_noted_can_be_taken_back_with_its_button(world: World) -> None:
    (noted,) = await world.say("prefiro café sem acidez", language="pt")
    drop = noted.buttons[-1]
    assert await world.keys(drop["title"], payload=drop["payload"]) == ["utter_preference_dropped"]
    (fact,) = await rows(world.database, Fact, Fact.kind == "need")
    assert (fact.state, fact.ended_by) == ("dropped", "customer")
    assert (await world.customer()).segment is None


async def test_a_button_is_answered_in_the_language_of_the_talk(world: World) -> None:
    (reply,) = await world.say("I would like to talk to a person please", language="en")
    (answer,) = await world.say("x", payload=reply.buttons[-1]["payload"])
    assert answer.language == "en"


async def test_a_control_is_answered_once_and_ends(world: World) -> None:
    await world.say("stop")
    (message,) = await rows(world.database, Message, Message.sender == "customer")
    assert message.state == "done"
