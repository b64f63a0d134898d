"""Amounts of money as people read them."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency

LOCALES = {"en": "en_US", "pt": "pt_BR"}


def format_money(cents: int, currency: str, language: str) -> str:
    """Return an amount of minor units (two decimals) as text, such as ``R$ 29,90``."""
    text: str = format_currency(Decimal(cents) / 100, currency, locale=LOCALES.get(language, "en_US"))
    return text
