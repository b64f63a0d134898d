"""A customer on our WebSocket `/chat` who measures how long an answer takes."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

ANSWER_TIMEOUT_S = 20.0
QUIET_S = 0.15


class NoAnswer(Exception):
    """The bot did not answer in time, or refused the message."""


class Chat:
    """One customer's connection after `hello`; one turn at a time."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.paced = 0

    async def turn(self, text: str) -> float:
        """Send `text`; seconds until the first message of the bot after it.

        Waits for silence before it returns, so that the rest of the answer falls into nobody's time.
        A message too fast for the flood limit is sent again after the wait that the server names (counted
        in `paced`). Raises NoAnswer.
        """
        while True:
            number = str(uuid.uuid4())
            start = time.perf_counter()
            await self._send({"type": "message", "id": number, "text": text, "payload": None})
            seconds = await self._first_answer(number, start)
            await self._silence()
            if seconds is not None:
                return seconds

    async def _first_answer(self, number: str, start: float) -> float | None:
        """Seconds to the bot's first message after ours, or None after a pause the flood limit asked for."""
        mine: int | None = None
        while True:
            frame = await self._receive()
            if frame["type"] == "ack" and frame["id"] == number:
                mine = frame["seq"]
            elif frame["type"] == "message" and frame["message"]["sender"] == "bot":
                if mine is None or frame["message"]["seq"] > mine:
                    return time.perf_counter() - start
            elif frame["type"] == "error" and frame.get("id") in (None, number):
                if not frame.get("retry_after_s"):
                    raise NoAnswer(f"{frame['code']}: {frame['message']}")
                self.paced += 1
                await asyncio.sleep(float(frame["retry_after_s"]) + 0.05)
                return None
            elif frame["type"] == "owner" and frame["owner"] != "bot":
                raise NoAnswer(f"the conversation went to {frame['owner']}")

    async def _silence(self) -> None:
        """Read on until nothing came for a moment: the next turn must find no rest of this one."""
        while True:
            try:
                await asyncio.wait_for(self._connection.recv(), QUIET_S)
            except TimeoutError:
                return

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._connection.send(json.dumps(frame))

    async def _receive(self) -> dict[str, Any]:
        try:
            frame: dict[str, Any] = json.loads(
                await asyncio.wait_for(self._connection.recv(), ANSWER_TIMEOUT_S)
            )
        except TimeoutError as error:
            raise NoAnswer(f"no answer in {ANSWER_TIMEOUT_S:.0f} s") from error
        return frame


@asynccontextmanager
async def chatting(port: int, language: str) -> AsyncIterator[Chat]:
    """A new visitor with an open chat window, after `welcome`."""
    async with connect(f"ws://127.0.0.1:{port}/chat", proxy=None) as connection:
        chat = Chat(connection)
        await chat._send(
            {"type": "hello", "session": None, "login": None, "language": language, "after": None}
        )
        while (await chat._receive())["type"] != "welcome":
            pass
        await chat._silence()
        yield chat
