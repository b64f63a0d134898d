"""The same words from three customers: greeted, recommended to and queued differently, with reasons."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.end_to_end.people import Customer, Desk
from tests.end_to_end.product import Product


@dataclass(frozen=True, kw_only=True)
class Treated:
    """What one customer got for the words that all three said."""

    greeting: str
    words: str
    products: tuple[str, ...]
    queued: str

    @property
    def place(self) -> int:
        return int(re.findall(r"\d+", self.queued)[0])


def visit(shopper: Customer, *, name: str | None) -> Treated:
    """Say the same as every other customer, after logging in as `name`."""
    if name:
        shopper.log_in(name)
    else:
        shopper.open()
    greeting = shopper.say("oi", answers=1 if name else 2)[0]
    words = shopper.say("me recomenda algo", answers=1 if name else 2)[0]
    products = tuple(shopper.cards.locator("h3 span:first-child").all_inner_texts())
    queued = shopper.say("quero falar com uma pessoa")[0]
    shopper.waits()
    return Treated(greeting=greeting, words=words, products=products, queued=queued)


@pytest.fixture
def three(product: Product, customer: Callable[..., Customer]) -> dict[str, tuple[Customer, Treated, str]]:
    """An anonymous visitor first, then one who costs more than he brings, the most valuable last."""
    found = {}
    for kind, login in (("visitor", None), ("BZ", "demo-bz"), ("MVC", "demo-mvc")):
        name = product.login_name(login) if login else None
        shopper = customer("pt")
        found[kind] = (shopper, visit(shopper, name=name), name or "Visitante")
    return found


def test_who_one_is_changes_greeting_recommendation_and_place_in_the_queue(
    three: dict[str, tuple[Customer, Treated, str]], product: Product, desk: Callable[..., Desk]
) -> None:
    visitor, costly, valuable = (three[kind][1] for kind in ("visitor", "BZ", "MVC"))

    # Greetings: a stranger is told what this is, a known customer is called by name, the best are told so.
    assert len({one.greeting for one in (visitor, costly, valuable)}) == 3
    assert "Lia" in visitor.greeting
    for kind, treated in (("BZ", costly), ("MVC", valuable)):
        assert three[kind][2].split()[0] in treated.greeting
    assert not re.search(r"MVC|BZ|faixa|valor", "".join(one.greeting for one in (visitor, costly, valuable)))

    # Recommendations: other words, other products.
    assert len({one.words for one in (visitor, costly, valuable)}) == 3
    assert all(len(one.products) == 3 for one in (visitor, costly, valuable))
    assert len({one.products for one in (visitor, costly, valuable)}) == 3
    assert "entrega grátis" in visitor.words
    assert not re.search(r"grátis|desconto|%", costly.greeting + costly.words + costly.queued)

    # The queue: the most valuable came last and is first; nobody is refused.
    assert valuable.place == 1
    assert costly.place == visitor.place + 1
    assert len({one.queued for one in (visitor, costly, valuable)}) == 3
    places = desk("marina").places(*(three[kind][2] for kind in ("MVC", "visitor", "BZ")))
    assert places == sorted(places)

    # Each difference is in the database with its reason.
    for kind in ("MVC", "BZ"):
        person = product.customer_of(f"demo-{kind.lower()}")
        assert person["tier"] == kind
        [decision] = product.rows(
            "SELECT * FROM tier_decisions WHERE customer_id = ? ORDER BY at DESC LIMIT 1", person["id"]
        )
        assert decision["tier"] == kind
        assert decision["reasons"]["pt"]
        treatments = product.rows("SELECT * FROM treatments WHERE customer_id = ?", person["id"])
        greeted = next(one for one in treatments if one["key"] == "utter_greet")
        assert (greeted["differs"], greeted["because"]["tier"]) == (1, kind)
        queued = next(one for one in treatments if one["kind"] == "queue")
        assert queued["because"]["tier"] == kind
        assert queued["because"]["place"] == three[kind][1].place

    # Whoever no longer wants to wait goes on with the bot, also after having written something.
    for shopper, _, _ in three.values():
        shopper.write("obrigada")
        expect(shopper.messages("customer").last.locator(".state")).to_have_text("enviada")
        shopper.press("Continuar com o assistente")
        shopper.is_with_bot()


def test_orders_are_told_to_the_logged_in_customer_alone(
    product: Product, customer: Callable[..., Customer]
) -> None:
    stranger = customer("pt")
    stranger.open()
    [refusal] = stranger.say("cadê meu pedido?")
    assert "TC-" not in refusal
    known = customer("en").log_in(product.login_name("demo-intermediate"))
    [status] = known.say("where is my order?")
    assert "TC-" in status
