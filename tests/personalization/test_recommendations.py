"""Recommendations: what fits, nothing that contradicts, each with the reasons that decided."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalization.recommendations import PER_CATEGORY, Recommender, Taste
from profiles.tiers import TIERS
from tests.companies import demo_company
from tests.factories import reply_book
from tests.fakes import WordEncoder

COMPANY = demo_company()
NEEDS = COMPANY.definitions.needs
PRODUCTS = COMPANY.catalogue.products
POPULARITY = {product.id: number for number, product in enumerate(PRODUCTS)}
RECOMMENDER = Recommender(WordEncoder(), COMPANY.catalogue, NEEDS, popularity=POPULARITY)
IDS = [need.id for need in NEEDS.needs]


def taste(*needs: str, **fields: Any) -> Taste:
    return Taste(needs=dict.fromkeys(needs, 0.9), **fields)


def ids(found: Any) -> list[str]:
    return [one.product.id for one in found]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    needs=st.lists(st.sampled_from(IDS), max_size=4, unique=True),
    bought=st.lists(st.sampled_from([product.id for product in PRODUCTS]), max_size=4),
    tier=st.sampled_from(TIERS),
    words=st.sampled_from([None, "quero um café sem acidez", "something fruity", "x"]),
    language=st.sampled_from(["en", "pt"]),
)
def test_what_is_recommended_can_be_bought_fits_and_says_why(
    needs: list[str], bought: list[str], tier: str, words: str | None, language: str
) -> None:
    found = RECOMMENDER.recommend(taste(*needs, bought=bought, tier=tier, words=words), language, count=4)
    assert len(set(ids(found))) == len(found) <= 4
    assert max(Counter(one.product.category for one in found).values(), default=0) <= PER_CATEGORY
    for one in found:
        assert one.product.in_stock
        for need in needs:
            contradicted = NEEDS.excluded_by(need) & set(one.product.needs)
            assert not contradicted or need in one.product.needs
        weights = [reason.weight for reason in one.reasons]
        assert weights == sorted(weights, reverse=True)
        for reason in one.reasons:
            assert reply_book().line(reason.key, language, reason.arguments)
            assert "{" not in reply_book().line(reason.key, language, reason.arguments)


@pytest.mark.parametrize("need", IDS)
def test_who_has_a_need_gets_what_serves_it(need: str) -> None:
    found = RECOMMENDER.recommend(taste(need), "en")
    assert found
    for one in found:
        assert need in one.product.needs
        assert one.reasons[0].key == "utter_reason_needs"


def test_low_acidity_for_a_filter_gets_nothing_fruity() -> None:
    found = RECOMMENDER.recommend(taste("low_acidity", "filter_brewing"), "pt", count=10)
    assert found
    assert not [one.product.id for one in found if "fruity" in one.product.needs]


def test_what_was_shown_already_is_not_shown_again() -> None:
    first = ids(RECOMMENDER.recommend(taste("espresso"), "en", count=2))
    second = ids(RECOMMENDER.recommend(taste("espresso"), "en", count=2, exclude=first))
    assert not set(first) & set(second)
    everything = [product.id for product in PRODUCTS]
    assert RECOMMENDER.recommend(taste(), "en", exclude=everything) == []


def test_the_same_question_gets_the_same_answer() -> None:
    one = taste("espresso", words="chocolate", tier="MGC")
    assert RECOMMENDER.recommend(one, "en") == RECOMMENDER.recommend(one, "en")


def test_tiers_are_shown_something_else() -> None:
    dear = RECOMMENDER.recommend(taste(tier="MVC"), "en", count=6)
    plain = RECOMMENDER.recommend(taste(tier="unknown"), "en", count=6)
    assert ids(dear) != ids(plain)
    assert sum(one.product.price_cents for one in dear) > sum(one.product.price_cents for one in plain)


def test_who_is_growing_is_led_to_a_new_shelf() -> None:
    bought = [product.id for product in PRODUCTS if product.category == PRODUCTS[0].category][:2]

    def part(tier: str) -> float:
        found = RECOMMENDER.recommend(taste(bought=bought, tier=tier), "en", count=8)
        return max(
            (r.weight for one in found for r in one.reasons if r.key == "utter_reason_new_shelf"), default=0.0
        )

    assert part("MGC") == 2 * part("intermediate") > 0


def test_without_anything_known_the_popular_comes_first() -> None:
    found = RECOMMENDER.recommend(taste(), "en", count=1)
    assert found[0].reasons[0].key == "utter_reason_popular"


def test_without_sales_nothing_is_called_popular() -> None:
    young = Recommender(WordEncoder(), COMPANY.catalogue, NEEDS)
    keys = {reason.key for one in young.recommend(taste(), "en", count=9) for reason in one.reasons}
    assert "utter_reason_popular" not in keys
