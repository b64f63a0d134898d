"""Reading a name where one is told, and none where none is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.names import find_name

CLEAR = {
    "meu nome é Marina": "Marina",
    "Meu nome e joão da silva": "João da Silva",
    "me chamo Marina Prado, e você?": "Marina Prado",
    "oi, me chamo ANA": "Ana",
    "pode me chamar de Zé": "Zé",
    "my name is Kate": "Kate",
    "My name's Kate O'Neill": "Kate O'Neill",
    "hi my name is john and i want espresso": "John",
    "call me Al": "Al",
    "please call me Jean-Luc.": "Jean-Luc",
    "nome: Ana Maria": "Ana Maria",
    "meu nome é Marina, quero um café": "Marina",
    "me chamo Marina tudo bem": "Marina",
    "my name is McDonald": "McDonald",
}
VAGUE = {
    "sou a Marina": "Marina",
    "sou o Zé": "Zé",
    "aqui é a Bia": "Bia",
    "I am Kate": "Kate",
    "I'm Kate Smith": "Kate Smith",
    "hello, this is Kate": "Kate",
    "it's Kate": "Kate",
    "eu sou Marina": "Marina",
}
BARE = {"Marina": "Marina", "marina prado": "Marina Prado", "Kate.": "Kate", " zé ": "Zé"}
NONE = [
    "quero um café sem acidez", "I want coffee", "oi", "obrigada", "qual é o meu nome?", "what is my name?",
    "meu pedido não chegou", "my name", "me chamo", "", "👍", "123", "call me later",
    "meu nome é 123", "não", "sim", "café",
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), CLEAR.items())
@pytest.mark.parametrize("asked", [False, True])
def test_a_clear_introduction_is_a_name(text: str, name: str, asked: bool) -> None:
    assert find_name(text, asked=asked) == name


@pytest.mark.parametrize(("text", "name"), [*VAGUE.items(), *BARE.items()])
def test_a_vague_introduction_or_a_bare_name_is_one_where_a_name_is_expected(text: str, name: str) -> None:
    assert find_name(text, asked=True) == name
    assert find_name(text) is None


@pytest.mark.parametrize("text", NONE)
@pytest.mark.parametrize("asked", [False, True])
def test_no_name_is_made_up(text: str, asked: bool) -> None:
    assert find_name(text, asked=asked) is None


@pytest.mark.parametrize(
    "text",
    ["I'm furious", "I am pregnant and want decaf", "sou alérgica a leite", "eu sou cliente antigo",
     "it's urgent", "this is terrible", "sou o dono do café da esquina", "I'm looking for a gift"],
)  # fmt: skip
def test_what_somebody_is_is_not_his_name(text: str) -> None:
    assert find_name(text) is None


@settings(max_examples=40)
@given(st.text(max_size=80))
def test_a_name_is_short_and_made_of_words_of_the_text(text: str) -> None:
    for asked in (False, True):
        name = find_name(text, asked=asked)
        if name is not None:
            assert 0 < len(name) <= 60
            assert name.isprintable()
            assert len(name.split()) <= 4


def test_an_endless_text_is_read_in_no_time() -> None:
    for text in ("me chamo " + "a " * 50_000, "my name is " + "ab" * 50_000, "sou o " * 20_000):
        find_name(text, asked=True)
