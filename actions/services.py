"""What the actions may call: handed in once, at assembly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from conversations.composing import Composer
from conversations.controls import Controls
from conversations.handoffs import Handoffs
from conversations.learning import Learner
from conversations.turns import TurnContext, TurnsInProgress
from personalization.catalogue import Catalogue
from personalization.insights import Insights
from profiles.database import Database
from profiles.definitions import Definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionServices:
    """The packages below, as far as the dialogue uses them."""

    database: Database
    turns: TurnsInProgress
    handoffs: Handoffs
    controls: Controls
    learner: Learner
    insights: Insights
    composer: Composer
    catalogue: Catalogue
    definitions: Definitions
    currency: str
    zone: ZoneInfo
    recommendations: int = 3
    answer_threshold: float = 0.5
    offer_person_after: int = 2


def turn_of(services: ActionServices, tracker: Any, *, opening: bool) -> TurnContext:
    """Return the turn that a tracker's latest message belongs to. Raises ``NotFound``.

    ``opening``: the session is just being opened, the engine has not taken the message yet.
    """
    metadata: Mapping[str, Any] = (tracker.latest_message or {}).get("metadata") or {}
    message_id = None if opening else str(metadata.get("message_id", ""))
    return services.turns.of(str(tracker.sender_id), message_id)


def intent_of(tracker: Any) -> str | None:
    """Return the intent that the engine understood in the latest message."""
    intent = ((tracker.latest_message or {}).get("intent") or {}).get("name")
    return str(intent) if intent else None
