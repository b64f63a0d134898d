"""Storing messages: the sequence number, and the way out for those of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from conversations.models import Conversation, Delivery, Message
from conversations.timings import MESSAGES
from profiles.database import new_id, utc_now


def do_add_message(
    session: AsyncSession,
    conversation: Conversation,
    *,
    sender: str,
    text: str,
    state: str,
    external_id: str | None = None,
    sender_name: str | None = None,
    payload: str | None = None,
    buttons: Sequence[dict[str, Any]] = (),
    cards: Sequence[dict[str, Any]] = (),
    language: str | None = None,
    reply_to: str | None = None,
    response_key: str | None = None,
) -> Message:
    """Add a message under the next ``seq``; the conversation must be locked by the caller."""
    conversation.last_seq += 1
    conversation.last_message_at = utc_now()
    message = Message(
        id=new_id(),
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        seq=conversation.last_seq,
        channel=conversation.channel,
        external_id=external_id,
        sender=sender,
        sender_name=sender_name,
        text=text,
        payload=payload,
        buttons=list(buttons),
        cards=list(cards),
        language=language or conversation.language,
        reply_to=reply_to,
        response_key=response_key,
        state=state,
        created_at=conversation.last_message_at,
    )
    session.add(message)
    MESSAGES.labels(conversation.channel, sender).inc()
    return message


def do_send(session: AsyncSession, conversation: Conversation, **fields: Any) -> Message:
    """Add a message of ours and put it into the outbox, in the same transaction."""
    message = do_add_message(session, conversation, state="queued", **fields)
    session.add(
        Delivery(message_id=message.id, conversation_id=conversation.id, channel=conversation.channel)
    )
    return message
