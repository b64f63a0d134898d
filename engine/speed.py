"""Work that Rasa 3.6.21 does again for every event or call, done once."""

from __future__ import annotations

import gc
from functools import cache
from typing import Any

import jsonschema
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot


def speed_up() -> None:
    """Replace methods of Rasa by equal ones that cost less; safe to call twice."""
    if hasattr(Event.resolve_by_type, "cache_info"):
        return
    # shared/core/events.py walks all subclasses for each event it reads: two thirds of a long session's turn.
    Event.resolve_by_type = staticmethod(cache(Event.resolve_by_type))
    # core/actions/action.py checks its own constant schema before each use: 15 ms for each action call.
    RemoteAction._validate_action_result = _check_result
    # shared/core/trackers.py copies every slot for every tracker that the memoization policy tries.
    Slot.__copy__ = _copy_slot


def _copy_slot(slot: Slot) -> Slot:
    """Return a shallow copy, as copy.copy makes it by five calls more."""
    made = object.__new__(type(slot))
    made.__dict__.update(slot.__dict__)
    return made


def _check_result(action: RemoteAction, result: Any) -> bool:
    """Raise jsonschema's ValidationError for an answer that no action server may give."""
    _validator().validate(result)
    return True


@cache
def _validator() -> Any:
    schema = RemoteAction.action_response_format_spec()
    return jsonschema.validators.validator_for(schema)(schema)


def rest_from_collecting() -> None:
    """Leave what the start has made out of garbage collection: it stays, and walking over it costs turns."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
