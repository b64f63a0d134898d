"""Tables of who the customer is. Only this package writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from profiles.database import Base, new_id, utc_now


class Customer(Base):
    """A person the company has, had or may have a relationship with."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16), default="prospect", index=True)
    """prospect, customer, employee, supplier, partner or former"""
    name: Mapped[str | None] = mapped_column(String(120))
    language: Mapped[str | None] = mapped_column(String(8))
    tier: Mapped[str] = mapped_column(String(16), default="unknown", index=True)
    segment: Mapped[str | None] = mapped_column(String(40), index=True)
    """the strongest need, where one is known"""
    joined_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Identity(Base):
    """One way to recognise a customer, with how far it is proven."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """web, rest, telegram, email, phone or company (the company's own customer number)"""
    value: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(16), default="anonymous")
    """anonymous, claimed, channel or verified"""
    method: Mapped[str] = mapped_column(String(32), default="channel")
    """how it was learned: channel, login, import, claim"""
    proven_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Fact(Base):
    """Something learned about a customer, with the words it was learned from."""

    __tablename__ = "facts"
    __table_args__ = (
        Index("ix_facts_customer_kind", "customer_id", "kind", "state"),
        UniqueConstraint("message_id", "kind", "value"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(24))
    """name, language, need or note"""
    value: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str | None] = mapped_column(String(36), index=True)
    quote: Mapped[str | None] = mapped_column(String(500))
    method: Mapped[str] = mapped_column(String(24))
    """said (a rule read it), meant (by meaning), told_agent, login, import, purchase or corrected"""
    confidence: Mapped[float] = mapped_column(default=1.0)
    purpose: Mapped[str] = mapped_column(String(24), default="service")
    state: Mapped[str] = mapped_column(String(16), default="held")
    """held, superseded or dropped"""
    learned_at: Mapped[datetime] = mapped_column(default=utc_now)
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(36))
    """the fact that replaced it, or who dropped it: customer or a staff id"""


class Consent(Base):
    """Whether one purpose on one channel is allowed, with its proof. The newest row holds."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_customer", "customer_id", "channel", "purpose", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    channel: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(String(16))
    """service, profiling, marketing or research"""
    granted: Mapped[bool]
    message_id: Mapped[str | None] = mapped_column(String(36))
    quote: Mapped[str | None] = mapped_column(String(500))
    language: Mapped[str | None] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(default=utc_now)


class Order(Base):
    """A purchase (or a planned one): the head; amounts in minor units."""

    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_customer", "customer_id", "placed_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    placed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    """paid, packing, shipped, delivered, returned or cancelled"""
    status_at: Mapped[datetime]
    expected_at: Mapped[datetime | None]
    currency: Mapped[str] = mapped_column(String(3))
    revenue_cents: Mapped[int]
    """what the customer paid for goods, after discount"""
    goods_cost_cents: Mapped[int]
    discount_cents: Mapped[int] = mapped_column(default=0)
    refund_cents: Mapped[int] = mapped_column(default=0)


class OrderLine(Base):
    """One product of an order."""

    __tablename__ = "order_lines"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[str] = mapped_column(String(64), index=True)
    category: Mapped[str] = mapped_column(String(32))
    quantity: Mapped[int]
    price_cents: Mapped[int]
    """for all pieces of the line, after discount"""
    returned: Mapped[int] = mapped_column(default=0)


class Contact(Base):
    """One contact outside the chat (call, e-mail, visit): it costs, so it counts."""

    __tablename__ = "contacts"
    __table_args__ = (Index("ix_contacts_customer", "customer_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    at: Mapped[datetime]
    channel: Mapped[str] = mapped_column(String(16))
    """phone, email, store, web, rest or telegram"""
    handler: Mapped[str] = mapped_column(String(16))
    """person or bot"""


class TierDecisionRow(Base):
    """One decision on a customer's tier: kept for ever, the newest holds."""

    __tablename__ = "tier_decisions"
    __table_args__ = (Index("ix_tier_decisions_customer", "customer_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    tier: Mapped[str] = mapped_column(String(16))
    previous: Mapped[str | None] = mapped_column(String(16))
    version: Mapped[int]
    reasons: Mapped[dict[str, Any]]
    """``{"en": sentence, "pt": sentence, "conditions": [...]}``"""
    metrics: Mapped[dict[str, Any]]
    cause: Mapped[str] = mapped_column(String(24), default="order")
    at: Mapped[datetime] = mapped_column(default=utc_now)


class StaffMember(Base):
    """A person of the company who may log in."""

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    """agent, manager or admin"""
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8), default="en")
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AuditEntry(Base):
    """One change by a person of the company."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject", "subject_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    staff_id: Mapped[str | None] = mapped_column(String(36))
    what: Mapped[str] = mapped_column(String(48))
    subject_id: Mapped[str | None] = mapped_column(String(36))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
