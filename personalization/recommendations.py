"""Recommendations: products that fit this customer, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from personalization.catalogue import Catalogue, Product
from personalization.meaning import Encoder, Vectors
from profiles.definitions import NeedsDefinition

NEED_WEIGHT = 1.0
WORDS_WEIGHT = 0.8
LEAST_CLOSENESS = 0.25
"""below it, words tell of no product (measured: bare requests reach 0.18, named products start at 0.29)"""
POPULARITY_WEIGHT = 0.15
NEW_SHELF_WEIGHT = 0.2
MARGIN_WEIGHT = 0.1
BOUGHT_WEIGHT = 0.25
UNASKED_WEIGHT = 0.15
"""taken off where a product is made for a need (such as without caffeine) of which nothing was said"""
POPULAR_FROM = 0.5
"""share of the sales of the best seller from which on a product is called popular"""
CLOSE_FROM = 0.3
"""similarity to the words just said from which on they are a reason"""
PER_CATEGORY = 2
ALIKE_FROM, ALIKE_WEIGHT = 0.6, 1.5
"""what is taken off, per cosine above it, for being like a product chosen already"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What is known of a customer that bears on what suits him."""

    needs: Mapping[str, float]
    """need id → confidence (0 to 1)"""
    bought: Collection[str] = ()
    """product ids"""
    tier: str = "unknown"
    words: str | None = None
    """what he has just said, where it tells something"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a product was chosen: the key of a reply and its arguments, and its part of the score."""

    key: str
    arguments: Mapping[str, str]
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One product for one customer, with reasons in the order of their weight."""

    product: Product
    score: float
    reasons: tuple[Reason, ...]


class Recommender:
    """Scores the whole catalogue for one customer: needs, words, shelf, margin, popularity.

    A sum of parts, so that the parts are the explanation. A product that contradicts a need held (by
    ``excludes`` of the vocabulary) or is out of stock is never shown.
    """

    def __init__(
        self,
        encoder: Encoder,
        catalogue: Catalogue,
        needs: NeedsDefinition,
        *,
        popularity: Mapping[str, int] | None = None,
    ) -> None:
        self._encoder = encoder
        self._catalogue = catalogue
        self._needs = needs
        self._vectors = {
            language: encoder.encode([catalogue.text(product, language) for product in catalogue.products])
            for language in ("en", "pt")
        }
        self.popularity: Counter[str] = Counter(popularity or {})

    def recommend(
        self, taste: Taste, language: str, *, count: int = 3, exclude: Collection[str] = ()
    ) -> list[Recommendation]:
        """Return up to ``count`` products in order, at most two of a category; empty if nothing fits."""
        closeness = self._closeness(taste.words, language)
        scored = [
            self._score(product, taste, language, float(closeness[place]))
            for place, product in enumerate(self._catalogue.products)
            if product.in_stock
            and product.id not in exclude
            and not self._contradicts(product, taste)
            and self._fits(product, taste)
        ]
        if taste.needs:
            fitting = [one for one in scored if set(one.product.needs) & set(taste.needs)]
            scored = fitting or scored
        scored.sort(key=lambda one: (-one.score, one.product.id))
        return self._varied(scored, count, language)

    def _closeness(self, words: str | None, language: str) -> Vectors:
        vectors = self._vectors.get(language, self._vectors["en"])
        if not words:
            return np.zeros(len(vectors), dtype=np.float32)
        similarity: Vectors = np.clip(vectors @ self._encoder.encode([words])[0], 0.0, 1.0)
        return np.where(similarity < LEAST_CLOSENESS, np.float32(0), similarity)

    def _contradicts(self, product: Product, taste: Taste) -> bool:
        """Whether the product is for the opposite of a need held (and not for that need as well)."""
        return any(
            need not in product.needs and self._needs.excluded_by(need) & set(product.needs)
            for need in taste.needs
        )

    def _fits(self, product: Product, taste: Taste) -> bool:
        """Whether nothing speaks against it: a need only for those who told it, or another method."""
        if any(
            need.only_if_told and need.id in product.needs and need.id not in taste.needs
            for need in self._needs.needs
        ):
            return False
        kinds = {need.id: need.kind for need in self._needs.needs}
        methods = {need for need in taste.needs if kinds.get(need) == "method"}
        own = {need for need in product.needs if kinds.get(need) == "method"}
        return not methods or not own or bool(methods & own)

    def _score(self, product: Product, taste: Taste, language: str, closeness: float) -> Recommendation:
        reasons: list[Reason] = []
        served = sorted(
            (need for need in product.needs if need in taste.needs), key=lambda n: -taste.needs[n]
        )
        if served:
            names = [need.name.in_language(language) for need in map(self._needs.by_id, served) if need]
            weight = NEED_WEIGHT * sum(taste.needs[need] for need in served)
            reasons.append(
                Reason(key="utter_reason_needs", arguments={"needs": _joined(names, language)}, weight=weight)
            )
        if product.id in taste.bought:
            reasons.append(Reason(key="utter_reason_again", arguments={}, weight=BOUGHT_WEIGHT))
        shelves = {
            known.category for known in map(self._catalogue.product, taste.bought) if known is not None
        }
        if shelves and product.category not in shelves:
            weight = NEW_SHELF_WEIGHT * (2.0 if taste.tier == "MGC" else 1.0)
            shelf = self._catalogue.category_name(product.category, language)
            reasons.append(Reason(key="utter_reason_new_shelf", arguments={"category": shelf}, weight=weight))
        most = max(self.popularity.values(), default=0)
        if most and self.popularity[product.id] >= POPULAR_FROM * most:
            weight = POPULARITY_WEIGHT * self.popularity[product.id] / most
            reasons.append(Reason(key="utter_reason_popular", arguments={}, weight=weight))
        if closeness >= CLOSE_FROM:
            reasons.append(Reason(key="utter_reason_words", arguments={}, weight=WORDS_WEIGHT * closeness))
        score = sum(reason.weight for reason in reasons) + self._margin_part(product, taste.tier)
        score -= UNASKED_WEIGHT * len(self._unasked(product, taste))
        return Recommendation(
            product=product,
            score=score,
            reasons=tuple(sorted(reasons, key=lambda reason: -reason.weight)),
        )

    def _unasked(self, product: Product, taste: Taste) -> set[str]:
        """Return the needs a product is made for though the customer, who told others, did not tell them."""
        return set(product.needs) - set(taste.needs) if taste.needs else set()

    def _varied(self, scored: Sequence[Recommendation], count: int, language: str) -> list[Recommendation]:
        """Take the best ones, at most two of a category, each unlike the others.

        Source of the trade-off: maximal marginal relevance (Carbonell and Goldstein, 1998).
        """
        vectors = self._vectors.get(language, self._vectors["en"])
        rows = {product.id: vectors[row] for row, product in enumerate(self._catalogue.products)}
        taken: list[Recommendation] = []
        shelves: Counter[str] = Counter()
        left = list(scored)

        def gain(one: Recommendation) -> float:
            alike = max((float(rows[one.product.id] @ rows[other.product.id]) for other in taken), default=0)
            return one.score - ALIKE_WEIGHT * max(0.0, alike - ALIKE_FROM)

        while left and len(taken) < count:
            best = max(left, key=gain)
            taken.append(best)
            shelves[best.product.category] += 1
            left = [one for one in left if one is not best and shelves[one.product.category] < PER_CATEGORY]
        return taken

    def _margin_part(self, product: Product, tier: str) -> float:
        """The company's side: best pieces for the most valuable, thrift where service must pay for itself."""
        dearest = max((other.price_cents for other in self._catalogue.products), default=1)
        if tier in ("MVC", "MGC"):
            return MARGIN_WEIGHT * product.price_cents / dearest
        if tier == "BZ":
            return MARGIN_WEIGHT * product.margin_cents / max(product.price_cents, 1)
        return 0.0


def _joined(names: Sequence[str], language: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {'e' if language == 'pt' else 'and'} {names[-1]}"
