"""One warm text turn: ours over the WebSocket, a stock `rasa init` bot over its REST channel, interleaved."""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import re
import secrets
import shutil
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks import (
    ROOT,
    SCRATCH,
    Goal,
    finish,
    machine,
    milliseconds,
    resident_mb,
    running,
    say,
    stock_rasa,
    wait_until,
)
from benchmarks.chat import NoAnswer, chatting
from benchmarks.sentences import Sentence, both_languages

TURNS_PER_CONVERSATION = 10
STEP = re.compile(r'^vinculo_turn_seconds_(sum|count)\{[^}]*step="([a-z_]+)"[^}]*\} (\S+)', re.MULTILINE)


class Ours:
    """The product, started with its own state folder and ports."""

    def __init__(self, port: int, var: Path) -> None:
        self.port = port
        self.environment = {
            "VINCULO_HOST": "127.0.0.1",
            "VINCULO_PORT": str(port),
            "VINCULO_ENGINE_PORT": str(port + 1),
            "VINCULO_VAR": str(var),
            "VINCULO_SECRET": secrets.token_hex(32),
        }
        self.log = var / "vinculo.log"
        self.command = [ROOT / ".venv" / "bin" / "vinculo"]

    def train(self) -> dict[str, float]:
        """Train from nothing: seconds (the whole command) and the size of the model."""
        say("training our model …")
        start = time.perf_counter()
        with running([*self.command, "train", "--force"], self.log, environment=self.environment) as process:
            if process.wait() != 0:
                raise SystemExit(f"vinculo train failed: see {self.log}")
        seconds = time.perf_counter() - start
        models = [*(ROOT / "models").glob("*.tar.gz"), *self.log.parent.glob("models/*.tar.gz")]
        newest = max(models, key=lambda model: model.stat().st_mtime)
        return {"training_s": round(seconds, 1), "model_mb": round(newest.stat().st_size / 1e6, 2)}

    def ready(self) -> bool:
        """Whether app and engine both answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def steps(self) -> dict[str, tuple[float, float]]:
        """Seconds and count of each step of a turn so far, from /metrics."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for what, step, value in STEP.findall(text):
            found[step][what] = found[step].get(what, 0.0) + float(value)
        return {step: (values.get("sum", 0.0), values.get("count", 0.0)) for step, values in found.items()}

    def memory(self, process: psutil.Popen) -> dict[str, float]:
        """Resident MB of the engine (the processes of its environment) and of all the rest."""
        engines = [child for child in process.children(recursive=True) if _is_engine(child)]
        return {
            "engine_mb": round(sum(one.memory_info().rss for one in engines) / 1e6),
            "app_mb": round(resident_mb(process, without=[one.pid for one in engines])),
        }


def _is_engine(process: psutil.Process) -> bool:
    try:
        return any(".venv-engine" in part or part == "engine.start" for part in process.cmdline())
    except psutil.Error:
        return False


class Stock:
    """One kept-alive connection to the stock bot's REST channel."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def turn(self, sender: str, text: str) -> float:
        """Seconds until the whole answer is there (Rasa's REST channel answers at once with all of it)."""
        body = json.dumps({"sender": sender, "message": text}).encode()
        for attempt in (1, 2):
            start = time.perf_counter()
            try:
                self._connection.request(
                    "POST", "/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
                )
                answer = self._connection.getresponse()
                answer.read()
            except (http.client.HTTPException, ConnectionError):
                # An idle connection was closed: measured again on a new one.
                self._connection.close()
                if attempt == 2:
                    raise
                continue
            if answer.status != 200:
                log = stock_rasa.PROJECT / "run.log"
                raise SystemExit(f"The stock bot answered {answer.status}: see {log}")
            return time.perf_counter() - start
        raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class Measured:
    """Times by name (`stock`, `ours`, `ours en`, `ours plain`, …) and what went wrong on our side."""

    times: dict[str, dict[str, float | int]]
    paced: int
    problems: dict[str, int]


async def interleaved(
    ours: Ours, stock: Stock, conversations: Iterator[tuple[int, Iterator[Sentence]]], turns: int
) -> Measured:
    """The same sentences to both, one by one, taking turns in going first."""
    times: dict[str, list[float]] = defaultdict(list)
    problems: Counter[str] = Counter()
    paced = done = 0
    while done < turns:
        conversation, said = next(conversations)
        sender = f"visitor-{conversation}"
        async with chatting(ours.port, "en" if conversation % 2 == 0 else "pt") as chat:
            # The first turn of a conversation makes customer and session: not a warm one.
            await _or_problem(chat.turn("hello" if conversation % 2 == 0 else "olá"), problems)
            stock.turn(sender, "hello")
            for _ in range(min(TURNS_PER_CONVERSATION, turns - done)):
                sentence = next(said)
                done += 1
                stock_s = stock.turn(sender, sentence.text) if done % 2 else None
                our_s = await _or_problem(chat.turn(sentence.text), problems)
                stock_s = stock_s if stock_s is not None else stock.turn(sender, sentence.text)
                times["stock"].append(stock_s)
                if our_s is None:
                    break  # the conversation may be with a person now: on with a new visitor
                times["ours"].append(our_s)
                times[f"ours {sentence.language}"].append(our_s)
                times[f"ours {sentence.kind}"].append(our_s)
            paced += chat.paced
        say(f"{done} of {turns} turns")
    summary = {name: milliseconds(values) for name, values in times.items()}
    return Measured(times=summary, paced=paced, problems=dict(problems))


async def _or_problem(turn: Awaitable[float], problems: Counter[str]) -> float | None:
    try:
        return await turn
    except NoAnswer as error:
        problems[str(error)] += 1
        return None


async def first_answer(ours: Ours) -> None:
    async with chatting(ours.port, "pt") as chat:
        await chat.turn("oi")


def split(before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Mean milliseconds of each step per time it ran, between two readings of /metrics."""
    means = {}
    for step, (seconds, count) in after.items():
        was_s, was_count = before.get(step, (0.0, 0.0))
        if count > was_count:
            means[step] = round((seconds - was_s) / (count - was_count) * 1000, 2)
    return means


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench turn", description=__doc__)
    parser.add_argument("--short", action="store_true", help="40 turns and no training: for CI")
    parser.add_argument("--turns", type=int, help="turns of each bot (default 200)")
    parser.add_argument("--port", type=int, default=15700, help="first of three free ports (default 15700)")
    options = parser.parse_args()
    turns = options.turns or (40 if options.short else 200)
    at_start = machine()

    peer = stock_rasa.prepare()
    var = SCRATCH / "turn"
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir(parents=True)
    ours = Ours(options.port, var)
    figures: dict[str, Any] = {} if options.short else dict(ours.train())

    say("starting ours …")
    if not options.short:
        # The very first start makes the database and the demo company; it is told apart from a cold start.
        start = time.perf_counter()
        with running([*ours.command, "run"], ours.log, environment=ours.environment) as process:
            wait_until(ours.ready, process, ours.log, timeout_s=300)
            asyncio.run(first_answer(ours))
            figures["first_ever_answer_s"] = round(time.perf_counter() - start, 1)
    start = time.perf_counter()
    with running([*ours.command, "run"], ours.log, environment=ours.environment) as process:
        wait_until(ours.ready, process, ours.log, timeout_s=300)
        asyncio.run(first_answer(ours))
        figures["cold_start_to_first_answer_s"] = round(time.perf_counter() - start, 1)
        say("starting the stock bot …")
        with stock_rasa.serving(options.port + 2) as (stock_process, stock_cold_s):
            stock = Stock(options.port + 2)
            conversations = enumerate(both_languages())
            warm_up = asyncio.run(interleaved(ours, stock, conversations, 10))
            before = ours.steps()
            measured = asyncio.run(interleaved(ours, stock, conversations, turns))
            figures["split_mean_ms"] = split(before, ours.steps())
            memory = ours.memory(process)
            stock_mb = round(resident_mb(stock_process))

    times = measured.times
    our_median, stock_median = times.get("ours", {}).get("median_ms"), times["stock"]["median_ms"]
    figures |= {
        **memory,
        "ours": times.get("ours"),
        "by_kind": {name[5:]: value for name, value in times.items() if name.startswith("ours ")},
        "ratio_to_stock": round(our_median / stock_median, 3) if our_median else None,
        "unanswered": sum(measured.problems.values()),
        "paced": measured.paced,
        "problems": {**warm_up.problems, **measured.problems},
    }
    peers = {
        "stock_rasa": {
            **peer,
            **times["stock"],
            "engine_mb": stock_mb,
            "cold_start_to_first_answer_s": round(stock_cold_s, 1),
        }
    }
    goals = [
        Goal("median turn against stock Rasa (ratio)", figures["ratio_to_stock"], 1.0),
        Goal("engine memory (MB)", memory["engine_mb"] or None, 800),
        Goal("app memory (MB)", memory["app_mb"], 900),
        Goal("unanswered turns", figures["unanswered"], 0),
    ]
    if not options.short:
        goals.append(Goal("training (s)", figures["training_s"], 90))
    return finish("turn", at_start, figures, peers, goals)


if __name__ == "__main__":
    raise SystemExit(main())
