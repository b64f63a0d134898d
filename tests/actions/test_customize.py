"""Customize: recommendations as cards with reasons, different for different people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from profiles.database import Database
from tests.companies import demo_company
from tests.factories import World, add_customer, add_order, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


def cards(replies: Any) -> list[dict[str, str]]:
    return [card for reply in replies for card in reply.cards]


async def test_cards_have_all_their_parts_in_the_readers_language(world: World) -> None:
    shown = cards(await world.say("me recomenda um café sem acidez", language="pt"))
    assert len(shown) == demo_company().settings.replies.recommendations
    for card in shown:
        assert set(card) == {"product", "title", "text", "price", "reason", "image", "url"}
        assert all(isinstance(value, str) for value in card.values())
        assert card["price"].startswith("R$")
        assert "baixa acidez" in card["reason"]
        assert card["url"] == f"/#product-{card['product']}"


async def test_what_was_shown_is_not_shown_again_until_there_is_nothing_else(world: World) -> None:
    first = {card["product"] for card in cards(await world.say("me recomenda algo", language="pt"))}
    second = {card["product"] for card in cards(await world.say("me recomenda algo"))}
    assert not first & second
    for _ in range(25):
        assert cards(await world.say("me recomenda algo"))


async def test_without_needs_nothing_is_claimed_to_be_known(world: World) -> None:
    """Before anything was sold nobody can say what others choose."""
    assert (await world.keys("me recomenda algo", language="pt"))[0] == "utter_recommend_start"
    await world.services.insights.load({demo_company().catalogue.products[0].id: 3})
    assert (await world.keys("me recomenda algo", language="pt"))[0] == "utter_recommend_popular"


async def test_the_needs_served_are_named(world: World) -> None:
    (reply, *_) = await world.say("me recomenda um café sem acidez", language="pt")
    assert "baixa acidez" in reply.text


async def test_purchases_count_for_a_proven_customer_only(world: World) -> None:
    product = next(product for product in demo_company().catalogue.products if product.in_stock)
    for account, level in (("stranger", "claimed"), ("known", "verified")):
        customer = await add_customer(world.database, account=account, level=level, kind="customer")
        await add_order(world.database, customer.id, lines=[(product.id, product.category, 1, 0)])

    async def reasons(account: str) -> str:
        replies = await world.say("recommend me something", account=account, language="en")
        return " ".join(card["reason"] for card in cards(replies))

    told = "nothing from"
    assert told not in await reasons("stranger")
    assert told in await reasons("known")


async def test_the_valuable_and_the_stranger_see_something_else_for_the_same_words(world: World) -> None:
    await add_customer(
        world.database, name="Ana", account="mvc", tier="MVC", kind="customer", level="verified"
    )
    seen = {}
    for account in ("mvc", "stranger"):
        replies = await world.say("me recomenda algo", account=account, language="pt")
        seen[account] = [card["product"] for card in cards(replies)]
    assert seen["mvc"] != seen["stranger"]
