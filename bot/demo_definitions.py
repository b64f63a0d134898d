"""How the demo company's customers behave: demo.yml."""

from __future__ import annotations

from random import Random
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from profiles.definitions import NeedId
from profiles.documents import Language, Sentence, Slug, Strict
from profiles.tiers import Tier

Chance = Annotated[float, Field(ge=0, le=1)]
# Names that can never belong to anybody (RFC 2606, section 3).
EmailDomain = Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]+\.)*example\.(com|org|net)$")]


class Span(Strict):
    """A range that values are drawn from, both ends included."""

    least: float = Field(ge=0)
    most: float = Field(ge=0)

    def draw(self, rng: Random) -> float:
        """Return a value drawn evenly."""
        return rng.uniform(self.least, self.most)

    def draw_whole(self, rng: Random) -> int:
        """Return a whole number drawn evenly."""
        return rng.randint(round(self.least), round(self.most))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise PydanticCustomError(
                "span_reversed", "'least' is above 'most'", {"remedy": "write the smaller number as 'least'"}
            )
        return self


class Behaviour(Strict):
    """One way of being a customer."""

    id: Slug
    share: float = Field(gt=0)
    """weight among all behaviours"""
    joined_days_ago: Span
    last_active_days_ago: Span
    orders: Span | None = None
    """orders in all; without it ``orders_per_year`` counts"""
    orders_per_year: Span | None = None
    growth: float = Field(default=1.0, gt=0)
    """pace at the end over pace at the beginning"""
    breadth: Span
    """categories that one customer buys from"""
    lines: Span
    """products of one order"""
    quantity: Span
    discount_chance: Chance = 0.0
    discount_percent: Span = Span(least=5, most=15)
    return_chance: Chance = 0.0
    """of each line"""
    contacts_per_year: Span
    person_share: Chance = 0.3
    """of the contacts, those that a person handled"""
    open_order_chance: Chance = 0.0

    @model_validator(mode="after")
    def _one_pace(self) -> Self:
        if (self.orders is None) == (self.orders_per_year is None):
            raise PydanticCustomError(
                "one_pace", "the pace is not given once", {"remedy": "write either orders or orders_per_year"}
            )
        return self


class Names(Strict):
    """Common names of a language, combined at random into people who do not exist."""

    first: tuple[Sentence, ...] = Field(min_length=10)
    last: tuple[Sentence, ...] = Field(min_length=10)


class DemoLogin(Strict):
    """A customer whom the demo shop can log in: the best example of a tier."""

    id: Slug
    tier: Tier
    behaviour: Slug | None = None
    """restricts the choice to one behaviour"""
    language: Language | None = None
    """restricts the choice to one language"""
    need: NeedId | None = None
    """somebody who told this need is preferred"""


class DemoStaff(Strict):
    """A person of the demo company who may log in at the desk."""

    login: Slug
    name: Sentence
    role: Literal["agent", "manager", "admin"]
    language: Language


class DemoDefinition(Strict):
    """demo.yml."""

    version: int = Field(ge=1)
    seed: int
    customers: int = Field(ge=20, le=1_000_000)
    order_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{0,12}$")] = ""
    email_domains: tuple[EmailDomain, ...] = Field(min_length=1)
    languages: dict[Language, float] = Field(min_length=1)
    names: dict[Language, Names]
    cancel_chance: Chance = 0.0
    """of each order"""
    need_chance: Chance
    """of a customer having told a need before"""
    categories: dict[Slug, float] = Field(default_factory=dict)
    """how often each category is bought; one not named weighs 1"""
    behaviours: tuple[Behaviour, ...] = Field(min_length=1)
    logins: tuple[DemoLogin, ...] = ()
    staff: tuple[DemoStaff, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        for language in self.languages:
            if language not in self.names:
                raise PydanticCustomError(
                    "names",
                    "names: the language '{code}' is missing",
                    {"code": language, "remedy": "add its names"},
                )
        return self
