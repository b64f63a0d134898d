"""Learning from what customers write: facts that quote it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from profiles.database import Database, new_id
from profiles.models import Customer, Fact
from tests.factories import World, add_customer, rows, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running(database) as world:
        yield world


@pytest.fixture
async def customer(world: World) -> Customer:
    return await add_customer(world.database)


async def test_needs_are_kept_with_the_words_and_named_in_the_readers_language(
    world: World, customer: Customer
) -> None:
    learner = world.services.actions.learner
    message = new_id()
    noted = await learner.learn_needs(customer.id, message, "quero café sem acidez", "pt", sure=True)
    assert noted.need_names == ("baixa acidez",)
    assert noted.strongest == "low_acidity"
    (fact,) = await rows(world.database, Fact)
    assert (fact.value, fact.message_id, fact.quote) == ("low_acidity", message, "quero café sem acidez")
    assert fact.purpose == "profiling"
    (now,) = await rows(world.database, Customer)
    assert now.segment == "low_acidity"


async def test_hearing_it_again_is_named_and_not_kept_twice(world: World, customer: Customer) -> None:
    learner = world.services.actions.learner
    for _ in range(2):
        noted = await learner.learn_needs(customer.id, new_id(), "sem acidez", "en", sure=True)
    assert noted.facts == ()
    assert noted.need_names == ("low acidity",)
    assert len(await rows(world.database, Fact)) == 1


async def test_a_message_without_a_need_teaches_nothing(world: World, customer: Customer) -> None:
    noted = await world.services.actions.learner.learn_needs(customer.id, new_id(), "oi", "pt", sure=True)
    assert (noted.facts, noted.need_names, noted.strongest) == ((), (), None)


async def test_a_correction_within_the_kind_replaces_what_was_held(world: World, customer: Customer) -> None:
    learner = world.services.actions.learner
    await learner.learn_needs(customer.id, new_id(), "em grãos", "pt", sure=True)
    await learner.learn_needs(customer.id, new_id(), "moído", "pt", sure=True)
    states = {fact.value: fact.state for fact in await rows(world.database, Fact)}
    assert states == {"whole_beans": "superseded", "ground": "held"}


async def test_what_one_message_taught_can_be_taken_back_at_once(world: World, customer: Customer) -> None:
    learner = world.services.actions.learner
    first, second = new_id(), new_id()
    await learner.learn_needs(customer.id, first, "sem acidez", "pt", sure=True)
    await learner.learn_needs(customer.id, second, "descafeinado", "pt", sure=True)
    assert await learner.drop_from(customer.id, first) == 1
    assert await learner.drop_from(customer.id, first) == 0
    states = {fact.value: fact.state for fact in await rows(world.database, Fact)}
    assert states == {"low_acidity": "dropped", "decaf": "held"}


async def test_nobody_takes_back_what_another_told(world: World, customer: Customer) -> None:
    learner = world.services.actions.learner
    message = new_id()
    await learner.learn_needs(customer.id, message, "sem acidez", "pt", sure=True)
    other = await add_customer(world.database)
    assert await learner.drop_from(other.id, message) == 0


async def test_a_name_is_kept_and_shown(world: World, customer: Customer) -> None:
    learner = world.services.actions.learner
    assert await learner.learn_name(customer.id, new_id(), "me chamo Ana", asked=False) == "Ana"
    assert await learner.learn_name(customer.id, new_id(), "quero café", asked=False) is None
    (now,) = await rows(world.database, Customer)
    assert now.name == "Ana"
