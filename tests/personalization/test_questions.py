"""The next question: the name first, then what narrows the choice most, never twice."""

from __future__ import annotations

from personalization.questions import ASK_NAME, next_question
from tests.companies import demo_company

NEEDS = demo_company().definitions.needs
CATALOGUE = demo_company().catalogue
QUESTIONS = {need.question for need in NEEDS.needs if need.question}


def ask(*, name_known: bool = True, held: tuple[str, ...] = (), asked: tuple[str, ...] = ()) -> str | None:
    return next_question(
        name_known=name_known, held_needs=held, asked=asked, needs=NEEDS, catalogue=CATALOGUE
    )


def test_the_name_comes_first() -> None:
    assert ask(name_known=False) == ASK_NAME
    assert ask(name_known=False, held=("espresso",)) == ASK_NAME
    assert ask(name_known=True) != ASK_NAME


def test_nothing_is_asked_twice_and_there_is_an_end() -> None:
    asked: list[str] = []
    while question := ask(name_known=False, asked=tuple(asked)):
        assert question not in asked
        asked.append(question)
    assert asked[0] == ASK_NAME
    assert set(asked[1:]) == QUESTIONS


def test_what_is_known_is_not_asked() -> None:
    for need in NEEDS.needs:
        if need.question:
            assert ask(held=(need.id,)) != need.question


def test_the_first_question_splits_the_catalogue_most_evenly() -> None:
    import math
    from collections import Counter

    def bits(question: str) -> float:
        ids = {need.id for need in NEEDS.needs if need.question == question}
        counts = Counter(
            need
            for product in CATALOGUE.products
            if product.in_stock
            for need in product.needs
            if need in ids
        )
        whole = sum(counts.values())
        return -sum(count / whole * math.log2(count / whole) for count in counts.values())

    assert ask() == max(QUESTIONS, key=bits)
