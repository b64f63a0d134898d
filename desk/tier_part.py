"""Why a customer has his tier: the reason, what speaks for and against, the value behind it, its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from desk.badges import tier_badge
from desk.markup import Child, join, tag
from desk.profile_panel import tier_reason, tier_words
from desk.wording import Wording
from profiles.cards import ProfileCard
from profiles.models import TierDecisionRow
from profiles.tiers import METRICS, Metrics

VALUE = ("revenue_12m_cents", "margin_12m_cents", "cost_to_serve_12m_cents", "net_value_12m_cents")
MORE = tuple(name for name in METRICS if name not in VALUE)


def tier_part(card: ProfileCard, wording: Wording) -> Markup:
    """Return the tier with everything that explains it."""
    texts = wording.texts
    latest = card.tier_decisions[0] if card.tier_decisions else None
    parts: list[Child | None] = [
        tag(
            "p",
            tier_badge(texts, card.customer.tier),
            " ",
            tag("strong", tier_words(card.customer.tier, wording)),
        ),
        tag("p", tier_reason(card, wording), class_="vn-why"),
    ]
    if latest is not None:
        since = texts("customer.tier.since", date=wording.day(latest.at), version=latest.version)
        parts += [tag("p", since, class_="vn-muted"), *_conditions(latest, wording), _history(card, wording)]
    return join(part for part in parts if part is not None)


def value_part(metrics: Metrics, wording: Wording) -> Markup:
    """Return what the customer brings and costs; without any order that there is not enough data."""
    texts = wording.texts
    if metrics.orders == 0:
        return tag("p", texts("customer.value.none"), class_="vn-none")
    values = metrics.as_json()
    sums = [
        tag(
            "div",
            tag("dt", texts(f"metric.{name}").split(",")[0]),
            tag("dd", wording.metric(name, values[name])),
            class_="vn-sum" if name == VALUE[-1] else None,
        )
        for name in VALUE
    ]
    more = [
        tag("div", tag("dt", texts(f"metric.{name}")), tag("dd", wording.metric(name, values[name])))
        for name in MORE
    ]
    return join(
        [
            tag("dl", *sums, class_="vn-pairs vn-value"),
            tag("p", texts("customer.value.equals"), class_="vn-muted vn-small-text"),
            tag("dl", *more, class_="vn-pairs vn-more"),
        ]
    )


def _conditions(decision: TierDecisionRow, wording: Wording) -> list[Child]:
    conditions: list[Mapping[str, Any]] = list(decision.reasons.get("conditions") or ())
    holding = [_condition(one, wording) for one in conditions if one.get("holds")]
    failing = [_condition(one, wording) for one in conditions if not one.get("holds")]
    texts = wording.texts
    speaking = tag("ul", *holding) if holding else tag("p", texts("customer.tier.rest"))
    shown: list[Child] = [tag("h4", texts("customer.tier.for")), speaking]
    if failing:
        shown += [tag("h4", texts("customer.tier.against")), tag("ul", *failing)]
    return shown


def _condition(one: Mapping[str, Any], wording: Wording) -> Markup:
    texts, metric = wording.texts, str(one.get("metric", ""))
    value = texts("customer.tier.is", value=wording.metric(metric, one.get("value")))
    needed = texts("customer.tier.needs", condition=wording.condition(metric, str(one.get("condition", ""))))
    other = None
    if not one.get("holds") and one.get("tier"):
        other = tag("span", texts("customer.tier.not", tier=texts.word("tier", str(one["tier"]))) + ": ")
    sign = "✓" if one.get("holds") else "✗"
    return tag(
        "li",
        tag("span", f"{sign} ", class_="vn-sign", aria_hidden="true"),
        other,
        tag("strong", texts.word("metric", metric)),
        f" {value}; {needed}",
        class_="vn-holds" if one.get("holds") else "vn-fails",
    )


def _history(card: ProfileCard, wording: Wording) -> Markup | None:
    if not card.tier_decisions:
        return None
    texts = wording.texts
    lines = []
    for decision in card.tier_decisions:
        previous = (
            texts("customer.tier.from", previous=texts.word("tier", decision.previous))
            if decision.previous
            else texts("customer.tier.first")
        )
        cause = texts.word("cause", decision.cause)
        lines.append(
            tag(
                "li",
                tag("time", wording.day(decision.at), datetime=decision.at.isoformat()),
                " ",
                tier_badge(texts, decision.tier),
                tag("span", f" {previous}; {cause}; v{decision.version}", class_="vn-muted"),
            )
        )
    return join([tag("h4", texts("customer.tier.history")), tag("ol", *lines, class_="vn-history")])
