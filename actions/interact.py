"""Interact: handing over, answering from knowledge, orders, stopping, and not having understood."""

from __future__ import annotations

from typing import Any

from babel.dates import format_date

from actions.base import Events, TurnAction, slot
from actions.identify import take_name
from actions.services import intent_of
from conversations.labels import joined, label
from conversations.turns import TurnContext
from personalization.questions import ASK_NAME
from profiles.cards import OrderView, orders_of
from profiles.database import utc_now
from profiles.money import LOCALES

ORDERS_LOOKED_AT = 10


class HandOff(TurnAction):
    """Give the conversation to a person."""

    action_name = "action_handoff"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Put the conversation into the queue and say where it stands there."""
        offered = tracker.get_slot("offered") == "person"
        if intent_of(tracker) == "affirm" and not offered:
            # A yes after "I did not understand" is a yes to nothing in particular.
            dispatcher.utter_message(response="utter_affirm")
            return []
        reason = "offered" if offered else "asked"
        for reply in await self.services.controls.hand_over(turn, reason):
            dispatcher.utter_message(response=reply.utter_action, **reply.arguments)
        return [
            {"event": "active_loop", "timestamp": None, "name": None},
            slot("offered", None),
        ]


class AnswerQuestion(TurnAction):
    """Answer in the words of the company's own knowledge, or say that there is no answer there."""

    action_name = "action_answer_question"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Say the nearest passage with its title."""
        answers = await self.services.insights.search(
            turn.text,
            turn.situation.language,
            day=utc_now().astimezone(self.services.zone).date(),
            proof=turn.situation.proof,
        )
        if not answers or answers[0].similarity < self.services.answer_threshold:
            dispatcher.utter_message(response="utter_answer_none")
            return []
        best = answers[0].passage
        turn.memory["misses"] = 0
        dispatcher.utter_message(response="utter_answer", answer=best.text, title=best.title)
        return []


class TellOrderStatus(TurnAction):
    """Say where the customer's newest open order is; orders are shown to a proven customer only."""

    action_name = "action_order_status"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Say the state of the order that matters most now."""
        if not turn.situation.logged_in:
            dispatcher.utter_message(response="utter_order_login")
            return []
        async with self.services.database.reading() as session:
            orders = await orders_of(session, turn.customer_id, limit=ORDERS_LOOKED_AT)
        if not orders:
            dispatcher.utter_message(response="utter_order_none")
            return []
        order = next((one for one in orders if one.is_open), orders[0])
        dispatcher.utter_message(response="utter_order_status", **self._words(order, turn.situation.language))
        return []

    def _words(self, order: OrderView, language: str) -> dict[str, str]:
        locale = LOCALES.get(language, "en_US")
        zone = self.services.zone

        def day(moment: Any) -> str:
            text: str = format_date(moment.astimezone(zone).date(), format="long", locale=locale)
            return text

        status = label(f"status_{order.status}", language)
        if order.is_open and order.expected_at is not None:
            status = f"{status}, {label('expected', language, date=day(order.expected_at))}"
        items = []
        for product_id, quantity in order.lines:
            product = self.services.catalogue.product(product_id)
            name = product.name.in_language(language) if product else product_id
            items.append(f"{quantity} × {name}")
        return {
            "order_number": order.number,
            "status": status,
            "date": day(order.placed_at),
            "items": joined(items, language),
        }


class Stop(TurnAction):
    """Opt out, where the engine understood it from more than a control word."""

    action_name = "action_stop"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Record the withdrawal and say so, with an undo."""
        for reply in await self.services.controls.stop(turn):
            dispatcher.utter_message(response=reply.utter_action, **reply.arguments)
        return []


class Clarify(TurnAction):
    """Not understood: first another try with choices, then another way, then a person, once."""

    action_name = "action_clarify"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Take an answer to the question just asked, else say honestly that it was not understood."""
        asked_last = turn.memory.get("asked_last")
        if asked_last == ASK_NAME and await take_name(self.services, turn, dispatcher, asked=True):
            return [slot("name", turn.situation.name), slot("name_known", True)]
        misses = int(turn.memory.get("misses", 0)) + 1
        turn.memory["misses"] = misses
        if misses > self.services.offer_person_after:
            turn.memory["misses"] = 0
            dispatcher.utter_message(response="utter_offer_person")
            return [slot("offered", "person")]
        dispatcher.utter_message(response="utter_clarify" if misses == 1 else "utter_clarify_again")
        return [slot("offered", None)]
