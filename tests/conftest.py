"""What every test may rely on: one thread per numeric library, asyncio, databases, and honest skips."""

import asyncio
import os
import shutil
import subprocess
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

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
def _on_server(url: str, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


@contextmanager
def _postgres_database() -> Iterator[str]:
    """The URL of a database of our own, for as long as the block runs."""
    name = f"vinculo_test_{uuid.uuid4().hex[:12]}"
    _on_server(POSTGRES_URL, f'CREATE DATABASE "{name}"')
    try:
        yield f"{POSTGRES_URL.rsplit('/', 1)[0]}/{name}"
    finally:
        _on_server(POSTGRES_URL, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


# Making and dropping a database takes PostgreSQL a second: tests share two, one empty and one with the
# schema, and find them as new.
@pytest.fixture(scope="session")
def empty_postgres() -> Iterator[str]:
    """The URL of the database that `postgres_url` empties for each test."""
    with _postgres_database() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_with_schema() -> Iterator[str]:
    """The URL of the database that `database` takes the rows out of for each test."""
    with _postgres_database() as url:
        _migrate(url)
        yield url


@pytest.fixture(scope="session")
def sqlite_with_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("schema") / "vinculo.db"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    from bot.migrations import migrate
    from profiles.database import Database

    async def go() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    asyncio.run(go())


@pytest.fixture
def postgres_url(empty_postgres: str) -> str:
    """The SQLAlchemy URL of an empty PostgreSQL database (marked `postgres`)."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    _on_server(
        empty_postgres,
        f"{others} AND pid <> pg_backend_pid()",
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
    )
    return empty_postgres.replace("postgresql://", "postgresql+asyncpg://", 1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of a new, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'vinculo.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def sqlite_url(sqlite_with_schema: Path, tmp_path: Path) -> str:
    """The URL of a new SQLite database with the newest schema and no rows."""
    return f"sqlite:///{shutil.copy(sqlite_with_schema, tmp_path / 'vinculo.db')}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the newest schema and no rows: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    from profiles.database import Base

    url: str = request.getfixturevalue("postgres_with_schema")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    emptying = [f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables)]
    _on_server(url, f"{others} AND pid <> pg_backend_pid()", "; ".join(emptying))
    return url


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Any]:
    """An open `Database` with the newest schema and no rows, once on SQLite and once on PostgreSQL."""
    from profiles.database import Database

    database = Database(migrated_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Any]:
    """An open SQLite `Database` with the newest schema, for tests in which the database plays no part."""
    from profiles.database import Database

    database = Database(sqlite_url)
    yield database
    await database.close()
