"""Which language: clear evidence changes it, a word alone does not."""

from __future__ import annotations

import pytest

from conversations.language import detect

PORTUGUESE = [
    "oi", "olá, tudo bem?", "quero um café sem acidez para coar", "cadê meu pedido",
    "vcs entregam em Manaus?",
    "gostei muito, obrigada", "qual café você indica?", "nao entendi nada do que voce disse",
    "bom dia", "prefiro em grãos", "quanto custa o frete?", "meu nome é Marina",
]  # fmt: skip
ENGLISH = [
    "hi", "hello there", "where is my order?", "I'd like a low acid coffee for my pour over", "thanks a lot",
    "what should I try?", "do you deliver to Manaus?", "my name is Kate", "I need a person please",
    "good morning", "how much is the shipping?", "the coffee you sent was too bitter",
]  # fmt: skip


@pytest.mark.parametrize("text", PORTUGUESE)
@pytest.mark.parametrize("current", ["en", "pt"])
def test_portuguese_is_heard(text: str, current: str) -> None:
    assert detect(text, current) == "pt"


@pytest.mark.parametrize("text", ENGLISH)
@pytest.mark.parametrize("current", ["en", "pt"])
def test_english_is_heard(text: str, current: str) -> None:
    assert detect(text, current) == "en"


@pytest.mark.parametrize("text", ["", "ok", "123", "👍", "Marina", "espresso", "Kate Smith", "V60", "?!"])
@pytest.mark.parametrize("current", ["en", "pt"])
def test_without_evidence_it_stays_as_it_was(text: str, current: str) -> None:
    assert detect(text, current) == current


@pytest.mark.parametrize("text", ["asdkj qwe zxc", "qwerty asdf zxcv hjkl", "kkk kkk kkk", "hjk lkj poi"])
@pytest.mark.parametrize("current", ["en", "pt"])
def test_letters_without_words_change_nothing(text: str, current: str) -> None:
    assert detect(text, current) == current


def test_a_third_language_changes_nothing() -> None:
    for current in ("en", "pt"):
        assert detect("Guten Tag, ich hätte gern einen Kaffee", current) in ("en", "pt")
