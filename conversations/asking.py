"""Following up: after some replies the bot asks one question, the one worth most."""

from __future__ import annotations

from collections.abc import Sequence

from conversations.engine import Reply
from conversations.turns import Treated, TurnContext
from personalization.catalogue import Catalogue
from personalization.questions import ASK_NAME, next_question
from profiles.database import Database
from profiles.definitions import NeedsDefinition
from profiles.facts import held_facts

AFTER = frozenset({"utter_greet", "utter_recommend_popular", "utter_recommend_start"})
"""replies that leave room: a greeting for the name, a guess for what would make it better"""
MEMORY_OF_QUESTIONS = 10


class Asker:
    """Adds a question to a turn's replies where there is room for one; never asks twice."""

    def __init__(self, database: Database, needs: NeedsDefinition, catalogue: Catalogue) -> None:
        self._database = database
        self._needs = needs
        self._catalogue = catalogue

    async def follow_up(self, turn: TurnContext, replies: Sequence[Reply]) -> list[Reply]:
        """Return ``replies`` with at most one question after them, and remember it."""
        keys = {reply.utter_action for reply in replies}
        turn.memory.pop("asked_last", None)
        if ASK_NAME in keys:
            turn.memory["asked_last"] = ASK_NAME
        if not keys & AFTER or ("utter_greet" in keys and turn.situation.name is not None):
            return list(replies)
        question = await self._question(turn, name_matters="utter_greet" in keys)
        if question is None or question in keys:
            return list(replies)
        turn.memory["asked"] = [*turn.memory.get("asked", ()), question][-MEMORY_OF_QUESTIONS:]
        turn.memory["asked_last"] = question
        turn.treatments.append(
            Treated(
                kind="question",
                key=question,
                variant=None,
                differs=True,
                because={"name_known": turn.situation.name is not None},
            )
        )
        return [*replies, Reply(utter_action=question)]

    async def _question(self, turn: TurnContext, *, name_matters: bool) -> str | None:
        held: list[str] = []
        if not name_matters:
            async with self._database.reading() as session:
                facts = await held_facts(session, turn.customer_id, kind="need")
            held = [fact.value for fact in facts]
        return next_question(
            name_known=not name_matters,
            held_needs=held,
            asked=turn.memory.get("asked", ()),
            needs=self._needs,
            catalogue=self._catalogue,
        )
