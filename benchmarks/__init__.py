"""What benchmarks share: the machine, processes, percentiles, and the JSON line that ends each of them."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / "var" / "bench"
ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure that must not be passed."""

    name: str
    value: float | None
    goal: float

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": self.value,
            "goal": self.goal,
            "holds": self.value is not None and self.value <= self.goal,
        }


def machine() -> dict[str, object]:
    """The machine that the figures belong to: without its name, with what was going on on it."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie, interpolated; raises on an empty sequence."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def milliseconds(values_s: Sequence[float]) -> dict[str, float | int]:
    """Count, median and 95th percentile of seconds, in milliseconds."""
    if not values_s:
        return {"turns": 0}
    return {
        "turns": len(values_s),
        "median_ms": round(percentile(values_s, 0.5) * 1000, 2),
        "p95_ms": round(percentile(values_s, 0.95) * 1000, 2),
    }


def finish(
    name: str,
    at_start: Mapping[str, object],
    figures: Mapping[str, object],
    peers: Mapping[str, object],
    goals: Sequence[Goal],
) -> int:
    """Print the goals for people and the JSON line for programs; returns the exit status (1: goal missed)."""
    for goal in goals:
        verdict = "holds " if goal.as_json()["holds"] else "MISSED"
        print(f"{verdict}  {goal.name}: {goal.value} (goal {goal.goal})")
    line = {
        "name": name,
        "machine": at_start,
        "figures": figures,
        "peers": peers,
        "goals": [goal.as_json() for goal in goals],
    }
    print(json.dumps(line, ensure_ascii=False))
    return 0 if all(goal.as_json()["holds"] for goal in goals) else 1


def say(text: str) -> None:
    """Progress goes to the error stream: the output is for figures."""
    print(text, file=sys.stderr, flush=True)


def resident_mb(process: psutil.Process, *, without: Sequence[int] = ()) -> float:
    """Resident memory of a process and its children in MB, leaving out the processes `without` and theirs."""
    if process.pid in without or not process.is_running():
        return 0.0
    total = float(process.memory_info().rss) / 1e6
    for child in process.children():
        total += resident_mb(child, without=without)
    return total


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
) -> Iterator[psutil.Popen]:
    """A process of our own, its output in `log`, stopped with all its children at the end.

    It gets our environment, less the variables `without`, plus `environment`.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = psutil.Popen(
            [str(part) for part in command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited, **(environment or {})},
            start_new_session=True,
        )
        try:
            yield process
        finally:
            stop(process)


def stop(process: psutil.Popen, *, timeout_s: float = 20) -> None:
    """Ask a process to end, and end what is left of it and its children after `timeout_s`."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    _, left = psutil.wait_procs(family, timeout=timeout_s)
    for survivor in left:
        survivor.kill()
    process.wait()


def wait_until(ready: Callable[[], bool], process: psutil.Popen, log: Path, *, timeout_s: float) -> float:
    """Seconds until `ready()` is true; if the process ends or time runs out: SystemExit with log's end."""
    start = time.perf_counter()
    while not ready():
        waited_s = time.perf_counter() - start
        if process.poll() is not None or waited_s > timeout_s:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            what = "ended" if process.poll() is not None else f"was not ready after {timeout_s:.0f} s"
            raise SystemExit(f"{process.args[0]} {what}. The end of {log}:\n{tail}")
        time.sleep(0.05)
    return time.perf_counter() - start
