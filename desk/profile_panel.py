"""The right side of the desk: what one needs to know of the customer before writing a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from conversations.models import Handoff
from desk.badges import tier_badge
from desk.markup import Child, join, quote, tag
from desk.wording import Wording, waited
from personalization.models import Treatment
from profiles.cards import OrderView, ProfileCard
from profiles.models import Fact

FACTS = 8
SHOWN_ELSEWHERE = frozenset({"need", "name", "language"})


def profile_panel(
    card: ProfileCard, wording: Wording, *, handoff: Handoff | None, treatments: Sequence[Treatment]
) -> Markup:
    """Return the whole panel: the handoff on top, then who it is, why so valued, needs, facts, orders."""
    texts = wording.texts
    facts = [fact for fact in card.facts if fact.kind not in SHOWN_ELSEWHERE][:FACTS]
    open_orders = [order for order in card.orders if order.is_open]
    past = texts("profile.orders.past", number=len(card.orders)) if card.orders else None
    return join(
        [
            _handoff(handoff, wording) if handoff else None,
            _who(card, wording),
            section(
                texts("profile.needs"),
                [_need(need, wording) for need in card.needs],
                texts("profile.needs.none"),
            ),
            section(
                texts("profile.facts"), [_fact(fact, wording) for fact in facts], texts("profile.facts.none")
            ),
            section(
                texts("profile.orders"),
                [_order(order, wording) for order in open_orders],
                texts("profile.orders.none"),
                aside=past,
            ),
            section(
                texts("profile.treatments"),
                [_treatment(one, wording) for one in treatments],
                texts("profile.treatments.none"),
            ),
        ]
    )


def section(title: str, items: Sequence[Child], empty: str, *, aside: str | None = None) -> Markup:
    """Return a titled list, or the sentence that says it is empty."""
    head = tag("h3", title, tag("span", aside, class_="vn-aside") if aside else None)
    body = tag("ul", *[tag("li", item) for item in items]) if items else tag("p", empty, class_="vn-none")
    return tag("section", head, body, class_="vn-part")


def tier_words(tier: str, wording: Wording) -> str | None:
    """Return what a tier means, nothing for the one whose name says it."""
    return wording.texts.word("tier_long", tier) if tier != "unknown" else None


def tier_reason(card: ProfileCard, wording: Wording) -> str:
    """Return why the customer has his tier; said in words where there is not enough to say."""
    return card.tier_reason(wording.language) or wording.texts("profile.no_tier")


def _handoff(handoff: Handoff, wording: Wording) -> Markup:
    texts = wording.texts
    return tag(
        "section",
        tag("h3", texts("profile.handoff"), tag("span", waited(handoff.opened_at), class_="vn-aside")),
        tag("p", texts.word("reason", handoff.reason), class_="vn-strong"),
        summary(handoff.summary, wording),
        class_="vn-part vn-handoff",
    )


def summary(content: Mapping[str, Any], wording: Wording) -> Markup | None:
    """Return the summary of a handoff: the sentence in the reader's language, else its entries one by one."""
    own = content.get(wording.language) or content.get("en")
    if isinstance(own, str):
        return tag("p", own)
    entries = [
        tag("div", tag("dt", wording.texts.word("summary", key)), tag("dd", _plain(key, value, wording)))
        for key, value in content.items()
        if value not in (None, "", [], {})
    ]
    return tag("dl", *entries, class_="vn-pairs") if entries else None


def _plain(key: str, value: Any, wording: Wording) -> str:
    if isinstance(value, Mapping):
        own = value.get(wording.language)
        return str(own) if own else ", ".join(_plain(name, one, wording) for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(key, one, wording) for one in value)
    return wording.need(str(value)) if key in ("need", "needs") else str(value)


def _who(card: ProfileCard, wording: Wording) -> Markup:
    texts, customer = wording.texts, card.customer
    known = [
        texts("profile.since", kind=texts.word("kind", customer.kind), date=wording.day(customer.joined_at))
    ]
    if customer.language:
        known.append(texts("profile.language", language=texts.word("language", customer.language)))
    return tag(
        "section",
        tag("h2", customer.name or texts("queue.visitor")),
        tag("p", tier_badge(texts, customer.tier), " ", tier_words(customer.tier, wording)),
        tag("p", tier_reason(card, wording), class_="vn-why"),
        tag("p", ", ".join(known), class_="vn-muted"),
        class_="vn-part vn-identity",
    )


def _need(need: Fact, wording: Wording) -> Markup:
    percent = wording.texts("profile.sure", percent=round(need.confidence * 100))
    top = tag("div", tag("strong", wording.need(need.value)), tag("span", percent, class_="vn-aside"))
    return join([top, quote(need.quote)])


def _fact(fact: Fact, wording: Wording) -> Markup:
    kind = wording.texts.word("fact", fact.kind)
    value = tag("strong", wording.fact_value(fact.kind, fact.value))
    top = tag("div", tag("span", f"{kind}: ", class_="vn-muted"), value)
    return join([top, quote(fact.quote)])


def _order(order: OrderView, wording: Wording) -> Markup:
    texts = wording.texts
    items = ", ".join(f"{quantity} × {wording.product(product)}" for product, quantity in order.lines)
    status = texts.word("status", order.status)
    if order.expected_at is not None:
        status = f"{status}, {texts('profile.expected', date=wording.day(order.expected_at))}"
    head = tag(
        "div", tag("strong", order.number), tag("span", wording.money(order.revenue_cents), class_="vn-aside")
    )
    return join([head, tag("div", status), tag("div", items, class_="vn-muted")])


def _treatment(treatment: Treatment, wording: Wording) -> Markup:
    return join(
        [
            tag(
                "div",
                tag("strong", treatment_name(treatment, wording)),
                tag("span", wording.moment(treatment.at), class_="vn-aside"),
            ),
            tag("div", wording.because(treatment.because), class_="vn-muted") if treatment.because else None,
        ]
    )


def treatment_name(treatment: Treatment, wording: Wording) -> str:
    """Return what was done, with the product's or the reply's name."""
    kind = wording.texts.word("treatment", treatment.kind)
    if treatment.kind == "recommendation":
        return f"{kind}: {wording.product(treatment.key)}"
    if treatment.kind == "queue":
        return f"{kind}: {wording.texts.word('tier', treatment.key)}"
    return f"{kind}: {wording.texts.word('response', treatment.key.removeprefix('utter_'))}"
