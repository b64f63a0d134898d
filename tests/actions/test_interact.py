"""Interact: handing over, answering, orders, stopping, and not having understood."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from conversations.models import Handoff
from profiles.database import Database, utc_now
from profiles.models import Consent
from tests.companies import demo_company
from tests.factories import World, add_customer, add_order, rows, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


async def owner(world: World) -> str:
    return (await world.conversation()).owner


# --- handing over ---
async def test_asking_for_a_person_opens_the_queue_with_the_words(world: World) -> None:
    (reply,) = await world.say("quero falar com uma pessoa", language="pt")
    assert "1" in reply.text
    assert await owner(world) == "waiting"
    (handoff,) = await rows(world.database, Handoff)
    assert (handoff.reason, handoff.summary["words"]) == ("asked", "quero falar com uma pessoa")


async def test_who_matters_more_stands_further_ahead(world: World) -> None:
    await add_customer(world.database, name="Ana", account="mvc", tier="MVC", kind="customer")
    for account in ("first", "second", "mvc"):
        await world.say("quero falar com uma pessoa", account=account, language="pt")
    ids = [(await world.conversation(account)).id for account in ("mvc", "first", "second")]
    assert [item.conversation_id for item in await world.services.handoffs.queue()] == ids


async def test_after_not_understanding_three_times_a_person_is_offered_and_a_yes_is_enough(
    world: World,
) -> None:
    said = [(await world.keys("xyzzy plugh"))[0] for _ in range(3)]
    assert said == ["utter_clarify", "utter_clarify_again", "utter_offer_person"]
    assert await owner(world) == "bot"
    await world.say("yes", language="en")
    assert await owner(world) == "waiting"
    (handoff,) = await rows(world.database, Handoff)
    assert handoff.reason == "offered"


async def test_being_understood_once_forgets_the_misses(world: World) -> None:
    await world.say("xyzzy plugh")
    await world.say("prefiro sem acidez", language="pt")
    assert await world.keys("xyzzy plugh") == ["utter_clarify"]


# --- answers ---
async def test_a_question_is_answered_in_the_companys_words(world: World) -> None:
    passage = next(one for one in demo_company().knowledge if one.language == "en")
    (reply,) = await world.say(f"{passage.heading.rstrip('?')}?", language="en")
    assert passage.text in reply.text
    assert passage.title in reply.text


async def test_what_is_not_known_is_not_made_up(world: World) -> None:
    assert await world.keys("xyzzy plugh frobnicate?", language="en") == ["utter_answer_none"]


# --- orders ---
async def test_orders_are_told_to_a_proven_customer_only(world: World) -> None:
    customer = await add_customer(world.database, account="visitor", level="claimed", kind="customer")
    order = await add_order(world.database, customer.id)
    (reply,) = await world.say("where is my order", language="en")
    assert order.number not in reply.text
    assert await world.keys("where is my order") == ["utter_order_login"]


async def proven(world: World) -> str:
    return (await add_customer(world.database, account="visitor", level="verified", kind="customer")).id


async def test_without_orders_that_is_said(world: World) -> None:
    await proven(world)
    assert await world.keys("where is my order", language="en") == ["utter_order_none"]


async def test_the_open_order_is_told_before_newer_finished_ones(world: World) -> None:
    customer = await proven(world)
    product = demo_company().catalogue.products[0]
    waiting = await add_order(
        world.database, customer, status="shipped", placed_at=utc_now() - timedelta(days=9),
        expected_at=datetime(2026, 12, 24, 15, tzinfo=UTC), lines=[(product.id, product.category, 2, 0)],
    )  # fmt: skip
    await add_order(world.database, customer, status="delivered", placed_at=utc_now() - timedelta(days=1))
    (reply,) = await world.say("cadê meu pedido", language="pt")
    assert waiting.number in reply.text
    assert "24 de dezembro de 2026" in reply.text
    assert f"2 × {product.name.in_language('pt')}" in reply.text
    assert "a caminho" in reply.text


async def test_another_customers_orders_are_never_told(world: World) -> None:
    await proven(world)
    other = await add_customer(world.database, kind="customer")
    order = await add_order(world.database, other.id, status="shipped")
    (reply,) = await world.say("where is my order", language="en")
    assert order.number not in reply.text


async def test_a_product_that_is_gone_is_told_by_its_id(world: World) -> None:
    customer = await proven(world)
    await add_order(world.database, customer, lines=[("gone-for-ever", "blends", 1, 0)])
    (reply,) = await world.say("where is my order", language="en")
    assert "1 × gone-for-ever" in reply.text


# --- stopping ---
async def test_stopping_by_a_sentence_is_recorded_with_its_words(world: World) -> None:
    await world.say("cancelar", language="pt")
    (consent,) = await rows(world.database, Consent)
    assert (consent.granted, consent.quote) == (False, "cancelar")
