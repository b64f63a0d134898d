"""Short labels that the app itself puts on buttons and into replies, in both languages."""

from __future__ import annotations

from typing import Any

_LABELS: dict[str, dict[str, str]] = {
    "dont_keep": {"en": "Don't keep this", "pt": "Não guarde isso"},
    "back_to_bot": {"en": "Go on with the assistant", "pt": "Continuar com o assistente"},
    "start_again": {"en": "Undo: I want to hear from you", "pt": "Desfazer: quero receber notícias"},
    "details": {"en": "See it in the shop", "pt": "Ver na loja"},
    "status_paid": {"en": "paid, about to be packed", "pt": "pago, logo será embalado"},
    "status_packing": {"en": "being packed", "pt": "sendo embalado"},
    "status_shipped": {"en": "on its way", "pt": "a caminho"},
    "status_delivered": {"en": "delivered", "pt": "entregue"},
    "status_returned": {"en": "returned", "pt": "devolvido"},
    "status_cancelled": {"en": "cancelled", "pt": "cancelado"},
    "expected": {"en": "expected on {date}", "pt": "previsto para {date}"},
    "and": {"en": "and", "pt": "e"},
}


def label(name: str, language: str, **arguments: Any) -> str:
    """Return the label in ``language``; an unknown name is shown as it is."""
    texts = _LABELS.get(name)
    if texts is None:
        return name
    return texts.get(language, texts["en"]).format(**arguments)


def button(name: str, language: str, payload: str) -> dict[str, str]:
    """Return a button with this label."""
    return {"title": label(name, language), "payload": payload}


def joined(parts: list[str], language: str) -> str:
    """Return the parts as people list them: "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {label('and', language)} {parts[-1]}"
