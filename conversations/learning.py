"""Learning from what customers write, whoever answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from personalization.insights import Insights
from personalization.needs import as_learned
from profiles.database import Database
from profiles.definitions import NeedsDefinition
from profiles.facts import Learned, do_drop, do_learn
from profiles.models import Customer, Fact
from profiles.names import find_name

UNASKED_STRICTER_BY = 0.06
"""without the engine's word that this is a wish, the meaning must be that much clearer"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What was new in a message."""

    facts: tuple[Fact, ...] = ()
    need_names: tuple[str, ...] = ()
    """in the reader's language: all needs that were heard, new or not"""
    strongest: str | None = None
    """the id of the need heard most clearly"""


class Learner:
    """Turns messages into facts that quote them."""

    def __init__(self, database: Database, insights: Insights, needs: NeedsDefinition) -> None:
        self._database = database
        self._insights = insights
        self._needs = needs

    async def learn_needs(
        self,
        customer_id: str,
        message_id: str,
        text: str,
        language: str,
        *,
        method: str = "meant",
        sure: bool,
    ) -> Noted:
        """Keep the needs that ``text`` tells. ``sure``: the engine took it for a wish."""
        heard = await self._insights.hear(text, stricter_by=0.0 if sure else UNASKED_STRICTER_BY)
        if not heard:
            return Noted()
        facts = await self.keep(customer_id, message_id, text, as_learned(heard, self._needs, method=method))
        names = tuple(one.need.name.in_language(language) for one in heard)
        return Noted(facts=facts, need_names=names, strongest=heard[0].need.id)

    async def learn_name(self, customer_id: str, message_id: str, text: str, *, asked: bool) -> str | None:
        """Keep the name that ``text`` tells and return it, or None."""
        name = find_name(text, asked=asked)
        if name is not None:
            await self.keep(customer_id, message_id, text, [Learned(kind="name", value=name, method="said")])
        return name

    async def keep(
        self, customer_id: str, message_id: str, quote: str, learned: Sequence[Learned]
    ) -> tuple[Fact, ...]:
        """Keep facts with their words; the same ones from the same message are kept once."""
        async with self._database.transaction() as session:
            customer = await session.get_one(Customer, customer_id)
            return tuple(await do_learn(session, customer, learned, message_id=message_id, quote=quote))

    async def drop_from(self, customer_id: str, message_id: str) -> int:
        """Drop what was learned from one message, since the customer says so; return how many facts."""
        async with self._database.transaction() as session:
            customer = await session.get_one(Customer, customer_id)
            ids = await session.scalars(
                select(Fact.id).where(
                    Fact.customer_id == customer_id, Fact.message_id == message_id, Fact.state == "held"
                )
            )
            dropped = [await do_drop(session, customer, fact_id, by="customer") for fact_id in ids.all()]
        return sum(fact is not None for fact in dropped)
