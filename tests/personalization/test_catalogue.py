"""The catalogue, the subscriptions and the services: what is in them, and which mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalization.catalogue import load_catalogue
from personalization.subscriptions import Subscription
from profiles.definitions import need_ids
from tests.companies import Company, demo_company


def subscription(subscription_id: str) -> Subscription:
    return next(plan for plan in demo_company().catalogue.subscriptions if plan.id == subscription_id)


COFFEE = subscription("your-coffee")


def test_the_demo_catalogue_is_large_enough_to_choose_from() -> None:
    catalogue = demo_company().catalogue
    assert len(catalogue.products) >= 40
    assert {product.category for product in catalogue.products} == {
        category.id for category in catalogue.categories
    }
    assert any(not product.in_stock for product in catalogue.products)
    assert len(catalogue.subscriptions) >= 1
    assert len(catalogue.services) >= 5


def test_every_need_is_served_by_a_product_in_stock() -> None:
    served = {
        need for product in demo_company().catalogue.products if product.in_stock for need in product.needs
    }
    assert served == {need.id for need in demo_company().definitions.needs.needs}


def test_a_product_is_told_in_the_language_of_the_reader() -> None:
    catalogue = demo_company().catalogue
    product = catalogue.product("manha-mansa-ground")
    assert product is not None
    assert ("Acidez", "baixa") in catalogue.traits_in_words(product, "pt")
    assert "Acidity: low" in catalogue.text(product, "en")
    assert catalogue.text(product, "pt").endswith("Origem: Cerrado Mineiro.")
    assert catalogue.category_name("ground", "pt") == "Café moído"
    assert catalogue.product("gone") is None


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("catalogue.yml", "price_cents: 4290", "price_cents: 42.90", "42.9 is not a whole number"),
        ("catalogue.yml", "cost_cents: 1980", "cost_cents: 19800", "the price 4290 is below the cost 19800"),
        ("catalogue.yml", "category: beans", "category: bean", "there is no category 'bean'"),
        ("catalogue.yml", "[low_acidity, whole", "[low_acid, whole", "there is no need 'low_acid'"),
        ("catalogue.yml", "{roast: medium", "{roast: mid", "the trait 'roast' has no value 'mid'"),
        ("catalogue.yml", "{roast: medium", "{roasting: medium", "there is no trait 'roasting'"),
        (
            "catalogue.yml",
            "id: manha-mansa-ground",
            "id: manha-mansa-beans",
            "'manha-mansa-beans' is used twice",
        ),
        (
            "catalogue.yml",
            "    stock: 140",
            "    image: none.png\n    stock: 140",
            "there is no file 'none.png'",
        ),
        ("catalogue.yml", "    stock: 140", "    stock: -1", "greater than or equal to 0"),
        ("subscriptions.yml", "product: manha-mansa-beans", "product: manha", "there is no product 'manha'"),
        (
            "subscriptions.yml",
            "only: {grind: [beans, filter]}",
            "only: {grind: [bean]}",
            "has no option 'bean'",
        ),
        (
            "subscriptions.yml",
            "only: {grind: [beans, filter]}",
            "only: {mill: [beans]}",
            "there is no block 'mill'",
        ),
        ("subscriptions.yml", "- {id: g500", "- {id: g250", "the option 'g250' is there twice"),
        ("subscriptions.yml", "- id: size", "- id: grind", "the block 'grind' is there twice"),
        ("subscriptions.yml", "id: your-coffee", "id: v60-dripper", "the id 'v60-dripper' is used twice"),
        ("services.yml", "categories: [grinders]", "categories: [mills]", "there is no category 'mills'"),
        ("services.yml", "cost_cents: 3200", "cost_cents: 9900", "the price 7500 is below the cost 9900"),
    ],
)
def test_a_mistake_is_told_in_its_file(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    company = Company(tmp_path)
    line = company.replace(file, old, new)
    catalogue, problems = load_catalogue(company.folder, need_ids(company.folder))
    assert catalogue is None
    found = [problem for problem in problems if message in problem.message]
    assert found, problems
    assert found[0].file.endswith(file)
    assert abs(found[0].line - line) <= 2
    assert found[0].remedy


def test_a_need_that_does_not_exist_is_told_beside_a_wrong_price(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.replace("catalogue.yml", "price_cents: 4290", "price_cents: cheap")
    company.replace("catalogue.yml", "needs: [gift, fruity", "needs: [gif, fruity")
    _, problems = load_catalogue(company.folder, need_ids(company.folder))
    assert [problem.message.split(": ")[-1] for problem in problems] == [
        '"cheap" is not a whole number',
        "there is no need 'gif'",
    ]


def test_a_plan_that_loses_money_or_leaves_no_choice_is_told(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.replace("subscriptions.yml", "price_percent: 360", "price_percent: 110")
    company.replace(
        "subscriptions.yml",
        "    needs: [capsules]\n",
        "    needs: [capsules]\n    rules:\n"
        "      - when: {rhythm: [fortnightly, monthly]}\n        only: {rhythm: []}\n"
        "        message: {en: no, pt: não}\n",
    )
    messages = [problem.message for problem in company.problems()]
    assert any("priced below its cost" in message for message in messages)
    assert any("leave nothing" in message for message in messages)


def test_a_subscription_is_priced_from_its_blocks() -> None:
    choice = {"coffee": "manha-mansa", "grind": "beans", "size": "g500", "rhythm": "weekly"}
    assert COFFEE.price_cents(choice) == round(3990 * 1.90 * 0.95)
    assert COFFEE.cost_cents(choice) == 1980 * 190 // 100
    with pytest.raises(KeyError):
        COFFEE.price_cents({"coffee": "manha-mansa"})


def test_rules_hold_choices_together() -> None:
    broken = COFFEE.broken_rules({"coffee": "clara-da-serra", "grind": "espresso"})
    assert "light roast" in broken[0].message.en
    assert COFFEE.broken_rules({"coffee": "clara-da-serra"}) == []
    assert COFFEE.broken_rules({"grind": "espresso"}) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries({b.id: st.sampled_from([o.id for o in b.options]) for b in COFFEE.blocks}))
def test_every_choice_that_keeps_the_rules_is_offered_and_pays(choice: dict[str, str]) -> None:
    offered = choice in list(COFFEE.choices())
    assert offered == (not COFFEE.broken_rules(choice))
    assert COFFEE.price_cents(choice) > COFFEE.cost_cents(choice)
