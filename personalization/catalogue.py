"""What the company sells: products, composable subscriptions and services, read from its files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from personalization.subscriptions import Subscription, SubscriptionsFile, check_subscriptions
from profiles.definitions import Cents, NeedId
from profiles.documents import Document, Localized, Problem, Slug, Strict, read_document


class Category(Strict):
    """One shelf of the catalogue."""

    id: Slug
    name: Localized


class Trait(Strict):
    """One property that products are compared by, with the words for its values."""

    id: Slug
    name: Localized
    values: dict[Slug, Localized]


class Product(Strict):
    """One thing on sale."""

    id: Slug
    name: Localized
    description: Localized
    category: Slug
    price_cents: Cents
    cost_cents: Cents
    stock: int = Field(ge=0)
    needs: tuple[NeedId, ...] = ()
    traits: dict[Slug, Slug | tuple[Slug, ...]] = Field(default_factory=dict)
    image: str | None = None

    @property
    def in_stock(self) -> bool:
        """Whether at least one piece can be sold."""
        return self.stock > 0

    @property
    def margin_cents(self) -> int:
        """What one piece brings before any cost to serve."""
        return self.price_cents - self.cost_cents

    def trait_values(self, trait: str) -> tuple[str, ...]:
        """Return the values of ``trait``, none where the product has not got it."""
        value = self.traits.get(trait, ())
        return (value,) if isinstance(value, str) else value


class Service(Strict):
    """Something done for a customer, which widens what his need is met with."""

    id: Slug
    name: Localized
    description: Localized
    price_cents: Cents
    cost_cents: Cents
    duration_minutes: int = Field(gt=0)
    needs: tuple[NeedId, ...] = ()
    categories: tuple[Slug, ...] = ()
    """the categories of products that it goes with"""


class CatalogueFile(Strict):
    """catalogue.yml."""

    version: int = Field(ge=1)
    categories: tuple[Category, ...] = Field(min_length=1)
    traits: tuple[Trait, ...] = ()
    products: tuple[Product, ...] = Field(min_length=1)


class ServicesFile(Strict):
    """services.yml."""

    version: int = Field(ge=1)
    services: tuple[Service, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Everything on sale, checked."""

    categories: tuple[Category, ...]
    traits: tuple[Trait, ...]
    products: tuple[Product, ...]
    subscriptions: tuple[Subscription, ...]
    services: tuple[Service, ...]

    @cached_property
    def _products(self) -> Mapping[str, Product]:
        return {product.id: product for product in self.products}

    @cached_property
    def _categories(self) -> Mapping[str, Category]:
        return {category.id: category for category in self.categories}

    def product(self, product_id: str) -> Product | None:
        """Return the product, or None when it is no longer on sale."""
        return self._products.get(product_id)

    def category_name(self, category_id: str, language: str) -> str:
        """Return the name of a category, its id where it is gone."""
        category = self._categories.get(category_id)
        return category.name.in_language(language) if category else category_id

    def traits_in_words(self, product: Product, language: str) -> list[tuple[str, str]]:
        """Return name and value of each trait of ``product``, in the order of the file."""
        words = []
        for trait in self.traits:
            values = [trait.values[value].in_language(language) for value in product.trait_values(trait.id)]
            if values:
                words.append((trait.name.in_language(language), ", ".join(values)))
        return words

    def text(self, product: Product, language: str) -> str:
        """Return all words about ``product``, the text that meaning is compared with."""
        traits = "; ".join(f"{name}: {value}" for name, value in self.traits_in_words(product, language))
        parts = [
            product.name.in_language(language),
            product.description.in_language(language),
            self.category_name(product.category, language),
            traits,
        ]
        return ". ".join(part.rstrip(".") for part in parts if part) + "."


def load_catalogue(folder: Path, need_ids: Collection[str] | None) -> tuple[Catalogue | None, list[Problem]]:
    """Return the catalogue in ``folder`` (None when anything is wrong) and all problems of its files."""
    context = {"need_ids": need_ids}
    goods = read_document(folder / "catalogue.yml", CatalogueFile, context=context)
    plans = read_document(folder / "subscriptions.yml", SubscriptionsFile, context=context)
    services = read_document(folder / "services.yml", ServicesFile, context=context)
    taken: set[str] = set()
    goods.check_unique("products", taken=taken)
    plans.check_unique("subscriptions", taken=taken)
    services.check_unique("services", taken=taken)
    _check_goods(goods, folder)
    check_subscriptions(plans, goods.ids("products") if goods.raw is not None else None)
    if goods.raw is not None:
        _check_services(services, goods.ids("categories"))
    problems = [*goods.problems, *plans.problems, *services.problems]
    if problems or not (goods.content and plans.content and services.content):
        return None, problems
    return Catalogue(
        goods.content.categories,
        goods.content.traits,
        goods.content.products,
        plans.content.subscriptions,
        services.content.services,
    ), []


def _check_goods(document: Document[CatalogueFile], folder: Path) -> None:
    document.check_unique("categories")
    document.check_unique("traits")
    categories = document.ids("categories")
    traits = {str(item.get("id")): item.get("values") for _, item in document.items("traits")}
    for position, product in document.items("products"):
        where = ("products", position)
        category = product.get("category")
        if isinstance(category, str) and category not in categories:
            known = ", ".join(sorted(categories)) or "none so far"
            message = f"there is no category '{category}'"
            document.report((*where, "category"), message, f"use one of this file: {known}")
        check_price(document, where, product)
        _check_traits(document, where, product.get("traits"), traits)
        image = product.get("image")
        if isinstance(image, str) and not (folder / image).is_file():
            document.report(
                (*where, "image"), f"there is no file '{image}'", "add it to the folder, or remove the field"
            )


def check_price(document: Document[Any], where: tuple[str | int, ...], item: Mapping[str, Any]) -> None:
    """Report a thing that is sold for less than it costs."""
    price, cost = item.get("price_cents"), item.get("cost_cents")
    if isinstance(price, int) and isinstance(cost, int) and price < cost:
        message = f"the price {price} is below the cost {cost}"
        document.report((*where, "price_cents"), message, "correct price_cents or cost_cents (both in cents)")


def _check_traits(
    document: Document[CatalogueFile], where: tuple[str | int, ...], own: Any, traits: Mapping[str, Any]
) -> None:
    for name, given in own.items() if isinstance(own, dict) else ():
        values = traits.get(name)
        if name not in traits:
            document.report(
                (*where, "traits", name),
                f"there is no trait '{name}'",
                f"add it to 'traits', or use {', '.join(traits)}",
            )
            continue
        for value in given if isinstance(given, list) else [given]:
            if isinstance(values, dict) and isinstance(value, str) and value not in values:
                document.report(
                    (*where, "traits", name),
                    f"the trait '{name}' has no value '{value}'",
                    f"add it to 'traits', or use {', '.join(str(known) for known in values)}",
                )


def _check_services(document: Document[ServicesFile], categories: set[str]) -> None:
    for position, service in document.items("services"):
        where = ("services", position)
        check_price(document, where, service)
        named = service.get("categories")
        for number, category in enumerate(named if isinstance(named, list) else ()):
            if isinstance(category, str) and category not in categories:
                known = ", ".join(sorted(categories)) or "none so far"
                message = f"there is no category '{category}'"
                document.report((*where, "categories", number), message, f"use one of catalogue.yml: {known}")
