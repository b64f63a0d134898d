"""SQLite without threads: a dialect that calls the database where it stands.

A statement of ours on SQLite takes some ten microseconds; handing each one to a thread and back (as
aiosqlite does) takes twenty times as long. So the calls run on the event loop itself. Two rules follow, both
kept by ``Database``: one writer at a time in a process waits its turn without blocking, and nobody waits
inside SQLite for another process.
"""

from __future__ import annotations

import sqlite3
from typing import Any, ClassVar

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool, StaticPool

DRIVER = "sqlite+inline"


class InlineCursor(sqlite3.Cursor):
    """A cursor that SQLAlchemy's async results can close."""

    async def _async_soft_close(self) -> None:
        """Nothing to await: the rows are in memory or still to be fetched at once."""


class InlineConnection(sqlite3.Connection):
    """A connection that gives such cursors."""

    def cursor(self, factory: Any = InlineCursor) -> Any:
        """Return a new cursor."""
        return super().cursor(factory)


class InlineSQLite(SQLiteDialect_pysqlite):
    """pysqlite for async engines: it never awaits, so it needs no thread."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True
    connect_options: ClassVar[dict[str, Any]] = {
        "check_same_thread": False,
        "factory": InlineConnection,
    }

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """Return a pool that waits without blocking; a database in memory has one connection."""
        return AsyncAdaptedQueuePool if cls._is_url_file_db(url) else StaticPool

    def create_connect_args(self, url: URL) -> Any:
        """Return pysqlite's arguments, for use from any thread that the loop runs on."""
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, **self.connect_options}


registry.register("sqlite.inline", "profiles.sqlite", "InlineSQLite")
