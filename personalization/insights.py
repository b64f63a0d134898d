"""Everything that needs the encoder, behind one door that opens when the model is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date

from personalization.answers import Answer, KnowledgeIndex
from personalization.catalogue import Catalogue
from personalization.knowledge import Passage
from personalization.meaning import Meaning
from personalization.needs import HeardNeed, NeedsIndex
from personalization.recommendations import Recommendation, Recommender, Taste
from profiles.definitions import NeedsDefinition
from profiles.errors import VinculoError


class InsightsUnavailable(VinculoError):
    """The embedding model could not be loaded, so nothing is heard, recommended or answered."""

    code = "insights_unavailable"
    status = 503


class Insights:
    """Hears needs, recommends and answers; every call waits until ``load`` is through."""

    def __init__(
        self,
        meaning: Meaning,
        *,
        catalogue: Catalogue,
        needs: NeedsDefinition,
        knowledge: Sequence[Passage],
    ) -> None:
        self._meaning = meaning
        self._catalogue = catalogue
        self._needs = needs
        self._knowledge = knowledge
        self._ready = asyncio.Event()
        self.failure: str | None = None
        """why there are no insights, where loading has failed"""
        self._needs_index: NeedsIndex | None = None
        self._recommender: Recommender | None = None
        self._knowledge_index: KnowledgeIndex | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the model and the indexes are in memory."""
        return self._ready.is_set() and self.failure is None

    @property
    def knows_popularity(self) -> bool:
        """Whether anything has been sold yet, so that one may speak of what others choose."""
        return self._recommender is not None and bool(self._recommender.popularity)

    async def load(self, popularity: Mapping[str, int] | None = None) -> None:
        """Load the model and build the indexes (seconds), off the event loop."""
        try:
            await self._meaning.run(self._build, popularity or {})
        except Exception as error:
            self.failure = f"The embedding model could not be loaded: {error}"
            raise
        finally:
            self._ready.set()

    def _build(self, popularity: Mapping[str, int]) -> None:
        encoder = self._meaning.encoder
        self._needs_index = NeedsIndex(encoder, self._needs)
        self._recommender = Recommender(encoder, self._catalogue, self._needs, popularity=popularity)
        self._knowledge_index = KnowledgeIndex(encoder, self._knowledge)

    async def hear(self, text: str, *, stricter_by: float = 0.0) -> list[HeardNeed]:
        """Return the needs that ``text`` tells."""
        index = await self._needs_ready()
        heard: list[HeardNeed] = await self._meaning.run(lambda: index.hear(text, stricter_by=stricter_by))
        return heard

    async def recommend(
        self, taste: Taste, language: str, *, count: int, exclude: Sequence[str] = ()
    ) -> list[Recommendation]:
        """Return products for this taste."""
        await self._ready.wait()
        recommender = self._recommender
        if recommender is None:
            raise InsightsUnavailable(self.failure or "There are no recommendations.")
        found: list[Recommendation] = await self._meaning.run(
            lambda: recommender.recommend(taste, language, count=count, exclude=exclude)
        )
        return found

    async def search(self, question: str, language: str, *, day: date, proof: str) -> list[Answer]:
        """Return the passages nearest to ``question``."""
        await self._ready.wait()
        index = self._knowledge_index
        if index is None:
            raise InsightsUnavailable(self.failure or "There is no knowledge.")
        found: list[Answer] = await self._meaning.run(
            lambda: index.search(question, language, day=day, proof=proof)
        )
        return found

    async def _needs_ready(self) -> NeedsIndex:
        await self._ready.wait()
        if self._needs_index is None:
            raise InsightsUnavailable(self.failure or "There is no vocabulary.")
        return self._needs_index
