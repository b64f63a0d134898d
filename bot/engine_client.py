"""The engine over HTTP: the adapter of the port in conversations/engine.py."""

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp

from conversations.engine import (
    Button,
    EngineFailed,
    EngineHealth,
    EngineRefused,
    EngineUnavailable,
    Reply,
    Turn,
    Utterance,
)

OK = 200
CONNECT_TIMEOUT_S = 2.0
TURN_TIMEOUT_S = 40.0
HEALTH_TIMEOUT_S = 5.0


class EngineClient:
    """Speaks to the engine at `url` (like http://127.0.0.1:5005); an `Engine`, and an async context manager.

    A message that was sent and not answered may be sent again under the same id: it is answered once.
    """

    def __init__(self, url: str, key: str, *, timeout_s: float = TURN_TIMEOUT_S) -> None:
        self._url = f"{url.rstrip('/')}/webhooks/app"
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=CONNECT_TIMEOUT_S)
        self._opened: aiohttp.ClientSession | None = None

    @property
    def _http(self) -> aiohttp.ClientSession:
        """The connections, opened in the loop that first uses them."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                headers={"X-Vinculo-Key": self._key},
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=300),
            )
        return self._opened

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def say(self, utterance: Utterance) -> Turn:
        """Give one message to the engine; raises EngineUnavailable, EngineRefused or EngineFailed."""
        answer = await self._post(
            "/message",
            {
                "sender": utterance.conversation_id,
                "text": utterance.text,
                "channel": utterance.channel,
                "message_id": utterance.message_id,
                "metadata": dict(utterance.metadata),
            },
        )
        try:
            return _turn(answer)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EngineFailed(
                "The engine's answer has another form than agreed.", code="bad_answer"
            ) from error

    async def note(self, conversation_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Append events to a conversation; raises as `say` does."""
        await self._post("/events", {"sender": conversation_id, "events": [dict(event) for event in events]})

    async def health(self) -> EngineHealth:
        """Say whether the engine would take a message; never raises."""
        try:
            timeout = aiohttp.ClientTimeout(total=HEALTH_TIMEOUT_S)
            async with self._http.get(f"{self._url}/health", timeout=timeout) as response:
                body = json.loads(await response.read())
            if response.status == OK:
                return EngineHealth(ready=True, model=str(body["model"]))
            return EngineHealth(ready=False, detail=str(body["error"]["message"]))
        except aiohttp.ClientConnectorError:
            return EngineHealth(ready=False, detail="The engine is not running or still starting.")
        except (aiohttp.ClientError, TimeoutError) as error:
            return EngineHealth(ready=False, detail=f"The engine does not answer ({type(error).__name__}).")
        except (KeyError, TypeError, ValueError):
            return EngineHealth(ready=False, detail="Something else than the engine answers at its address.")

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            async with self._http.post(f"{self._url}{path}", json=body) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EngineUnavailable(f"The engine does not answer ({type(error).__name__}).") from error
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise EngineFailed("The engine's answer is no JSON.", code="bad_answer") from error
        if response.status == OK and isinstance(answer, dict):
            return answer
        raise _failure(response.status, answer)


def _failure(status: int, answer: Any) -> EngineUnavailable | EngineRefused | EngineFailed:
    error = answer.get("error") if isinstance(answer, dict) else None
    details: Mapping[str, Any] = error if isinstance(error, dict) else {}
    code = str(details.get("code") or f"status_{status}")
    message = str(details.get("message") or f"The engine answered with status {status}.")
    if status in (502, 503, 504):
        return EngineUnavailable(message, code=code, retry_after_s=float(details.get("retry_after_s") or 1.0))
    if 400 <= status < 500:
        return EngineRefused(message, code=code)
    return EngineFailed(message, code=code)


def _turn(answer: Mapping[str, Any]) -> Turn:
    intent = answer["intent"]
    return Turn(
        replies=tuple(_reply(reply) for reply in answer["replies"]),
        intent=intent["name"],
        confidence=float(intent["confidence"]),
        ranking=tuple((entry["name"], float(entry["confidence"])) for entry in answer["ranking"]),
        entities=tuple(answer["entities"]),
        timings_ms=answer["timings_ms"],
    )


def _reply(reply: Mapping[str, Any]) -> Reply:
    return Reply(
        text=reply["text"],
        utter_action=reply["utter_action"],
        arguments=reply["arguments"],
        buttons=tuple(Button(title=b["title"], payload=b["payload"]) for b in reply["buttons"]),
        image=reply.get("image"),
        custom=reply.get("custom") or None,
    )
