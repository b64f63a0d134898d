"""The rows of the demo's customers, table by table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.demo_customers import DemoCustomer, DemoLoginCustomer, DemoOrder
from profiles.database import new_id
from profiles.models import Contact, Customer, Fact, Identity, Order, OrderLine


def demo_rows(
    customers: Sequence[DemoCustomer],
    logins: Sequence[DemoLoginCustomer],
    ids: Mapping[str, str],
    *,
    currency: str,
    now: datetime,
) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Return the rows of each table, in an order that foreign keys allow."""
    orders = [(customer, order, new_id()) for customer in customers for order in customer.orders]
    numbers = {customer.number: ids[customer.external_id] for customer in customers}
    aliases = [
        _identity(numbers[login.number], "company", login.external_id, "verified", now)
        for login in logins
        if login.number in numbers
    ]
    return [
        (Customer, [_customer_row(customer, ids[customer.external_id]) for customer in customers]),
        (Identity, [row for customer in customers for row in _identities(customer, ids)] + aliases),
        (Fact, [row for customer in customers for row in _facts(customer, ids[customer.external_id])]),
        (Order, [_order_row(order, order_id, ids[c.external_id], currency) for c, order, order_id in orders]),
        (OrderLine, [row for _, order, order_id in orders for row in _line_rows(order, order_id)]),
        (
            Contact,
            [row for customer in customers for row in _contact_rows(customer, ids[customer.external_id])],
        ),
    ]


def _customer_row(customer: DemoCustomer, customer_id: str) -> dict[str, Any]:
    moments = [
        customer.joined_at,
        *(o.placed_at for o in customer.orders),
        *(c.at for c in customer.contacts),
    ]
    return {
        "id": customer_id,
        "kind": "customer" if customer.orders else "prospect",
        "name": customer.name,
        "language": customer.language,
        "tier": "unknown",
        "segment": customer.told_needs[0] if customer.told_needs else None,
        "joined_at": customer.joined_at,
        "last_seen_at": max(moments),
        "created_at": customer.joined_at,
    }


def _identities(customer: DemoCustomer, ids: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    customer_id = ids[customer.external_id]
    yield _identity(customer_id, "company", customer.external_id, "verified", customer.joined_at)
    # The address came with the import; nobody has confirmed it with a code yet.
    yield _identity(customer_id, "email", customer.email, "claimed", customer.joined_at)


def _identity(customer_id: str, kind: str, value: str, level: str, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "customer_id": customer_id,
        "kind": kind,
        "value": value,
        "level": level,
        "method": "import",
        "proven_at": at if level == "verified" else None,
        "created_at": at,
    }


def _facts(customer: DemoCustomer, customer_id: str) -> Iterator[dict[str, Any]]:
    known = [("name", customer.name), ("language", customer.language)]
    for kind, value in [*known, *(("need", need) for need in customer.told_needs)]:
        yield {
            "id": new_id(),
            "customer_id": customer_id,
            "kind": kind,
            "value": value,
            "method": "import",
            "confidence": 1.0,
            "purpose": "service",
            "state": "held",
            "learned_at": customer.joined_at,
        }


def _order_row(order: DemoOrder, order_id: str, customer_id: str, currency: str) -> dict[str, Any]:
    return {
        "id": order_id,
        "number": order.number,
        "customer_id": customer_id,
        "placed_at": order.placed_at,
        "status": order.status,
        "status_at": order.status_at,
        "expected_at": order.expected_at,
        "currency": currency,
        "revenue_cents": order.revenue_cents,
        "goods_cost_cents": order.goods_cost_cents,
        "discount_cents": order.discount_cents,
        "refund_cents": order.refund_cents,
    }


def _line_rows(order: DemoOrder, order_id: str) -> Iterator[dict[str, Any]]:
    for line in order.lines:
        yield {
            "id": new_id(),
            "order_id": order_id,
            "product_id": line.product_id,
            "category": line.category,
            "quantity": line.quantity,
            "price_cents": line.price_cents,
            "returned": line.returned,
        }


def _contact_rows(customer: DemoCustomer, customer_id: str) -> Iterator[dict[str, Any]]:
    for contact in customer.contacts:
        yield {
            "id": new_id(),
            "customer_id": customer_id,
            "at": contact.at,
            "channel": contact.channel,
            "handler": contact.handler,
        }
