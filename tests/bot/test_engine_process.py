"""The supervisor, with small programs in the engine's place."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import bot.engine_process
from bot.engine_process import EngineProcess, EngineState
from bot.training import Model

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.engine_process, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(bot.engine_process, "STOP_PATIENCE_S", 1.0)


def supervised(
    folder: Path, program: str, *, on_change: Callable[[EngineState], None] | None = None
) -> EngineProcess:
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    return EngineProcess(
        folder,
        Model(path=folder / "model.tar.gz", fingerprint="f", sha256="s"),
        key="the key",
        port=15519,
        action_url="http://127.0.0.1:1/actions/webhook",
        tracker_url="sqlite:///tracker.db",
        python=python,
        on_change=on_change,
    )


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a process tells nobody
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


async def test_it_is_told_model_address_and_its_own_settings_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VINCULO_SECRET", "not for the engine")
    async with supervised(tmp_path, 'echo "$@"; env; echo ready; exec sleep 60') as process:
        await until(lambda: process.log.exists() and "ready" in process.log.read_text())
        said = process.log.read_text()
    assert f"--model {tmp_path / 'model.tar.gz'} --host 127.0.0.1 --port 15519" in said
    assert "VINCULO_ENGINE_KEY=the key" in said
    assert "not for the engine" not in said
    assert "the key" not in said.splitlines()[0]
    assert process.state is EngineState.STOPPED


async def test_it_is_started_again_when_it_dies(tmp_path: Path) -> None:
    states: list[EngineState] = []
    async with supervised(tmp_path, "echo oh dear; exit 1", on_change=states.append) as process:
        await until(lambda: process.restarts >= 2)
    assert states[:3] == [EngineState.RUNNING, EngineState.RESTARTING, EngineState.RUNNING]
    assert process.log.read_text().count("oh dear") >= 2


async def test_pauses_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.engine_process, "FIRST_PAUSE_S", 0.1)
    async with supervised(tmp_path, "exit 1") as process:
        await until(lambda: process.restarts >= 1)
        await asyncio.sleep(0.1)
        assert process.restarts == 1
        await until(lambda: process.restarts >= 2)


@pytest.mark.parametrize("steps", range(12))
async def test_it_can_be_stopped_at_any_moment_of_its_death(tmp_path: Path, steps: int) -> None:
    process = supervised(tmp_path, "exit 1")
    await process.start()
    assert process._process is not None
    await process._process.wait()
    for _ in range(steps):
        await asyncio.sleep(0)
    stopping = asyncio.create_task(process.stop())
    done, _ = await asyncio.wait({stopping}, timeout=5)
    stopping.cancel()
    assert done
    assert process.state is EngineState.STOPPED


async def test_wrong_settings_are_not_tried_again(tmp_path: Path) -> None:
    async with supervised(tmp_path, "echo The port is taken. >&2; exit 2") as process:
        await until(lambda: process.state is EngineState.BROKEN)
        assert process.detail is not None
        assert "The port is taken." in process.detail
        assert process.restarts == 0


async def test_a_missing_environment_is_said(tmp_path: Path) -> None:
    process = supervised(tmp_path, "")
    (tmp_path / "python").unlink()
    async with process:
        assert process.state is EngineState.BROKEN
        assert process.detail is not None
        assert "scripts/install" in process.detail


async def test_stopping_ends_what_it_started(tmp_path: Path) -> None:
    program = "sleep 60 & echo child $!; wait"
    async with supervised(tmp_path, program) as process:
        await until(lambda: process.log.exists() and "child" in process.log.read_text())
        child = int(process.log.read_text().split()[1])
        engine = process.pid
        assert engine is not None
        assert alive(child)
    await until(lambda: not alive(child))
    assert not alive(engine)
    assert process.pid is None


async def test_who_does_not_listen_is_stopped_for_good(tmp_path: Path) -> None:
    async with supervised(tmp_path, "trap '' TERM; echo deaf; while :; do sleep 0.1; done") as process:
        await until(lambda: process.log.exists() and "deaf" in process.log.read_text())
        engine = process.pid
        assert engine is not None
    await until(lambda: not alive(engine))


async def test_a_large_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.engine_process, "LONGEST_LOG", 10)
    process = supervised(tmp_path, "exec sleep 60")
    process.log.parent.mkdir(parents=True)
    process.log.write_text("much has been said")
    async with process:
        assert process.log.read_text() == ""
    assert process.log.with_suffix(".log.1").read_text() == "much has been said"
