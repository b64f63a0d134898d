"""The support queue: who waits for a person, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.models import Conversation, Handoff, Message
from profiles.models import Customer, StaffMember


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One conversation that waits for a person or is with one."""

    conversation_id: str
    customer_id: str
    customer_name: str | None
    tier: str
    channel: str
    language: str
    owner: str
    agent_id: str | None
    agent_name: str | None
    reason: str
    weight: int
    opened_at: datetime
    last_text: str
    last_sender: str


async def queue_items(session: AsyncSession) -> list[QueueItem]:
    """Return all open handoffs with the last thing said, in the order of the queue (one query)."""
    last = (
        select(Message.text, Message.sender, Message.conversation_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.seq == Conversation.last_seq)
        .subquery()
    )
    rows = await session.execute(
        select(Handoff, Conversation, Customer, StaffMember.name, last.c.text, last.c.sender)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .join(Customer, Customer.id == Handoff.customer_id)
        .outerjoin(StaffMember, StaffMember.id == Conversation.agent_id)
        .outerjoin(last, last.c.conversation_id == Handoff.conversation_id)
        .where(Handoff.ended_at.is_(None))
        .order_by(Handoff.weight.desc(), Handoff.opened_at)
    )
    return [
        QueueItem(
            conversation_id=conversation.id,
            customer_id=customer.id,
            customer_name=customer.name,
            tier=customer.tier,
            channel=conversation.channel,
            language=conversation.language,
            owner=conversation.owner,
            agent_id=conversation.agent_id,
            agent_name=agent_name,
            reason=handoff.reason,
            weight=handoff.weight,
            opened_at=handoff.opened_at,
            last_text=text or "",
            last_sender=sender or "",
        )
        for handoff, conversation, customer, agent_name, text, sender in rows
    ]
