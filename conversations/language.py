"""Which language a message is in, smoothed over the conversation."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

LANGUAGES = ("en", "pt")
SURE = 0.85
MOST_UNSPEAKABLE = 0.2
"""share of words that nobody could say, from which on the letters are no language"""
_PT_WORDS = """
oi olá ola opa eai bom boa dia tarde noite sim não nao quero queria obrigado obrigada valeu tchau
até pedido você vocês vc vcs cê me meu minha tudo bem por favor ajuda ajudar pessoa falar com
atendente quem é qual quanto como onde quando prefiro gosto preciso tem isso para pra uma um chamo
sou recomenda recomendar indica
"""
_PT = frozenset(_PT_WORDS.split())
_EN_WORDS = """
hi hello hey yes no nope thanks thank you please order my the what where when who how is are i want
would like need help person human talk to goodbye bye good morning afternoon evening prefer
recommend something it this name called does do your
"""
_EN = frozenset(_EN_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+")
_SPEAKABLE = re.compile(r"[aeiouyáàâãéêíóôõúü]|^.{1,2}$")


def detect(text: str, current: str) -> str:
    """Return the language of ``text``: another than ``current`` only where the evidence is clear."""
    words = _WORD.findall(text.lower())
    if not words:
        return current
    portuguese = sum(word in _PT for word in words)
    english = sum(word in _EN for word in words)
    if portuguese != english and max(portuguese, english) > 2 * min(portuguese, english):
        return "pt" if portuguese > english else "en"
    unspeakable = sum(not _SPEAKABLE.search(word) for word in words)
    if len(words) < 3 or unspeakable > MOST_UNSPEAKABLE * len(words):
        return current
    confidence = _detector().compute_language_confidence_values(text)
    best = confidence[0]
    code = best.language.iso_code_639_1.name.lower()
    return code if best.value >= SURE and code in LANGUAGES else current


def preload() -> None:
    """Load the detector's models now (half a second)."""
    _detector()


@cache
def _detector() -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder

    return (
        LanguageDetectorBuilder.from_languages(Language.ENGLISH, Language.PORTUGUESE)
        .with_preloaded_language_models()
        .with_low_accuracy_mode()
        .build()
    )
