"""One customer, complete: who it is, why so valued, what is known and from which words, what was done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nicegui import ui
from starlette.responses import Response

from conversations.history import MessageView, history
from conversations.models import Conversation, OwnerChange
from desk.badges import tier_badge
from desk.customer_parts import (
    audit_part,
    consents_part,
    conversation_part,
    identities_part,
    none,
    orders_part,
    owners_part,
    treatments_part,
)
from desk.facts_part import FactsPart
from desk.frame import frame, html
from desk.login import plain_page
from desk.markup import Child, join, tag
from desk.queries import audit_of, conversations_of, owner_changes_of, staff_names, treatments_of
from desk.tier_part import tier_part, value_part
from desk.visits import Visit
from personalization.models import Treatment
from profiles.cards import ProfileCard, profile_card
from profiles.database import utc_now
from profiles.errors import NotFound
from profiles.models import AuditEntry
from profiles.tiers import Metrics
from profiles.value import measure

THREAD = 200
TREATMENTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCustomer:
    """Everything that the page shows."""

    card: ProfileCard
    metrics: Metrics
    threads: tuple[tuple[Conversation, int, list[MessageView]], ...]
    owners: list[OwnerChange]
    treatments: list[Treatment]
    audit: list[AuditEntry]
    names: dict[str, str]


async def read_customer(visit: Visit, customer_id: str) -> WholeCustomer:
    """Read everything of one customer. Raises ``NotFound``."""
    parts = visit.parts
    async with parts.database.reading() as session:
        card = await profile_card(session, customer_id, all_facts=True)
        measured = await measure(session, parts.definitions.costs, now=utc_now(), customer_ids=[customer_id])
        conversations = await conversations_of(session, customer_id)
        threads = [
            (one, count, await history(session, one.id, limit=THREAD, internal=True))
            for one, count in conversations  # a customer has one per channel
        ]
        return WholeCustomer(
            card=card,
            metrics=measured[customer_id],
            threads=tuple(threads),
            owners=await owner_changes_of(session, customer_id),
            treatments=await treatments_of(session, customer_id, limit=TREATMENTS),
            audit=await audit_of(session, customer_id),
            names=await staff_names(session),
        )


async def customer_page(visit: Visit, customer_id: str) -> Response | None:
    """Draw the page, or say that there is no such customer."""
    texts = visit.texts
    try:
        whole = await read_customer(visit, customer_id)
    except NotFound:
        body = join(
            [
                tag("p", texts("app.name"), class_="vn-mark"),
                tag("h1", texts("missing.title")),
                tag("p", texts("missing.customer")),
                tag("a", texts("missing.back"), href="/managers", class_="vn-button vn-primary"),
            ]
        )
        return plain_page(texts, texts("missing.title"), body, status=404)
    name = whole.card.customer.name or texts("queue.visitor")
    with frame(visit, name, ""), ui.element("div").classes("vn-sheet"):
        CustomerPage(visit, customer_id, whole)
    return None


class CustomerPage:
    """One open profile; it is read again after each change."""

    def __init__(self, visit: Visit, customer_id: str, whole: WholeCustomer) -> None:
        self._visit = visit
        self._customer_id = customer_id
        texts = visit.texts
        self._head = html("", classes="vn-customer-head")
        with ui.element("div").classes("vn-grid"):
            with ui.element("div").classes("vn-grid-wide"):
                with self._part("customer.facts"):
                    self._facts = FactsPart(visit, customer_id, on_change=self._again)
                self._conversations = self._filled("customer.conversations")
                self._treatments = self._filled("customer.treatments")
                self._orders = self._filled("customer.orders")
            with ui.element("div").classes("vn-grid-narrow"):
                self._tier = self._filled("customer.tier")
                self._value = self._filled("customer.value")
                self._identities = self._filled("customer.identities")
                self._consents = self._filled("customer.consents")
                self._owners = self._filled("customer.owners")
                self._audit = self._filled("customer.audit")
        self._name = texts("queue.visitor")
        self._draw(whole)

    @contextmanager
    def _part(self, key: str) -> Iterator[None]:
        with ui.element("section").classes("vn-panel"):
            html(tag("h2", self._visit.texts(key)))
            yield

    def _filled(self, key: str) -> ui.html:
        with self._part(key):
            return html("")

    async def _again(self) -> None:
        self._draw(await read_customer(self._visit, self._customer_id))

    def _draw(self, whole: WholeCustomer) -> None:
        wording, texts, card = self._visit.wording, self._visit.texts, whole.card
        name = card.customer.name or texts("queue.visitor")
        threads = [
            conversation_part(one, count, messages, wording, customer=name, unfolded=place == 0)
            for place, (one, count, messages) in enumerate(whole.threads)
        ]
        shown: list[tuple[ui.html, Child]] = [
            (self._head, self._heading(whole)),
            (self._tier, tier_part(card, wording)),
            (self._value, value_part(whole.metrics, wording)),
            (self._orders, orders_part(card.orders, wording)),
            (self._conversations, join(threads) if threads else none(texts("customer.conversations.none"))),
            (self._treatments, treatments_part(whole.treatments, wording)),
            (self._identities, identities_part(card.identities, wording)),
            (self._consents, consents_part(card.consents, wording)),
            (self._owners, owners_part(whole.owners, whole.names, wording)),
            (self._audit, audit_part(whole.audit, whole.names, wording)),
        ]
        for place, content in shown:
            place.set_content(str(content))
        self._facts.draw(card.facts, whole.names)

    def _heading(self, whole: WholeCustomer) -> Child:
        wording, texts, customer = self._visit.wording, self._visit.texts, whole.card.customer
        known = [
            texts(
                "profile.since", kind=texts.word("kind", customer.kind), date=wording.day(customer.joined_at)
            )
        ]
        if customer.language:
            known.append(texts("profile.language", language=texts.word("language", customer.language)))
        if customer.segment:
            known.append(wording.need(customer.segment))
        return join(
            [
                tag("a", f"‹ {texts('customer.back')}", href="/managers", class_="vn-back"),
                tag(
                    "div",
                    tag("h1", customer.name or texts("queue.visitor")),
                    tier_badge(texts, customer.tier),
                    class_="vn-heading",
                ),
                tag("p", " · ".join(known), class_="vn-muted"),
            ]
        )
