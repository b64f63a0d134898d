"""What the dialogue can do: one module per step of the loop, called by the dialogue engine."""

from __future__ import annotations

from actions.base import TurnAction
from actions.customize import Recommend
from actions.differentiate import RememberPreference
from actions.identify import RememberName, StartSession
from actions.interact import AnswerQuestion, Clarify, HandOff, Stop, TellOrderStatus
from actions.services import ActionServices

ACTIONS: tuple[type[TurnAction], ...] = (
    StartSession,
    RememberName,
    RememberPreference,
    HandOff,
    AnswerQuestion,
    TellOrderStatus,
    Stop,
    Clarify,
    Recommend,
)


def all_actions(services: ActionServices) -> list[TurnAction]:
    """Return one instance of every action."""
    return [action(services) for action in ACTIONS]
