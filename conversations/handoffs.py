"""Handing a conversation to a person, and back: one owner, a queue by treatment, a summary for both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.announcements import (
    QUEUE_TOPIC,
    Announcer,
    MessageAdded,
    OwnerChanged,
    QueueChanged,
    conversation_topic,
)
from conversations.engine import Engine, EngineError
from conversations.history import MessageView, message_view
from conversations.messages import do_add_message, do_send
from conversations.models import Conversation, Handoff, Message
from conversations.owners import do_change_owner, locked_conversation
from conversations.queue import QueueItem, queue_items
from conversations.timings import HANDOFFS
from profiles.database import Database, utc_now
from profiles.errors import Conflict, VinculoError
from profiles.models import AuditEntry, Contact, Customer, StaffMember

OUTCOMES = ("solved", "promised", "unsolved")


SystemLines = Callable[[str, str, Mapping[str, Any]], str]
"""``(response_key, language, arguments) -> text``"""


AfterContact = Callable[[AsyncSession, Customer], Awaitable[object]]


class Handoffs:
    """Everything that changes who leads a conversation.

    ``weight_of(tier)`` gives a tier's place in the queue; ``line`` renders system lines; ``after_contact``
    brings value and tier up to date, since what a person does costs.
    """

    def __init__(
        self,
        *,
        database: Database,
        announcer: Announcer,
        engine: Engine,
        weight_of: Callable[[str], int],
        line: SystemLines,
        bot_name: str | None = None,
        after_contact: AfterContact | None = None,
    ) -> None:
        self._database = database
        self._announcer = announcer
        self._engine = engine
        self._weight_of = weight_of
        self._line = line
        self._after_contact = after_contact
        self._bot_name = bot_name

    async def queue(self) -> list[QueueItem]:
        """Return who waits (by weight, then waiting time) and who is with a person."""
        async with self._database.reading() as session:
            return await queue_items(session)

    async def place(self, conversation_id: str) -> int:
        """Return the place of a waiting conversation in the queue, from 1; 0 if it does not wait."""
        waiting = [item for item in await self.queue() if item.owner == "waiting"]
        ids = [item.conversation_id for item in waiting]
        return ids.index(conversation_id) + 1 if conversation_id in ids else 0

    async def open(
        self,
        conversation_id: str,
        reason: str,
        *,
        message_id: str | None = None,
        summary: dict[str, Any] | None = None,
    ) -> bool:
        """Put the conversation into the queue. Return False if it was there already (or with a person)."""
        async with self._database.transaction() as session:
            conversation = await locked_conversation(session, conversation_id)
            if conversation.owner in ("waiting", "human"):
                return False
            customer = await session.get_one(Customer, conversation.customer_id)
            if conversation.owner == "closed":
                do_change_owner(session, conversation, "bot", by="system", reason="reopened")
            do_change_owner(session, conversation, "waiting", by="bot", reason=reason)
            session.add(
                Handoff(
                    conversation_id=conversation_id,
                    customer_id=conversation.customer_id,
                    message_id=message_id,
                    reason=reason,
                    summary=summary or {},
                    weight=self._weight_of(customer.tier),
                )
            )
        HANDOFFS.labels(reason).inc()
        self._announce_owner(conversation_id, "waiting", None)
        return True

    async def cancel(self, conversation_id: str) -> bool:
        """The customer no longer wants to wait. Return False if a person has it already."""
        async with self._database.transaction() as session:
            conversation = await locked_conversation(session, conversation_id)
            if conversation.owner != "waiting":
                return False
            do_change_owner(session, conversation, "bot", by="customer", reason="cancelled")
            handoff = await _open_handoff(session, conversation_id)
            if handoff is not None:
                handoff.ended_at, handoff.outcome = utc_now(), "cancelled"
        self._announce_owner(conversation_id, "bot", None)
        return True

    async def take(self, conversation_id: str, agent: StaffMember) -> None:
        """Make ``agent`` the owner. Raises ``Conflict`` if another person has it."""
        async with self._database.transaction() as session:
            conversation = await locked_conversation(session, conversation_id)
            messages = await self._do_take(session, conversation, agent)
        self._announce_taken(conversation_id, agent, messages)

    async def answer(self, conversation_id: str, agent: StaffMember, text: str) -> MessageView:
        """Say ``text`` to the customer as ``agent``: answering is taking over.

        Raises ``Conflict`` if another person has it, ``VinculoError`` 422 for an empty text.
        """
        text = _checked(text)
        async with self._database.transaction() as session:
            conversation = await locked_conversation(session, conversation_id)
            lines = await self._do_take(session, conversation, agent)
            message = do_send(session, conversation, sender="agent", sender_name=agent.name, text=text)
            handoff = await _open_handoff(session, conversation_id)
            if handoff is not None and handoff.first_answer_at is None:
                handoff.first_answer_at = utc_now()
        self._announce_taken(conversation_id, agent, lines)
        view = message_view(message)
        self._announcer.publish(conversation_topic(conversation_id), MessageAdded(conversation_id, view))
        self._announcer.publish(QUEUE_TOPIC, QueueChanged())
        return view

    async def note(self, conversation_id: str, agent: StaffMember, text: str) -> MessageView:
        """Keep an internal note; the customer never sees it."""
        text = _checked(text)
        async with self._database.transaction() as session:
            conversation = await locked_conversation(session, conversation_id)
            message = do_add_message(
                session, conversation, sender="note", sender_name=agent.name, text=text, state="done"
            )
            session.add(_audit(agent, "note", conversation))
        view = message_view(message)
        self._announcer.publish(conversation_topic(conversation_id), MessageAdded(conversation_id, view))
        return view

    def standard_sentence(self, language: str, agent: StaffMember) -> str:
        """Return what the bot says first after ``agent`` handed back, unless he writes something else."""
        return self._line("utter_handed_back", language, {"agent": agent.name})

    async def hand_back(
        self,
        conversation_id: str,
        agent: StaffMember,
        *,
        outcome: str,
        next_sentence: str | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Give the conversation back to the bot, with what it must know.

        ``next_sentence`` is what the bot says first (a standard line if None). ``notes`` go to the
        profile's facts by the caller. Raises ``Conflict`` if ``agent`` is not the owner.
        """
        if outcome not in OUTCOMES:
            raise VinculoError(
                f"The outcome must be one of {', '.join(OUTCOMES)}.", code="bad_outcome", status=422
            )
        async with self._database.transaction() as session:
            conversation = await locked_conversation(session, conversation_id)
            if conversation.owner != "human" or conversation.agent_id not in (None, agent.id):
                raise Conflict(
                    "Only the person who leads the conversation can hand it back.", code="not_owner"
                )
            do_change_owner(session, conversation, "bot", by=agent.id, reason=outcome)
            handoff = await _open_handoff(session, conversation_id)
            if handoff is not None:
                handoff.ended_at, handoff.outcome = utc_now(), outcome
            standard = self.standard_sentence(conversation.language, agent)
            message = do_send(
                session,
                conversation,
                sender="bot",
                sender_name=self._bot_name,
                text=(next_sentence or "").strip() or standard,
                response_key="utter_handed_back",
            )
            conversation.memory = {
                **conversation.memory,
                "handed_back": {"agent": agent.name, "outcome": outcome, "notes": list(notes)},
                "misses": 0,
            }
            session.add(_audit(agent, "hand_back", conversation, outcome=outcome))
            await self._count_contact(session, conversation)
        self._announce_owner(conversation_id, "bot", None)
        self._announcer.publish(
            conversation_topic(conversation_id), MessageAdded(conversation_id, message_view(message))
        )
        await self.tell_engine(conversation_id, handed_back=True)

    async def _count_contact(self, session: AsyncSession, conversation: Conversation) -> None:
        """Count what the person did as a contact, which costs, and bring the tier up to date."""
        session.add(
            Contact(
                customer_id=conversation.customer_id,
                at=utc_now(),
                channel=conversation.channel,
                handler="person",
            )
        )
        if self._after_contact is not None:
            await session.flush()
            customer = await session.get_one(Customer, conversation.customer_id)
            await self._after_contact(session, customer)

    async def tell_engine(self, conversation_id: str, *, handed_back: bool) -> None:
        """Note in the engine's memory that the bot leads again; an absent engine is told at its next turn."""
        events: list[dict[str, Any]] = [
            {"event": "slot", "name": "handed_back", "value": handed_back},
            {"event": "slot", "name": "offered", "value": None},
        ]
        try:
            await self._engine.note(conversation_id, events)
        except EngineError:
            return

    async def _do_take(
        self, session: AsyncSession, conversation: Conversation, agent: StaffMember
    ) -> list[Message]:
        if conversation.owner == "human":
            if conversation.agent_id == agent.id:
                return []
            raise Conflict("Another person leads this conversation already.", code="taken")
        handoff = await _open_handoff(session, conversation.id)
        if handoff is None:
            customer = await session.get_one(Customer, conversation.customer_id)
            handoff = Handoff(
                conversation_id=conversation.id,
                customer_id=conversation.customer_id,
                reason="agent",
                weight=self._weight_of(customer.tier),
            )
            session.add(handoff)
            await session.flush()
        handoff.taken_at, handoff.agent_id = utc_now(), agent.id
        do_change_owner(session, conversation, "human", by=agent.id, reason="taken", agent_id=agent.id)
        session.add(_audit(agent, "take", conversation))
        text = self._line("utter_agent_joined", conversation.language, {"agent": agent.name})
        return [do_send(session, conversation, sender="system", text=text, response_key="utter_agent_joined")]

    def _announce_taken(self, conversation_id: str, agent: StaffMember, messages: Sequence[Message]) -> None:
        if not messages:
            return
        self._announce_owner(conversation_id, "human", agent.name)
        for message in messages:
            self._announcer.publish(
                conversation_topic(conversation_id), MessageAdded(conversation_id, message_view(message))
            )

    def _announce_owner(self, conversation_id: str, owner: str, agent_name: str | None) -> None:
        self._announcer.publish(
            conversation_topic(conversation_id), OwnerChanged(conversation_id, owner, agent_name)
        )
        self._announcer.publish(QUEUE_TOPIC, QueueChanged())


async def _open_handoff(session: AsyncSession, conversation_id: str) -> Handoff | None:
    found: Handoff | None = await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.ended_at.is_(None))
        .order_by(Handoff.opened_at.desc())
    )
    return found


def _audit(agent: StaffMember, what: str, conversation: Conversation, **details: str) -> AuditEntry:
    return AuditEntry(
        staff_id=agent.id,
        what=what,
        subject_id=conversation.customer_id,
        details={"conversation": conversation.id, **details},
    )


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise VinculoError("The text is empty: write something first.", code="empty_text", status=422)
    if len(text) > 4000:
        raise VinculoError("The text is longer than 4000 characters: split it.", code="too_long", status=422)
    return text
