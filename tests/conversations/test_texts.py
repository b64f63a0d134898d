"""What customers type: made safe, and obeyed where it is an order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.texts import (
    MAX_CHARACTERS,
    EmptyText,
    TooLong,
    check_text,
    control_word,
    for_engine,
    has_words,
    plain,
    sign_as_payload,
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  oi \n", "oi"),
        ("linha 1\nlinha 2\tfim", "linha 1\nlinha 2\tfim"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("a\u202eb\u200bc\ufeff", "abc"),
        ("\ud800a", "a"),
        ("👩‍👧 ❤️", "👩‍👧 ❤️"),
        ("ação", "ação"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(text: str, kept: str) -> None:
    assert check_text(text) == kept


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x01", "\u200b\u202e"])
def test_nothing_is_no_message(text: str) -> None:
    with pytest.raises(EmptyText):
        check_text(text)


def test_the_limit_is_said_with_the_refusal() -> None:
    assert check_text("a" * MAX_CHARACTERS) == "a" * MAX_CHARACTERS
    with pytest.raises(TooLong) as refused:
        check_text("a" * 100_000)
    assert refused.value.status == 413
    assert "100000" in refused.value.message
    assert refused.value.data == {"limit": MAX_CHARACTERS}


SLASHES = st.text(alphabet='/／ \t\n\u200b\x00ab{"}:', min_size=1, max_size=12)


@settings(max_examples=60)
@given(st.one_of(st.text(min_size=1, max_size=60), SLASHES))
def test_what_a_customer_types_is_never_a_command_to_the_engine(text: str) -> None:
    try:
        given_over = for_engine(check_text(text))
    except EmptyText:
        return
    assert given_over.strip()
    assert not given_over.lstrip().startswith(("/", "／"))


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_checking_a_checked_text_changes_nothing(text: str) -> None:
    try:
        kept = check_text(text)
    except EmptyText:
        return
    assert check_text(kept) == kept


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("stop", "stop"), ("STOP", "stop"), ("Stop.", "stop"), ("parar", "stop"), ("PARE!", "stop"),
        ("por favor parar", "stop"), ("parar, por favor", "stop"), ("please stop", "stop"),
        ("não quero mais mensagens", "stop"), ("Nao quero mais mensagens!!", "stop"),
        ("opt out", "stop"), ("cancelar inscrição", "stop"),
        ("opt in", "start"), ("Quero voltar a receber", "start"),
        ("delete my data", "erase"), ("Apagar meus dados", "erase"),
        ("quero apagar meus dados", "erase"), ("I want to delete my data.", "erase"),
        ("please delete my data", "erase"),
        ("stop it, I want espresso", None), ("parar de fumar", None), ("oi", None), ("", None),
        ("where is the bus stop", None), ("how do I delete my data?", None),
    ],
)  # fmt: skip
def test_an_order_is_obeyed_only_where_the_whole_text_says_so(text: str, word: str | None) -> None:
    assert control_word(text) == word


@pytest.mark.parametrize(
    ("text", "payload"),
    [("👍", "/affirm"), ("👍🏿👍🏿", "/affirm"),
     ("✅", "/affirm"), ("❌", "/deny"), ("❤️", "/thank"), ("🦜", None),
     ("..", None)],
)  # fmt: skip
def test_signs_that_everybody_understands(text: str, payload: str | None) -> None:
    assert sign_as_payload(text) == payload


@pytest.mark.parametrize(("text", "there_are"), [("oi", True), ("2", True), ("☕", False), ("?!", False)])
def test_words_are_letters_or_digits(text: str, there_are: bool) -> None:
    assert has_words(text) is there_are


def test_comparing_ignores_accents_case_and_punctuation() -> None:
    assert plain("  Não, OBRIGADO!  ") == "nao obrigado"
