"""The read-only parts of a customer's page: orders, threads, who led, treatments, identities, consents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from conversations.history import MessageView
from conversations.models import Conversation, OwnerChange
from desk.badges import pill
from desk.bubbles import bubble, bubble_class
from desk.markup import Child, join, quote, tag
from desk.profile_panel import treatment_name
from desk.wording import Wording
from personalization.models import Treatment
from profiles.cards import OrderView
from profiles.models import AuditEntry, Consent, Identity

ORDERS = 8


def none(text: str) -> Markup:
    """Return the sentence that says that a part is empty."""
    return tag("p", text, class_="vn-none")


def lines(items: Sequence[Child], empty: str) -> Markup:
    """Return a list, or the sentence that says it is empty."""
    return tag("ul", *[tag("li", item) for item in items], class_="vn-lines") if items else none(empty)


def who(by: str, names: Mapping[str, str], wording: Wording) -> str:
    """Return who did something: a person's name, or the bot, the customer, the system."""
    return names.get(by) or wording.texts.word("by", by)


def orders_part(orders: Sequence[OrderView], wording: Wording) -> Markup:
    """Return all orders with their items."""
    texts = wording.texts
    if not orders:
        return none(texts("customer.orders.none"))
    columns = ("number", "date", "status", "items", "amount")
    head = [
        tag(
            "th",
            texts(f"customer.orders.{name}"),
            scope="col",
            class_="vn-number" if name == "amount" else None,
        )
        for name in columns
    ]
    rows = [
        tag(
            "tr",
            tag("td", order.number, class_="vn-fixed-text"),
            tag("td", wording.day(order.placed_at), class_="vn-fixed-text"),
            tag("td", pill(texts.word("status", order.status), "vn-open" if order.is_open else "")),
            tag("td", ", ".join(f"{number} × {wording.product(product)}" for product, number in order.lines)),
            tag("td", wording.money(order.revenue_cents), class_="vn-number"),
        )
        for order in orders
    ]
    newest, older = rows[:ORDERS], rows[ORDERS:]
    shown = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *newest), class_="vn-table vn-compact")
    if not older:
        return shown
    unfold = tag("summary", texts("customer.orders.older", number=len(older)))
    rest = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *older), class_="vn-table vn-compact")
    return shown + tag("details", unfold, rest)


def conversation_part(
    conversation: Conversation,
    count: int,
    messages: Sequence[MessageView],
    wording: Wording,
    *,
    customer: str,
    unfolded: bool = False,
) -> Markup:
    """Return one whole thread, to unfold; nothing in it can be changed."""
    texts = wording.texts
    meta = texts(
        "customer.conversation.meta",
        channel=texts.word("channel", conversation.channel),
        count=count,
        date=wording.moment(conversation.last_message_at),
    )
    shown = [
        tag("div", bubble(message, wording, customer=customer), class_=bubble_class(message))
        for message in messages
    ]
    more = texts("customer.conversation.more", number=len(messages)) if count > len(messages) else None
    return tag(
        "details",
        tag("summary", meta, " ", pill(texts.word("owner_name", conversation.owner))),
        tag("p", more, class_="vn-muted") if more else None,
        tag("div", *shown, class_="vn-log vn-log-still") if shown else none(texts("thread.empty")),
        class_="vn-conversation",
        open=unfolded,
    )


def owners_part(changes: Sequence[OwnerChange], names: Mapping[str, str], wording: Wording) -> Markup:
    """Return who led when and why."""
    texts = wording.texts
    items = [
        join(
            [
                tag("time", wording.moment(change.at), datetime=change.at.isoformat()),
                " ",
                tag(
                    "strong",
                    texts(
                        "customer.owners.line",
                        previous=texts.word("owner_name", change.previous),
                        owner=texts.word("owner_name", change.owner),
                    ),
                ),
                tag("span", f" {who(change.by, names, wording)}: {texts.word('reason', change.reason)}"),
            ]
        )
        for change in changes
    ]
    return lines(items, texts("customer.owners.none"))


def treatments_part(treatments: Sequence[Treatment], wording: Wording) -> Markup:
    """Return what differed for this customer, and why."""
    texts = wording.texts
    items = []
    for one in treatments:
        reasons = wording.because(one.because)
        because = texts("customer.treatments.because", reasons=reasons) if reasons else ""
        differs = texts("customer.treatments.differs" if one.differs else "customer.treatments.same")
        items.append(
            join(
                [
                    tag("time", wording.moment(one.at), datetime=one.at.isoformat()),
                    " ",
                    tag("strong", treatment_name(one, wording)),
                    " ",
                    pill(differs, "vn-open" if one.differs else ""),
                    tag("span", f" {because}", class_="vn-muted"),
                ]
            )
        )
    return lines(items, texts("customer.treatments.none"))


def identities_part(identities: Sequence[Identity], wording: Wording) -> Markup:
    """Return how the customer is recognised, and how far each way is proven."""
    texts = wording.texts
    items = []
    for identity in identities:
        ended = (
            texts("customer.identity.revoked", date=wording.day(identity.revoked_at))
            if identity.revoked_at
            else None
        )
        items.append(
            join(
                [
                    tag("span", f"{texts.word('channel', identity.kind)}: ", class_="vn-muted"),
                    tag("span", identity.value, class_="vn-value-text"),
                    " ",
                    pill(texts.word("level", identity.level), f"vn-level-{identity.level}"),
                    tag("span", f" {texts.word('method', identity.method)}", class_="vn-muted"),
                    tag("span", f" {ended}", class_="vn-fails") if ended else None,
                ]
            )
        )
    return lines(items, texts("customer.identities.none"))


def consents_part(consents: Sequence[Consent], wording: Wording) -> Markup:
    """Return what the customer allowed and withdrew, the newest first, with his words."""
    texts = wording.texts
    items = [
        join(
            [
                tag("time", wording.day(consent.at), datetime=consent.at.isoformat()),
                " ",
                tag(
                    "strong",
                    f"{texts.word('channel', consent.channel)}, {texts.word('purpose', consent.purpose)}",
                ),
                " ",
                pill(texts("customer.consent.yes" if consent.granted else "customer.consent.no")),
                quote(consent.quote),
            ]
        )
        for consent in consents
    ]
    return lines(items, texts("customer.consents.none"))


def audit_part(entries: Sequence[AuditEntry], names: Mapping[str, str], wording: Wording) -> Markup:
    """Return what people of the company changed."""
    texts = wording.texts
    items = [
        join(
            [
                tag("time", wording.moment(entry.at), datetime=entry.at.isoformat()),
                " ",
                tag("strong", names.get(entry.staff_id or "") or texts("customer.unknown")),
                f" {texts.word('audit', entry.what)}",
            ]
        )
        for entry in entries
    ]
    return lines(items, texts("customer.audit.none"))
