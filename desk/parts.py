"""What the staff's pages are made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from conversations.announcements import Announcer
from conversations.handoffs import Handoffs
from desk.texts import Texts
from desk.wording import Wording
from personalization.catalogue import Catalogue
from profiles.database import Database
from profiles.definitions import Definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskParts:
    """The parts of the app that the pages read and call.

    ``secret`` signs the staff's session cookie; ``zone`` is the company's time zone.
    """

    database: Database
    announcer: Announcer
    handoffs: Handoffs
    definitions: Definitions
    catalogue: Catalogue
    company: str
    secret: str
    currency: str = "BRL"
    languages: Sequence[str] = ("en", "pt")
    zone: tzinfo = UTC

    def wording(self, language: str) -> Wording:
        """Return how values are said to a reader of ``language``."""
        return Wording(Texts(language), self.definitions.needs, self.catalogue, self.currency, self.zone)
