"""What the pages read besides the cards and the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.models import Conversation, Handoff, Message, OwnerChange
from conversations.queue import QueueItem
from personalization.models import Treatment
from profiles.database import utc_now
from profiles.models import AuditEntry, Customer, StaffMember

RECENT = timedelta(hours=24)
RECENT_LIMIT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationHead:
    """Whose conversation it is, and who leads it."""

    id: str
    customer_id: str
    customer_name: str | None
    tier: str
    channel: str
    language: str
    owner: str
    agent_id: str | None
    agent_name: str | None


async def conversation_head(session: AsyncSession, conversation_id: str) -> ConversationHead | None:
    """Return the head of one conversation, None where there is none (one query)."""
    row = (
        await session.execute(
            select(Conversation, Customer, StaffMember.name)
            .join(Customer, Customer.id == Conversation.customer_id)
            .outerjoin(StaffMember, StaffMember.id == Conversation.agent_id)
            .where(Conversation.id == conversation_id)
        )
    ).one_or_none()
    if row is None:
        return None
    conversation, customer, agent_name = row
    return ConversationHead(
        id=conversation.id,
        customer_id=customer.id,
        customer_name=customer.name,
        tier=customer.tier,
        channel=conversation.channel,
        language=conversation.language,
        owner=conversation.owner,
        agent_id=conversation.agent_id,
        agent_name=agent_name,
    )


async def recent_with_bot(session: AsyncSession, *, limit: int = RECENT_LIMIT) -> list[QueueItem]:
    """Return the conversations that the bot leads, as far as active lately, the newest first (one query)."""
    rows = await session.execute(
        select(Conversation, Customer, Message.text, Message.sender)
        .join(Customer, Customer.id == Conversation.customer_id)
        .join(Message, (Message.conversation_id == Conversation.id) & (Message.seq == Conversation.last_seq))
        .where(Conversation.owner == "bot", Conversation.last_message_at > utc_now() - RECENT)
        .order_by(Conversation.last_message_at.desc())
        .limit(limit)
    )
    return [
        QueueItem(
            conversation_id=conversation.id,
            customer_id=customer.id,
            customer_name=customer.name,
            tier=customer.tier,
            channel=conversation.channel,
            language=conversation.language,
            owner="bot",
            agent_id=None,
            agent_name=None,
            reason="",
            weight=0,
            opened_at=conversation.last_message_at,
            last_text=text,
            last_sender=sender,
        )
        for conversation, customer, text, sender in rows
    ]


async def open_handoff(session: AsyncSession, conversation_id: str) -> Handoff | None:
    """Return the stretch with a person that is open now, if any."""
    found: Handoff | None = await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.ended_at.is_(None))
        .order_by(Handoff.opened_at.desc())
        .limit(1)
    )
    return found


async def treatments_of(session: AsyncSession, customer_id: str, *, limit: int) -> list[Treatment]:
    """Return a customer's newest treatments."""
    query = (
        select(Treatment)
        .where(Treatment.customer_id == customer_id)
        .order_by(Treatment.at.desc(), Treatment.id.desc())
        .limit(limit)
    )
    return list((await session.scalars(query)).all())


async def conversations_of(session: AsyncSession, customer_id: str) -> list[tuple[Conversation, int]]:
    """Return a customer's conversations with their numbers of messages, the newest first."""
    rows = await session.execute(
        select(Conversation, func.count(Message.id))
        .outerjoin(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.customer_id == customer_id)
        .group_by(Conversation.id)
        .order_by(Conversation.last_message_at.desc())
    )
    return [(conversation, count) for conversation, count in rows]


async def owner_changes_of(session: AsyncSession, customer_id: str) -> list[OwnerChange]:
    """Return who led a customer's conversations, the newest change first."""
    query = (
        select(OwnerChange)
        .join(Conversation, Conversation.id == OwnerChange.conversation_id)
        .where(Conversation.customer_id == customer_id)
        .order_by(OwnerChange.at.desc(), OwnerChange.id.desc())
        .limit(50)
    )
    return list((await session.scalars(query)).all())


async def audit_of(session: AsyncSession, subject_id: str) -> list[AuditEntry]:
    """Return what people of the company changed about a customer, the newest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(50)
    )
    return list((await session.scalars(query)).all())


async def staff_names(session: AsyncSession) -> dict[str, str]:
    """Return the names of the staff by id."""
    return {row[0]: row[1] for row in await session.execute(select(StaffMember.id, StaffMember.name))}


async def counts_by_tier(session: AsyncSession) -> dict[str, int]:
    """Return how many customers each tier has."""
    rows = await session.execute(select(Customer.tier, func.count()).group_by(Customer.tier))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFigures:
    """How conversations were answered since a moment."""

    conversations: int
    """with at least one message of the customer"""
    with_person: int
    """of these, with a handoff opened in the same time"""
    reasons: dict[str, int]
    outcomes: dict[str, int]
    first_answers: tuple[timedelta, ...]
    """waiting time from the handoff to the person's first answer, sorted"""


async def service_figures(session: AsyncSession, since: datetime) -> ServiceFigures:
    """Count the conversations and handoffs since ``since`` (three queries)."""
    written = select(Message.conversation_id).where(Message.sender == "customer", Message.created_at >= since)
    total = await session.scalar(select(func.count()).select_from(written.distinct().subquery()))
    persons = await session.scalar(
        select(func.count(func.distinct(Handoff.conversation_id))).where(
            Handoff.opened_at >= since, Handoff.conversation_id.in_(written)
        )
    )
    rows = (
        await session.execute(
            select(Handoff.reason, Handoff.outcome, Handoff.opened_at, Handoff.first_answer_at).where(
                Handoff.opened_at >= since
            )
        )
    ).all()
    reasons: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    for reason, outcome, _, _ in rows:
        reasons[reason] = reasons.get(reason, 0) + 1
        if outcome:
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    waits = sorted(
        answered - opened for reason, _, opened, answered in rows if answered and reason != "agent"
    )
    return ServiceFigures(
        conversations=total or 0,
        with_person=persons or 0,
        reasons=reasons,
        outcomes=outcomes,
        first_answers=tuple(waits),
    )
