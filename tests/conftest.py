"""What every test may rely on: one thread per numeric library, asyncio, databases, and honest skips."""

import asyncio
import os
import shutil
import subprocess
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

# Before anything imports numpy: with more threads than free cores one sentence costs 50 times as much.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import asyncpg  # noqa: E402
import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
POSTGRES_URL = os.environ.get("VINCULO_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")

_not_run: Counter[str] = Counter()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Our code runs on asyncio only."""
    return "asyncio"


# --- what is there, what not ---
def _postgres() -> str | None:
    async def connect() -> None:
        connection = await asyncpg.connect(POSTGRES_URL, timeout=3)
        await connection.close()

    try:
        asyncio.run(connect())
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        return f"no PostgreSQL ({type(error).__name__})"
    return None


def chromium() -> str | None:
    """The browser that the browser tests drive: VINCULO_CHROMIUM, or the first chromium on PATH."""
    return os.environ.get("VINCULO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def _browser() -> str | None:
    return None if chromium() else "no chromium"


def _engine() -> str | None:
    python = ROOT / ".venv-engine" / "bin" / "python"
    if not python.exists():
        return "no engine environment: run scripts/install"
    # A missing model is no reason: the tests train one.
    found = subprocess.run(
        [python, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('rasa') is None)"], check=False
    )
    return "no Rasa in the engine environment: run scripts/install" if found.returncode else None


_needs: dict[str, Callable[[], str | None]] = {
    "postgres": cache(_postgres),
    "browser": cache(_browser),
    "engine": cache(_engine),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser and engine tests are slow tests, also for `-m "not slow"`."""
    for item in items:
        if any(item.iter_markers("browser")) or any(item.iter_markers("engine")):
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine lacks, with the reason; VINCULO_TEST_ALL=1 runs it all the same, to fail."""
    if os.environ.get("VINCULO_TEST_ALL") == "1":
        return
    for marker, missing in _needs.items():
        if any(item.iter_markers(marker)) and (reason := missing()):
            pytest.skip(f"{marker}: {reason}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the skips by reason (also those that a test decides for itself)."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _not_run[reason.removeprefix("Skipped: ")] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line says what was not run, and why."""
    if _not_run:
        parts = [f"{count} ({reason})" for reason, count in sorted(_not_run.items())]
        terminalreporter.write_line("Not run: " + "; ".join(parts) + ".")


# --- databases ---
@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of a new, empty PostgreSQL database, dropped after the test (marked `postgres`)."""
    name = f"vinculo_test_{uuid.uuid4().hex[:12]}"

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(POSTGRES_URL)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute(f'CREATE DATABASE "{name}"'))
    server = POSTGRES_URL.replace("postgresql://", "postgresql+asyncpg://", 1).rsplit("/", 1)[0]
    yield f"{server}/{name}"
    asyncio.run(execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of a new, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'vinculo.db'}"
    return str(request.getfixturevalue("postgres_url"))
