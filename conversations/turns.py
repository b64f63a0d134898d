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
        self._turns[turn.conversation_id] = turn
        try:
            yield
        finally:
            self._turns.pop(turn.conversation_id, None)

    def of(self, conversation_id: str, message_id: str | None) -> TurnContext:
        """Return the turn in progress of a conversation (there is one at a time).

        ``message_id`` is None where the engine has not taken the message yet. Raises ``NotFound`` if no
        turn is in progress, or another one than for this message.
        """
        turn = self._turns.get(conversation_id)
        if turn is None or message_id not in (None, turn.message_id):
            raise NotFound("No turn is in progress for this message.", code="no_turn")
        return turn
