"""How the adapter reads the engine's answers; the contract test has the rest."""

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from bot.engine_client import EngineClient
from conversations.engine import EngineFailed, EngineRefused, EngineUnavailable, Utterance

pytestmark = pytest.mark.anyio

UTTERANCE = Utterance(
    conversation_id="c", message_id="m", text="oi", channel="web", metadata={"language": "pt"}
)


class Engine:
    """An engine that answers everything alike; an async context manager that gives a client of it."""

    def __init__(self, status: int, body: Any = None, *, text: str | None = None, cut: bool = False) -> None:
        self.status, self.cut = status, cut
        self.text = json.dumps(body) if text is None else text
        self.requests: list[tuple[str, str | None, Any]] = []

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        content = await request.read()
        key = request.headers.get("X-Vinculo-Key")
        self.requests.append((request.path, key, json.loads(content) if content else None))
        if self.cut and request.transport is not None:
            request.transport.close()
        return web.Response(status=self.status, text=self.text)

    async def __aenter__(self) -> EngineClient:
        self.server = RawTestServer(self._answer)
        await self.server.start_server()
        self.client = EngineClient(str(self.server.make_url("/")), "key")
        return self.client

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        await self.server.close()


def answering(status: int, body: Any = None, *, text: str | None = None) -> Engine:
    return Engine(status, body, text=text)


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": "Because.", **more}}


async def test_a_message_is_sent_with_key_and_metadata() -> None:
    intent = {"name": "greet", "confidence": 0.9}
    body = {"replies": [], "intent": intent, "ranking": [intent], "entities": [], "timings_ms": {}}
    engine = Engine(200, body)
    async with engine as client:
        turn = await client.say(UTTERANCE)
    assert (turn.intent, turn.ranking) == ("greet", (("greet", 0.9),))
    (request,) = engine.requests
    assert request == (
        "/webhooks/app/message",
        "key",
        {"sender": "c", "text": "oi", "channel": "web", "message_id": "m", "metadata": {"language": "pt"}},
    )


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


async def test_a_connection_that_is_cut_means_ask_again() -> None:
    async with Engine(200, {}, cut=True) as client:
        await _asks_again(client)


async def test_nobody_there_means_ask_again() -> None:
    async with EngineClient("http://127.0.0.1:9", "key") as client:
        await _asks_again(client)


async def _asks_again(client: EngineClient) -> None:
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
