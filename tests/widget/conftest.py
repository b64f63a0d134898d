"""A server double on a free port and Debian's chromium, for the tests of the widget and the shop page."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import WebSocketDisconnect
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.widget.double import Conversation, Double, create_app

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


class Server:
    """The double in a thread: look at `state`, `run` something on its loop, `cut` and `mend` the line."""

    def __init__(self) -> None:
        self.state = Double()
        config = uvicorn.Config(
            create_app(self.state), host="127.0.0.1", port=0, log_level="error", ws="websockets-sansio"
        )
        self.uvicorn = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.uvicorn.serve())
        self.loop.close()

    def start(self) -> None:
        self.thread.start()
        while not self.uvicorn.started:
            time.sleep(0.01)
        port = self.uvicorn.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self.uvicorn.should_exit = True
        self.thread.join(10)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def cut(self) -> None:
        """Closes every connection and accepts no new one."""
        self.state.accepting = False

        async def close() -> None:
            for conversation in self.state.conversations.values():
                for socket in list(conversation.sockets):
                    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it has just left by itself
                        await socket.close(1012)
                conversation.sockets.clear()

        self.run(close())

    def mend(self) -> None:
        self.state.accepting = True

    @property
    def conversation(self) -> Conversation:
        return self.state.conversation_of()

    def say(self, sender: str, text: str, **more: Any) -> dict[str, Any]:
        return self.run(self.conversation.add(sender, text, **more))

    def own(self, owner: str, agent: str | None = None) -> None:
        conversation = self.conversation
        conversation.owner, conversation.agent = owner, agent
        self.run(conversation.announce({"type": "owner", "owner": owner, "agent": agent}))


@pytest.fixture(scope="package")
def running_server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(running_server: Server) -> Server:
    running_server.state.reset()
    return running_server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser, server: Server) -> Iterator[Callable[..., BrowserContext]]:
    """Browser contexts (a person each); at the end no page may have complained (CSP, exceptions)."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(
            base_url=server.url, **{"locale": "en-US", "timezone_id": "America/Sao_Paulo"} | options
        )
        context.set_default_timeout(8000)
        context.on("weberror", lambda problem: complaints.append(str(problem.error)))
        context.on(
            "console",
            lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None,
        )
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()
