"""The database base: declarative root, identifiers, times, and the unit of work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import uuid_utils
from sqlalchemy import DateTime, MetaData, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import JSON, TypeDecorator

from profiles.sqlite import DRIVER

PATIENCE_S = 10.0
"""how long a writer waits for other writers"""
RETRY_S = 0.01
READ_PATIENCE_S = 0.05
NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> str:
    """Return a new UUIDv7 as a string: unique, and sorted by time of making."""
    return str(uuid_utils.uuid7())


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times on every database; a naive time is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; use utc_now()")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative root of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class Database:
    """One database, and the only place where a transaction is committed.

    ``url`` is any async SQLAlchemy URL; ``sqlite://`` and ``postgresql://`` get their async driver.
    """

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        self.engine = _make_engine(self.url)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._writing = asyncio.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite (one writer at a time)."""
        return self.url.startswith("sqlite")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session whose changes are committed together at the end, or not at all."""
        async with self._one_writer(), self._sessions() as session:
            try:
                if self.is_sqlite:
                    await self._begin_writing(session)
                yield session
                await session.commit()
            except BaseException:
                await session.rollback()
                raise

    @asynccontextmanager
    async def _one_writer(self) -> AsyncIterator[None]:
        """Let the writers of this process in one by one, where the database takes only one."""
        if not self.is_sqlite:
            yield
            return
        async with asyncio.timeout(PATIENCE_S):
            await self._writing.acquire()
        try:
            yield
        finally:
            self._writing.release()

    async def _begin_writing(self, session: AsyncSession) -> None:
        """Begin as a writer, waiting (without holding up the loop) for writers of other processes."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                await session.connection(execution_options={"vinculo_writes": True})
                return
            except OperationalError as error:
                await session.rollback()
                if "locked" not in str(error.orig) or time.monotonic() > until:
                    raise
            await asyncio.sleep(RETRY_S)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Yield a session that is never committed."""
        async with self._sessions() as session:
            yield session

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def async_url(url: str) -> str:
    """Return ``url`` with the async driver that we use for its database."""
    parsed = make_url(url)
    drivers = {
        "sqlite": DRIVER,
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
    }
    if parsed.drivername in drivers:
        parsed = parsed.set(drivername=drivers[parsed.drivername])
    return parsed.render_as_string(hide_password=False)


def _make_engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    engine = create_async_engine(url, connect_args={"timeout": READ_PATIENCE_S})

    # pysqlite opens transactions lazily and as readers; a reader that turns writer fails at once under
    # WAL. So we begin ourselves, and as a writer where we know that we shall write.
    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        # SQLite's own lower() knows ASCII only: "ávila" would not find "Ávila".
        connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("vinculo_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
