"""What a customer brings and costs: measured in SQL for one customer or for all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from profiles.database import Database, new_id, utc_now
from profiles.definitions import CostsDefinition, Definitions
from profiles.models import Contact, Customer, Order, OrderLine, TierDecisionRow
from profiles.tiers import Metrics, TierDecision, decide_tier, reason_text

YEAR = timedelta(days=365)
HALF = timedelta(days=180)
BATCH = 1000


async def measure(
    session: AsyncSession, costs: CostsDefinition, *, now: datetime, customer_ids: Sequence[str] | None = None
) -> dict[str, Metrics]:
    """Return the metrics of ``customer_ids`` (of everybody if None) in four queries.

    Source of the parts: margin = revenue − goods − refunds; net value = margin − cost to serve, where the
    cost to serve is contacts, returns, deliveries and the part of discounts that ``costs`` names.
    """
    everybody = select(Customer.id, Customer.joined_at)
    orders = _orders_query(now)
    lines = (
        select(
            Order.customer_id,
            func.count(func.distinct(OrderLine.category)),
            func.sum(OrderLine.returned),
            func.sum(case((Order.placed_at > now - YEAR, OrderLine.returned), else_=0)),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.status != "cancelled", Order.placed_at <= now)
        .group_by(Order.customer_id)
    )
    contacts = (
        select(Contact.customer_id, Contact.channel, Contact.handler, func.count())
        .where(Contact.at > now - YEAR, Contact.at <= now)
        .group_by(Contact.customer_id, Contact.channel, Contact.handler)
    )
    if customer_ids is not None:
        everybody = everybody.where(Customer.id.in_(customer_ids))
        orders = orders.where(Order.customer_id.in_(customer_ids))
        lines = lines.where(Order.customer_id.in_(customer_ids))
        contacts = contacts.where(Contact.customer_id.in_(customer_ids))
    sums = {row[0]: row for row in await session.execute(orders)}
    breadths = {row[0]: row for row in await session.execute(lines)}
    calls: defaultdict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for customer_id, channel, handler, count in await session.execute(contacts):
        calls[customer_id].append((channel, handler, count))
    return {
        customer_id: _metrics(
            joined_at, sums.get(customer_id), breadths.get(customer_id), calls[customer_id], costs, now
        )
        for customer_id, joined_at in await session.execute(everybody)
    }


def _orders_query(now: datetime) -> Any:
    def within(since: datetime, until: datetime, amount: Any) -> Any:
        inside = (Order.placed_at > since) & (Order.placed_at <= until)
        return func.coalesce(func.sum(case((inside, amount), else_=0)), 0)

    kept = Order.revenue_cents - Order.refund_cents
    return (
        select(
            Order.customer_id,
            func.count().label("orders"),
            func.min(Order.placed_at).label("first"),
            func.max(Order.placed_at).label("last"),
            within(now - YEAR, now, kept).label("revenue"),
            within(now - YEAR, now, kept - Order.goods_cost_cents).label("margin"),
            within(now - YEAR, now, 1).label("deliveries"),
            within(now - YEAR, now, Order.discount_cents).label("discounts"),
            within(now - 2 * YEAR, now - YEAR, kept).label("revenue_before"),
            within(now - HALF, now, kept).label("recent"),
            within(now - 2 * HALF, now - HALF, kept).label("earlier"),
        )
        .where(Order.status != "cancelled", Order.placed_at <= now)
        .group_by(Order.customer_id)
    )


def _metrics(
    joined_at: datetime,
    sums: Any,
    breadth: Any,
    calls: Iterable[tuple[str, str, int]],
    costs: CostsDefinition,
    now: datetime,
) -> Metrics:
    calls = list(calls)
    contact_cents = sum(costs.contact_cents(channel, handler) * count for channel, handler, count in calls)
    returned_12m = int(breadth[3] or 0) if breadth else 0
    cost = contact_cents + returned_12m * costs.return_cents
    if sums is not None:
        cost += sums.deliveries * costs.delivery_cents + sums.discounts * costs.discount_percent // 100
    margin = int(sums.margin) if sums is not None else 0
    since = min(joined_at, sums.first) if sums is not None else joined_at
    return Metrics(
        orders=sums.orders if sums is not None else 0,
        tenure_days=max(0, (now - since).days),
        days_since_last_order=(now - sums.last).days if sums is not None else None,
        revenue_12m_cents=int(sums.revenue) if sums is not None else 0,
        margin_12m_cents=margin,
        cost_to_serve_12m_cents=int(cost),
        net_value_12m_cents=margin - int(cost),
        revenue_prev_12m_cents=int(sums.revenue_before) if sums is not None else 0,
        trend=round(sums.recent / sums.earlier, 2) if sums is not None and sums.earlier > 0 else 1.0,
        breadth=int(breadth[1]) if breadth else 0,
        returns=int(breadth[2] or 0) if breadth else 0,
        contacts_12m=sum(count for _, _, count in calls),
    )


def _row(
    customer_id: str, previous: str | None, decision: TierDecision, cause: str, now: datetime
) -> dict[str, Any]:
    conditions = [asdict(reason) for reason in (*decision.reasons, *decision.against)]
    return {
        "id": new_id(),
        "customer_id": customer_id,
        "tier": decision.tier,
        "previous": previous,
        "version": decision.version,
        "reasons": {
            "en": reason_text(decision, "en"),
            "pt": reason_text(decision, "pt"),
            "conditions": conditions,
        },
        "metrics": decision.metrics.as_json(),
        "cause": cause,
        "at": now,
    }


async def do_decide_tier(
    session: AsyncSession,
    customer: Customer,
    definitions: Definitions,
    *,
    cause: str,
    now: datetime | None = None,
) -> str:
    """Measure one customer, decide his tier, keep the decision if it is new, and return the tier."""
    now = now or utc_now()
    measured = await measure(session, definitions.costs, now=now, customer_ids=[customer.id])
    decision = decide_tier(measured[customer.id], definitions.tiers)
    decided_before = await session.scalar(
        select(TierDecisionRow.version).where(TierDecisionRow.customer_id == customer.id).limit(1)
    )
    if decided_before is None or decision.tier != customer.tier:
        previous = customer.tier if decided_before is not None else None
        session.add(TierDecisionRow(**_row(customer.id, previous, decision, cause, now)))
    customer.tier = decision.tier
    return decision.tier


async def decide_all_tiers(
    database: Database, definitions: Definitions, *, cause: str = "batch"
) -> dict[str, int]:
    """Decide everybody's tier, set-based, and return how many customers each tier has."""
    now = utc_now()
    counts: defaultdict[str, int] = defaultdict(int)
    async with database.transaction() as session:
        measured = await measure(session, definitions.costs, now=now)
        decided = select(TierDecisionRow.customer_id).distinct()
        known = set((await session.scalars(decided)).all())
        tiers = {row[0]: row[1] for row in await session.execute(select(Customer.id, Customer.tier))}
        rows, changes = [], []
        for customer_id, metrics in measured.items():
            decision = decide_tier(metrics, definitions.tiers)
            counts[decision.tier] += 1
            if customer_id not in known or tiers[customer_id] != decision.tier:
                previous = tiers[customer_id] if customer_id in known else None
                rows.append(_row(customer_id, previous, decision, cause, now))
                changes.append({"id": customer_id, "tier": decision.tier})
        for start in range(0, len(rows), BATCH):
            await session.execute(insert(TierDecisionRow), rows[start : start + BATCH])
            await session.execute(update(Customer), changes[start : start + BATCH])
    return dict(counts)
