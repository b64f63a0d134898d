"""News of conversations for whoever is looking at them now: sockets, desk pages."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from conversations.history import MessageView

BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A message was stored."""

    conversation_id: str
    message: MessageView


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A message's state changed."""

    conversation_id: str
    message: MessageView


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """The conversation is now led by somebody else."""

    conversation_id: str
    owner: str
    agent_name: str | None


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody (customer, bot or agent) is writing, or has stopped."""

    conversation_id: str
    sender: str
    on: bool


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """The support queue is not what it was."""


Announcement = MessageAdded | MessageChanged | OwnerChanged | Typing | QueueChanged


def conversation_topic(conversation_id: str) -> str:
    """Return the topic on which one conversation's news are published."""
    return f"conversation:{conversation_id}"


def account_topic(channel: str, account: str) -> str:
    """Return the topic on which the first message of a channel account is published."""
    return f"account:{channel}:{account}"


QUEUE_TOPIC = "queue"


class Announcer:
    """Publish and subscribe within this process.

    A subscriber that lags more than ``BACKLOG`` news is cut off: it reads the history again.
    """

    def __init__(self) -> None:
        self._queues: defaultdict[str, set[asyncio.Queue[Announcement | None]]] = defaultdict(set)

    def publish(self, topic: str, announcement: Announcement) -> None:
        """Hand the news to everybody who listens to ``topic``."""
        for queue in tuple(self._queues.get(topic, ())):
            if queue.qsize() >= BACKLOG:
                self._drop(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(announcement)

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[AsyncIterator[Announcement]]:
        """Yield an endless iterator over the news of ``topics``."""
        queue: asyncio.Queue[Announcement | None] = asyncio.Queue()
        for topic in topics:
            self._queues[topic].add(queue)
        try:
            yield _until_cut_off(queue)
        finally:
            self._drop(queue)

    def listeners(self, topic: str) -> int:
        """Return how many listen to ``topic`` now."""
        return len(self._queues.get(topic, ()))

    def _drop(self, queue: asyncio.Queue[Announcement | None]) -> None:
        for topic in list(self._queues):
            self._queues[topic].discard(queue)
            if not self._queues[topic]:
                del self._queues[topic]


async def _until_cut_off(queue: asyncio.Queue[Announcement | None]) -> AsyncIterator[Announcement]:
    while (announcement := await queue.get()) is not None:
        yield announcement
