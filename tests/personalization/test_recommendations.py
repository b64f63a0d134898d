"""Recommendations with the bundled model and the demo company's catalogue: reasons must be true."""

import pytest

from bot.business import Business, load_business
from bot.settings import ROOT
from personalization.meaning import SentenceEncoder
from personalization.recommendations import Recommender, Taste

WORDS = "utter_reason_words"


@pytest.fixture(scope="module")
def business() -> Business:
    return load_business(ROOT / "business")


@pytest.fixture(scope="module")
def recommender(business: Business) -> Recommender:
    popularity = {product.id: place for place, product in enumerate(business.catalogue.products)}
    return Recommender(
        SentenceEncoder("bundled"), business.catalogue, business.definitions.needs, popularity=popularity
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("pt", "me recomenda algo"),
        ("pt", "o que você me recomenda?"),
        ("pt", "Quero uma sugestão"),
        ("en", "recommend something"),
        ("en", "what do you recommend?"),
        ("en", "Show other options"),
    ],
)
def test_a_bare_request_is_no_reason_and_changes_nothing(
    recommender: Recommender, language: str, words: str
) -> None:
    found = recommender.recommend(Taste(needs={}, words=words), language)
    assert [one.product.id for one in found] == [
        one.product.id for one in recommender.recommend(Taste(needs={}), language)
    ]
    assert WORDS not in {reason.key for one in found for reason in one.reasons}


@pytest.mark.parametrize(
    ("language", "words", "product"),
    [
        ("pt", "tem alguma xícara bonita?", "clay-cup-pair"),
        ("pt", "uma chaleira boa", "gooseneck-kettle"),
        ("en", "which kettle should I buy", "gooseneck-kettle"),
        ("en", "a nice cup", "clay-cup-pair"),
    ],
)
def test_a_product_named_in_words_comes_first_with_that_reason(
    recommender: Recommender, language: str, words: str, product: str
) -> None:
    first = recommender.recommend(Taste(needs={}, words=words), language)[0]
    assert first.product.id == product
    assert WORDS in {reason.key for reason in first.reasons}
