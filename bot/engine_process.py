"""Keep the engine running: start it in its own environment, restart it when it dies, stop it cleanly."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from bot.training import SETTINGS, Model

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
STOP_PATIENCE_S = 10.0
LONGEST_LOG = 10_000_000
WRONG_SETTINGS = 2


class EngineState(StrEnum):
    """Where the engine's process is; whether it answers is for `Engine.health` to say."""

    STOPPED = "stopped"
    RUNNING = "running"
    RESTARTING = "restarting"
    BROKEN = "broken"


class EngineProcess:
    """The engine as a child process in a group of its own; an async context manager.

    It is started again after growing pauses whenever it ends, except when it says that its settings are wrong
    (`BROKEN`, with the reason in `detail`). It also ends by itself when this process dies.
    """

    def __init__(
        self,
        root: Path,
        model: Model,
        *,
        key: str,
        port: int,
        action_url: str,
        tracker_url: str,
        host: str = "127.0.0.1",
        var: Path | None = None,
        python: Path | None = None,
        on_change: Callable[[EngineState], None] | None = None,
    ) -> None:
        self.state = EngineState.STOPPED
        self.detail: str | None = None
        self.restarts = 0
        self.log = (var or root / "var") / "log" / "engine.log"
        self._root = root
        self._command: tuple[str, ...] = (
            *(str(python or root / ".venv-engine" / "bin" / "python"), "-m", "engine.start", "--while-stdin"),
            *("--model", str(model.path), "--host", host, "--port", str(port)),
        )
        self._own = {
            "VINCULO_ENGINE_KEY": key,
            "VINCULO_ACTION_URL": action_url,
            "VINCULO_TRACKER_URL": tracker_url,
        }
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the running process."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the engine and keep it running from now on; does not wait until it answers."""
        if self._watch is None:
            await self._launch()
            self._watch = asyncio.create_task(self._keep_running(), name="engine process")

    async def stop(self) -> None:
        """Stop the engine and everything it started: politely, and after ten seconds for good."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        await self._end()
        self._become(EngineState.STOPPED)

    async def restart(self, model: Model | None = None) -> None:
        """Stop the engine and start it again, with another model if one is given."""
        await self.stop()
        if model is not None:
            at = self._command.index("--model") + 1
            self._command = (*self._command[:at], str(model.path), *self._command[at + 1 :])
        await self.start()

    async def _keep_running(self) -> None:
        pause = FIRST_PAUSE_S
        while self._process is not None:
            started = time.monotonic()
            status = await self._process.wait()
            await self._end()  # what it may have started itself
            self.detail = f"The engine ended with status {status}: {self._last_words()}"
            if status == WRONG_SETTINGS:
                log.error("engine.settings", detail=self.detail)
                self._become(EngineState.BROKEN)
                return
            if time.monotonic() - started > STEADY_AFTER_S:
                pause = FIRST_PAUSE_S
            log.warning("engine.ended", status=status, again_in_s=pause)
            self._become(EngineState.RESTARTING)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            self.restarts += 1
            await self._launch()

    async def _launch(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        try:
            with self.log.open("ab") as output:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    cwd=self._root,
                    env=self._environment(),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=output,
                    stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            self.detail = (
                f"The engine cannot be started: {error.strerror}: {error.filename}. Run scripts/install."
            )
            log.error("engine.not_started", detail=self.detail)
            self._become(EngineState.BROKEN)
            return
        self._become(EngineState.RUNNING)

    def _environment(self) -> dict[str, str]:
        """Return our environment without the app's settings and secrets, which the engine has no use for."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VINCULO_")}
        return {**inherited, **SETTINGS, **self._own}

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, kind)
            with contextlib.suppress(TimeoutError):
                # Not wait_for: until Python 3.12 it forgets a cancellation that comes as the process ends.
                async with asyncio.timeout(STOP_PATIENCE_S):
                    await process.wait()
                break
        self._process = None

    def _become(self, state: EngineState) -> None:
        if state is EngineState.RUNNING:
            self.detail = None
        if state is not self.state:
            self.state = state
            if self._on_change is not None:
                self._on_change(state)

    def _last_words(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 4000))
            lines = file.read().decode("utf-8", "replace").splitlines()
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "it said nothing.")
