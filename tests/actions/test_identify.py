"""Identify: a session opens with what is known, and a name told is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from profiles.database import Database
from profiles.models import Fact
from tests.factories import World, add_customer, rows, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


async def test_the_engine_knows_the_customer_before_his_first_word(world: World) -> None:
    await add_customer(
        world.database, name="Ana Prado", account="visitor", tier="MVC", kind="customer",
        segment="decaf", level="verified",
    )  # fmt: skip
    await world.say("oi", language="pt")
    slots = world.engine._conversations[(await world.conversation()).id].events
    known = {event["name"]: event["value"] for event in slots if event["event"] == "slot"}
    assert known["name"] == "Ana"
    assert (known["tier"], known["relationship"], known["need"]) == ("MVC", "customer", "decaf")
    assert known["logged_in"] is True


async def test_each_slot_is_set_once_at_the_opening(world: World) -> None:
    for text in ("oi", "ajuda", "obrigada"):
        await world.say(text)
    events = world.engine._conversations[(await world.conversation()).id].events
    names = [event["name"] for event in events if event["event"] == "slot" and event["name"] == "tier"]
    assert names == ["tier"]


async def test_a_name_that_is_told_is_kept_and_used(world: World) -> None:
    assert await world.keys("me chamo Marina Prado", language="pt") == ["utter_name_noted"]
    (fact,) = await rows(world.database, Fact)
    assert (fact.kind, fact.value, fact.quote) == ("name", "Marina Prado", "me chamo Marina Prado")
    (greeting,) = await world.say("oi")
    assert "Marina" in greeting.text
    assert "Prado" not in greeting.text


async def test_a_new_name_is_a_correction(world: World) -> None:
    await world.say("me chamo Ana")
    await world.say("me chamo Kim")
    assert (await world.customer()).name == "Kim"
    assert [fact.state for fact in await rows(world.database, Fact)] == ["superseded", "held"]


async def test_where_no_name_is_found_it_is_asked_for(world: World) -> None:
    assert await world.keys("me chamo 123") == ["utter_ask_name"]
    assert (await world.keys("Marina"))[0] == "utter_name_noted"
