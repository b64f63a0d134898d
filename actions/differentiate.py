"""Differentiate: hearing what a customer needs, and taking it back where he says it is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actions.base import Events, TurnAction, slot
from actions.services import intent_of
from conversations.controls import FACTS_DROP
from conversations.labels import button, joined
from conversations.turns import TurnContext


class RememberPreference(TurnAction):
    """Keep the needs and tastes that the customer tells; after a "no", drop what was kept last."""

    action_name = "action_remember_preference"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Say what was noted, and let it be confirmed or corrected."""
        if intent_of(tracker) == "deny":
            noted_in = turn.memory.pop("noted_in", None)
            if noted_in:
                await self.services.learner.drop_from(turn.customer_id, noted_in)
            dispatcher.utter_message(response="utter_preference_dropped")
            return []
        language = turn.situation.language
        noted = await self.services.learner.learn_needs(
            turn.customer_id, turn.message_id, turn.text, language, sure=True, method="meant"
        )
        turn.learned_here = True
        if not noted.need_names:
            dispatcher.utter_message(response="utter_preference_unclear")
            return []
        turn.memory["noted_in"] = turn.message_id
        turn.memory["misses"] = 0
        turn.situation = replace(turn.situation, need=noted.strongest or turn.situation.need)
        dispatcher.utter_message(
            response="utter_preference_noted",
            preference=joined(list(noted.need_names), language),
            extra_buttons=[button("dont_keep", language, f"{FACTS_DROP}{turn.message_id}")],
        )
        return [slot("need", turn.situation.need)]
