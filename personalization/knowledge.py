"""The company's knowledge: pages in every language, split into passages that answer one question each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from profiles.documents import LANGUAGES, Document, Language, Problem, Sentence, Strict, parse

LONGEST_PASSAGE = 700
"""characters; a longer section is split between its paragraphs"""
Proof = Literal["anonymous", "claimed", "channel", "verified"]


class PageHeader(Strict):
    """The front matter of a page."""

    title: Sentence
    audience: Literal["everyone", "customers"] = "everyone"
    valid_until: date | None = None
    proof: Proof = "anonymous"
    """the least proof of identity that a reader must have given"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A few sentences that answer one question, with the place they come from."""

    id: str
    """such as ``en/delivery-time/2``; the number is the same in every language of a well-kept page"""
    page: str
    title: str
    heading: str
    """the question that it answers; the title of the page for the text before the first heading"""
    text: str
    language: Language
    file: str
    line: int
    audience: str = "everyone"
    valid_until: date | None = None
    proof: Proof = "anonymous"

    def holds_on(self, day: date) -> bool:
        """Return whether the passage is still valid on ``day``."""
        return self.valid_until is None or day <= self.valid_until


def load_knowledge(folder: Path) -> tuple[list[Passage], list[Problem]]:
    """Return the passages of ``folder/knowledge/<language>/*.md`` and all problems of the pages."""
    passages: list[Passage] = []
    problems: list[Problem] = []
    pages: dict[Language, set[str]] = {}
    for language in LANGUAGES:
        place = folder / "knowledge" / language
        files = sorted(place.glob("*.md"))
        pages[language] = {file.stem for file in files}
        if not files:
            problems.append(
                Problem(str(place), 1, "there are no pages", "add pages such as delivery-time.md")
            )
        for file in files:
            found, wrong = load_page(file, language)
            passages += found
            problems += wrong
    for language in LANGUAGES:
        for stem in sorted(set().union(*pages.values()) - pages[language]):
            other = next(name for name in LANGUAGES if stem in pages[name])
            missing = folder / "knowledge" / language / f"{stem}.md"
            problems.append(Problem(str(missing), 1, "this page is missing", f"translate {other}/{stem}.md"))
    return passages, problems


def load_page(path: Path, language: Language) -> tuple[list[Passage], list[Problem]]:
    """Return the passages of one page and its problems."""
    document: Document[PageHeader] = Document(file=str(path), first_line=2)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return [], [Problem(document.file, 1, f"this page cannot be read ({error})", "save it as UTF-8 text")]
    end = _end_of_header(lines)
    if end is None:
        missing = "is not closed" if lines and lines[0].strip() == "---" else "is missing"
        remedy = "start the page with '---', 'title: …', '---', each on a line of its own"
        return [], [Problem(document.file, 1, f"the header {missing}", remedy)]
    parse(document, "\n".join(lines[1:end]), PageHeader)
    sections = list(_sections(lines, end + 1))
    if not sections:
        empty = Problem(
            document.file, end + 1, "the page says nothing", "write '## A question?' and its answer below"
        )
        document.problems.append(empty)
    header = document.content
    if header is None or document.problems:
        return [], document.problems
    return [
        Passage(
            id=f"{language}/{path.stem}/{number}",
            page=path.stem,
            title=header.title,
            heading=heading or header.title,
            text=text,
            language=language,
            file=document.file,
            line=line,
            audience=header.audience,
            valid_until=header.valid_until,
            proof=header.proof,
        )
        for number, (heading, text, line) in enumerate(sections, start=1)
    ], []


def _end_of_header(lines: list[str]) -> int | None:
    if not lines or lines[0].strip() != "---":
        return None
    return next((number for number, line in enumerate(lines[1:], start=1) if line.strip() == "---"), None)


def _sections(lines: list[str], start: int) -> list[tuple[str, str, int]]:
    """Return (heading, text, line of its first word) of each section, long ones split by paragraph."""
    heading = ""
    found: list[tuple[str, str, int]] = []
    paragraph: list[str] = []

    def close(next_line: int) -> None:
        text = " ".join(paragraph)
        line = next_line - len(paragraph)
        paragraph.clear()
        if not text:
            return
        same = found and found[-1][0] == heading
        if same and len(found[-1][1]) + len(text) < LONGEST_PASSAGE:
            found[-1] = (heading, f"{found[-1][1]}\n{text}", found[-1][2])
        else:
            found.append((heading, text, line))

    for number, line in enumerate(lines[start:], start=start + 1):
        if title := re.match(r"#{1,4}\s+(.+)", line):
            close(number)
            heading = title[1].strip()
        elif line.strip():
            paragraph.append(line.strip())
        else:
            close(number)
    close(len(lines) + 1)
    return found
