"""Answers from the company's own knowledge: the passage that answers a question, in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from personalization.knowledge import Passage
from personalization.meaning import Encoder
from profiles.identities import is_proven

HEADING_WEIGHT = 0.7


@dataclass(frozen=True, slots=True)
class Answer:
    """A passage and how near it is to the question (0 to 1)."""

    passage: Passage
    similarity: float


class KnowledgeIndex:
    """All passages as vectors: their headings (the questions they answer) and their texts."""

    def __init__(self, encoder: Encoder, passages: Sequence[Passage]) -> None:
        self._encoder = encoder
        self._passages = list(passages)
        if self._passages:
            self._headings = encoder.encode([f"{one.title}. {one.heading}" for one in self._passages])
            self._questions = encoder.encode([one.heading for one in self._passages])
            self._texts = encoder.encode([one.text for one in self._passages])

    def search(
        self, question: str, language: str, *, day: date, proof: str = "anonymous", count: int = 3
    ) -> list[Answer]:
        """Return the nearest passages in ``language`` that hold on ``day`` and may be shown at this proof."""
        if not self._passages or not question.strip():
            return []
        vector = self._encoder.encode([question])[0]
        heading = np.maximum(self._headings @ vector, self._questions @ vector)
        similarity = HEADING_WEIGHT * heading + (1 - HEADING_WEIGHT) * (self._texts @ vector)
        similarity = np.maximum(similarity, self._texts @ vector)
        order = [
            place
            for place in np.argsort(-similarity)
            if self._passages[place].language == language
            and self._passages[place].holds_on(day)
            and is_proven(proof, self._passages[place].proof)
        ]
        return [Answer(self._passages[place], float(similarity[place])) for place in order[:count]]
