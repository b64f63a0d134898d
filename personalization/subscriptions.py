"""Composable subscriptions: blocks to choose from, the rules among them, and the price of a choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from pydantic import Field

from profiles.definitions import Cents, NeedId
from profiles.documents import Document, Localized, Slug, Strict

Choice = Mapping[str, str]
"""option id by block id"""
MOST_COMBINATIONS = 20_000


class Option(Strict):
    """One possibility of a block; prices and costs add up, percentages multiply the sum."""

    id: Slug
    name: Localized
    price_cents: Cents = 0
    cost_cents: Cents = 0
    price_percent: int = Field(default=100, gt=0, le=100_000)
    cost_percent: int = Field(default=100, gt=0, le=100_000)
    deliveries_per_year: int | None = Field(default=None, gt=0)
    product: Slug | None = None
    """the product of the catalogue that this option delivers"""
    needs: tuple[NeedId, ...] = ()


class Block(Strict):
    """One decision of the customer."""

    id: Slug
    name: Localized
    question: Localized
    options: tuple[Option, ...] = Field(min_length=1)


class Rule(Strict):
    """Where every ``when`` is chosen, each block in ``only`` is held to the options named."""

    when: dict[Slug, tuple[Slug, ...]] = Field(min_length=1)
    only: dict[Slug, tuple[Slug, ...]] = Field(min_length=1)
    message: Localized

    def allows(self, choice: Choice) -> bool:
        """Return whether ``choice`` (perhaps not complete yet) keeps this rule."""
        if not all(choice.get(block) in options for block, options in self.when.items()):
            return True
        return all(choice[block] in options for block, options in self.only.items() if block in choice)


class Subscription(Strict):
    """A product that the customer composes; the price is for one delivery."""

    id: Slug
    name: Localized
    description: Localized
    base_price_cents: Cents = 0
    base_cost_cents: Cents = 0
    blocks: tuple[Block, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()
    needs: tuple[NeedId, ...] = ()

    def broken_rules(self, choice: Choice) -> list[Rule]:
        """Return the rules that ``choice`` breaks; the choice may still lack blocks."""
        return [rule for rule in self.rules if not rule.allows(choice)]

    def price_cents(self, choice: Choice) -> int:
        """Return the price of one delivery of a complete choice; KeyError for one that is not."""
        options = self._chosen(choice)
        total = self.base_price_cents + sum(option.price_cents for option in options)
        return _scaled(total, [option.price_percent for option in options])

    def cost_cents(self, choice: Choice) -> int:
        """Return what one delivery of a complete choice costs the company."""
        options = self._chosen(choice)
        total = self.base_cost_cents + sum(option.cost_cents for option in options)
        return _scaled(total, [option.cost_percent for option in options])

    def choices(self) -> Iterator[dict[str, str]]:
        """Yield every complete choice that keeps the rules."""
        for combination in product(*(block.options for block in self.blocks)):
            choice = {block.id: option.id for block, option in zip(self.blocks, combination, strict=True)}
            if not self.broken_rules(choice):
                yield choice

    def _chosen(self, choice: Choice) -> list[Option]:
        return [{option.id: option for option in block.options}[choice[block.id]] for block in self.blocks]


class SubscriptionsFile(Strict):
    """subscriptions.yml."""

    version: int = Field(ge=1)
    subscriptions: tuple[Subscription, ...] = ()


def check_subscriptions(document: Document[SubscriptionsFile], product_ids: set[str] | None) -> None:
    """Report ids used twice, names without a thing, and plans that cannot be bought or lose money."""
    for position, plan in document.items("subscriptions"):
        where = ("subscriptions", position)
        blocks = _check_blocks(document, where, plan, product_ids)
        _check_rules(document, where, plan, blocks)
    if document.content is None or document.problems:
        return
    for position, subscription in enumerate(document.content.subscriptions):
        choices = list(islice(subscription.choices(), MOST_COMBINATIONS))
        if not choices:
            message = "the rules leave nothing that can be chosen"
            document.report(("subscriptions", position, "rules"), message, "relax or remove a rule")
        loss = next((c for c in choices if subscription.price_cents(c) < subscription.cost_cents(c)), None)
        if loss:
            message = f"this choice is priced below its cost: {', '.join(loss.values())}"
            document.report(
                ("subscriptions", position, "blocks"), message, "correct the prices, or forbid it by a rule"
            )


def _check_blocks(
    document: Document[SubscriptionsFile],
    where: tuple[str | int, ...],
    plan: Mapping[str, Any],
    product_ids: set[str] | None,
) -> dict[str, set[str]]:
    """Return the option ids by block id, and report ids used twice and products that do not exist."""
    found: dict[str, set[str]] = {}
    for number, block in _mappings(plan.get("blocks")):
        here = (*where, "blocks", number)
        block_id = str(block.get("id"))
        if block_id in found:
            document.report(
                (*here, "id"), f"the block '{block_id}' is there twice", "give each block an id of its own"
            )
        options = found.setdefault(block_id, set())
        for index, option in _mappings(block.get("options")):
            option_id, delivers = str(option.get("id")), option.get("product")
            if option_id in options:
                message = f"the option '{option_id}' is there twice"
                document.report((*here, "options", index, "id"), message, "give each option an id of its own")
            options.add(option_id)
            if isinstance(delivers, str) and product_ids is not None and delivers not in product_ids:
                message = f"there is no product '{delivers}'"
                document.report((*here, "options", index, "product"), message, "use an id of catalogue.yml")
    return found


def _check_rules(
    document: Document[SubscriptionsFile],
    where: tuple[str | int, ...],
    plan: Mapping[str, Any],
    blocks: Mapping[str, set[str]],
) -> None:
    for number, rule in _mappings(plan.get("rules")):
        for side in ("when", "only"):
            named = rule.get(side)
            for block, options in named.items() if isinstance(named, dict) else ():
                here = (*where, "rules", number, side, block)
                if block not in blocks:
                    document.report(here, f"there is no block '{block}'", f"use {', '.join(sorted(blocks))}")
                    continue
                for option in options if isinstance(options, list) else ():
                    if isinstance(option, str) and option not in blocks[block]:
                        message = f"the block '{block}' has no option '{option}'"
                        document.report(here, message, f"use {', '.join(sorted(blocks[block]))}")


def _mappings(found: Any) -> list[tuple[int, Mapping[str, Any]]]:
    listed = found if isinstance(found, list) else []
    return [(number, item) for number, item in enumerate(listed) if isinstance(item, dict)]


def _scaled(total: int, percentages: list[int]) -> int:
    """Return ``total`` times all percentages, rounded half up."""
    whole = 1
    for percent in percentages:
        total, whole = total * percent, whole * 100
    return (2 * total + whole) // (2 * whole)
