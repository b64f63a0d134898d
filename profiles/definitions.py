"""The company's own definitions: needs vocabulary, tiers, costs to serve, treatment."""

from __future__ import annotations

import string
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from profiles.documents import Document, Localized, Problem, Sentence, Slug, Strict, read_document
from profiles.tiers import TIERS, Tier, TierDefinition, template_names

Cents = Annotated[int, Field(ge=0, le=10**10)]
UtterKey = Annotated[str, StringConstraints(pattern=r"^utter_[a-z_]+$")]


def known_need(value: str, info: ValidationInfo) -> str:
    """Refuse a need id that needs.yml does not have (the ids come in the validation context)."""
    context = info.context or {}
    known = context.get("own_ids", context.get("need_ids"))
    if known is not None and value not in known:
        listed = ", ".join(sorted(known)) or "none so far"
        raise PydanticCustomError(
            "unknown_need",
            "there is no need '{need}'",
            {"need": value, "remedy": f"use a need of needs.yml: {listed}"},
        )
    return value


NeedId = Annotated[str, AfterValidator(known_need)]


class Phrases(Strict):
    """How customers say it, in each language: the examples that meaning is compared with."""

    en: tuple[Sentence, ...] = Field(min_length=8)
    pt: tuple[Sentence, ...] = Field(min_length=8)

    def in_language(self, language: str) -> tuple[str, ...]:
        """Return the phrases of ``language``, or the English ones."""
        return self.pt if language == "pt" else self.en


class Words(Strict):
    """Words that say it by themselves, in each language: found letter by letter, accents aside."""

    en: tuple[Sentence, ...] = ()
    pt: tuple[Sentence, ...] = ()


class Need(Strict):
    """One need a customer can have, in the company's own vocabulary."""

    id: Slug
    name: Localized
    kind: Slug
    """groups needs that answer one question, such as taste or method"""
    phrases: Phrases
    words: Words = Words()
    excludes: tuple[NeedId, ...] = ()
    """needs that this one replaces when it is heard later"""
    only_if_told: bool = False
    """products made for it (such as without caffeine) suit only those who told it"""
    question: UtterKey | None = None
    """the response key of the question that finds out about this need"""


class NeedsDefinition(Strict):
    """The needs vocabulary; ``threshold`` is the least similarity (0 to 1) that counts as said."""

    version: int = Field(ge=1)
    threshold: float = Field(gt=0, lt=1)
    needs: tuple[Need, ...] = Field(min_length=1)

    def by_id(self, need_id: str) -> Need | None:
        """Return the need, or None when the vocabulary no longer has it."""
        return next((need for need in self.needs if need.id == need_id), None)

    def excluded_by(self, need_id: str) -> frozenset[str]:
        """Return the needs that cannot stand beside ``need_id``, whichever of the two says so."""
        own = self.by_id(need_id)
        said = {need.id for need in self.needs if need_id in need.excludes}
        return frozenset(said | set(own.excludes if own else ()))


class ContactCosts(Strict):
    """Cost of one contact on one channel, by who handled it."""

    bot_cents: Cents
    person_cents: Cents


class CostsDefinition(Strict):
    """What serving a customer costs, in minor units."""

    version: int = Field(ge=1)
    contacts: dict[Slug, ContactCosts]
    """by channel; ``other`` is required and takes every channel not named"""
    return_cents: Cents
    """handling of one returned piece, besides the refund"""
    delivery_cents: Cents
    """the company's part of the delivery of one order"""
    discount_percent: int = Field(ge=0, le=100)
    """part of a discount that counts as cost to serve (revenue is after discount already)"""

    def contact_cents(self, channel: str, handler: str) -> int:
        """Return the cost of one contact on ``channel`` handled by ``bot`` or ``person``."""
        costs = self.contacts.get(channel) or self.contacts["other"]
        return costs.bot_cents if handler == "bot" else costs.person_cents


class TierTreatment(Strict):
    """How a tier is treated at the desk and in the talk."""

    queue_weight: int = Field(ge=0, le=1000)
    """added to the urgency in the queue: more goes first"""
    person_first: bool
    """offer a person with the first answer"""
    first_answer_s: int = Field(gt=0)
    """target for the first answer of a person"""
    incentive: Slug | None
    """an incentive of this file, or null"""


class TreatmentDefinition(Strict):
    """The treatment of each tier, and the incentives it may name."""

    version: int = Field(ge=1)
    tiers: dict[Tier, TierTreatment]
    incentives: dict[Slug, Localized] = Field(default_factory=dict)

    def incentive(self, tier: Tier, language: str) -> str | None:
        """Return the text of the tier's incentive, or None where it has none."""
        key = self.tiers[tier].incentive
        return self.incentives[key].in_language(language) if key else None


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions of the company, checked."""

    needs: NeedsDefinition
    tiers: TierDefinition
    costs: CostsDefinition
    treatment: TreatmentDefinition


def load_definitions(folder: Path) -> tuple[Definitions | None, list[Problem]]:
    """Return the definitions in ``folder`` (None when any is wrong) and all problems of their files."""
    needs = read_needs(folder)
    tiers = read_document(folder / "tiers.yml", TierDefinition)
    _check_tiers(tiers)
    costs = read_document(folder / "costs.yml", CostsDefinition)
    _check_costs(costs)
    treatment = read_document(folder / "treatment.yml", TreatmentDefinition)
    _check_treatment(treatment)
    problems = [*needs.problems, *tiers.problems, *costs.problems, *treatment.problems]
    if problems or not (needs.content and tiers.content and costs.content and treatment.content):
        return None, problems
    return Definitions(needs.content, tiers.content, costs.content, treatment.content), []


def need_ids(folder: Path) -> set[str] | None:
    """Return the ids in needs.yml as far as they can be read; None where nothing can be read."""
    document = read_needs(folder)
    return document.ids("needs") if document.raw is not None else None


def read_needs(folder: Path) -> Document[NeedsDefinition]:
    """Read needs.yml; the needs it excludes must be its own."""
    document = read_document(folder / "needs.yml", NeedsDefinition, own_ids="needs")
    document.check_unique("needs")
    return document


def _check_tiers(document: Document[TierDefinition]) -> None:
    rules = document.items("tiers")
    for position, rule in rules:
        where = ("tiers", position)
        if position == len(rules) - 1 and rule.get("when"):
            document.report(
                (*where, "when"), "the last tier has conditions", "remove 'when': it takes everybody left"
            )
        if position < len(rules) - 1 and not rule.get("when"):
            document.report(
                where, "only the last tier may be without conditions", "add 'when', or move it to the end"
            )
        reason = rule.get("reason")
        for language, text in reason.items() if isinstance(reason, dict) else ():
            _check_placeholders(document, (*where, "reason", language), text)


def _check_placeholders(document: Document[TierDefinition], where: tuple[str | int, ...], text: Any) -> None:
    allowed = template_names()
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(str(text)) if name is not None}
    except ValueError as error:
        document.report(
            where, f"broken placeholder ({error})", "write placeholders as {orders}, braces as {{ and }}"
        )
        return
    for name in sorted(names - allowed):
        document.report(where, f"there is no placeholder '{{{name}}}'", f"use {', '.join(sorted(allowed))}")


def _check_costs(document: Document[CostsDefinition]) -> None:
    contacts = document.raw.get("contacts") if isinstance(document.raw, dict) else None
    if isinstance(contacts, dict) and "other" not in contacts:
        document.report(
            ("contacts",), "the channel 'other' is missing", "add it: it takes every channel not named"
        )


def _check_treatment(document: Document[TreatmentDefinition]) -> None:
    raw = document.raw if isinstance(document.raw, dict) else {}
    tiers, incentives = raw.get("tiers"), raw.get("incentives") or {}
    if not isinstance(tiers, dict) or not isinstance(incentives, dict):
        return
    for tier in TIERS:
        if tier not in tiers:
            document.report(("tiers",), f"the tier '{tier}' is missing", f"add '{tier}:' here")
    for tier, treatment in tiers.items():
        incentive = treatment.get("incentive") if isinstance(treatment, dict) else None
        where = ("tiers", tier, "incentive")
        if isinstance(incentive, str) and incentive not in incentives:
            known = ", ".join(incentives) or "none so far"
            document.report(where, f"there is no incentive '{incentive}'", f"use one of this file: {known}")
        elif incentive is not None and tier == "BZ":
            document.report(where, "customers below zero get no incentive", "write null")
