"""Tables of what was said, who owns a conversation, and what is on its way to the customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from profiles.database import Base, new_id, utc_now


class Conversation(Base):
    """The one lasting thread of a customer on a channel, with its one owner."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("customer_id", "channel"),
        Index("ix_conversations_owner", "owner", "owner_since"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    channel: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(String(16), default="bot")
    """bot, waiting, human or closed; changed only by conversations.owners"""
    owner_since: Mapped[datetime] = mapped_column(default=utc_now)
    agent_id: Mapped[str | None] = mapped_column(String(36))
    language: Mapped[str] = mapped_column(String(8), default="en")
    last_seq: Mapped[int] = mapped_column(default=0)
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """small working notes of the app: question asked, misses in a row, who handed back"""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_message_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class Message(Base):
    """One message of a conversation, in the order ``seq``. Never changed but for its state."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "external_id", name="uq_messages_external_id"),
        Index("ix_messages_pending", "state", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    seq: Mapped[int]
    channel: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(120))
    """the channel's id of a customer's message; a second one with the same id is a duplicate"""
    sender: Mapped[str] = mapped_column(String(16))
    """customer, bot, agent, system or note"""
    sender_name: Mapped[str | None] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    payload: Mapped[str | None] = mapped_column(String(255))
    """of the button pressed, where it was offered"""
    buttons: Mapped[list[Any]] = mapped_column(default=list)
    cards: Mapped[list[Any]] = mapped_column(default=list)
    language: Mapped[str | None] = mapped_column(String(8))
    reply_to: Mapped[str | None] = mapped_column(String(36), index=True)
    response_key: Mapped[str | None] = mapped_column(String(64))
    intent: Mapped[str | None] = mapped_column(String(48))
    confidence: Mapped[float | None]
    state: Mapped[str] = mapped_column(String(16))
    """a customer's message: pending, done; ours: queued, sent, delivered, read, failed, blocked"""
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    conversation: Mapped[Conversation] = relationship(lazy="raise")
    """never read: it tells the unit of work to write the conversation first"""


class Delivery(Base):
    """One message of ours on its way through one channel."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_state", "state", "next_attempt_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), unique=True)
    conversation_id: Mapped[str] = mapped_column(String(36), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    message: Mapped[Message] = relationship(lazy="raise")
    """never read: it tells the unit of work to write the message first"""


class Handoff(Base):
    """One stretch of a conversation that a person was asked for."""

    __tablename__ = "handoffs"
    __table_args__ = (Index("ix_handoffs_open", "ended_at", "opened_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    customer_id: Mapped[str] = mapped_column(String(36), index=True)
    message_id: Mapped[str | None] = mapped_column(String(36))
    """the customer's message that led to it"""
    reason: Mapped[str] = mapped_column(String(32))
    """asked, offered, not_understood, engine_away, agent (took over by himself) or rule"""
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    weight: Mapped[int] = mapped_column(default=0)
    """place in the queue by treatment: higher first, then by waiting time"""
    opened_at: Mapped[datetime] = mapped_column(default=utc_now)
    taken_at: Mapped[datetime | None]
    first_answer_at: Mapped[datetime | None]
    agent_id: Mapped[str | None] = mapped_column(String(36))
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(32))
    """solved, unsolved, promised or cancelled (by the customer)"""


class OwnerChange(Base):
    """One change of a conversation's owner: who, when, why."""

    __tablename__ = "owner_changes"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    previous: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(36))
    """bot, customer, system or a staff id"""
    reason: Mapped[str] = mapped_column(String(48))
    at: Mapped[datetime] = mapped_column(default=utc_now)
