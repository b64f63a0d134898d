"""The outbox: every message of ours waits here until its channel has really taken it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from conversations.announcements import Announcer, MessageChanged, conversation_topic
from conversations.history import message_view
from conversations.models import Delivery, Message
from profiles.database import Database, utc_now

ORDER = ("queued", "sent", "delivered", "read")
FINAL = ("failed", "blocked")


class Outbox:
    """States of messages on their way; a state never goes back."""

    def __init__(self, database: Database, announcer: Announcer) -> None:
        self._database = database
        self._announcer = announcer

    async def mark(self, message_ids: Sequence[str], state: str) -> int:
        """Set ``state`` on those messages that have not come so far yet; return how many changed."""
        if not message_ids:
            return 0
        earlier = ORDER[: ORDER.index(state)] if state in ORDER else ORDER
        async with self._database.transaction() as session:
            ours = select(Message).where(Message.id.in_(message_ids), Message.state.in_(earlier))
            # Two windows of one customer mark at once: without the lock a "sent" could undo a "read".
            locked = ours.order_by(Message.id).with_for_update(of=Message)
            changed = list((await session.scalars(locked)).all())
            if not changed:
                return 0
            for message in changed:
                message.state = state
            await session.execute(
                update(Delivery)
                .where(Delivery.message_id.in_([message.id for message in changed]))
                .values(state=state, changed_at=utc_now())
            )
        for message in changed:
            topic = conversation_topic(message.conversation_id)
            self._announcer.publish(topic, MessageChanged(message.conversation_id, message_view(message)))
        return len(changed)

    async def mark_seen(self, conversation_id: str, seq: int) -> int:
        """Mark all messages of ours up to ``seq`` as read; return how many changed."""
        async with self._database.reading() as session:
            ids = await session.scalars(
                select(Message.id).where(
                    Message.conversation_id == conversation_id,
                    Message.seq <= seq,
                    Message.sender.in_(("bot", "agent", "system")),
                    Message.state.in_(("queued", "sent", "delivered")),
                )
            )
            found = list(ids.all())
        return await self.mark(found, "read")

    async def queued(self, channel: str, *, limit: int = 100) -> list[str]:
        """Return the ids of messages not yet sent on ``channel``, oldest first."""
        async with self._database.reading() as session:
            ids = await session.scalars(
                select(Delivery.message_id)
                .where(Delivery.channel == channel, Delivery.state == "queued")
                .order_by(Delivery.id)
                .limit(limit)
            )
            return list(ids.all())
