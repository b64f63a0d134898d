"""The inbox: every message of a customer, stored under its own id before anything else happens."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.announcements import Announcer, MessageAdded, account_topic, conversation_topic
from conversations.history import message_view
from conversations.language import LANGUAGES
from conversations.messages import do_add_message
from conversations.models import Conversation, Message
from conversations.owners import do_change_owner
from conversations.texts import check_text
from conversations.timings import timed
from profiles.database import Database, new_id
from profiles.errors import VinculoError
from profiles.identities import recognise
from profiles.models import Customer

ROUNDING = 1e-6
"""of floating point: who waits as long as he was told is not refused again"""


_THREAD_TO_CONTINUE = (
    select(Conversation)
    .where(Conversation.customer_id == bindparam("customer_id"), Conversation.channel == bindparam("channel"))
    .with_for_update()
)
_SAME_MESSAGE = select(Message).where(
    Message.conversation_id == bindparam("conversation_id"),
    Message.external_id == bindparam("external_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message as a channel hands it in; the channel has proven who sent it."""

    channel: str
    external_id: str
    account: str
    text: str
    payload: str | None = None
    language: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The receipt: the message is stored and will be answered or queued for a person."""

    message_id: str
    conversation_id: str
    seq: int
    duplicate: bool


class TooFast(VinculoError):
    """More messages than a person can type."""

    code = "too_fast"
    status = 429


class Pace:
    """A token bucket per account: ``burst`` messages at once, then ``per_s`` a second."""

    def __init__(self, *, burst: int = 10, per_s: float = 1.0, most_accounts: int = 20_000) -> None:
        self._burst, self._per_s, self._most = burst, per_s, most_accounts
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, account: str) -> None:
        """Take one token. Raises ``TooFast`` with the delay after which there is one again."""
        now = time.monotonic()
        tokens, at = self._buckets.pop(account, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - at) * self._per_s)
        enough = tokens >= 1 - ROUNDING
        self._buckets[account] = (max(tokens - 1, 0.0) if enough else tokens, now)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not enough:
            wait_s = math.ceil((1 - tokens) / self._per_s * 10 - ROUNDING) / 10
            raise TooFast(
                f"That was faster than I can read. Send it again in {wait_s:g} s.", retry_after_s=wait_s
            )


class Inbox:
    """Stores what comes in, once, and wakes the router."""

    def __init__(
        self,
        *,
        database: Database,
        announcer: Announcer,
        wake: Callable[[str], None],
        default_language: str,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._announcer = announcer
        self._wake = wake
        self._default_language = default_language
        self._pace = pace or Pace()

    async def accept(self, incoming: Incoming) -> Accepted:
        """Store the message and return its receipt; a second one with the same id is a duplicate.

        Raises ``TooLong``, ``EmptyText``, ``TooFast``: nothing is stored then, and the sender is told.
        """
        text = check_text(incoming.text)
        self._pace.check(f"{incoming.channel}:{incoming.account}")
        with timed("inbox"):
            try:
                accepted, message = await self._store(incoming, text)
            except IntegrityError:
                # Two first messages of one person at once: the other one has made the profile meanwhile.
                accepted, message = await self._store(incoming, text)
        if message is not None:
            self._announcer.publish(
                conversation_topic(accepted.conversation_id),
                MessageAdded(accepted.conversation_id, message_view(message)),
            )
            if accepted.seq == 1:
                self._announcer.publish(
                    account_topic(incoming.channel, incoming.account),
                    MessageAdded(accepted.conversation_id, message_view(message)),
                )
            self._wake(accepted.conversation_id)
        return accepted

    async def _store(self, incoming: Incoming, text: str) -> tuple[Accepted, Message | None]:
        async with self._database.transaction() as session:
            customer = await recognise(
                session, incoming.channel, incoming.account, language=_known(incoming.language)
            )
            language = _known(incoming.language) or customer.language or self._default_language
            conversation = await continue_conversation(session, customer, incoming.channel, language)
            before = await session.scalar(
                _SAME_MESSAGE,
                {"conversation_id": conversation.id, "external_id": incoming.external_id},
            )
            if before is not None:
                return _receipt(before, duplicate=True), None
            message = do_add_message(
                session,
                conversation,
                sender="customer",
                text=text,
                payload=incoming.payload[:255] if incoming.payload else None,
                external_id=incoming.external_id,
                state="pending",
            )
        return _receipt(message, duplicate=False), message


async def find_conversation(session: AsyncSession, customer_id: str, channel: str) -> Conversation | None:
    """Return the thread of a customer on a channel, or None before the first message."""
    found: Conversation | None = await session.scalar(
        select(Conversation).where(Conversation.customer_id == customer_id, Conversation.channel == channel)
    )
    return found


async def continue_conversation(
    session: AsyncSession, customer: Customer, channel: str, language: str
) -> Conversation:
    """Return the customer's thread on ``channel``, locked; the first message opens it."""
    known: Conversation | None = await session.scalar(
        _THREAD_TO_CONTINUE, {"customer_id": customer.id, "channel": channel}
    )
    if known is not None:
        if known.owner == "closed":
            do_change_owner(session, known, "bot", by="customer", reason="wrote_again")
        return known
    conversation = Conversation(
        id=new_id(),
        customer_id=customer.id,
        channel=channel,
        owner="bot",
        language=language,
        last_seq=0,
        memory={},
    )
    session.add(conversation)
    await session.flush()
    return conversation


def _known(language: str | None) -> str | None:
    return language if language in LANGUAGES else None


def _receipt(message: Message, *, duplicate: bool) -> Accepted:
    return Accepted(
        message_id=message.id, conversation_id=message.conversation_id, seq=message.seq, duplicate=duplicate
    )
