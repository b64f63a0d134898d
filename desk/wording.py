"""Values as people read them: times, tiers, metrics, conditions, products."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from desk.texts import Texts
from personalization.catalogue import Catalogue
from profiles.database import utc_now
from profiles.definitions import NeedsDefinition
from profiles.money import LOCALES, format_money

BOUND = re.compile(r"(below|above|at least|at most) (-?[\d.e+]+)")


@dataclass(frozen=True, slots=True)
class Wording:
    """The reader's language, clock and money, and the company's names for things."""

    texts: Texts
    needs: NeedsDefinition
    catalogue: Catalogue
    currency: str
    zone: tzinfo

    @property
    def language(self) -> str:
        """The reader's language."""
        return self.texts.language

    @property
    def _locale(self) -> str:
        return LOCALES[self.language]

    def day(self, at: datetime) -> str:
        """Return the date as it is read, with the year."""
        return str(format_date(at.astimezone(self.zone), "medium", locale=self._locale))

    def clock(self, at: datetime) -> str:
        """Return the time of day."""
        said = str(format_time(at.astimezone(self.zone), "short", locale=self._locale))
        return said.replace("\u202f", "\u00a0")

    def moment(self, at: datetime) -> str:
        """Return the time of day for today, date and time otherwise."""
        today = utc_now().astimezone(self.zone).date()
        if at.astimezone(self.zone).date() == today:
            return self.clock(at)
        return f"{self.day(at)}, {self.clock(at)}"

    def money(self, cents: int) -> str:
        """Return an amount."""
        return format_money(cents, self.currency, self.language)

    def number(self, value: float) -> str:
        """Return a number with the reader's separators."""
        return str(format_decimal(value, locale=self._locale))

    def need(self, need_id: str | None) -> str:
        """Return the name of a need, its id where the vocabulary has lost it."""
        need = self.needs.by_id(need_id) if need_id else None
        return need.name.in_language(self.language) if need else (need_id or "")

    def product(self, product_id: str) -> str:
        """Return the name of a product, its id where it is no longer on sale."""
        product = self.catalogue.product(product_id)
        return product.name.in_language(self.language) if product else product_id

    def fact_value(self, kind: str, value: str) -> str:
        """Return the value of a fact as it is read."""
        if kind == "need":
            return self.need(value)
        return self.texts.word("language", value) if kind == "language" else value

    def metric(self, name: str, value: float | None) -> str:
        """Return the value of a metric with its unit."""
        if value is None:
            return self.texts("value.none")
        return self.money(round(value)) if name.endswith("_cents") else self.number(value)

    def condition(self, metric: str, condition: str) -> str:
        """Return a condition such as ``at least 40000 and below 90000`` in words and units."""
        bounds = BOUND.findall(condition)
        if not bounds:
            return condition
        said = [
            self.texts(f"bound.{kind}", value=self.metric(metric, float(value))) for kind, value in bounds
        ]
        return self.texts("bound.and").join(said)

    def because(self, because: Mapping[str, Any]) -> str:
        """Return the reasons of a treatment in one line."""
        return ", ".join(
            f"{self.texts.word('because', key)}: {self._reason(key, value)}"
            for key, value in because.items()
            if value not in (None, "", [], {})
        )

    def _reason(self, key: str, value: Any) -> str:
        if isinstance(value, Mapping):
            if key == "parts":
                parts = value.items()
                return ", ".join(
                    f"{self.texts.word('part', name)} {self._reason(name, one)}" for name, one in parts
                )
            own = value.get(self.language)
            return (
                str(own)
                if own
                else ", ".join(f"{name} {self._reason(name, one)}" for name, one in value.items())
            )
        if isinstance(value, list | tuple):
            return ", ".join(self._reason(key, one) for one in value)
        if isinstance(value, bool):
            return self.texts("truth.yes" if value else "truth.no")
        if isinstance(value, float):
            return self.number(round(value, 2))
        if key in ("need", "needs"):
            return self.need(str(value))
        if key in ("tier", "relationship", "language"):
            return self.texts.word(key, str(value))
        return str(value)


def waited(since: datetime, *, now: datetime | None = None) -> str:
    """Return how long ago in the shortest way: ``12 s``, ``4 min``, ``2 h``, ``3 d``."""
    return duration((now or utc_now()) - since)


def duration(delta: timedelta) -> str:
    """Return a span of time in its largest unit."""
    seconds = max(0, int(delta.total_seconds()))
    for unit_s, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit_s:
            return f"{seconds // unit_s} {unit}"
    return f"{seconds} s"
