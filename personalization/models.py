"""The table of treatments: what differed for this customer, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from profiles.database import Base, new_id, utc_now


class Treatment(Base):
    """One decision that a customer got this and not the ordinary thing."""

    __tablename__ = "treatments"
    __table_args__ = (Index("ix_treatments_customer", "customer_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    message_id: Mapped[str | None] = mapped_column(String(36), index=True)
    """the message of ours that carries it"""
    kind: Mapped[str] = mapped_column(String(16))
    """reply, recommendation, question or queue"""
    key: Mapped[str] = mapped_column(String(64))
    """response key, product id, question or tier"""
    variant: Mapped[str | None] = mapped_column(String(64))
    differs: Mapped[bool] = mapped_column(default=False)
    """whether another customer would have got something else for the same words"""
    because: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """the conditions or reasons that decided, e.g. ``{"tier": "MVC"}``"""
    at: Mapped[datetime] = mapped_column(default=utc_now)
