"""Customize: recommending what fits this customer, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions.base import Events, TurnAction
from conversations.labels import joined
from conversations.turns import Treated, TurnContext
from personalization.recommendations import Reason, Recommendation, Taste
from profiles.cards import orders_of
from profiles.facts import held_facts
from profiles.money import format_money

SHOWN_REASONS = 2
REMEMBERED_PRODUCTS = 9


class Recommend(TurnAction):
    """Recommend products from needs, purchases, tier and the words just said."""

    action_name = "action_recommend"

    async def act(self, turn: TurnContext, dispatcher: Any, tracker: Any) -> Events:
        """Say which products fit, as cards with their reasons."""
        language = turn.situation.language
        await self.services.learner.learn_needs(
            turn.customer_id, turn.message_id, turn.text, language, sure=True
        )
        turn.learned_here = True
        async with self.services.database.reading() as session:
            facts = await held_facts(session, turn.customer_id, kind="need")
            orders = await orders_of(session, turn.customer_id) if turn.situation.logged_in else []
        taste = Taste(
            needs={fact.value: fact.confidence for fact in reversed(facts)},
            bought=tuple(product for order in orders for product, _ in order.lines),
            tier=turn.situation.tier,
            words=turn.text,
        )
        shown = [str(product) for product in turn.memory.get("shown", ())]
        found = await self.services.insights.recommend(
            taste, language, count=self.services.recommendations, exclude=shown
        )
        if not found and shown:
            shown = []
            found = await self.services.insights.recommend(
                taste, language, count=self.services.recommendations
            )
        if not found:
            dispatcher.utter_message(response="utter_recommend_none")
            return []
        turn.memory["shown"] = [*shown, *(one.product.id for one in found)][-REMEMBERED_PRODUCTS:]
        turn.memory["misses"] = 0
        self._log(turn, found, taste)
        cards = [self._card(one, turn) for one in found]
        names = self._need_names(list(taste.needs), found, language)
        if names:
            dispatcher.utter_message(
                response="utter_recommend", need_name=joined(names, language), cards=cards
            )
        else:
            popular = self.services.insights.knows_popularity
            key = "utter_recommend_popular" if popular else "utter_recommend_start"
            dispatcher.utter_message(response=key, cards=cards)
        return []

    def _need_names(self, needs: Sequence[str], found: Sequence[Recommendation], language: str) -> list[str]:
        """Return the names of the needs held that at least one of the products serves."""
        served = {need for one in found for need in one.product.needs}
        known = (self.services.definitions.needs.by_id(need) for need in needs if need in served)
        return [need.name.in_language(language) for need in known if need is not None]

    def _card(self, one: Recommendation, turn: TurnContext) -> dict[str, str]:
        language = turn.situation.language
        product = one.product
        return {
            "product": product.id,
            "title": product.name.in_language(language),
            "text": product.description.in_language(language),
            "price": format_money(product.price_cents, self.services.currency, language),
            "reason": " ".join(self._words(reason, turn) for reason in one.reasons[:SHOWN_REASONS]),
            "image": product.image or "",
            "url": f"/#product-{product.id}",
        }

    def _words(self, reason: Reason, turn: TurnContext) -> str:
        return self.services.composer.line(reason.key, turn.situation.language, reason.arguments)

    def _log(self, turn: TurnContext, found: Sequence[Recommendation], taste: Taste) -> None:
        for one in found:
            turn.treatments.append(
                Treated(
                    kind="recommendation",
                    key=one.product.id,
                    variant=None,
                    differs=bool(taste.needs or taste.bought or taste.tier != "unknown"),
                    because={
                        "score": round(one.score, 3),
                        "tier": taste.tier,
                        "needs": sorted(set(one.product.needs) & set(taste.needs)),
                        "parts": {
                            reason.key.removeprefix("utter_reason_"): round(reason.weight, 3)
                            for reason in one.reasons
                        },
                    },
                )
            )
