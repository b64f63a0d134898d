"""Knowledge pages: split into passages, the same pages in every language, mistakes with their line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from personalization.knowledge import LONGEST_PASSAGE, load_knowledge, load_page
from tests.companies import Company, demo_company

PAGE = """\
---
title: Opening hours
audience: customers
valid_until: 2027-01-31
---

We are easy to reach.

## When are you open?

From nine
to six.

On Saturdays until one.

## Can I visit?
Yes.
"""


def page(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "opening-hours.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_page_becomes_one_passage_for_each_heading(tmp_path: Path) -> None:
    passages, problems = load_page(page(tmp_path, PAGE), "en")
    assert problems == []
    assert [(p.id, p.heading, p.text, p.line) for p in passages] == [
        ("en/opening-hours/1", "Opening hours", "We are easy to reach.", 7),
        ("en/opening-hours/2", "When are you open?", "From nine to six.\nOn Saturdays until one.", 11),
        ("en/opening-hours/3", "Can I visit?", "Yes.", 17),
    ]
    assert {(p.title, p.audience, p.proof) for p in passages} == {("Opening hours", "customers", "anonymous")}
    assert passages[0].holds_on(date(2027, 1, 31))
    assert not passages[0].holds_on(date(2027, 2, 1))


def test_a_long_section_is_split_between_its_paragraphs(tmp_path: Path) -> None:
    paragraph = "word " * 80
    text = "---\ntitle: Long\n---\n## Why?\n" + f"{paragraph}\n\n" * 5
    passages, _ = load_page(page(tmp_path, text), "en")
    assert len(passages) == 5
    assert {p.heading for p in passages} == {"Why?"}
    assert all(len(p.text) <= LONGEST_PASSAGE for p in passages)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (PAGE.removeprefix("---\n"), 1, "the header is missing"),
        ("", 1, "the header is missing"),
        ("---\ntitle: Open\n\n## When?\n\nNow.\n", 1, "the header is not closed"),
        (PAGE.replace("title: Opening hours", "titel: Opening hours"), 2, "unknown field"),
        (PAGE.replace("title: Opening hours", "titel: Opening hours"), 2, "the field 'title' is missing"),
        (PAGE.replace("audience: customers", "audience: cats"), 3, '"cats" is not known here'),
        (PAGE.replace("2027-01-31", "soon"), 4, "valid_until"),
        (PAGE.replace("audience: customers", "audience: [customers"), 4, "broken YAML"),
        ("---\ntitle: Empty\n---\n\n## A question without an answer?\n", 3, "the page says nothing"),
    ],
)
def test_a_broken_page_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    passages, problems = load_page(page(tmp_path, text), "en")
    assert passages == []
    assert (line, True) in [(problem.line, message in problem.message) for problem in problems]


def test_a_page_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "opening-hours.md"
    path.write_bytes(b"---\ntitle: caf\xe9\n---\n")
    assert "cannot be read" in load_page(path, "pt")[1][0].message


def test_a_page_missing_in_one_language_is_told(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.remove("knowledge/pt/payment.md")
    [problem] = load_knowledge(company.folder)[1]
    assert problem.file.endswith("knowledge/pt/payment.md")
    assert problem.remedy == "translate en/payment.md"


def test_a_folder_without_pages_is_told(tmp_path: Path) -> None:
    assert {problem.message for problem in load_knowledge(tmp_path)[1]} == {"there are no pages"}


def test_the_demo_pages_answer_the_same_questions_in_both_languages() -> None:
    passages = demo_company().knowledge
    ids = {language: {p.id[3:] for p in passages if p.language == language} for language in ("en", "pt")}
    assert ids["en"] == ids["pt"]
    assert len({p.page for p in passages}) >= 16
    assert len({p.id for p in passages}) == len(passages)
    for passage in passages:
        line = Path(passage.file).read_text(encoding="utf-8").splitlines()[passage.line - 1]
        assert passage.text.startswith(line)
