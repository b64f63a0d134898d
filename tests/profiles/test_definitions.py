"""The company's definitions: what is in them, and which mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from profiles.definitions import load_definitions
from profiles.tiers import TIERS
from tests.companies import Company, demo_company


def test_the_demo_definitions_are_complete() -> None:
    definitions = demo_company().definitions
    assert set(definitions.treatment.tiers) == set(TIERS)
    assert len(definitions.needs.needs) >= 12
    for need in definitions.needs.needs:
        assert len(need.phrases.en) >= 8
        assert len(need.phrases.pt) >= 8


def test_customers_below_zero_have_no_incentive_and_the_growable_have_one() -> None:
    treatment = demo_company().definitions.treatment
    assert treatment.incentive("BZ", "en") is None
    assert "10%" in (treatment.incentive("MGC", "pt") or "")
    assert treatment.tiers["MVC"].queue_weight > treatment.tiers["BZ"].queue_weight


def test_contacts_cost_by_channel_and_handler() -> None:
    costs = demo_company().definitions.costs
    assert costs.contact_cents("phone", "person") > costs.contact_cents("web", "person")
    assert costs.contact_cents("web", "bot") < costs.contact_cents("web", "person")
    assert costs.contact_cents("pigeon", "person") == costs.contacts["other"].person_cents


def test_exclusion_counts_both_ways() -> None:
    needs = demo_company().definitions.needs
    assert needs.excluded_by("whole_beans") == {"ground", "capsules"}
    assert "low_acidity" in needs.excluded_by("fruity")
    assert needs.by_id("nothing") is None


def test_no_phrase_belongs_to_two_needs() -> None:
    seen: dict[str, str] = {}
    for need in demo_company().definitions.needs.needs:
        for phrase in (*need.phrases.en, *need.phrases.pt):
            assert seen.setdefault(phrase, need.id) == need.id


@pytest.mark.parametrize(
    ("file", "old", "new", "message", "remedy"),
    [
        ("needs.yml", "excludes: [fruity]", "excludes: [frooty]", "there is no need 'frooty'", "fruity"),
        ("needs.yml", "id: decaf", "id: low_acidity", "used twice", "of its own"),
        ("needs.yml", "threshold: 0.", "threshold: 60.", "less than 1", "correct"),
        ("needs.yml", "question: utter_ask_taste", "question: Which taste?", "not well formed", "utter_"),
        ("tiers.yml", "tier: MVC", "tier: VIP", '"VIP" is not known here', "'MVC'"),
        ("tiers.yml", "{orders: {below: 1}}", "{order: {below: 1}}", "there is no metric 'order'", "orders"),
        ("tiers.yml", "{below: 1}", "{under: 1}", "unknown field", "below"),
        ("tiers.yml", "{below: 1}", "{}", "no bound is given", "at_least"),
        (
            "tiers.yml",
            "    when: {orders: {below: 1}}\n",
            "",
            "only the last tier may be without",
            "add 'when'",
        ),
        (
            "tiers.yml",
            "{tenure_days} days. That",
            "{days} days. That",
            "no placeholder '{days}'",
            "tenure_days",
        ),
        ("tiers.yml", "there is nothing to judge by", "{ nothing", "broken placeholder", "{{"),
        ("costs.yml", "  other:", "  others:", "the channel 'other' is missing", "add it"),
        ("costs.yml", "return_cents: 1800", "return_cents: 18.00", "18.0 is not a whole number", "cents"),
        (
            "treatment.yml",
            "incentive: first_try",
            "incentive: gold",
            "there is no incentive 'gold'",
            "first_try",
        ),
        (
            "treatment.yml",
            "first_answer_s: 600, incentive: null",
            "first_answer_s: 600, incentive: welcome",
            "below zero get no incentive",
            "null",
        ),
        ("treatment.yml", "  unknown:", "  stranger:", "the tier 'unknown' is missing", "add 'unknown:'"),
    ],
)
def test_a_mistake_is_told_where_it_stands(
    tmp_path: Path, file: str, old: str, new: str, message: str, remedy: str
) -> None:
    company = Company(tmp_path)
    line = company.replace(file, old, new)
    definitions, problems = load_definitions(company.folder)
    assert definitions is None
    found = [problem for problem in problems if message in problem.message]
    assert found, problems
    assert remedy in found[0].remedy
    assert found[0].file.endswith(file)
    assert found[0].line == line or "is missing" in message or "may be without" in message


def test_the_last_tier_takes_everybody_left(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.replace(
        "tiers.yml", "  - tier: intermediate\n", "  - tier: intermediate\n    when: {orders: {above: 3}}\n"
    )
    assert any("the last tier has conditions" in problem.message for problem in company.problems())
