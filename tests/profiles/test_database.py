"""The database base: times with zones, ids in order, and one place that commits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from profiles.database import Database, async_url, new_id, utc_now
from profiles.models import Customer
from tests.factories import add_customer, rows, together

pytestmark = pytest.mark.anyio


async def test_what_is_written_is_there_after_the_block(database: Database) -> None:
    customer = await add_customer(database, name="Ana")
    assert [(one.id, one.name) for one in await rows(database, Customer)] == [(customer.id, "Ana")]


async def test_an_error_in_the_block_undoes_all_of_it(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            session.add(Customer(name="Ana"))
            await session.flush()
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await fail()
    assert await rows(database, Customer) == []


async def test_a_cancelled_block_undoes_all_of_it(database: Database) -> None:
    inside = asyncio.Event()

    async def wait() -> None:
        async with database.transaction() as session:
            session.add(Customer(name="Ana"))
            await session.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await rows(database, Customer) == []


async def test_reading_never_writes(database: Database) -> None:
    async with database.reading() as session:
        session.add(Customer(name="Ana"))
        await session.flush()
    assert await rows(database, Customer) == []


async def test_writers_at_once_all_get_through(database: Database) -> None:
    results = await together(*(add_customer(database, name=f"{n}") for n in range(30)))
    assert [result for result in results if isinstance(result, BaseException)] == []
    assert len(await rows(database, Customer)) == 30


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    await add_customer(database)
    async with database.transaction() as session:
        session.add(Customer(name="not yet"))
        await session.flush()
        seen = await asyncio.wait_for(rows(database, Customer), 5)
    assert len(seen) == 1


async def test_a_time_comes_back_aware_and_in_utc(database: Database) -> None:
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=tokyo)
    await add_customer(database, joined_at=at)
    (customer,) = await rows(database, Customer)
    assert customer.joined_at == at
    assert customer.joined_at.tzinfo == UTC
    (found,) = await rows(database, Customer, Customer.joined_at == at)
    assert found.id == customer.id


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        await add_customer(database, joined_at=datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake itself


async def test_foreign_keys_hold_on_sqlite_too(sqlite_database: Database) -> None:
    async with sqlite_database.reading() as session:
        assert await session.scalar(text("PRAGMA foreign_keys")) == 1
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"


def test_ids_are_unique_and_sorted_by_time_of_making() -> None:
    ids = [new_id() for _ in range(5000)]
    assert len(set(ids)) == 5000
    assert ids == sorted(ids)
    assert all(one[14] == "7" for one in ids)


def test_now_is_aware() -> None:
    assert utc_now().tzinfo == UTC


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://user:a%40b@host/name", "postgresql+asyncpg://user:a%40b@host/name"),
        ("postgresql://host/name", "postgresql+asyncpg://host/name"),
        ("postgresql+asyncpg://host/name", "postgresql+asyncpg://host/name"),
    ],
)
def test_a_plain_url_gets_its_async_driver(url: str, expected: str) -> None:
    assert async_url(url) == expected


def test_a_sqlite_url_keeps_its_file() -> None:
    assert async_url("sqlite:////tmp/a b.db").endswith(":////tmp/a b.db")
