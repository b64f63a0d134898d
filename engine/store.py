"""Where conversations survive a restart: Rasa's SQL tracker store, strict, with the recent ones in memory."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.pool import QueuePool

REMEMBERED_EVENTS = 20_000
BUSY_MS = 5_000


class StrictTrackerStore(SQLTrackerStore):
    """Rasa's table `events` at any SQLAlchemy URL.

    A tracker that is read leaves the memory and comes back when it is saved, after the commit: a turn that
    breaks leaves nothing behind, and its conversation is read from the database again.
    """

    def __init__(
        self,
        host: str | None = None,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the database at the URL `host`; Rasa names the `url` of endpoints.yml so."""
        if not host or "://" not in host:
            raise ValueError(
                "endpoints.yml: the tracker store needs the URL of a database, like sqlite:///var/x.db."
            )
        super().__init__(domain=domain, host=host, event_broker=event_broker, **kwargs)
        if (
            self.engine.dialect.name == "sqlite"
        ):  # one open connection: closing the last one writes the log back
            self.engine = sa.create_engine(
                host, poolclass=QueuePool, connect_args={"check_same_thread": False}
            )
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            self.sessionmaker.configure(bind=self.engine)
        self._remembered: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self._remembered_events = 0

    def check(self) -> None:
        """Raise what the database raises when it cannot be written."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(self.SQLEvent.__table__).where(self.SQLEvent.__table__.c.id == -1))

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the latest session of a conversation, or None for a new one."""
        tracker = self._remembered.pop(sender_id, None)
        if tracker is None:
            tracker = await super().retrieve(sender_id)
            if tracker is not None:
                tracker.stored_events = len(tracker.events)
            return tracker
        self._remembered_events -= len(tracker.events)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the events that are new since the tracker was read, in one transaction."""
        await self.stream_events(tracker)
        stored = getattr(tracker, "stored_events", None)
        if stored is None:  # a tracker that this store has not read
            stored = 0
            with self.session_scope() as session:
                stored = self._event_query(session, tracker.sender_id, False).count()
        events = list(tracker.events)[stored:]
        if events:
            with self.engine.begin() as connection:
                connection.execute(
                    sa.insert(self.SQLEvent.__table__), [_row(tracker.sender_id, event) for event in events]
                )
        tracker.stored_events = len(tracker.events)
        self._remember(tracker)

    def _remember(self, tracker: DialogueStateTracker) -> None:
        sessions = sum(isinstance(event, SessionStarted) for event in tracker.events)
        if sessions > 1 or not tracker.events:
            return  # reading it again keeps the latest session only
        if (older := self._remembered.pop(tracker.sender_id, None)) is not None:
            self._remembered_events -= len(older.events)
        self._remembered[tracker.sender_id] = tracker
        self._remembered_events += len(tracker.events)
        while self._remembered_events > REMEMBERED_EVENTS and len(self._remembered) > 1:
            _, oldest = self._remembered.popitem(last=False)
            self._remembered_events -= len(oldest.events)


def _row(sender_id: str, event: Event) -> dict[str, Any]:
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _prepare_sqlite(connection: Any, record: Any) -> None:
    """Let readers and the writer work at once, and wait for a lock instead of failing."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.close()
