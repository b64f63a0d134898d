"""Answers out of the company's knowledge: in the reader's language, valid, and allowed to be seen."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest

from personalization.answers import KnowledgeIndex
from personalization.knowledge import Passage
from tests.companies import demo_company
from tests.factories import sentence_encoder
from tests.fakes import WordEncoder

DAY = date(2026, 11, 22)


def passage(number: int, text: str, **fields: Any) -> Passage:
    plain = {
        "id": f"en/page/{number}", "page": "page", "title": "Page", "heading": text, "text": text,
        "language": "en", "file": "page.md", "line": number,
    }  # fmt: skip
    return Passage(**{**plain, **fields})


def texts(index: KnowledgeIndex, question: str, **fields: Any) -> list[str]:
    language = fields.pop("language", "en")
    return [one.passage.text for one in index.search(question, language, **{"day": DAY, **fields})]


INDEX = KnowledgeIndex(
    WordEncoder(),
    [
        passage(1, "delivery takes two days"),
        passage(2, "delivery is free in summer", valid_until=date(2026, 3, 1)),
        passage(3, "delivery for partners is free", proof="verified"),
        passage(4, "a entrega leva dois dias", language="pt"),
        passage(5, "payment by card"),
    ],
)


def test_the_nearest_passage_comes_first() -> None:
    assert texts(INDEX, "payment by card?")[0] == "payment by card"
    assert texts(INDEX, "delivery takes how many days?")[0] == "delivery takes two days"


def test_only_the_readers_language_is_searched() -> None:
    assert texts(INDEX, "entrega", language="pt") == ["a entrega leva dois dias"]
    assert "a entrega leva dois dias" not in texts(INDEX, "entrega", count=9)


def test_what_is_no_longer_valid_is_not_told() -> None:
    summer = "delivery is free in summer"
    assert summer not in texts(INDEX, summer, count=9)
    assert texts(INDEX, summer, day=date(2026, 3, 1))[0] == summer
    assert summer not in texts(INDEX, summer, day=date(2026, 3, 2), count=9)


@pytest.mark.parametrize(
    ("proof", "shown"), [("anonymous", False), ("claimed", False), ("channel", False), ("verified", True)]
)
def test_what_needs_a_proof_is_told_only_with_it(proof: str, shown: bool) -> None:
    partners = "delivery for partners is free"
    assert (partners in texts(INDEX, partners, proof=proof, count=9)) is shown


@pytest.mark.parametrize("question", ["", "  ", "\n"])
def test_no_question_has_no_answer(question: str) -> None:
    assert texts(INDEX, question) == []
    assert texts(KnowledgeIndex(WordEncoder(), []), "anything") == []


def test_there_are_no_more_than_asked_for() -> None:
    assert len(texts(INDEX, "delivery", count=1)) == 1


@cache
def real() -> KnowledgeIndex:
    return KnowledgeIndex(sentence_encoder(), demo_company().knowledge)


QUESTIONS = [
    ("How long does delivery take?", "en", "delivery-time"),
    ("qual o prazo de entrega?", "pt", "delivery-time"),
    ("quanto custa o frete?", "pt", "shipping-cost"),
    ("how much is the shipping?", "en", "shipping-cost"),
    ("posso pagar com pix?", "pt", "payment"),
    ("can I pay by card?", "en", "payment"),
    ("how do I cancel my subscription?", "en", "subscription"),
    ("como faço para devolver?", "pt", "returns"),
    ("what time do you open?", "en", "opening-hours"),
    ("como guardo o café em casa?", "pt", "storing-coffee"),
    ("how do I grind coffee for espresso?", "en", "grinding"),
    ("preciso de nota fiscal", "pt", "invoice"),
]


@pytest.mark.slow
def test_the_demo_companys_questions_find_their_pages() -> None:
    index = real()
    threshold = demo_company().settings.replies.answer_threshold
    wrong = []
    for question, language, page in QUESTIONS:
        best = index.search(question, language, day=DAY)[0]
        if best.passage.page != page or best.similarity < threshold:
            wrong.append((question, best.passage.page, round(best.similarity, 2)))
    assert len(wrong) <= 1, wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    "question", ["who won the world cup?", "qual a capital da França?", "do you sell cars?", "asdf qwer"]
)
def test_what_is_not_in_the_knowledge_is_not_answered(question: str) -> None:
    index = real()
    threshold = demo_company().settings.replies.answer_threshold
    for language in ("en", "pt"):
        assert index.search(question, language, day=DAY)[0].similarity < threshold
