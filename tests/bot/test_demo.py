"""The demo's customers: repeatable, like a real mix of customers, written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.business import load_business
from bot.demo import DemoData, generate_demo, load_demo
from bot.demo_customers import measure_customer
from profiles.database import Base, Database
from profiles.errors import Conflict
from profiles.models import Contact, Customer, Fact, Identity, Order, OrderLine
from profiles.tiers import Metrics, decide_tier
from profiles.value import measure
from tests.companies import Company, demo_company

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@cache
def demo(customers: int = 500) -> DemoData:
    return generate_demo(demo_company(), now=NOW, customers=customers)


def metrics_by_id(data: DemoData, now: datetime = NOW) -> dict[str, Metrics]:
    costs = demo_company().definitions.costs
    return {customer.external_id: measure_customer(customer, costs, now) for customer in data.customers}


def tiers(data: DemoData, now: datetime = NOW) -> dict[str, str]:
    definition = demo_company().definitions.tiers
    return {name: decide_tier(metrics, definition).tier for name, metrics in metrics_by_id(data, now).items()}


def test_the_same_seed_gives_the_same_customers() -> None:
    again = generate_demo(demo_company(), now=NOW, customers=500)
    assert again == demo()
    assert generate_demo(demo_company(), now=NOW, seed=1, customers=500) != demo()


def test_more_customers_leave_the_first_ones_and_the_logins_as_they_are() -> None:
    assert demo(700).customers[:500] == demo().customers
    assert demo(700).logins == demo().logins


@pytest.mark.parametrize("seed", [20261132, 1, 2, 3])
def test_the_mix_of_tiers_is_realistic(seed: int) -> None:
    data = generate_demo(demo_company(), now=NOW, seed=seed, customers=500)
    shares = {tier: count / 5 for tier, count in Counter(tiers(data).values()).items()}
    assert 5 <= shares["MVC"] <= 20
    assert 2 <= shares["BZ"] <= 10
    assert 10 <= shares["unknown"] <= 30
    assert 5 <= shares["MGC"] <= 20
    assert shares["intermediate"] >= 30


@pytest.mark.parametrize("days", [1, 100, 400])
def test_the_tiers_do_not_depend_on_the_day_of_the_demo(days: int) -> None:
    later = NOW + timedelta(days=days, hours=5, microseconds=7)
    moved = tiers(generate_demo(demo_company(), now=later, customers=500), later)
    changed = [name for name, tier in tiers(demo()).items() if moved[name] != tier]
    assert len(changed) <= 2


def test_there_is_one_login_of_each_tier_with_something_to_tell() -> None:
    logins = {login.external_id: login for login in demo().logins}
    assert {name: login.tier for name, login in logins.items()} == {
        "demo-mvc": "MVC",
        "demo-mgc": "MGC",
        "demo-intermediate": "intermediate",
        "demo-bz": "BZ",
        "demo-unknown": "unknown",
    }
    assert len({login.number for login in logins.values()}) == 5
    found = tiers(demo())
    for login in logins.values():
        customer = demo().customers[login.number - 1]
        assert found[customer.external_id] == login.tier
        assert (customer.name, customer.language) == (login.name, login.language)
        assert any(order.is_open for order in customer.orders)
    assert "whole_beans" in demo().customers[logins["demo-mvc"].number - 1].told_needs


def test_histories_make_sense() -> None:
    catalogue = demo_company().catalogue
    for customer in demo().customers:
        placed = [order.placed_at for order in customer.orders]
        assert placed == sorted(placed)
        assert all(customer.joined_at <= moment + timedelta(seconds=1) <= NOW for moment in placed[:-1])
        for order in customer.orders:
            assert order.lines
            assert 0 <= order.refund_cents <= order.revenue_cents
            assert order.placed_at <= order.status_at <= NOW
            assert (order.expected_at is not None) == order.is_open
            assert all(
                catalogue.product(line.product_id) and line.returned <= line.quantity for line in order.lines
            )
        assert all(contact.at <= NOW for contact in customer.contacts)
    statuses = Counter(order.status for customer in demo().customers for order in customer.orders)
    assert set(statuses) == {"paid", "packing", "shipped", "delivered", "returned", "cancelled"}
    assert 2000 <= statuses.total() <= 8000


def test_customers_buy_what_they_need() -> None:
    catalogue = demo_company().catalogue
    bought = {True: 0, False: 0}
    for customer in demo().customers:
        for order in customer.orders:
            for line in order.lines:
                product = catalogue.product(line.product_id)
                assert product is not None
                bought[bool(set(product.needs) & set(customer.needs))] += line.quantity
    assert bought[True] > bought[False]


def test_nobody_in_the_demo_can_be_written_to() -> None:
    emails = [customer.email for customer in demo().customers]
    assert len(set(emails)) == len(emails)
    assert all(email.isascii() and email.split("@")[1].startswith("example.") for email in emails)


def test_behaviours_come_close_to_their_shares() -> None:
    definition = demo_company().demo
    assert definition is not None
    found = Counter(customer.behaviour for customer in demo().customers)
    total = sum(behaviour.share for behaviour in definition.behaviours)
    for behaviour in definition.behaviours:
        assert abs(found[behaviour.id] / 500 - behaviour.share / total) < 0.01


def test_a_company_without_a_demo_says_so(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.replace("business.yml", "demo: true", "demo: false")
    company.remove("demo.yml")
    with pytest.raises(Conflict, match=r"no demo\.yml"):
        generate_demo(load_business(company.folder), now=NOW)


# --- writing ---
@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


async def counts(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        return {
            table.__tablename__: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Customer, Identity, Fact, Order, OrderLine, Contact)
        }


@pytest.mark.anyio
async def test_writing_adds_everything_once(database: Database) -> None:
    steps: list[tuple[int, int]] = []
    summary = await load_demo(
        database,
        demo_company(),
        now=NOW,
        customers=320,
        progress=lambda done, total: steps.append((done, total)),
    )
    first = await counts(database)
    assert summary.customers == first["customers"] == 320
    assert summary.orders == first["orders"]
    assert first["identities"] == 2 * 320 + len(summary.logins)
    assert steps[-1] == (sum(first.values()), sum(first.values()))

    later = NOW + timedelta(days=30)
    again = await load_demo(database, demo_company(), now=later, customers=320)
    assert (again.customers, again.orders, again.contacts) == (0, 0, 0)
    assert again.logins == summary.logins
    assert await counts(database) == first

    more = await load_demo(database, demo_company(), now=later, customers=330)
    assert more.customers == 10
    assert (await counts(database))["customers"] == 330


@pytest.mark.anyio
async def test_logins_lead_to_their_customers(database: Database) -> None:
    summary = await load_demo(database, demo_company(), now=NOW, customers=320)
    async with database.reading() as session:
        for login in summary.logins:
            query = select(Customer.name, Identity.level).join(Identity, Identity.customer_id == Customer.id)
            row = (await session.execute(query.where(Identity.value == login.external_id))).one()
            assert tuple(row) == (login.name, "verified")


@pytest.mark.anyio
async def test_the_database_measures_as_the_generator_does(database: Database) -> None:
    await load_demo(database, demo_company(), now=NOW, customers=320)
    expected = metrics_by_id(demo(320))
    async with database.reading() as session:
        measured = await measure(session, demo_company().definitions.costs, now=NOW)
        ids = await session.execute(
            select(Identity.value, Identity.customer_id).where(
                Identity.value.like("demo-0%"), Identity.kind == "company"
            )
        )
        found = {value: measured[customer_id] for value, customer_id in ids}
    assert found == expected


@pytest.mark.anyio
async def test_writing_all_is_one_transaction_of_few_statements(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        await load_demo(database, demo_company(), now=NOW, customers=320, progress=_stop_late)
    assert sum((await counts(database)).values()) == 0


def _stop_late(done: int, total: int) -> None:
    if done > total / 2:
        raise RuntimeError("stop")
