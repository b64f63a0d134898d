"""The demo: synthetic customers, the best example of each tier among them, and writing them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.business import Business
from bot.demo_customers import DemoCustomer, DemoLoginCustomer, measure_customer
from bot.demo_definitions import DemoDefinition, DemoLogin
from bot.demo_making import make_customer
from bot.demo_rows import demo_rows
from profiles.database import Database, new_id
from profiles.errors import Conflict
from profiles.models import Identity
from profiles.tiers import decide_tier

LOGIN_CANDIDATES = 300
"""log-ins are picked among the first customers, so that adding more leaves them as they are"""
BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoData:
    """The synthetic customers of the demo."""

    customers: tuple[DemoCustomer, ...]
    logins: tuple[DemoLoginCustomer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSummary:
    """What a run of ``load_demo`` added; all zero when everything was there."""

    customers: int
    orders: int
    contacts: int
    logins: tuple[DemoLoginCustomer, ...]


def generate_demo(
    business: Business, *, now: datetime, seed: int | None = None, customers: int | None = None
) -> DemoData:
    """Return the demo's customers, the same for the same seed and ``now``; Conflict without demo.yml."""
    demo = _definition(business)
    chosen_seed = demo.seed if seed is None else seed
    count = demo.customers if customers is None else customers
    made = tuple(
        make_customer(business, demo, seed=chosen_seed, number=number, now=now)
        for number in range(1, count + 1)
    )
    return DemoData(customers=made, logins=_logins(business, demo, made[:LOGIN_CANDIDATES], now))


async def load_demo(
    database: Database,
    business: Business,
    *,
    now: datetime,
    seed: int | None = None,
    customers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DemoSummary:
    """Write the demo's customers that are not there yet, in one transaction; a second run changes nothing.

    ``progress`` is called with the rows written so far and the rows in all.
    """
    data = generate_demo(business, now=now, seed=seed, customers=customers)
    async with database.transaction() as session:
        known = await _known(session)
        missing = [customer for customer in data.customers if customer.external_id not in known]
        ids = known | {customer.external_id: new_id() for customer in missing}
        logins = [login for login in data.logins if login.external_id not in known]
        tables = demo_rows(missing, logins, ids, currency=business.settings.currency, now=now)
        total, done = sum(len(rows) for _, rows in tables), 0
        for table, rows in tables:
            for start in range(0, len(rows), BATCH):
                batch = rows[start : start + BATCH]
                await session.execute(insert(table), batch)
                done += len(batch)
                if progress is not None:
                    progress(done, total)
    return DemoSummary(
        customers=len(missing),
        orders=sum(len(customer.orders) for customer in missing),
        contacts=sum(len(customer.contacts) for customer in missing),
        logins=data.logins,
    )


def _definition(business: Business) -> DemoDefinition:
    if business.demo is None:
        raise Conflict(
            "This company has no demo.yml, so there are no demo customers to make.", code="no_demo"
        )
    return business.demo


def _logins(
    business: Business, demo: DemoDefinition, customers: Sequence[DemoCustomer], now: datetime
) -> tuple[DemoLoginCustomer, ...]:
    """Return for each log-in the customer of its tier who has most to show, and whom no other log-in has."""
    tiers = business.definitions.tiers
    measured = [
        (customer, measure_customer(customer, business.definitions.costs, now)) for customer in customers
    ]
    decided = [(customer, decide_tier(metrics, tiers).tier) for customer, metrics in measured]
    taken: set[int] = set()
    found = []
    for login in demo.logins:
        fitting = [
            c for c, tier in decided if tier == login.tier and c.number not in taken and _fits(c, login)
        ]
        if not fitting:
            continue
        best = max(fitting, key=partial(_shows, login))
        taken.add(best.number)
        found.append(
            DemoLoginCustomer(
                external_id=login.id,
                tier=login.tier,
                name=best.name,
                language=best.language,
                number=best.number,
            )
        )
    return tuple(found)


def _shows(login: DemoLogin, customer: DemoCustomer) -> tuple[int, bool, bool, int]:
    is_open = any(order.is_open for order in customer.orders)
    wished = is_open + (login.need in customer.told_needs)
    return wished, is_open, bool(customer.told_needs), len(customer.orders)


def _fits(customer: DemoCustomer, login: DemoLogin) -> bool:
    return login.behaviour in {None, customer.behaviour} and login.language in {None, customer.language}


async def _known(session: AsyncSession) -> dict[str, str]:
    """Return customer id by external id of everybody whom the company has imported."""
    found = await session.execute(
        select(Identity.value, Identity.customer_id).where(Identity.kind == "company")
    )
    return {row.value: row.customer_id for row in found}
