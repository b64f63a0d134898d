"""The profile card and the list of customers: complete, in order, and at a fixed cost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.cards import customer_rows, orders_of, profile_card
from profiles.database import Database, utc_now
from profiles.errors import NotFound
from profiles.facts import Learned, do_drop, do_learn
from profiles.models import Consent, Customer, Identity, TierDecisionRow
from tests.factories import add_customer, add_order, statements

pytestmark = pytest.mark.anyio
NOW = utc_now()
DAY = timedelta(days=1)


async def known(database: Database) -> Customer:
    """A customer with two needs, three orders, two decisions and a consent."""
    customer = await add_customer(database, name="Ana", account="visitor", kind="customer")
    for days, status in ((30, "delivered"), (3, "shipped"), (90, "cancelled")):
        await add_order(
            database, customer.id, placed_at=NOW - days * DAY, status=status,
            lines=[("espresso-blend", "blends", 2, 0), ("filter-papers", "gear", 1, 0)],
        )  # fmt: skip
    async with database.transaction() as session:
        found = await session.get_one(Customer, customer.id)
        heard = [
            Learned(kind="need", value="decaf", method="meant", confidence=0.8),
            Learned(kind="need", value="espresso", method="meant", confidence=0.95),
            Learned(kind="name", value="Ana", method="said"),
        ]
        await do_learn(session, found, heard, message_id=None, quote="…")
        for tier, at in (("unknown", NOW - 40 * DAY), ("MVC", NOW)):
            session.add(
                TierDecisionRow(
                    customer_id=customer.id, tier=tier, version=1, at=at,
                    reasons={"en": f"why {tier}", "pt": f"por que {tier}"}, metrics={},
                )
            )  # fmt: skip
        session.add(Consent(customer_id=customer.id, channel="web", purpose="marketing", granted=False))
    return customer


async def test_the_card_has_everything_in_order(database: Database) -> None:
    customer = await known(database)
    async with database.reading() as session:
        card = await profile_card(session, customer.id)
    assert card.customer.name == "Ana"
    assert [need.value for need in card.needs] == ["espresso", "decaf"]
    assert {fact.kind for fact in card.facts} == {"need", "name"}
    assert [order.status for order in card.orders] == ["shipped", "delivered", "cancelled"]
    assert [order.is_open for order in card.orders] == [True, False, False]
    assert sorted(card.orders[0].lines) == [("espresso-blend", 2), ("filter-papers", 1)]
    assert card.tier_reason("pt") == "por que MVC"
    assert card.tier_reason("de") == "why MVC"
    assert [identity.value for identity in card.identities] == ["visitor"]
    assert [consent.granted for consent in card.consents] == [False]


async def test_ended_facts_are_shown_only_when_asked_for(database: Database) -> None:
    customer = await known(database)
    async with database.transaction() as session:
        found = await session.get_one(Customer, customer.id)
        card = await profile_card(session, customer.id)
        await do_drop(session, found, card.needs[0].id, by="customer")
    async with database.reading() as session:
        assert len((await profile_card(session, customer.id)).facts) == 2
        assert len((await profile_card(session, customer.id, all_facts=True)).facts) == 3


async def test_nobody_is_told_as_such(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(NotFound):
            await profile_card(session, "nobody")


async def test_a_stranger_has_an_empty_card(database: Database) -> None:
    customer = await add_customer(database)
    async with database.reading() as session:
        card = await profile_card(session, customer.id)
    assert (card.facts, card.orders, card.tier_decisions, card.tier_reason("en")) == ((), (), (), None)


async def test_the_card_costs_seven_statements_however_much_is_known(database: Database) -> None:
    customer = await known(database)
    async with database.reading() as session:
        with statements(database) as seen:
            await profile_card(session, customer.id)
    assert len(seen) == 7, "\n".join(seen)


async def test_orders_cost_two_statements_and_have_a_limit(database: Database) -> None:
    customer = await known(database)
    async with database.reading() as session:
        with statements(database) as seen:
            orders = await orders_of(session, customer.id, limit=2)
    assert len(seen) == 2
    assert [order.status for order in orders] == ["shipped", "delivered"]


# --- the list ---
async def several(database: Database) -> list[Customer]:
    people = [
        ("Ana Prado", "MVC", "customer"), ("Ben Hale", "MGC", "customer"), (None, "unknown", "prospect"),
        ("José Ávila", "MVC", "customer"),
    ]  # fmt: skip
    return [
        await add_customer(
            database, name=name, tier=tier, kind=kind, account=f"account-{number}",
            last_seen_at=NOW - number * DAY,
        )
        for number, (name, tier, kind) in enumerate(people)
    ]  # fmt: skip


async def names(database: Database, **fields: object) -> tuple[list[str | None], int]:
    async with database.reading() as session:
        found, total = await customer_rows(session, **fields)  # type: ignore[arg-type]
    return [row.name for row in found], total


async def test_the_list_has_the_last_seen_first_in_pages(database: Database) -> None:
    await several(database)
    assert await names(database) == (["Ana Prado", "Ben Hale", None, "José Ávila"], 4)
    assert await names(database, limit=2) == (["Ana Prado", "Ben Hale"], 4)
    assert await names(database, limit=2, offset=2) == ([None, "José Ávila"], 4)
    assert await names(database, offset=10) == ([], 4)


async def test_the_list_is_filtered_and_searched(database: Database) -> None:
    await several(database)
    assert await names(database, tier="MVC") == (["Ana Prado", "José Ávila"], 2)
    assert await names(database, kind="prospect") == ([None], 1)
    assert await names(database, search="  hale ") == (["Ben Hale"], 1)
    assert await names(database, search="ACCOUNT-2") == ([None], 1)
    assert await names(database, search="ÁVILA") == (["José Ávila"], 1)
    assert await names(database, search="ana", tier="MGC") == ([], 0)


@pytest.mark.parametrize("search", ["%", "_", "100%", "a_a"])
async def test_signs_in_a_search_are_only_signs(database: Database, search: str) -> None:
    await several(database)
    assert await names(database, search=search) == ([], 0)


async def test_a_customer_with_two_identities_is_in_the_list_once(database: Database) -> None:
    (ana, *_) = await several(database)
    async with database.transaction() as session:
        session.add(Identity(customer_id=ana.id, kind="company", value="account-x", level="verified"))
    assert await names(database, search="account", tier="MVC") == (["Ana Prado", "José Ávila"], 2)


async def test_the_list_sums_what_was_bought_and_not_what_was_cancelled(database: Database) -> None:
    customer = await known(database)
    async with database.reading() as session:
        (row,), total = await customer_rows(session)
    assert (row.id, row.orders, row.revenue_cents, total) == (customer.id, 2, 20_000, 1)


async def test_the_list_costs_three_statements_however_long_it_is(database: Database) -> None:
    await several(database)
    async with database.reading() as session:
        for search in ("", "a"):
            with statements(database) as seen:
                await customer_rows(session, search=search)
            assert len(seen) == 3
