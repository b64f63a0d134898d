"""A real engine for tests: the trained model, a process on a free port, and scripted actions behind HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.engine_client import EngineClient
from bot.engine_process import EngineProcess
from bot.training import Trainer

ROOT = Path(__file__).resolve().parents[2]
KEY = "a key of the tests"
START_TIMEOUT_S = 120


@dataclass
class ScriptedActions:
    """Actions that answer as told; `run` is an `ActionRunner`, and `served` puts it behind HTTP."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False
    broken: bool = False
    refusing: bool = False
    gate: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, call: dict[str, Any]) -> Mapping[str, Any]:
        """Begin sessions, and answer every other action with one reply that names it."""
        self.calls.append(call)
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise ConnectionError("away")
        if self.broken or self.refusing:
            raise RuntimeError("broken")
        if call["next_action"] == "action_session_start":
            started = {"event": "session_started"}
            listening = {"event": "action", "name": "action_listen"}
            return {"events": [started, listening], "responses": []}
        reply = {
            "text": None,
            "buttons": [{"title": "Yes", "payload": "/affirm"}],
            "elements": [],
            "custom": {},
            "template": "utter_recommend",
            "response": "utter_recommend",
            "image": None,
            "attachment": None,
            "need_name": "low acidity",
            "for_action": call["next_action"],
        }
        return {"events": [{"event": "slot", "name": "need", "value": "acid"}], "responses": [reply]}

    def names(self) -> list[str]:
        """Return the actions called so far, sessions left out."""
        return [c["next_action"] for c in self.calls if c["next_action"] != "action_session_start"]

    async def _webhook(self, request: Request) -> Response:
        call = await request.json()
        try:
            return JSONResponse(await self.run(call))
        except ConnectionError:
            return Response(status_code=503)
        except RuntimeError:
            if self.refusing:
                return JSONResponse({"error": "no", "action_name": call["next_action"]}, status_code=400)
            return Response(status_code=500)

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve the actions; give their address."""
        app = Starlette(routes=[Route("/actions/webhook", self._webhook, methods=["POST"])])
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody else
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}/actions/webhook"
        server.should_exit = True
        await task


@dataclass
class RunningEngine:
    """What a test of the real engine needs."""

    client: EngineClient
    process: EngineProcess
    actions: ScriptedActions
    url: str

    async def ready(self) -> None:
        """Wait until the engine answers."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while not (await self.client.health()).ready:
                assert self.process.state != "broken", self.process.detail
                await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def running_engine(folder: Path) -> AsyncIterator[RunningEngine]:
    """Train if needed, start, and stop at the end."""
    model = await Trainer(ROOT).ensure()
    actions = ScriptedActions()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with actions.served() as action_url, EngineClient(url, KEY) as client:
        process = EngineProcess(
            ROOT,
            model,
            key=KEY,
            port=port,
            action_url=action_url,
            tracker_url=f"sqlite:///{folder / 'tracker.db'}",
            var=folder,
        )
        async with process:
            engine = RunningEngine(client, process, actions, url)
            await engine.ready()
            yield engine


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
