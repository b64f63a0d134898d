"""Every text of the staff's pages, in each language they can be read in."""

from __future__ import annotations

from collections.abc import Mapping

from desk.texts.common import COMMON
from desk.texts.desk import DESK
from desk.texts.managers import MANAGERS
from desk.texts.words import WORDS

LANGUAGES: Mapping[str, str] = {"en": "English", "pt": "Português"}
ALL: Mapping[str, tuple[str, str]] = {**COMMON, **DESK, **MANAGERS, **WORDS}
"""``key: (English, Portuguese)``"""


class Texts:
    """The texts in one language; an unknown language reads English."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._place = list(LANGUAGES).index(self.language)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``values`` put in. Raises ``KeyError`` for a key there is not."""
        return ALL[key][self._place].format(**values)

    def word(self, topic: str, value: str | None) -> str:
        """Return how ``value`` of a closed list is said; itself where the list has grown meanwhile."""
        found = ALL.get(f"{topic}.{value}")
        return found[self._place] if found else str(value or "").replace("_", " ")

    def count(self, key: str, number: int) -> str:
        """Return ``key.one`` or ``key.many`` with the number in it."""
        return self(f"{key}.one" if number == 1 else f"{key}.many", number=number)
