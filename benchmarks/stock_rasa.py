"""The peer of `turn`: the bot that `rasa init` makes, with Rasa's default pipeline, trained once and kept."""

from __future__ import annotations

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import ENGINE_PYTHON, SCRATCH, running, say, wait_until

PROJECT = SCRATCH / "stock-rasa"
FACTS = PROJECT / "trained.json"
# Stock means stock: the thread settings of our scripts are not passed on (with one thread it is slower).
OUR_SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
SCAFFOLD = (
    "import sys; from rasa.cli.scaffold import create_initial_project; create_initial_project(sys.argv[1])"
)


def prepare() -> dict[str, object]:
    """Make and train the bot as `rasa init --no-prompt` does, unless it is there; returns training facts."""
    version = installed_version()
    if FACTS.exists():
        facts: dict[str, object] = json.loads(FACTS.read_text())
        if facts["rasa"] == version:
            return facts
    say(f"training the stock bot of rasa init (Rasa {version}); it is kept in {PROJECT} …")
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.mkdir(parents=True)
    _run("scaffold", [ENGINE_PYTHON, "-W", "ignore", "-c", SCAFFOLD, "."])
    start = time.perf_counter()
    _run("train", [ENGINE_PYTHON, "-W", "ignore", "-m", "rasa", "train", "--quiet"])
    seconds = round(time.perf_counter() - start, 1)
    [model] = (PROJECT / "models").glob("*.tar.gz")
    facts = {"rasa": version, "training_s": seconds, "model_mb": round(model.stat().st_size / 1e6, 2)}
    FACTS.write_text(json.dumps(facts))
    return facts


def installed_version() -> str:
    """The version of Rasa in the engine's environment, without importing it."""
    found = sorted(ENGINE_PYTHON.parent.parent.glob("lib/python*/site-packages/rasa-*.dist-info"))
    if not found:
        raise SystemExit("There is no Rasa in the engine's environment: run scripts/install.")
    return found[0].name.removeprefix("rasa-").removesuffix(".dist-info")


def _run(name: str, command: list[str | Path]) -> None:
    log = PROJECT / f"{name}.log"
    with running(command, log, cwd=PROJECT, without=OUR_SETTINGS) as process:
        if process.wait() != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise SystemExit(f"The stock bot could not be made ({name}). The end of {log}:\n{tail}")


@contextmanager
def serving(port: int) -> Iterator[tuple[psutil.Popen, float]]:
    """`rasa run` with its REST channel on loopback; yields process and seconds to a first answer."""
    log = PROJECT / "run.log"
    options = ["-i", "127.0.0.1", "-p", str(port)]
    command = [str(ENGINE_PYTHON), "-W", "ignore", "-m", "rasa", "run", *options]
    with running(command, log, cwd=PROJECT, without=OUR_SETTINGS) as process:
        yield process, wait_until(lambda: answers(port), process, log, timeout_s=180)


def answers(port: int) -> bool:
    """Whether the bot has a model and says something to "hello"."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhooks/rest/webhook",
        data=json.dumps({"sender": "probe", "message": "hello"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(json.load(answer))
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
