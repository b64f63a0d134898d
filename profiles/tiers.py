"""Value tiers: decided by the company's definition, explained by its own rules."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from profiles.documents import Localized, Strict
from profiles.money import format_money

Tier = Literal["MVC", "MGC", "intermediate", "BZ", "unknown"]
TIERS: tuple[Tier, ...] = ("MVC", "MGC", "intermediate", "BZ", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a customer's tier is decided from; money in minor units, 12m = the last 365 days."""

    orders: int
    tenure_days: int
    days_since_last_order: int | None
    """None without any order: no condition on it holds then"""
    revenue_12m_cents: int
    margin_12m_cents: int
    cost_to_serve_12m_cents: int
    net_value_12m_cents: int
    revenue_prev_12m_cents: int
    trend: float
    """revenue of the last 180 days over that of the 180 days before; 1.0 where there was none before"""
    breadth: int
    """distinct categories bought"""
    returns: int
    contacts_12m: int

    def as_json(self) -> dict[str, Any]:
        """Return the metrics by name."""
        return asdict(self)


METRICS: tuple[str, ...] = tuple(field.name for field in fields(Metrics))


def _known_metric(name: str) -> str:
    if name not in METRICS:
        raise PydanticCustomError(
            "unknown_metric",
            "there is no metric '{name}'",
            {"name": name, "remedy": f"use {', '.join(METRICS)}"},
        )
    return name


MetricName = Annotated[str, AfterValidator(_known_metric)]


class Condition(Strict):
    """Bounds on one metric; all that are given must hold."""

    below: float | None = None
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError(
                "empty_condition", "no bound is given", {"remedy": "write below, above, at_least or at_most"}
            )
        return self

    def holds(self, value: float | None) -> bool:
        """Return whether ``value`` is within all bounds; an unknown value never is."""
        return (
            value is not None
            and (self.below is None or value < self.below)
            and (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        return " and ".join(
            f"{name.replace('_', ' ')} {bound:g}"
            for name, bound in self.model_dump(exclude_none=True).items()
        )


class TierRule(Strict):
    """One tier and the conditions that give it; without conditions it takes everybody left."""

    tier: Tier
    when: dict[MetricName, Condition] = Field(default_factory=dict)
    reason: Localized


class TierDefinition(Strict):
    """The company's tiers in order: the first rule whose conditions all hold decides."""

    version: int = Field(ge=1)
    tiers: tuple[TierRule, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One condition as it met this customer."""

    tier: Tier
    metric: str
    value: float | None
    condition: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TierDecision:
    """The tier of one customer, and why: the rule, its conditions, and what spoke against earlier rules."""

    tier: Tier
    rule_index: int
    reasons: tuple[Reason, ...]
    """the conditions of the rule that decided; empty for the rule that takes everybody left"""
    against: tuple[Reason, ...]
    """of each earlier rule, the first condition that did not hold"""
    version: int
    template: Localized
    metrics: Metrics


def decide_tier(metrics: Metrics, definition: TierDefinition) -> TierDecision:
    """Return the tier of the first rule whose conditions all hold; the last rule takes everybody left."""
    against: list[Reason] = []
    last = len(definition.tiers) - 1
    for index, rule in enumerate(definition.tiers):
        reasons = tuple(_reason(rule, name, metrics) for name in rule.when)
        failed = next((reason for reason in reasons if not reason.holds), None)
        if failed is None or index == last:
            break
        against.append(failed)
    return TierDecision(
        tier=rule.tier,
        rule_index=index,
        reasons=reasons,
        against=tuple(against),
        version=definition.version,
        template=rule.reason,
        metrics=metrics,
    )


def reason_text(decision: TierDecision, language: str, *, currency: str = "BRL") -> str:
    """Return the reason as a sentence; ``{net_value_12m}`` and the like become formatted money."""
    return decision.template.in_language(language).format(**_values(decision.metrics, language, currency))


def template_names() -> frozenset[str]:
    """Return the placeholders that a reason may use."""
    return frozenset(name.removesuffix("_cents") for name in METRICS)


def _reason(rule: TierRule, name: str, metrics: Metrics) -> Reason:
    value: float | None = getattr(metrics, name)
    condition = rule.when[name]
    return Reason(
        tier=rule.tier, metric=name, value=value, condition=str(condition), holds=condition.holds(value)
    )


def _values(metrics: Metrics, language: str, currency: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in asdict(metrics).items():
        if name.endswith("_cents"):
            values[name.removesuffix("_cents")] = format_money(value, currency, language)
        elif isinstance(value, float):
            text = f"{value:.2f}".rstrip("0").rstrip(".")
            values[name] = text.replace(".", ",") if language == "pt" else text
        else:
            values[name] = "–" if value is None else str(value)
    return values
