"""The engine's only door: messages, notes and health check, each answered or refused in plain words."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import rasa
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from engine.errors import TurnError
from engine.events import read_events
from engine.turns import Answer, Replies, Turns

logger = logging.getLogger(__name__)

LONGEST_TEXT = 4000
LONGEST_BODY = 1_000_000
LONGEST_ID = 255
RANKED = 3
_NOT_ARGUMENTS = {
    "text", "timestamp", "utter_action", "template", "buttons", "quick_replies", "elements", "attachment",
    "image", "custom", "condition", "channel", "id", "metadata", "model_id", "assistant_id",
}  # fmt: skip


class AppInput(InputChannel):
    """`message`, `events` and `health` under /webhooks/app."""

    def __init__(self, key: str) -> None:
        if not key:
            raise ValueError("The engine's channel needs a key: set VINCULO_ENGINE_KEY.")
        self._key = key.encode()
        self._turns: Turns | None = None
        self._running: set[asyncio.Task[Any]] = set()

    @classmethod
    def name(cls) -> str:
        """Return the part of the address after /webhooks/."""
        return "app"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> AppInput:
        """Create the channel from its entry in credentials.yml."""
        return cls((credentials or {}).get("key") or "")

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the three routes; Rasa's own way for messages hides every failure and is not used."""
        routes = Blueprint("app_channel")

        @routes.post("/message")
        async def message(request: Request) -> HTTPResponse:
            return await self._answer(request, self._message)

        @routes.post("/events")
        async def events(request: Request) -> HTTPResponse:
            return await self._answer(request, self._events)

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return await self._answer(request, self._health)

        @routes.listener("after_server_stop")
        async def finish(app: Sanic, _: Any) -> None:
            if self._running:
                await asyncio.wait(self._running, timeout=5)

        return routes

    async def _answer(
        self, request: Request, work: Callable[[Request], Awaitable[dict[str, Any]]]
    ) -> HTTPResponse:
        """Run the work to its end even when the client goes away, and put its result or failure in words."""
        try:
            self._check_key(request)
            task = asyncio.ensure_future(work(request))
            self._running.add(task)
            task.add_done_callback(self._finished)
            return _json(await asyncio.shield(task), 200)
        except TurnError as error:
            if error.status >= 500:
                logger.warning("%s %s: %s", error.status, error.code, error.message)
            return as_response(error)
        except Exception:
            logger.exception("The turn failed.")
            return as_response(
                TurnError(500, "turn_failed", "The turn failed inside the engine; its log says why.")
            )

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # was answered or, when the client had left, has nobody to be told

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("x-vinculo-key", "").encode()
        if not hmac.compare_digest(given, self._key):
            raise TurnError(401, "wrong_key", "The header X-Vinculo-Key does not hold the engine's key.")

    def _turns_of(self, app: Sanic) -> Turns:
        agent = getattr(app.ctx, "agent", None)
        if agent is None:
            raise TurnError(503, "starting", "The engine is still starting.", 2.0)
        if self._turns is None:
            self._turns = Turns(agent)
        return self._turns

    async def _message(self, request: Request) -> dict[str, Any]:
        body = _body(request)
        text = _string(body, "text", LONGEST_TEXT, too_long=(413, "text_too_long"))
        message_id = _string(body, "message_id", LONGEST_ID)
        channel = _string(body, "channel", LONGEST_ID)
        metadata = body.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise TurnError(422, "invalid_body", "metadata: must be an object")
        replies = Replies(channel)
        message = UserMessage(
            text,
            replies,
            _string(body, "sender", LONGEST_ID),
            input_channel=channel,
            message_id=message_id,
            metadata={**metadata, "message_id": message_id, "channel": channel},
        )
        return _turn(message_id, await self._turns_of(request.app).take(message, replies))

    async def _events(self, request: Request) -> dict[str, Any]:
        body = _body(request)
        sender = _string(body, "sender", LONGEST_ID)
        items = body.get("events")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise TurnError(422, "invalid_body", "events: must be a list of objects")
        try:
            events = read_events(items)
        except ValueError as error:
            raise TurnError(422, "invalid_body", str(error)) from error
        await self._turns_of(request.app).append(sender, events)
        return {"appended": len(events)}

    async def _health(self, request: Request) -> dict[str, Any]:
        model = self._turns_of(request.app).processor.model_metadata.model_id
        return {"status": "ok", "model": model, "rasa": rasa.__version__}


def _turn(message_id: str, answer: Answer) -> dict[str, Any]:
    """Return the JSON of a turn."""
    intent = answer.parse.get("intent") or {}
    ranking = answer.parse.get("intent_ranking") or [intent]
    return {
        "message_id": message_id,
        "replies": [_reply(message) for message in answer.messages],
        "intent": _intent(intent),
        "ranking": [_intent(entry) for entry in ranking[:RANKED]],
        "entities": answer.parse.get("entities") or [],
        "timings_ms": answer.timings_ms,
    }


def _intent(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": entry.get("name"), "confidence": float(entry.get("confidence") or 0.0)}


def _reply(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": message.get("text") or None,
        "utter_action": message.get("utter_action"),
        "arguments": {key: value for key, value in message.items() if key not in _NOT_ARGUMENTS},
        "buttons": [
            {"title": button.get("title"), "payload": button.get("payload")}
            for button in message.get("buttons") or []
        ],
        "image": message.get("image"),
        "custom": message.get("custom"),
    }


def _body(request: Request) -> dict[str, Any]:
    if len(request.body) > LONGEST_BODY:
        raise TurnError(413, "body_too_long", f"A body has at most {LONGEST_BODY} bytes.")
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise TurnError(422, "invalid_body", f"The body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise TurnError(422, "invalid_body", "The body must be an object.")
    return body


def _string(
    body: Mapping[str, Any], field: str, longest: int, too_long: tuple[int, str] = (422, "invalid_body")
) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value.strip():
        raise TurnError(422, "invalid_body", f"{field}: must be a text that is not empty")
    if len(value) > longest:
        raise TurnError(*too_long, f"{field}: has {len(value)} characters, at most {longest} are taken")
    return value.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate breaks encoders and databases


def _json(body: Mapping[str, Any], status: int) -> HTTPResponse:
    return HTTPResponse(json.dumps(body), status=status, content_type="application/json")


def as_response(error: TurnError) -> HTTPResponse:
    """Return the HTTP answer of a failure."""
    return _json(error.as_json(), error.status)
