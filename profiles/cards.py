"""The profile card: everything one needs in front of him to serve a customer, in seven queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from profiles.errors import NotFound
from profiles.facts import held_facts
from profiles.models import Consent, Customer, Fact, Identity, Order, OrderLine, TierDecisionRow

OPEN_STATUSES = ("paid", "packing", "shipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order with its lines."""

    number: str
    placed_at: datetime
    status: str
    status_at: datetime
    expected_at: datetime | None
    revenue_cents: int
    currency: str
    lines: tuple[tuple[str, int], ...]
    """(product id, quantity)"""

    @property
    def is_open(self) -> bool:
        """Whether the customer still waits for it."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCard:
    """What is known of one customer now."""

    customer: Customer
    identities: tuple[Identity, ...]
    facts: tuple[Fact, ...]
    orders: tuple[OrderView, ...]
    tier_decisions: tuple[TierDecisionRow, ...]
    consents: tuple[Consent, ...]

    @property
    def needs(self) -> tuple[Fact, ...]:
        """The needs held, the surest first."""
        needs = [fact for fact in self.facts if fact.kind == "need"]
        return tuple(sorted(needs, key=lambda fact: -fact.confidence))

    def tier_reason(self, language: str) -> str | None:
        """Return why the customer has his tier, in ``language``; None before the first decision."""
        if not self.tier_decisions:
            return None
        reasons: dict[str, Any] = self.tier_decisions[0].reasons
        return reasons.get(language) or reasons.get("en")


async def orders_of(session: AsyncSession, customer_id: str, *, limit: int = 50) -> list[OrderView]:
    """Return a customer's newest orders with their lines (two queries)."""
    orders = list(
        (
            await session.scalars(
                select(Order)
                .where(Order.customer_id == customer_id)
                .order_by(Order.placed_at.desc())
                .limit(limit)
            )
        ).all()
    )
    lines: dict[str, list[tuple[str, int]]] = {order.id: [] for order in orders}
    if orders:
        rows = await session.execute(
            select(OrderLine.order_id, OrderLine.product_id, OrderLine.quantity).where(
                OrderLine.order_id.in_(lines)
            )
        )
        for order_id, product_id, quantity in rows:
            lines[order_id].append((product_id, quantity))
    return [
        OrderView(
            number=order.number,
            placed_at=order.placed_at,
            status=order.status,
            status_at=order.status_at,
            expected_at=order.expected_at,
            revenue_cents=order.revenue_cents,
            currency=order.currency,
            lines=tuple(lines[order.id]),
        )
        for order in orders
    ]


async def profile_card(session: AsyncSession, customer_id: str, *, all_facts: bool = False) -> ProfileCard:
    """Return one customer's card, with ended facts too if ``all_facts``. Raises ``NotFound``."""
    customer = await session.get(Customer, customer_id)
    if customer is None:
        raise NotFound("There is no such customer.", code="no_customer")
    if all_facts:
        query = (
            select(Fact)
            .where(Fact.customer_id == customer_id)
            .order_by(Fact.learned_at.desc(), Fact.id.desc())
        )
        facts: Sequence[Fact] = (await session.scalars(query)).all()
    else:
        facts = await held_facts(session, customer_id)
    identities = await session.scalars(
        select(Identity).where(Identity.customer_id == customer_id).order_by(Identity.created_at)
    )
    decisions = await session.scalars(
        select(TierDecisionRow)
        .where(TierDecisionRow.customer_id == customer_id)
        .order_by(TierDecisionRow.at.desc())
        .limit(20)
    )
    consents = await session.scalars(
        select(Consent).where(Consent.customer_id == customer_id).order_by(Consent.at.desc())
    )
    return ProfileCard(
        customer=customer,
        identities=tuple(identities.all()),
        facts=tuple(facts),
        orders=tuple(await orders_of(session, customer_id)),
        tier_decisions=tuple(decisions.all()),
        consents=tuple(consents.all()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One line of the list of customers."""

    id: str
    name: str | None
    kind: str
    tier: str
    segment: str | None
    language: str | None
    last_seen_at: datetime
    orders: int
    revenue_cents: int


async def customer_rows(
    session: AsyncSession,
    *,
    search: str = "",
    tier: str | None = None,
    kind: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[CustomerRow], int]:
    """Return a page of customers, the last seen first, and how many match in all."""
    matching = select(Customer)
    if search.strip():
        term = search.strip().lower()
        by_identity = select(Identity.customer_id).where(
            func.lower(Identity.value).contains(term, autoescape=True)
        )
        by_name = func.lower(Customer.name).contains(term, autoescape=True)
        matching = matching.where(or_(by_name, Customer.id.in_(by_identity)))
    if tier:
        matching = matching.where(Customer.tier == tier)
    if kind:
        matching = matching.where(Customer.kind == kind)
    total = await session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page = matching.order_by(Customer.last_seen_at.desc(), Customer.id.desc()).limit(limit).offset(offset)
    customers = list((await session.scalars(page)).all())
    sums = await session.execute(
        select(Order.customer_id, func.count(), func.sum(Order.revenue_cents))
        .where(Order.customer_id.in_([customer.id for customer in customers]), Order.status != "cancelled")
        .group_by(Order.customer_id)
    )
    bought = {row[0]: (row[1], int(row[2] or 0)) for row in sums}
    rows = [
        CustomerRow(
            id=customer.id,
            name=customer.name,
            kind=customer.kind,
            tier=customer.tier,
            segment=customer.segment,
            language=customer.language,
            last_seen_at=customer.last_seen_at,
            orders=bought.get(customer.id, (0, 0))[0],
            revenue_cents=bought.get(customer.id, (0, 0))[1],
        )
        for customer in customers
    ]
    return rows, total
