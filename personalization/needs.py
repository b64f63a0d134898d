"""Hearing needs: what a customer says against the company's vocabulary, by meaning."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from personalization.meaning import Encoder, Vectors
from profiles.definitions import Need, NeedsDefinition
from profiles.facts import Learned

MAX_WORDS = 40
WINDOW_SIZES = (1, 2, 3, 4, 5)
REACH_OF_NOT = 3
COMMON_FROM = 4
"""a word in the phrases of so many needs tells none of them"""
SHORT = 3
TELLING_BONUS = 0.1
"""added to the similarity where a word stands that only this need's phrases have"""
MARGIN = 0.1
"""by how much words must be nearer to one need than to any other (measured: tests/personalization)"""
NEGATIONS = frozenset("não nao not don't dont doesn't never nunca nem no".split())  # noqa: SIM905
LITERAL = 0.95
"""how sure a need is whose own word was used"""
_WORD = re.compile(r"[\w'’-]+")


@dataclass(frozen=True, slots=True)
class HeardNeed:
    """One need of the vocabulary that somebody's words mean."""

    need: Need
    similarity: float
    words: str
    """the part of the sentence that meant it"""
    phrase: str
    """the phrase of the vocabulary that came closest"""


class NeedsIndex:
    """The vocabulary's phrases as vectors, in both languages.

    A sentence often tells several needs at once, so its parts (windows of up to five words) are compared
    as well as the whole. Each part speaks for the one need that it is clearly nearest to, if any, so that
    words common to all needs say nothing. A part with a "not" before it counts only for phrases that
    deny too.
    """

    def __init__(self, encoder: Encoder, definition: NeedsDefinition) -> None:
        self._encoder = encoder
        self.definition = definition
        self._phrases = [
            (need, phrase) for need in definition.needs for phrase in (*need.phrases.en, *need.phrases.pt)
        ]
        self._vectors = encoder.encode([phrase for _, phrase in self._phrases])
        self._denying = np.array([_denies(phrase) for _, phrase in self._phrases])
        self._words = {
            _plain(words): need for need in definition.needs for words in (*need.words.en, *need.words.pt)
        }
        needs_by_word = _needs_by_word(self._phrases)
        self._common = {word for word, needs in needs_by_word.items() if len(needs) >= COMMON_FROM}
        self._telling = {
            word: next(iter(needs))
            for word, needs in needs_by_word.items()
            if len(needs) == 1 and len(word) > SHORT and word not in NEGATIONS
        }
        owners = np.array([need.id for need, _ in self._phrases])
        self._columns = {need.id: np.flatnonzero(owners == need.id) for need in definition.needs}

    def hear(self, text: str, *, stricter_by: float = 0.0) -> list[HeardNeed]:
        """Return the needs that ``text`` tells, the surest first; of needs that exclude each other, one."""
        windows = _windows(text)
        windows = windows[:1] + [window for window in windows[1:] if self._is_telling(window[0])]
        windows = [window for window in windows if not self._says_nothing(window[0])]
        if not windows:
            return []
        similarities = self._encoder.encode([words for words, _ in windows]) @ self._vectors.T
        denied = np.array([is_denied for _, is_denied in windows])
        similarities[denied[:, None] != self._denying[None, :]] -= 1.0
        for row, (words, _) in zip(similarities, windows, strict=True):
            for need_id in {self._telling[word] for word in _WORD.findall(words) if word in self._telling}:
                row[self._columns[need_id]] += TELLING_BONUS
        threshold = self.definition.threshold + stricter_by
        heard = self._literal(windows)
        for (words, _), row in zip(windows, similarities, strict=True):
            one = self._clearest(words, row)
            known = heard.get(one.need.id) if one else None
            if one and one.similarity >= threshold and (not known or one.similarity > known.similarity):
                heard[one.need.id] = one
        return self._without_contradictions(sorted(heard.values(), key=lambda one: -one.similarity))

    def _literal(self, windows: list[tuple[str, bool]]) -> dict[str, HeardNeed]:
        """Return the needs whose own words stand in the text, not denied."""
        heard: dict[str, HeardNeed] = {}
        for words, is_denied in windows[1:] or windows:
            need = self._words.get(_plain(words))
            if need is not None and not is_denied:
                heard.setdefault(need.id, HeardNeed(need, LITERAL, words, words))
        return heard

    def _is_telling(self, words: str) -> bool:
        """Return whether a part ends in a word that tells something; the other parts only repeat these."""
        return not self._says_nothing(words.rsplit(" ", 1)[-1])

    def _says_nothing(self, words: str) -> bool:
        """Return whether all of these words are common to many needs (or to every sentence)."""
        return all(word in self._common or len(word) < SHORT for word in _WORD.findall(words))

    def _clearest(self, words: str, row: Vectors) -> HeardNeed | None:
        """Return the need that these words mean, or None where two needs come too close to tell."""
        best = {need_id: columns[row[columns].argmax()] for need_id, columns in self._columns.items()}
        ranked = sorted(best.values(), key=lambda column: -row[column])
        if len(ranked) > 1 and row[ranked[0]] - row[ranked[1]] < MARGIN:
            return None
        need, phrase = self._phrases[ranked[0]]
        return HeardNeed(need, float(row[ranked[0]]), words, phrase)

    def _without_contradictions(self, heard: list[HeardNeed]) -> list[HeardNeed]:
        kept: list[HeardNeed] = []
        for one in heard:
            excluded = self.definition.excluded_by(one.need.id)
            if not any(other.need.id in excluded for other in kept):
                kept.append(one)
        return kept


def as_learned(
    heard: Sequence[HeardNeed], definition: NeedsDefinition, *, method: str = "meant"
) -> list[Learned]:
    """Return what was heard in the form that facts are kept from."""
    return [
        Learned(
            kind="need",
            value=one.need.id,
            method=method,
            confidence=round(min(one.similarity, 1.0), 3),
            purpose="profiling",
            replaces=definition.excluded_by(one.need.id),
        )
        for one in heard
    ]


def _needs_by_word(phrases: list[tuple[Need, str]]) -> dict[str, set[str]]:
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for need, phrase in phrases:
        for word in _WORD.findall(phrase.lower()):
            needs[word].add(need.id)
    return dict(needs)


def _plain(text: str) -> str:
    """Return ``text`` in lower case, without accents and hyphens."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("-", " "))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _denies(text: str) -> bool:
    return any(word in NEGATIONS for word in _WORD.findall(text.lower()))


def _windows(text: str) -> list[tuple[str, bool]]:
    """Return the whole text and its windows, each with whether it is denied."""
    words = _WORD.findall(text.lower())[:MAX_WORDS]
    if not words:
        return []
    windows: dict[str, bool] = {" ".join(words): _denies(" ".join(words))}
    for size in WINDOW_SIZES:
        for start in range(len(words) - size + 1):
            part = words[start : start + size]
            before = words[max(0, start - REACH_OF_NOT) : start]
            windows.setdefault(" ".join(part), any(word in NEGATIONS for word in (*before, *part)))
    return list(windows.items())
