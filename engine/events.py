"""Events that arrive from outside, and where they go."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

TICK_S = 1e-5


def read_events(items: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Return the events of their JSON form.

    Raises ValueError with the place of the first one that is none.
    """
    events = []
    for place, item in enumerate(items):
        try:
            event = Event.from_parameters(dict(item))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"events[{place}]: {error}") from error
        if event is None:
            raise ValueError(f"events[{place}]: names no kind of event under 'event'")
        if isinstance(event, SlotSet) and event.key is None:
            raise ValueError(f"events[{place}]: a slot event needs the slot's 'name'")
        events.append(event)
    return events


def append(tracker: DialogueStateTracker, events: Iterable[Event]) -> None:
    """Add events so that Rasa finds them again: within a session, in rising time, ending by listening.

    Rasa reads back only what is not older than the latest session start (tracker_store.py, _event_query),
    and begins a session, which hides what came before, when a tracker is empty.
    """
    if not tracker.applied_events():
        _add(tracker, ActionExecuted(ACTION_SESSION_START_NAME))
        _add(tracker, SessionStarted())
        _add(tracker, ActionExecuted(ACTION_LISTEN_NAME))
    for event in events:
        _add(tracker, event)
    if tracker.latest_action_name != ACTION_LISTEN_NAME:
        _add(tracker, ActionExecuted(ACTION_LISTEN_NAME))


def _add(tracker: DialogueStateTracker, event: Event) -> None:
    latest = tracker.events[-1].timestamp if tracker.events else 0.0
    event.timestamp = max(latest + TICK_S, min(event.timestamp or 0.0, time.time()))
    tracker.update(event)
