"""What customers type, made safe for the engine; and what needs no engine at all."""

from __future__ import annotations

import re
import unicodedata

from profiles.errors import VinculoError

MAX_CHARACTERS = 4000
_KEPT = "\n\t\u200d\ufe0f"
_SIGNS = {
    "/affirm": "👍👌✅🆗☑✔",
    "/deny": "👎❌🙅🚫",
    "/thank": "🙏❤💚💙🧡💛💜🥰😍🤗",
    "/greet": "👋",
}
_STOP = frozenset(
    {
        "stop", "parar", "pare", "para de mandar mensagem", "unsubscribe", "descadastrar", "sair da lista",
        "stop messages", "stop messaging me", "nao quero mais mensagens", "parem", "cancelar inscricao",
        "opt out", "remover", "remove me",
    }
)  # fmt: skip
_START = frozenset(
    {"start messages", "voltar a receber", "quero voltar a receber", "opt in", "subscribe again"}
)
_ERASE = frozenset(
    {
        "delete my data", "erase my data", "delete all my data", "forget me", "apagar meus dados",
        "apague meus dados", "excluir meus dados", "exclua meus dados", "deletar meus dados",
        "quero apagar meus dados", "quero excluir meus dados", "quero deletar meus dados",
        "i want to delete my data", "i want you to delete my data", "remove my data",
    }
)  # fmt: skip


class TooLong(VinculoError):
    """The text is longer than we take."""

    code = "too_long"
    status = 413


class EmptyText(VinculoError):
    """Nothing is left of the text that could be read."""

    code = "empty_text"
    status = 422


def check_text(text: str) -> str:
    """Return ``text`` without control characters. Raises ``TooLong`` or ``EmptyText``."""
    if len(text) > MAX_CHARACTERS:
        raise TooLong(
            f"The message has {len(text)} characters; {MAX_CHARACTERS} is the limit. Send it in parts.",
            data={"limit": MAX_CHARACTERS},
        )
    kept = "".join(
        sign for sign in text if sign in _KEPT or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co")
    ).strip()
    if not kept:
        raise EmptyText("The message is empty: write something first.")
    return kept


def for_engine(text: str) -> str:
    """Return a customer's words so that the engine takes them as words, never as a command.

    Rasa reads a text that begins with ``/`` as an intent; only buttons that we offered may do that.
    """
    if not text.lstrip().startswith(("/", "／")):
        return text
    return " ".join(re.findall(r"\w+", text)) or "?"


def sign_as_payload(text: str) -> str | None:
    """Return what a text without letters or digits says (👍 is a yes), or None."""
    return next((payload for payload, signs in _SIGNS.items() if any(sign in text for sign in signs)), None)


def has_words(text: str) -> bool:
    """Return whether there is anything to understand: a letter or a digit."""
    return any(sign.isalnum() for sign in text)


def plain(text: str) -> str:
    """Return ``text`` in lower case without accents and punctuation, for comparing with control words."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^\w\s]", " ", letters).split())


def control_word(text: str) -> str | None:
    """Return ``stop``, ``start`` or ``erase`` where the whole text says so and nothing else."""
    words = plain(text)
    words = re.sub(r"^(por favor|please) | (por favor|please)$", "", words)
    for name, known in (("stop", _STOP), ("start", _START), ("erase", _ERASE)):
        if words in known:
            return name
    return None
