"""The next question worth asking: one at a time, the one whose answer tells most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection

from personalization.catalogue import Catalogue
from profiles.definitions import NeedsDefinition

ASK_NAME = "utter_ask_name"


def next_question(
    *,
    name_known: bool,
    held_needs: Collection[str],
    asked: Collection[str],
    needs: NeedsDefinition,
    catalogue: Catalogue,
) -> str | None:
    """Return the response key of the best question not asked yet, or None.

    The name comes first; then the kind of need whose answers split the products in stock most evenly
    (Shannon entropy in bits), since its answer narrows most.
    """
    if not name_known and ASK_NAME not in asked:
        return ASK_NAME
    known_kinds = {need.kind for need in needs.needs if need.id in held_needs}
    open_questions = {
        need.kind: need.question
        for need in needs.needs
        if need.question and need.kind not in known_kinds and need.question not in asked
    }
    if not open_questions:
        return None
    best = max(sorted(open_questions), key=lambda kind: _entropy_bits(kind, needs, catalogue))
    return open_questions[best]


def _entropy_bits(kind: str, needs: NeedsDefinition, catalogue: Catalogue) -> float:
    ids = {need.id for need in needs.needs if need.kind == kind}
    counts = Counter(
        need for product in catalogue.products if product.in_stock for need in product.needs if need in ids
    )
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values()) if total else 0.0
