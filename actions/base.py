"""The common shape of an action: find its turn, do one thing, never raise."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action

from actions.services import ActionServices, turn_of
from conversations.turns import TurnContext
from profiles.errors import NotFound

logger = logging.getLogger(__name__)
Events = list[dict[str, Any]]


class TurnAction(Action):  # type: ignore[misc]  # rasa_sdk has no types
    """An action that belongs to a turn in progress.

    A failure is said to the customer with the offer of a person, and flagged; it never reaches the
    engine, which would lose the turn.
    """

    action_name = ""
    opens_session = False

    def __init__(self, services: ActionServices) -> None:
        self.services = services

    def name(self) -> str:
        """Return the name under which the dialogue calls this action."""
        return self.action_name

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> Events:
        """Find the turn and act. Raises ``NotFound`` only where no turn is in progress."""
        turn = turn_of(self.services, tracker, opening=self.opens_session)
        try:
            return await self.act(turn, dispatcher, tracker)
        except NotFound:
            raise
        except Exception as error:
            logger.error("%s failed: %s", self.action_name, type(error).__name__, exc_info=error)
            turn.memory["failed"] = self.action_name
            dispatcher.messages.clear()
            dispatcher.utter_message(response="utter_offer_person")
            return [slot("offered", "person")]

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Do what the action is for, and return the engine's events."""
        raise NotImplementedError


def slot(name: str, value: Any) -> dict[str, Any]:
    """Return the event that sets a slot."""
    return {"event": "slot", "timestamp": None, "name": name, "value": value}
