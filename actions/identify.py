"""Identify: what the engine is told about a customer at the start, and learning his name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actions.base import Events, TurnAction, slot
from actions.services import ActionServices
from conversations.turns import TurnContext
from personalization.situations import first_name


class StartSession(TurnAction):
    """Open a session of the engine with what is known of the customer, each slot once."""

    action_name = "action_session_start"
    opens_session = True

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Return the session's first events."""
        known = turn.situation.conditions()
        slots = [slot(name, value) for name, value in known.items() if value is not None]
        return [
            {"event": "session_started", "timestamp": None},
            *slots,
            {
                "event": "action",
                "name": "action_listen",
                "timestamp": None,
                "policy": None,
                "confidence": None,
            },
        ]


class RememberName(TurnAction):
    """Keep the name that the customer tells."""

    action_name = "action_remember_name"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Say that the name is noted, or ask for it."""
        if await take_name(self.services, turn, dispatcher, asked=True):
            return [slot("name", turn.situation.name), slot("name_known", True)]
        dispatcher.utter_message(response="utter_ask_name")
        turn.memory["asked_last"] = "utter_ask_name"
        return []


async def take_name(services: ActionServices, turn: TurnContext, dispatcher: Any, *, asked: bool) -> bool:
    """Keep the name in the turn's text, if there is one, and say so. Return whether there was."""
    name = await services.learner.learn_name(turn.customer_id, turn.message_id, turn.text, asked=asked)
    if name is None:
        return False
    turn.situation = replace(turn.situation, name=first_name(name))
    turn.learned_here = True
    turn.memory["name_noted_in"] = turn.message_id
    dispatcher.utter_message(response="utter_name_noted")
    return True
