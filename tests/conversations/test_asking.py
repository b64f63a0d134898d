"""Following up: one question, where there is room for it, and never the same twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from personalization.models import Treatment
from profiles.database import Database
from tests.factories import World, add_customer, rows, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


async def test_a_stranger_is_asked_for_his_name_after_the_greeting(world: World) -> None:
    assert await world.keys("oi") == ["utter_greet", "utter_ask_name"]
    asked = [row for row in await rows(world.database, Treatment) if row.kind == "question"]
    assert [row.key for row in asked] == ["utter_ask_name"]


async def test_he_is_not_asked_again(world: World) -> None:
    await world.say("oi")
    assert "utter_ask_name" not in await world.keys("oi")


async def test_who_is_known_is_not_asked_who_he_is(world: World) -> None:
    await add_customer(world.database, name="Ana", account="visitor")
    assert await world.keys("oi") == ["utter_greet"]


async def test_a_bare_answer_to_the_question_is_taken_for_the_name(world: World) -> None:
    await world.say("oi")
    assert (await world.keys("Marina"))[0] == "utter_name_noted"
    assert (await world.customer()).name == "Marina"


async def test_the_same_word_without_the_question_is_not(world: World) -> None:
    await world.say("ajuda")
    assert await world.keys("Marina") == ["utter_clarify"]
    assert (await world.customer()).name is None


async def test_a_question_is_open_for_one_message_only(world: World) -> None:
    await world.say("oi")
    await world.say("ajuda")
    assert await world.keys("Marina") == ["utter_clarify"]


async def test_no_answer_carries_more_than_one_question(world: World) -> None:
    for text in ("oi", "Marina", "me recomenda algo", "me recomenda outra coisa", "obrigada"):
        keys = await world.keys(text, language="pt")
        assert sum(str(key).startswith("utter_ask_") for key in keys) <= 1, (text, keys)


async def test_needs_are_asked_for_after_a_guess_and_never_twice(world: World) -> None:
    await add_customer(world.database, name="Ana", account="visitor")
    asked = []
    for _ in range(5):
        asked += [key for key in await world.keys("me recomenda algo") if str(key).startswith("utter_ask_")]
    assert len(asked) == len(set(asked)) > 0
