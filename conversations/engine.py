"""The dialogue engine as the app sees it: three calls, what they give, and how they fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from profiles.errors import VinculoError

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One message of a customer, on its way to the engine."""

    conversation_id: str
    message_id: str
    text: str
    channel: str
    metadata: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice under a reply; `payload` is what comes back when it is pressed."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One line of the bot: a response key with its arguments, and the engine's own text for unknown keys."""

    text: str | None = None
    utter_action: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    buttons: tuple[Button, ...] = ()
    image: str | None = None
    custom: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the engine understood of one message and what it wants to say."""

    replies: tuple[Reply, ...] = ()
    intent: str | None = None
    confidence: float = 0.0
    ranking: tuple[tuple[str, float], ...] = ()
    entities: tuple[Mapping[str, Any], ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHealth:
    """Whether the engine can take a message now, with which model, and why not."""

    ready: bool
    model: str | None = None
    detail: str | None = None


class EngineError(VinculoError):
    """The engine did not give a turn; its dialogue state is as it was before the call."""


class EngineUnavailable(EngineError):
    """Nobody answers just now (starting, restarting, action server away): ask again after `retry_after_s`."""

    code = "engine_unavailable"
    status = 503
    retry_after_s: float

    def __init__(self, message: str, *, code: str | None = None, retry_after_s: float = 1.0) -> None:
        super().__init__(message, code=code, retry_after_s=retry_after_s)


class EngineRefused(EngineError):
    """The engine will never take this request as it is (wrong key, wrong body, text too long)."""

    code = "engine_refused"
    status = 422


class EngineFailed(EngineError):
    """The turn broke inside the engine; the same message may succeed another time."""

    code = "engine_failed"


class Engine(Protocol):
    """Understands messages and decides the next step of the dialogue.

    All calls raise `EngineUnavailable`, `EngineRefused` or `EngineFailed` and nothing else, except `health`,
    which never raises.
    """

    async def say(self, utterance: Utterance) -> Turn:
        """Give one message of a conversation to the engine and return its turn."""
        ...

    async def note(self, conversation_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Append events (Rasa's JSON form) to the conversation without a turn."""
        ...

    async def health(self) -> EngineHealth:
        """Say whether a message would be taken now."""
        ...
