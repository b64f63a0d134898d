"""One message as staff read it: who said it, in which state, with which buttons and cards."""

from __future__ import annotations

from markupsafe import Markup

from conversations.history import MessageView
from desk.markup import join, tag
from desk.wording import Wording

OURS = frozenset({"bot", "agent", "system"})
TROUBLE = frozenset({"failed", "blocked"})


def bubble(message: MessageView, wording: Wording, *, customer: str) -> Markup:
    """Return the inside of one message."""
    return join(
        [
            _head(message, wording, customer),
            tag("div", message.text, class_="vn-text", lang=message.language) if message.text else None,
            _cards(message),
            _buttons(message, wording),
        ]
    )


def bubble_class(message: MessageView) -> str:
    """Return the classes that make kinds of messages visibly different."""
    return f"vn-message vn-from-{message.sender} {'vn-trouble' if message.state in TROUBLE else ''}".strip()


def _head(message: MessageView, wording: Wording, customer: str) -> Markup:
    texts = wording.texts
    if message.sender == "note":
        who = f"{texts('thread.note')} · {message.sender_name or ''}".rstrip(" ·")
    elif message.sender == "customer":
        who = customer
    else:
        who = message.sender_name or texts.word("sender", message.sender)
    shown = message.sender in OURS or message.state == "pending"
    state = texts.word("state", message.state) if shown and message.sender != "system" else ""
    return tag(
        "div",
        tag("span", who, class_="vn-sender"),
        tag("time", wording.moment(message.created_at), datetime=message.created_at.isoformat()),
        tag("span", state, class_=f"vn-state vn-state-{message.state}") if state else None,
        class_="vn-message-head",
    )


def _buttons(message: MessageView, wording: Wording) -> Markup | None:
    if not message.buttons:
        return None
    shown = []
    for button in message.buttons:
        chosen = message.chosen is not None and message.chosen == button.get("payload")
        sign = tag("span", f" ✓ {wording.texts('thread.chosen')}") if chosen else None
        title = str(button.get("title", ""))
        shown.append(tag("span", title, sign, class_=f"vn-choice {'vn-chosen' if chosen else ''}".strip()))
    return tag("div", *shown, class_="vn-choices")


def _cards(message: MessageView) -> Markup | None:
    if not message.cards:
        return None
    shown = [
        tag(
            "div",
            tag(
                "div",
                tag("strong", _said(card, "title")),
                tag("span", _said(card, "price"), class_="vn-price"),
                class_="vn-card-top",
            ),
            tag("div", _said(card, "text"), class_="vn-card-text") if card.get("text") else None,
            tag("div", _said(card, "reason"), class_="vn-card-reason") if card.get("reason") else None,
            class_="vn-product",
        )
        for card in message.cards
    ]
    return tag("div", *shown, class_="vn-products")


def _said(card: dict[str, object], key: str) -> str:
    value = card.get(key)
    return "" if value is None else str(value)
