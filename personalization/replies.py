"""The bot's replies: which variant of a response suits this customer, and its words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording of a response and the conditions under which it may be used."""

    id: str
    text: str
    conditions: Mapping[str, Any]
    buttons: tuple[Mapping[str, str], ...] = ()
    channel: str | None = None

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that must be known to use these words."""
        return frozenset(_PLACEHOLDER.findall(self.text))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The variant that won, with what decided and whether others would get something else."""

    variant: Variant
    text: str
    because: Mapping[str, Any]
    differs: bool


class ReplyBook:
    """All response variants of domain.yml (Rasa's conditional response variations)."""

    def __init__(self, responses: Mapping[str, Collection[Variant]]) -> None:
        self._responses = {key: tuple(variants) for key, variants in responses.items()}

    @classmethod
    def read(cls, path: Path) -> ReplyBook:
        """Read the ``responses`` of a domain file."""
        content = YAML(typ="safe").load(path)
        return cls(
            {
                key: [_variant(key, place, item) for place, item in enumerate(items)]
                for key, items in (content.get("responses") or {}).items()
            }
        )

    def __contains__(self, key: object) -> bool:
        return key in self._responses

    def choose(
        self,
        key: str,
        situation: Mapping[str, Any],
        arguments: Mapping[str, Any],
        *,
        seed: str,
        not_again: Collection[str] = (),
        channel: str | None = None,
    ) -> Chosen | None:
        """Return the best variant of ``key``, or None for an unknown key.

        All conditions must hold and all placeholders be known; most conditions win; equals take turns by
        ``seed``, leaving out those in ``not_again`` while there are others.
        """
        usable = [
            variant
            for variant in self._responses.get(key, ())
            if variant.placeholders <= arguments.keys()
            and variant.channel in (None, channel)
            and all(situation.get(name) == value for name, value in variant.conditions.items())
        ]
        if not usable:
            return None
        most = max(len(variant.conditions) for variant in usable)
        best = [variant for variant in usable if len(variant.conditions) == most]
        fresh = [variant for variant in best if variant.id not in not_again] or best
        variant = fresh[int(hashlib.sha256(f"{seed}:{key}".encode()).hexdigest(), 16) % len(fresh)]
        return Chosen(
            variant=variant,
            text=fill(variant.text, arguments),
            because=dict(variant.conditions),
            differs=bool(variant.conditions.keys() - {"language"}),
        )

    def line(self, key: str, language: str, arguments: Mapping[str, Any]) -> str:
        """Return the plain words of ``key`` in ``language`` for somebody of whom nothing is known."""
        chosen = self.choose(key, {"language": language}, arguments, seed=language)
        return chosen.text if chosen else ""


def fill(text: str, arguments: Mapping[str, Any]) -> str:
    """Put the arguments into the placeholders; an unknown placeholder stays as it is."""

    def value(match: re.Match[str]) -> str:
        found = arguments.get(match.group(1))
        return match.group(0) if found is None else str(found)

    return _PLACEHOLDER.sub(value, text)


def _variant(key: str, place: int, item: Mapping[str, Any]) -> Variant:
    conditions = {
        condition["name"]: condition["value"]
        for condition in item.get("condition") or ()
        if condition.get("type") == "slot"
    }
    return Variant(
        id=f"{key}#{place}",
        text=str(item.get("text") or ""),
        conditions=conditions,
        buttons=tuple(item.get("buttons") or ()),
        channel=item.get("channel"),
    )
