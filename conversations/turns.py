"""A turn in progress: what the actions of the dialogue may know of it and leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from personalization.situations import Situation
from profiles.errors import NotFound


@dataclass(slots=True, kw_only=True)
class Treated:
    """One treatment decided in a turn, logged with the reply that carries it."""

    kind: str
    key: str
    variant: str | None
    differs: bool
    because: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class TurnContext:
    """One message of a customer on its way to an answer."""

    message_id: str
    conversation_id: str
    customer_id: str
    text: str
    situation: Situation
    memory: dict[str, Any]
    """the conversation's working notes; what is changed here is kept with the turn"""
    treatments: list[Treated] = field(default_factory=list)
    learned_here: bool = False
    """whether an action has learned from this message already"""


class TurnsInProgress:
    """The turns that the engine works on now, so that its action calls find theirs."""

    def __init__(self) -> None:
        self._turns: dict[str, TurnContext] = {}

    @contextmanager
    def running(self, turn: TurnContext) -> Iterator[None]:
        """Let actions find ``turn`` while the block runs."""
        self._turns[turn.message_id] = turn
        try:
            yield
        finally:
            self._turns.pop(turn.message_id, None)

    def of(self, message_id: str) -> TurnContext:
        """Return the turn of a message. Raises ``NotFound`` if none is in progress."""
        try:
            return self._turns[message_id]
        except KeyError as error:
            raise NotFound("No turn is in progress for this message.", code="no_turn") from error
