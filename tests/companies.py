"""Companies for tests: the demo company as it is, and copies of it with mistakes written in."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from bot.business import Business, load_business
from profiles.documents import BusinessProblems, Problem

DEMO_FOLDER = Path(__file__).resolve().parent.parent / "business"


@cache
def demo_company() -> Business:
    """Return the demo company, read once for all tests."""
    return load_business(DEMO_FOLDER)


class Company:
    """A copy of the demo company's folder that a test may spoil."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "company"
        shutil.copytree(DEMO_FOLDER, self.folder)

    def replace(self, file: str, old: str, new: str) -> int:
        """Replace the first ``old`` in ``file``; returns the line where ``new`` begins."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} does not have {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def write(self, file: str, text: str) -> None:
        """Write ``file`` anew."""
        (self.folder / file).write_text(text, encoding="utf-8")

    def remove(self, file: str) -> None:
        """Remove ``file``."""
        (self.folder / file).unlink()

    def problems(self) -> list[Problem]:
        """Return what loading this company reports."""
        try:
            load_business(self.folder)
        except BusinessProblems as wrong:
            return list(wrong.problems)
        return []
