"""A WebSocket straight to an ASGI app, on the loop of the test: every wait ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

WITHIN_S = 10.0


class Closed(Exception):
    """The server has closed the socket."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Socket:
    """The client's end."""

    def __init__(self, app: Any, path: str) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(b"host", b"test")], "client": ("127.0.0.1", 1), "server": ("test", 80),
            "subprotocols": [], "state": {}, "extensions": {},
        }  # fmt: skip
        self._to_app.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(app(scope, self._to_app.get, self._from_app.put))
        self.seen: list[dict[str, Any]] = []

    async def send(self, frame: dict[str, Any] | str | bytes) -> None:
        """Send one frame: an object as JSON, a text or bytes as they are."""
        if isinstance(frame, bytes):
            self._to_app.put_nowait({"type": "websocket.receive", "bytes": frame})
            return
        text = frame if isinstance(frame, str) else json.dumps(frame)
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> dict[str, Any]:
        """Return the next frame. Raises `Closed`."""
        while True:
            message = await asyncio.wait_for(self._from_app.get(), WITHIN_S)
            if message["type"] == "websocket.close":
                raise Closed(message.get("code"))
            if message["type"] == "websocket.send":
                frame: dict[str, Any] = json.loads(message["text"])
                self.seen.append(frame)
                return frame

    async def until(self, fits: str | Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the next frame of this type (or for which this holds), passing over others."""
        while True:
            frame = await self.receive()
            if frame["type"] == fits if isinstance(fits, str) else fits(frame):
                return frame

    async def closing_code(self) -> int | None:
        """Wait for the server to close and return its code."""
        try:
            while True:
                await self.receive()
        except Closed as closed:
            return closed.code

    async def disconnect(self) -> None:
        """Leave, and wait for the app to be through with us; what it raises is raised here."""
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.task, WITHIN_S)


@asynccontextmanager
async def connected(app: Any, path: str = "/chat") -> AsyncIterator[Socket]:
    """Open a socket for the block."""
    socket = Socket(app, path)
    try:
        yield socket
    finally:
        if not socket.task.done():
            await socket.disconnect()
    await socket.task


@asynccontextmanager
async def chatting(app: Any, **hello: Any) -> AsyncIterator[tuple[Socket, dict[str, Any]]]:
    """Open a socket, say hello, and give the socket with its welcome."""
    async with connected(app) as socket:
        await socket.send({"type": "hello", **hello})
        yield socket, await socket.until("welcome")
