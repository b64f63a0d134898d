"""Differentiate: preferences are noted with their words, and taken back at a no."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.differentiate import RememberPreference
from conversations.turns import TurnContext
from profiles.database import Database, new_id
from profiles.models import Fact
from tests.factories import World, add_customer, rows, running, situation

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


async def test_a_preference_is_noted_named_and_can_be_dropped(world: World) -> None:
    (reply,) = await world.say("prefiro café sem acidez", language="pt")
    assert "baixa acidez" in reply.text
    assert reply.buttons[-1]["payload"].startswith("app:facts_drop:")
    (fact,) = await rows(world.database, Fact)
    assert (fact.value, fact.quote) == ("low_acidity", "prefiro café sem acidez")


async def test_two_preferences_in_one_sentence_are_both_named(world: World) -> None:
    (reply,) = await world.say("prefiro descafeinado, em grãos", language="pt")
    assert {fact.value for fact in await rows(world.database, Fact)} == {"decaf", "whole_beans"}
    assert " e " in reply.text


async def test_a_preference_that_is_none_of_ours_is_not_noted(world: World) -> None:
    assert await world.keys("prefiro dias de chuva", language="pt") == ["utter_preference_unclear"]
    assert await rows(world.database, Fact) == []


async def test_a_no_takes_back_what_was_noted_last(world: World) -> None:
    customer, message = await add_customer(world.database), new_id()
    learner = world.services.actions.learner
    await learner.learn_needs(customer.id, message, "sem acidez", "pt", sure=True)
    turn = TurnContext(
        message_id=new_id(), conversation_id=new_id(), customer_id=customer.id, text="não",
        situation=situation(customer_id=customer.id, language="pt"), memory={"noted_in": message},
    )  # fmt: skip
    said = CollectingDispatcher()
    tracker: Any = Tracker(turn.conversation_id, {}, {"intent": {"name": "deny"}}, [], False, None, {}, None)
    await RememberPreference(world.services.actions).act(turn, said, tracker)
    assert [one["response"] for one in said.messages] == ["utter_preference_dropped"]
    (fact,) = await rows(world.database, Fact)
    assert fact.state == "dropped"
    assert "noted_in" not in turn.memory


async def test_the_strongest_need_decides_the_next_reply(world: World) -> None:
    await world.say("prefiro descafeinado", language="pt")
    assert (await world.customer()).segment == "decaf"
