"""Synthetic customers of the demo: what is known of each, and what their histories amount to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from profiles.definitions import CostsDefinition
from profiles.documents import Language
from profiles.tiers import Metrics, Tier

YEAR = timedelta(days=365)
HALF = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLine:
    """One product of an order; the price is for all pieces, after discount."""

    product_id: str
    category: str
    quantity: int
    price_cents: int
    cost_cents: int
    returned: int

    @property
    def refund_cents(self) -> int:
        """What was paid back for the returned pieces."""
        return self.price_cents * self.returned // self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrder:
    """One purchase."""

    number: str
    placed_at: datetime
    status: str
    status_at: datetime
    expected_at: datetime | None
    discount_cents: int
    lines: tuple[DemoLine, ...]

    @property
    def revenue_cents(self) -> int:
        """What was paid for the goods."""
        return sum(line.price_cents for line in self.lines)

    @property
    def goods_cost_cents(self) -> int:
        """What the goods cost the company."""
        return sum(line.cost_cents for line in self.lines)

    @property
    def refund_cents(self) -> int:
        """What was paid back; all of it for a cancelled order."""
        return (
            self.revenue_cents
            if self.status == "cancelled"
            else sum(line.refund_cents for line in self.lines)
        )

    @property
    def is_open(self) -> bool:
        """Whether the customer is still waiting for it."""
        return self.status in {"paid", "packing", "shipped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoContact:
    """One contact outside the chat."""

    at: datetime
    channel: str
    handler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCustomer:
    """One synthetic customer with all of his history."""

    number: int
    external_id: str
    name: str
    email: str
    language: Language
    behaviour: str
    joined_at: datetime
    needs: tuple[str, ...]
    """what he is after; it shapes what he buys"""
    told_needs: tuple[str, ...]
    """the needs that the company was told of"""
    orders: tuple[DemoOrder, ...]
    contacts: tuple[DemoContact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLoginCustomer:
    """A customer whom the demo shop can log in under ``external_id``."""

    external_id: str
    tier: Tier
    name: str
    language: Language
    number: int


def measure_customer(customer: DemoCustomer, costs: CostsDefinition, now: datetime) -> Metrics:
    """Return the metrics of one synthetic customer, as profiles/value.py measures them in the database."""
    orders = [order for order in customer.orders if order.status != "cancelled" and order.placed_at <= now]
    year = [order for order in orders if order.placed_at > now - YEAR]
    contacts = [contact for contact in customer.contacts if now - YEAR < contact.at <= now]
    revenue = _kept(year)
    margin = revenue - sum(order.goods_cost_cents for order in year)
    returned = sum(line.returned for order in year for line in order.lines)
    cost = sum(costs.contact_cents(contact.channel, contact.handler) for contact in contacts)
    cost += returned * costs.return_cents + len(year) * costs.delivery_cents
    cost += sum(order.discount_cents for order in year) * costs.discount_percent // 100
    recent = _kept(order for order in orders if order.placed_at > now - HALF)
    earlier = _kept(order for order in orders if now - 2 * HALF < order.placed_at <= now - HALF)
    since = min([customer.joined_at, *(order.placed_at for order in orders)])
    return Metrics(
        orders=len(orders),
        tenure_days=(now - since).days,
        days_since_last_order=min(((now - order.placed_at).days for order in orders), default=None),
        revenue_12m_cents=revenue,
        margin_12m_cents=margin,
        cost_to_serve_12m_cents=cost,
        net_value_12m_cents=margin - cost,
        revenue_prev_12m_cents=_kept(
            order for order in orders if now - 2 * YEAR < order.placed_at <= now - YEAR
        ),
        trend=round(recent / earlier, 2) if earlier > 0 else 1.0,
        breadth=len({line.category for order in orders for line in order.lines}),
        returns=sum(line.returned for order in orders for line in order.lines),
        contacts_12m=len(contacts),
    )


def _kept(orders: Iterable[DemoOrder]) -> int:
    return sum(order.revenue_cents - order.refund_cents for order in orders)
