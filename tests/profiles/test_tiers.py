"""Tiers: every customer gets exactly one, by the first rule that holds, with its reason."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.documents import Localized
from profiles.tiers import (
    METRICS,
    TIERS,
    Condition,
    Metrics,
    TierDefinition,
    TierRule,
    decide_tier,
    reason_text,
)
from tests.companies import demo_company

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BOUNDS = ("below", "above", "at_least", "at_most")


def metrics(**values: Any) -> Metrics:
    base: dict[str, Any] = dict.fromkeys(METRICS, 0) | {"trend": 1.0, "days_since_last_order": None}
    return Metrics(**(base | values))


def regular(**values: Any) -> Metrics:
    base = {
        "orders": 12,
        "tenure_days": 500,
        "days_since_last_order": 9,
        "breadth": 3,
        "net_value_12m_cents": 30_000,
    }
    return metrics(**(base | values))


numbers = st.one_of(st.integers(-(10**9), 10**9), st.sampled_from([0, 1, 2, 60, 120]))
any_metrics = st.builds(
    Metrics,
    **{name: numbers for name in METRICS if name not in {"trend", "days_since_last_order"}},
    trend=st.floats(0, 1e6),
    days_since_last_order=st.none() | st.integers(0, 10**5),
)
conditions = st.dictionaries(st.sampled_from(BOUNDS), st.integers(-1000, 1000).map(float), min_size=1).map(
    lambda bounds: Condition(**bounds)
)
rules = st.builds(
    TierRule,
    tier=st.sampled_from(TIERS),
    when=st.dictionaries(st.sampled_from(METRICS), conditions, max_size=3),
    reason=st.just(Localized(en="{net_value_12m}", pt="{net_value_12m}")),
)
definitions = st.builds(
    TierDefinition, version=st.just(1), tiers=st.lists(rules, min_size=1, max_size=6).map(tuple)
)


def holds(rule: TierRule, measured: Metrics) -> bool:
    return all(condition.holds(getattr(measured, name)) for name, condition in rule.when.items())


@unhurried
@given(any_metrics, definitions)
def test_the_first_rule_that_holds_decides_and_the_last_takes_everybody_left(
    measured: Metrics, definition: TierDefinition
) -> None:
    decision = decide_tier(measured, definition)
    earlier = definition.tiers[: decision.rule_index]
    rule = definition.tiers[decision.rule_index]
    assert decision.tier == rule.tier
    assert not any(holds(passed, measured) for passed in earlier)
    assert holds(rule, measured) or decision.rule_index == len(definition.tiers) - 1
    assert [reason.metric for reason in decision.reasons] == list(rule.when)
    assert len(decision.against) == len(earlier)
    assert not any(reason.holds for reason in decision.against)


@unhurried
@given(any_metrics)
def test_the_demo_definition_gives_everybody_a_tier_and_a_sentence(measured: Metrics) -> None:
    decision = decide_tier(measured, demo_company().definitions.tiers)
    assert decision.tier in TIERS
    for language in ("en", "pt"):
        sentence = reason_text(decision, language)
        assert "{" not in sentence
        assert "None" not in sentence


@pytest.mark.parametrize(
    ("measured", "tier"),
    [
        (metrics(), "unknown"),
        (metrics(tenure_days=4000), "unknown"),
        (metrics(orders=1, tenure_days=30, net_value_12m_cents=-500), "unknown"),
        (regular(net_value_12m_cents=-1), "BZ"),
        (regular(net_value_12m_cents=0), "intermediate"),
        (regular(net_value_12m_cents=150_000), "MVC"),
        (regular(net_value_12m_cents=150_000, trend=3.0), "MVC"),
        (regular(net_value_12m_cents=40_000, trend=2.0), "MGC"),
        (regular(net_value_12m_cents=40_000, trend=1.1), "intermediate"),
    ],
)
def test_the_demo_definition_means_what_it_says(measured: Metrics, tier: str) -> None:
    assert decide_tier(measured, demo_company().definitions.tiers).tier == tier


def test_reasons_carry_metric_value_and_condition() -> None:
    decision = decide_tier(regular(net_value_12m_cents=-1234), demo_company().definitions.tiers)
    reason = decision.reasons[0]
    assert (reason.metric, reason.value, reason.condition) == ("net_value_12m_cents", -1234, "below 0")
    assert [against.tier for against in decision.against] == ["unknown", "unknown"]


def test_money_and_numbers_are_written_for_the_reader() -> None:
    decision = decide_tier(regular(net_value_12m_cents=123_456, trend=2.5), demo_company().definitions.tiers)
    assert "R$1,234.56" in reason_text(decision, "en")
    assert "R$ 1.234,56" in reason_text(decision, "pt").replace("\xa0", " ")


def test_an_unknown_value_meets_no_condition() -> None:
    assert not Condition(at_least=0).holds(None)
    assert not Condition(below=10).holds(None)


@pytest.mark.parametrize("bound", BOUNDS)
def test_bounds_include_what_their_name_says(bound: str) -> None:
    condition = Condition(**{bound: 10.0})
    assert [condition.holds(value) for value in (9, 10, 11)] == {
        "below": [True, False, False],
        "above": [False, False, True],
        "at_least": [False, True, True],
        "at_most": [True, True, False],
    }[bound]


def test_the_demo_reasons_name_only_known_metrics() -> None:
    for rule in demo_company().definitions.tiers.tiers:
        for text in (rule.reason.en, rule.reason.pt):
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            assert names <= {name.removesuffix("_cents") for name in METRICS}
