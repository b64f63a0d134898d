"""Value and tiers: as a plain computation says, one customer as all at once, each change once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from profiles.database import Database
from profiles.models import Contact, Customer, Order, OrderLine, TierDecisionRow
from profiles.tiers import Metrics
from profiles.value import decide_all_tiers, do_decide_tier, measure
from tests.companies import demo_company
from tests.factories import add_contact, add_customer, add_order, rows, statements

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEFINITIONS = demo_company().definitions
COSTS = DEFINITIONS.costs
DAY = timedelta(days=1)


def plainly(
    customer: Customer, orders: Sequence[Order], lines: Sequence[OrderLine], contacts: Sequence[Contact]
) -> Metrics:
    """The metrics of one customer, computed without SQL from the definition in tiers.yml."""
    kept = [order for order in orders if order.status != "cancelled" and order.placed_at <= NOW]
    year, before = NOW - 365 * DAY, NOW - 730 * DAY
    last = [order for order in kept if order.placed_at > year]

    def revenue(some: Sequence[Order]) -> int:
        return sum(order.revenue_cents - order.refund_cents for order in some)

    ids, last_ids = {order.id for order in kept}, {order.id for order in last}
    own = [line for line in lines if line.order_id in ids]
    calls = [contact for contact in contacts if year < contact.at <= NOW]
    cost = sum(COSTS.contact_cents(contact.channel, contact.handler) for contact in calls)
    cost += sum(line.returned for line in own if line.order_id in last_ids) * COSTS.return_cents
    cost += len(last) * COSTS.delivery_cents
    cost += sum(order.discount_cents for order in last) * COSTS.discount_percent // 100
    margin = revenue(last) - sum(order.goods_cost_cents for order in last)
    recent = revenue([order for order in kept if order.placed_at > NOW - 180 * DAY])
    earlier = revenue([o for o in kept if NOW - 360 * DAY < o.placed_at <= NOW - 180 * DAY])
    since = min([customer.joined_at, *(order.placed_at for order in kept)])
    return Metrics(
        orders=len(kept),
        tenure_days=max(0, (NOW - since).days),
        days_since_last_order=min(((NOW - o.placed_at).days for o in kept), default=None),
        revenue_12m_cents=revenue(last),
        margin_12m_cents=margin,
        cost_to_serve_12m_cents=cost,
        net_value_12m_cents=margin - cost,
        revenue_prev_12m_cents=revenue([o for o in kept if before < o.placed_at <= year]),
        trend=round(recent / earlier, 2) if earlier > 0 else 1.0,
        breadth=len({line.category for line in own}),
        returns=sum(line.returned for line in own),
        contacts_12m=len(calls),
    )


async def crowd(database: Database, size: int = 25) -> list[Customer]:
    """Customers of every kind, the same each time."""
    dice = random.Random(7)
    customers = []
    for number in range(size):
        joined = NOW - dice.randint(0, 900) * DAY
        customer = await add_customer(database, kind="customer", joined_at=joined)
        customers.append(customer)
        for _ in range(dice.choice([0, 0, 1, 2, 3, 5, 8])):
            revenue = dice.randint(1_000, 40_000)
            await add_order(
                database,
                customer.id,
                placed_at=NOW - dice.randint(-20, 800) * DAY - dice.randint(0, 80_000) * timedelta(seconds=1),
                status=dice.choice(["delivered", "delivered", "shipped", "returned", "cancelled"]),
                revenue_cents=revenue,
                goods_cost_cents=revenue * dice.randint(30, 70) // 100,
                discount_cents=dice.choice([0, 0, 500]),
                refund_cents=dice.choice([0, 0, revenue // 2, revenue]),
                lines=[
                    (f"p-{n}", dice.choice(["blends", "origins", "gear"]), 1, dice.choice([0, 0, 1]))
                    for n in range(dice.randint(1, 3))
                ],
            )
        for _ in range(number % 4):
            channel, handler = dice.choice(["web", "phone", "pigeon"]), dice.choice(["bot", "person"])
            await add_contact(database, customer.id, channel, handler, NOW - dice.randint(-5, 500) * DAY)
    return customers


async def expected(database: Database) -> dict[str, Metrics]:
    orders, lines = await rows(database, Order), await rows(database, OrderLine)
    contacts = await rows(database, Contact)
    return {
        customer.id: plainly(
            customer,
            [order for order in orders if order.customer_id == customer.id],
            lines,
            [contact for contact in contacts if contact.customer_id == customer.id],
        )
        for customer in await rows(database, Customer)
    }


async def test_sql_measures_as_a_plain_computation_does(database: Database) -> None:
    await crowd(database)
    async with database.reading() as session:
        measured = await measure(session, COSTS, now=NOW)
    assert measured == await expected(database)


async def test_one_customer_is_measured_as_in_the_crowd(database: Database) -> None:
    customers = await crowd(database, 12)
    async with database.reading() as session:
        everybody = await measure(session, COSTS, now=NOW)
        for customer in customers:
            alone = await measure(session, COSTS, now=NOW, customer_ids=[customer.id])
            assert alone == {customer.id: everybody[customer.id]}


async def test_measuring_costs_four_queries_however_many_there_are(database: Database) -> None:
    customers = await crowd(database, 6)
    async with database.reading() as session:
        for ids in (None, [customers[0].id], [customer.id for customer in customers]):
            with statements(database) as seen:
                await measure(session, COSTS, now=NOW, customer_ids=ids)
            assert len(seen) == 4


async def test_the_edges_of_the_year_are_counted_once(database: Database) -> None:
    customer = await add_customer(database, joined_at=NOW - 800 * DAY)
    for placed_at, revenue in (
        (NOW, 1), (NOW + timedelta(seconds=1), 10), (NOW - 365 * DAY, 100),
        (NOW - 365 * DAY + timedelta(seconds=1), 1_000), (NOW - 730 * DAY, 10_000),
    ):  # fmt: skip
        await add_order(database, customer.id, placed_at=placed_at, revenue_cents=revenue, goods_cost_cents=0)
    async with database.reading() as session:
        metrics = (await measure(session, COSTS, now=NOW))[customer.id]
    assert metrics.revenue_12m_cents == 1_001
    assert metrics.revenue_prev_12m_cents == 100
    assert metrics.orders == 4
    assert metrics.days_since_last_order == 0


async def test_who_never_bought_is_unknown_and_nothing_is_invented(database: Database) -> None:
    customer = await add_customer(database, joined_at=NOW - 10 * DAY)
    async with database.reading() as session:
        metrics = (await measure(session, COSTS, now=NOW))[customer.id]
    assert (metrics.orders, metrics.days_since_last_order, metrics.trend) == (0, None, 1.0)
    assert metrics.net_value_12m_cents == 0


# --- tiers ---
async def decide(database: Database, customer_id: str, **fields: Any) -> str:
    async with database.transaction() as session:
        customer = await session.get_one(Customer, customer_id)
        return await do_decide_tier(
            session, customer, DEFINITIONS, **{"cause": "order", "now": NOW, **fields}
        )


async def good_customer(database: Database) -> Customer:
    customer = await add_customer(database, joined_at=NOW - 700 * DAY)
    for number in range(8):
        await add_order(
            database,
            customer.id,
            placed_at=NOW - (20 + 40 * number) * DAY,
            revenue_cents=30_000,
            goods_cost_cents=9_000,
        )
    return customer


async def test_a_tier_is_kept_with_its_reasons_in_both_languages(database: Database) -> None:
    customer = await good_customer(database)
    assert await decide(database, customer.id) == "MVC"
    (decision,) = await rows(database, TierDecisionRow)
    assert (decision.tier, decision.previous, decision.cause) == ("MVC", None, "order")
    assert decision.version == DEFINITIONS.tiers.version
    assert "R$" in decision.reasons["pt"]
    assert "net value" in decision.reasons["en"]
    assert {condition["metric"] for condition in decision.reasons["conditions"] if condition["holds"]} >= {
        "net_value_12m_cents",
        "orders",
    }
    assert decision.metrics["orders"] == 8


async def test_a_tier_that_stays_is_written_once(database: Database) -> None:
    customer = await good_customer(database)
    for _ in range(3):
        await decide(database, customer.id)
    assert len(await rows(database, TierDecisionRow)) == 1


async def test_each_change_is_written_once_with_what_it_was_before(database: Database) -> None:
    customer = await good_customer(database)
    await decide(database, customer.id)
    for _ in range(200):
        await add_contact(database, customer.id, "phone", "person", NOW - 30 * DAY)
    assert await decide(database, customer.id) == "BZ"
    assert await decide(database, customer.id) == "BZ"
    changes = [(row.previous, row.tier) for row in await rows(database, TierDecisionRow)]
    assert changes == [(None, "MVC"), ("MVC", "BZ")]
    (now,) = await rows(database, Customer)
    assert now.tier == "BZ"


async def test_all_at_once_decides_as_one_by_one(database: Database) -> None:
    await crowd(database)
    counts = await decide_all_tiers(database, DEFINITIONS)
    customers = await rows(database, Customer)
    together = {customer.id: customer.tier for customer in customers}
    assert sum(counts.values()) == len(customers)
    assert len(counts) >= 3, "the crowd is not mixed"
    decisions = await rows(database, TierDecisionRow)
    assert {row.customer_id for row in decisions} == set(together)
    assert await decide_all_tiers(database, DEFINITIONS) == counts
    assert len(await rows(database, TierDecisionRow)) == len(decisions)
    for customer_id in together:
        async with database.transaction() as session:
            customer = await session.get_one(Customer, customer_id)
            await do_decide_tier(session, customer, DEFINITIONS, cause="order")
    assert {one.id: one.tier for one in await rows(database, Customer)} == together


async def test_all_at_once_costs_no_query_per_customer(sqlite_database: Database) -> None:
    await crowd(sqlite_database, 30)
    with statements(sqlite_database) as seen:
        await decide_all_tiers(sqlite_database, DEFINITIONS)
    assert len(seen) == 8, "\n".join(seen)
