"""Vínculo as a user starts it: `vinculo run` with a state folder and a port of its own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PORTS = range(15930, 15950)
READY_WITHIN_S = 300
"""with a training, if the model is missing"""
STOPPED_WITHIN_S = 25


class Product:
    """The app's process with the engine it keeps; the state folder outlives a restart."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    # --- the process ---
    @property
    def is_running(self) -> bool:
        """Whether the app's process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    @property
    def engine_pid(self) -> int:
        """The engine: the only child of the app. Waits for it, since it may just be starting again."""
        return wait_for(lambda: next(iter(children(self.pid)), None), "an engine process")

    @property
    def output(self) -> str:
        """What was printed so far, over all starts."""
        return (self.var / "printed.log").read_text(encoding="utf-8")

    def start(self) -> "Product":
        """Start it and wait until the bot answers."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VINCULO_")}
        own = {"VINCULO_VAR": str(self.var), "VINCULO_PORT": str(self.port)}
        with (self.var / "printed.log").open("ab") as output:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("vinculo"), "run"],
                cwd=ROOT,
                env={**inherited, **own},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._ready, "readiness", READY_WITHIN_S)
        return self

    def wait_until_ready(self) -> None:
        """Wait until `/ready` says yes."""
        wait_for(self._ready, "readiness", 120)

    def stop(self, sign: int = signal.SIGTERM) -> None:
        """Stop it and see that neither app nor engine is left."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        engines = children(process.pid)
        process.send_signal(sign)
        try:
            process.wait(STOPPED_WITHIN_S)
        finally:
            process.kill()
            process.wait()
            self._process = None
        wait_for(lambda: not any(map(is_running, engines)), "the engine's end", 10)

    def kill_app(self) -> None:
        """Kill the app as a power cut would, and nothing else."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    @staticmethod
    def freeze(pid: int) -> None:
        """Let a process do nothing for now."""
        os.kill(pid, signal.SIGSTOP)

    @staticmethod
    def thaw(pid: int) -> None:
        """Let a frozen process go on."""
        os.kill(pid, signal.SIGCONT)

    @staticmethod
    def kill(pid: int) -> None:
        """End a process for good, in whatever it is doing."""
        os.kill(pid, signal.SIGKILL)

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"it ended by itself:\n{self.output}"
        try:
            status, _ = self.get("/ready")
        except OSError:
            return False
        return status == 200

    # --- from outside ---
    def get(self, path: str) -> tuple[int, Any]:
        """Return status and JSON of a page."""
        return _call(urllib.request.Request(self.url + path))

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Send JSON; return status and JSON."""
        content = json.dumps(body).encode()
        return _call(
            urllib.request.Request(self.url + path, content, headers={"Content-Type": "application/json"})
        )

    @property
    def password(self) -> str:
        """The password of the demo's staff."""
        return (self.var / "secrets" / "demo-password").read_text(encoding="utf-8")[:12]

    def login_name(self, customer: str) -> str:
        """Return the name that the shop shows for a demo log-in such as `demo-mvc`."""
        _, shop = self.get("/demo/shop.json?language=en")
        return next(login["name"] for login in shop["logins"] if login["id"] == customer)

    # --- from inside ---
    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Return rows of the database file; JSON columns as Python."""
        with closing(sqlite3.connect(f"file:{self.var / 'vinculo.db'}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(query, values)]
        return [{name: _value(value) for name, value in row.items()} for row in rows]

    def customer_named(self, name: str) -> dict[str, Any]:
        """Return the newest customer of that name."""
        return self.rows("SELECT * FROM customers WHERE name = ? ORDER BY id DESC LIMIT 1", name)[0]

    def customer_of(self, number: str) -> dict[str, Any]:
        """Return the customer with one of the company's own numbers, such as `demo-mvc`."""
        return self.rows(
            "SELECT customers.* FROM customers JOIN identities ON customers.id = customer_id "
            "WHERE identities.kind = 'company' AND identities.value = ?",
            number,
        )[0]


def children(pid: int) -> list[int]:
    """Return the processes that `pid` started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(question: Callable[[], Any], what: str, within_s: float = 30.0) -> Any:
    """Ask until the answer is true; fail with `what` was waited for."""
    deadline = time.monotonic() + within_s
    while not (answer := question()):
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s in vain for {what}"
        time.sleep(0.1)
    return answer


def _call(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return answer.status, _content(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _content(error.read())


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"all ports from {PORTS[0]} to {PORTS[-1]} are taken")
