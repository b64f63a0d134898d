"""The real engine at its door: bad requests, clients that leave, crashes, wrong settings, memory, time."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

import httpx
import psutil
import pytest

from bot.training import SETTINGS
from conversations.engine import Turn, Utterance
from tests.engine.running import KEY, ROOT, RunningEngine, free_port, running_engine

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.engine]


@pytest.fixture(scope="module")
async def started(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[RunningEngine]:
    async with running_engine(tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture
def engine(started: RunningEngine) -> RunningEngine:
    started.actions.calls.clear()
    started.actions.gate = None
    started.actions.arrived.clear()
    return started


def new() -> str:
    return str(uuid.uuid4())


def body(**changes: Any) -> dict[str, Any]:
    return {"sender": new(), "text": "oi", "channel": "web", "message_id": new(), "metadata": {}} | changes


async def post(
    engine: RunningEngine, path: str = "/message", *, key: str | None = KEY, **content: Any
) -> httpx.Response:
    headers = {"X-Vinculo-Key": key} if key is not None else {}
    async with httpx.AsyncClient(base_url=f"{engine.url}/webhooks/app", timeout=30) as http:
        return await http.post(path, headers=headers, **content)


async def say(engine: RunningEngine, conversation: str, text: str, message_id: str | None = None) -> Turn:
    return await engine.client.say(
        Utterance(conversation_id=conversation, message_id=message_id or new(), text=text, channel="web")
    )


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + " and more", "ключ"])
async def test_without_the_key_nothing_is_answered(engine: RunningEngine, key: str | None) -> None:
    encoded = [(b"X-Vinculo-Key", key.encode())] if key is not None else []
    async with httpx.AsyncClient(base_url=f"{engine.url}/webhooks/app") as http:
        for response in (
            await http.post("/message", headers=encoded, json=body()),
            await http.post("/events", headers=encoded, json={}),
            await http.get("/health", headers=encoded),
        ):
            assert response.status_code == 401
            assert response.json()["error"]["code"] == "wrong_key"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": None}, "text"),
        ({"text": ""}, "text"),
        ({"text": 7}, "text"),
        ({"sender": " "}, "sender"),
        ({"sender": "a" * 256}, "sender"),
        ({"message_id": None}, "message_id"),
        ({"channel": {}}, "channel"),
        ({"metadata": "pt"}, "metadata"),
    ],
)
async def test_a_wrong_field_is_named(engine: RunningEngine, changes: dict[str, Any], field: str) -> None:
    response = await post(engine, json=body(**changes))
    assert response.status_code == 422
    assert response.json()["error"]["message"].startswith(f"{field}: ")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"text": "oi"'])
async def test_a_body_that_is_no_object_is_refused(engine: RunningEngine, content: bytes) -> None:
    response = await post(engine, content=content)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_body"


async def test_long_texts_and_long_bodies_are_refused(engine: RunningEngine) -> None:
    assert (await post(engine, json=body(text="a" * 4001))).status_code == 413
    assert (await post(engine, json=body(text="a" * 100_000))).status_code == 413
    response = await post(engine, json=body(metadata={"much": "a" * 1_000_000}))
    assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_long")
    assert (await post(engine, content=b"a" * 3_000_000)).status_code == 413


async def test_unknown_paths_and_methods_are_refused_in_the_same_form(engine: RunningEngine) -> None:
    for response in (
        await post(engine, "/elsewhere", json=body()),
        await post(engine, "/health", json={}),
        await post(engine, "/../../model/train", json={}),
        await post(engine, "/../../conversations/x/messages", json={}),
    ):
        assert response.status_code in (404, 405)
        assert set(response.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    "events",
    [None, {}, ["slot"], [{}], [{"event": "no_such_event"}], [{"event": "slot"}], [{"event": 7}]],
)
async def test_wrong_events_are_refused(engine: RunningEngine, events: Any) -> None:
    response = await post(engine, "/events", json={"sender": new(), "events": events})
    assert response.status_code == 422
    assert response.json()["error"]["message"].startswith("events")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4000,
        "☕🙂",
        "\u0000\u0007 oi",
        "\ud800",
        "مرحبا",
        "SELECT * FROM events; --",
        "{name} {0} %s",
        "OI QUERO FALAR COM UMA PESSOA",
        '/greet{"x":1}',
        "/greet{",
        "/no_such_intent",
        "/restart",
        "/",
    ],
)
async def test_odd_texts_get_a_turn_and_leave_the_conversation_usable(
    engine: RunningEngine, text: str
) -> None:
    conversation = new()
    content = json.dumps(body(sender=conversation, text=text)).encode()
    response = await post(engine, content=content)
    assert response.status_code == 200, response.text
    turn = await say(engine, conversation, "obrigada")
    assert [reply.utter_action for reply in turn.replies] == ["utter_thank"]


async def test_shouting_is_understood(engine: RunningEngine) -> None:
    assert (await say(engine, new(), "QUERO FALAR COM UMA PESSOA")).intent == "ask_person"


async def test_a_turn_goes_on_when_its_client_leaves(engine: RunningEngine) -> None:
    conversation, message_id = new(), new()
    await say(engine, conversation, "/greet")
    engine.actions.gate = asyncio.Event()
    engine.actions.arrived.clear()
    asked = asyncio.create_task(say(engine, conversation, "/recommend", message_id))
    await engine.actions.arrived.wait()
    asked.cancel()
    again = asyncio.create_task(say(engine, conversation, "/recommend", message_id))
    await asyncio.sleep(0.1)
    engine.actions.gate.set()
    turn = await again
    assert [reply.utter_action for reply in turn.replies] == ["utter_recommend"]
    assert engine.actions.names() == ["action_recommend"]


async def test_messages_of_one_conversation_wait_for_each_other_and_others_do_not(
    engine: RunningEngine,
) -> None:
    conversation, other = new(), new()
    await say(engine, conversation, "/greet")
    await say(engine, other, "/greet")
    engine.actions.gate = asyncio.Event()
    engine.actions.arrived.clear()
    first = asyncio.create_task(say(engine, conversation, "/recommend"))
    await engine.actions.arrived.wait()
    second = asyncio.create_task(say(engine, conversation, "/affirm"))
    await say(engine, other, "/thank")
    assert not second.done()
    engine.actions.gate.set()
    await first
    assert [reply.utter_action for reply in (await second).replies] == ["utter_recommend_how_to_buy"]


async def test_the_conversation_and_the_answers_survive_a_crash(engine: RunningEngine) -> None:
    conversation, answered = new(), new()
    first = await say(engine, conversation, "/recommend", answered)
    restarts = engine.process.restarts
    assert engine.process.pid is not None
    os.kill(engine.process.pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        while engine.process.restarts == restarts:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await engine.ready()
    assert (await say(engine, conversation, "/recommend", answered)).replies == first.replies
    turn = await say(engine, conversation, "/affirm")
    assert [reply.utter_action for reply in turn.replies] == ["utter_recommend_how_to_buy"]
    assert engine.actions.names() == ["action_recommend"]


async def test_a_long_session_stays_quick_and_the_memory_small(engine: RunningEngine) -> None:
    conversation = new()
    turns = [await say(engine, conversation, f"oi {number}") for number in range(60)]
    assert median(turn.timings_ms["total"] for turn in turns) < 60  # a busy box; the benchmark has the figure
    assert engine.process.pid is not None
    assert psutil.Process(engine.process.pid).memory_info().rss < 800_000_000


async def test_customers_words_are_not_in_the_log(engine: RunningEngine) -> None:
    await say(engine, new(), "meu segredo é xyzzy plugh")
    assert "xyzzy" not in engine.process.log.read_text()


def start(
    folder: Path, settings: Mapping[str, str] = MappingProxyType({}), *, port: int | None = None
) -> subprocess.CompletedProcess[str]:
    model = next(ROOT.glob("models/*.tar.gz"))
    own = {
        "VINCULO_ENGINE_KEY": KEY,
        "VINCULO_ACTION_URL": "http://127.0.0.1:1/actions/webhook",
        "VINCULO_TRACKER_URL": f"sqlite:///{folder / 'tracker.db'}",
    }
    return subprocess.run(
        [
            ROOT / ".venv-engine" / "bin" / "python",
            *("-m", "engine.start", "--model", model),
            *("--port", str(port or free_port())),
        ],
        cwd=ROOT,
        env={**os.environ, **SETTINGS, **own, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", ["VINCULO_ENGINE_KEY", "VINCULO_ACTION_URL", "VINCULO_TRACKER_URL"])
def test_a_missing_setting_ends_the_start(tmp_path: Path, name: str) -> None:
    ended = start(tmp_path, {name: ""})
    assert ended.returncode == 2
    assert f"{name} is not set" in ended.stderr


def test_a_port_in_use_ends_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start(tmp_path, port=port)
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr.splitlines()[-1]


def test_a_store_that_cannot_be_written_ends_the_start(tmp_path: Path) -> None:
    ended = start(tmp_path, {"VINCULO_TRACKER_URL": f"sqlite:///{tmp_path}/no/such/folder/tracker.db"})
    assert ended.returncode == 2
    assert "conversation store" in ended.stderr.splitlines()[-1]
