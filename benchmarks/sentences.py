"""Distinct customer sentences in both languages: distinct, so that no cache answers for the encoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

_CITIES = [
    "Recife",
    "Curitiba",
    "Manaus",
    "Campinas",
    "Santos",
    "Natal",
    "Goiânia",
    "Belém",
    "Niterói",
    "Londrina",
    "Olinda",
    "Maringá",
    "Ilhéus",
    "Vitória",
    "Cuiabá",
    "Petrópolis",
    "Joinville",
    "Sobral",
    "Uberaba",
    "Blumenau",
    "Palmas",
    "Macapá",
    "Sorocaba",
    "Jundiaí",
    "Caruaru",
]
_THINGS = {
    "en": [
        "chocolate notes",
        "a fruity taste",
        "low acidity",
        "more body",
        "no caffeine",
        "a floral smell",
        "a sweet finish",
        "whole beans",
        "a dark roast",
        "a light roast",
        "caramel notes",
        "nutty notes",
        "a small bag",
        "organic beans",
        "a fresh harvest",
    ],
    "pt": [
        "notas de chocolate",
        "gosto frutado",
        "pouca acidez",
        "mais corpo",
        "sem cafeína",
        "cheiro floral",
        "final doce",
        "grãos inteiros",
        "torra escura",
        "torra clara",
        "notas de caramelo",
        "notas de castanha",
        "pacote pequeno",
        "grãos orgânicos",
        "colheita nova",
    ],
}
# kind -> language -> templates; "plain" turns need no action call, the others do.
_TEMPLATES: dict[str, dict[str, tuple[str, ...]]] = {
    "plain": {
        "en": ("hi, good morning from {city}", "thanks for the tip about {thing}", "hello from rainy {city}"),
        "pt": ("oi, bom dia aqui de {city}", "obrigada pela dica de {thing}", "olá, boa tarde de {city}"),
    },
    "recommend": {
        "en": ("can you recommend a coffee with {thing}?", "which coffee would suit me in {city}?"),
        "pt": ("me recomenda um café com {thing}?", "qual café combina comigo aqui em {city}?"),
    },
    "order_status": {
        "en": ("where is my order {number}?", "has order {number} been sent to {city}?"),
        "pt": ("cadê o meu pedido {number}?", "o pedido {number} já saiu para {city}?"),
    },
    "ask_question": {
        "en": ("how long does delivery to {city} take?", "how do I keep coffee with {thing} fresh?"),
        "pt": ("quanto tempo demora a entrega em {city}?", "como guardo um café com {thing}?"),
    },
    "tell_preference": {
        "en": ("I prefer coffee with {thing}", "I like {thing} in the morning in {city}"),
        "pt": ("eu prefiro café com {thing}", "gosto de {thing} de manhã em {city}"),
    },
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a customer writes, its language, and the kind of turn it asks for."""

    text: str
    language: str
    kind: str


def sentences(language: str) -> Iterator[Sentence]:
    """Endless sentences, kind after kind; none comes twice."""
    said: set[str] = set()
    number = 1000
    round_ = 0
    while True:
        for kind, templates in _TEMPLATES.items():
            number += 7
            choices = templates[language]
            text = choices[round_ % len(choices)].format(
                city=_CITIES[(round_ * 7 + number) % len(_CITIES)],
                thing=_THINGS[language][(round_ + number) % len(_THINGS[language])],
                number=number,
            )
            if text in said:
                text = f"{text} ({number})"
            said.add(text)
            yield Sentence(text, language, kind)
        round_ += 1


def both_languages() -> Iterator[Iterator[Sentence]]:
    """One endless stream per conversation: English, Portuguese, English, …; none repeats another."""
    return cycle([sentences("en"), sentences("pt")])
