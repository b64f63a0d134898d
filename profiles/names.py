"""Reading the name that somebody tells, in English and Portuguese."""

from __future__ import annotations

import re

MAX_WORDS = 4
_WORD = r"[^\W\d_]+(?:['’\-][^\W\d_]+)*\.?"
_NAME = rf"(?P<name>{_WORD}(?:\s+{_WORD}){{0,{MAX_WORDS - 1}}})"
_CLEAR = (
    r"(?:o\s+)?meu\s+nome\s+(?:é|e|eh)",
    r"(?:eu\s+)?me\s+chamo",
    r"(?:pode|podem)\s+me\s+chamar\s+de",
    r"(?:me\s+)?chama(?:m)?(?:\s+me|-me)?\s+de",
    r"my\s+name(?:\s+is|['’]?s)",
    r"(?:you\s+can\s+)?(?:please\s+)?call\s+me",
    r"(?:nome|name)\s*:",
)
# These introduce anything: "sou alérgica", "I'm furious", "this is urgent".
_VAGUE = (
    r"(?:eu\s+)?sou\s+(?:o|a)",
    r"aqui\s+(?:é|e|eh)\s+(?:o|a)",
    r"i\s+am|i['’]?m",
    r"(?:hi|hello|hey)?\s*this\s+is",
    r"it['’]?s",
    r"(?:eu\s+)?sou",
)


def _after(starts: tuple[str, ...]) -> list[re.Pattern[str]]:
    return [re.compile(rf"(?:^|\b)(?:{start})\s+{_NAME}", re.IGNORECASE) for start in starts]


_TOLD_CLEARLY = _after(_CLEAR)
_TOLD_VAGUELY = _after(_VAGUE)
_BARE = re.compile(rf"^\s*{_NAME}\s*[.!,]?\s*$", re.IGNORECASE)
_ENDS = re.compile(
    r"\s+(?:e|and|but|mas|aqui|here|por favor|please|prazer|obrigad[oa]|thanks|from|de onde|"
    r"tudo bem|quero|queria|gostaria|preciso|i|eu|viu|tá|ta|ok|nice|looking|a seu|ao seu)\b.*$",
    re.IGNORECASE,
)
_PARTICLES = frozenset({"da", "de", "do", "das", "dos", "e", "von", "van", "der", "di", "la"})
_NOT_NAMES_TEXT = """
    oi olá ola hi hello hey bom boa dia tarde noite sim não nao yes no ok okay claro nope obrigado obrigada
    thanks thank valeu tchau bye ajuda help café cafe coffee quero want pedido order pessoa person atendente
    agent parar stop bot robô robo cliente customer new novo nova looking interested procurando querendo not
    um uma the a an good great fine bem tudo depois later nada nothing aqui here isso that this never nunca
    prefiro prefer vegan vegano vegana raining i me my eu meu minha meus minhas seu sua you your você
    voce vocês call chamo nome name what who where when why how is are do does qual quem onde quando
    como porque have tenho tem need preciso gosto like
"""
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())


def find_name(text: str, *, asked: bool = False) -> str | None:
    """Return the name told in ``text``, or None.

    ``asked`` says that a name is expected (the bot has asked, or the engine took the text for a name), so
    that a bare name or an introduction like "I am …" is an answer.
    """
    text = " ".join(text.split())
    for pattern in (*_TOLD_CLEARLY, *(_TOLD_VAGUELY if asked else ())):
        found = pattern.search(text)
        if found and (name := _tidy(found.group("name"))):
            return name
    if asked and (found := _BARE.match(text)):
        return _tidy(found.group("name"))
    return None


def _tidy(name: str) -> str | None:
    name = _ENDS.sub("", name).strip(" .,!'’-")
    words = name.split()
    if not words or len(words) > MAX_WORDS or len(name) > 60:
        return None
    if words[0].lower() in _NOT_NAMES or words[0].lower() in _PARTICLES:
        return None
    kept = []
    for word in words:
        if word.lower() in _NOT_NAMES:
            break
        kept.append(word.lower() if word.lower() in _PARTICLES else _capitalise(word))
    while kept and kept[-1] in _PARTICLES:
        kept.pop()
    return " ".join(kept) or None


def _capitalise(word: str) -> str:
    return word if any(letter.isupper() for letter in word[1:]) and not word.isupper() else word.capitalize()
