"""How the adapter reads the engine's answers; the contract test has the rest."""

import json
from typing import Any

import httpx
import pytest

from bot.engine_client import EngineClient
from conversations.engine import EngineFailed, EngineRefused, EngineUnavailable, Utterance

pytestmark = pytest.mark.anyio

UTTERANCE = Utterance(
    conversation_id="c", message_id="m", text="oi", channel="web", metadata={"language": "pt"}
)


def answering(status: int, body: Any = None, *, text: str | None = None) -> EngineClient:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=body) if text is None else httpx.Response(status, text=text)

    return EngineClient("http://engine", "key", transport=httpx.MockTransport(answer))


def failing(error: httpx.TransportError) -> EngineClient:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    return EngineClient("http://engine", "key", transport=httpx.MockTransport(fail))


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": "Because.", **more}}


async def test_a_message_is_sent_with_key_and_metadata() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        intent = {"name": "greet", "confidence": 0.9}
        body = {"replies": [], "intent": intent, "ranking": [intent], "entities": [], "timings_ms": {}}
        return httpx.Response(200, json=body)

    async with EngineClient("http://engine/", "key", transport=httpx.MockTransport(answer)) as client:
        turn = await client.say(UTTERANCE)
    assert (turn.intent, turn.ranking) == ("greet", (("greet", 0.9),))
    (request,) = requests
    assert (str(request.url), request.headers["X-Vinculo-Key"]) == (
        "http://engine/webhooks/app/message",
        "key",
    )
    assert json.loads(request.content) == {
        "sender": "c", "text": "oi", "channel": "web", "message_id": "m", "metadata": {"language": "pt"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, EngineRefused),
        (413, EngineRefused),
        (422, EngineRefused),
        (404, EngineRefused),
        (500, EngineFailed),
        (502, EngineUnavailable),
        (503, EngineUnavailable),
    ],
)
async def test_each_status_has_its_error(status: int, kind: type[Exception]) -> None:
    async with answering(status, error("some_code")) as client:
        with pytest.raises(kind, match=r"Because\.") as raised:
            await client.say(UTTERANCE)
    assert raised.value.code == "some_code"  # type: ignore[attr-defined]


async def test_the_engine_says_when_to_ask_again() -> None:
    async with answering(503, error("starting", retry_after_s=2.5)) as client:
        with pytest.raises(EngineUnavailable) as raised:
            await client.say(UTTERANCE)
    assert raised.value.retry_after_s == 2.5


@pytest.mark.parametrize(
    "lost", [httpx.ConnectError("refused"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")]
)
async def test_a_lost_connection_means_ask_again(lost: httpx.TransportError) -> None:
    async with failing(lost) as client:
        with pytest.raises(EngineUnavailable):
            await client.say(UTTERANCE)
        health = await client.health()
    assert not health.ready
    assert health.detail


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", '{"intent": null}'])
async def test_an_answer_of_another_form_is_a_failure(text: str) -> None:
    async with answering(200, text=text) as client:
        with pytest.raises(EngineFailed):
            await client.say(UTTERANCE)
        assert not (await client.health()).ready


async def test_health_gives_the_reason() -> None:
    async with answering(503, error("no_model")) as client:
        health = await client.health()
    assert (health.ready, health.detail) == (False, "Because.")
