"""Start the engine from the project root: `python -m engine.start --model models/x.tar.gz --port 5005`.

Environment: VINCULO_ENGINE_KEY (required), VINCULO_ACTION_URL and VINCULO_TRACKER_URL (see endpoints.yml).
Ends with 2 and one sentence when a setting is wrong.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from engine.threads import use_one_thread


def main(arguments: list[str] | None = None) -> int:
    """Run the engine until SIGINT or SIGTERM; return the exit status."""
    options = _options(arguments)
    problems = _problems(options)
    if problems:
        sys.stderr.write("\n".join(problems) + "\n")
        return 2
    use_one_thread()
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ["SQLALCHEMY_SILENCE_UBER_WARNING"] = "1"

    if options.while_stdin:
        threading.Thread(target=_stop_with_stdin, daemon=True).start()

    from engine.server import serve

    return serve(options.model, options.endpoints, options.host, options.port)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.start")
    parser.add_argument("--model", type=Path, required=True, help="the trained model, a .tar.gz file")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; keep it on loopback")
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument(
        "--while-stdin",
        action="store_true",
        help="stop when standard input ends: with the process that started it",
    )
    parser.add_argument("--endpoints", type=Path, default=Path("endpoints.yml"))
    return parser.parse_args(arguments)


def _stop_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _problems(options: argparse.Namespace) -> list[str]:
    problems = [
        f"{name} is not set: {remedy}"
        for name, remedy in (
            ("VINCULO_ENGINE_KEY", "choose a long random text and give the same to the app."),
            (
                "VINCULO_ACTION_URL",
                "the address of the app's actions, like http://127.0.0.1:8000/actions/webhook.",
            ),
            ("VINCULO_TRACKER_URL", "the database of the engine's memory, like sqlite:///var/tracker.db."),
        )
        if not os.environ.get(name)
    ]
    if not options.model.is_file():
        problems.append(f"{options.model}: no such model; train one with `vinculo train`.")
    if not options.endpoints.is_file():
        problems.append(f"{options.endpoints}: no such file; start in the root of the project.")
    return problems


if __name__ == "__main__":
    sys.exit(main())
