"""People of the company: accounts, wrong passwords, the lock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from profiles import staff
from profiles.database import Database, utc_now
from profiles.errors import Conflict, NotAllowed, VinculoError
from profiles.models import AuditEntry, StaffMember
from profiles.staff import MAX_FAILURES, do_add_staff, log_in
from tests.factories import rows

pytestmark = pytest.mark.anyio
PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def quick_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the least work, as its strength is not what is tested here."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(staff, "_hasher", hasher)
    monkeypatch.setattr(staff, "_nobody", hasher.hash("nobody"))


async def add(database: Database, login: str = "marina", **fields: str) -> StaffMember:
    async with database.transaction() as session:
        return await do_add_staff(
            session,
            **{"login": login, "name": "Marina Prado", "role": "agent", "password": PASSWORD, **fields},
        )


async def refused(database: Database, login: str, password: str) -> NotAllowed:
    with pytest.raises(NotAllowed) as error:
        await log_in(database, login, password)
    return error.value


async def test_the_right_password_opens(database: Database) -> None:
    member = await add(database)
    assert (await log_in(database, " Marina ", PASSWORD)).id == member.id
    (kept,) = await rows(database, StaffMember)
    assert PASSWORD not in kept.password_hash
    assert kept.password_hash.startswith("$argon2")
    (entry,) = await rows(database, AuditEntry)
    assert entry.what == "staff_added"


async def test_wrong_passwords_and_strangers_read_the_same(database: Database) -> None:
    await add(database)
    wrong = await refused(database, "marina", "another password")
    stranger = await refused(database, "nobody", PASSWORD)
    assert wrong.as_json() == stranger.as_json()
    assert wrong.status == 401


async def test_after_five_wrong_passwords_the_account_is_locked_even_for_the_right_one(
    database: Database,
) -> None:
    await add(database)
    for _ in range(MAX_FAILURES):
        assert (await refused(database, "marina", "wrong")).code == "wrong_login"
    locked = await refused(database, "marina", PASSWORD)
    assert (locked.code, locked.status) == ("locked", 429)
    assert locked.retry_after_s is not None
    assert 290 < locked.retry_after_s <= 301


async def test_the_lock_ends(database: Database) -> None:
    await add(database)
    async with database.transaction() as session:
        member = await session.get_one(StaffMember, (await rows(database, StaffMember))[0].id)
        member.locked_until = utc_now() - timedelta(seconds=1)
    assert await log_in(database, "marina", PASSWORD)
    (kept,) = await rows(database, StaffMember)
    assert kept.locked_until is None


async def test_a_right_password_forgets_the_wrong_ones(database: Database) -> None:
    await add(database)
    for _ in range(2):
        for _ in range(MAX_FAILURES - 1):
            await refused(database, "marina", "wrong")
        assert await log_in(database, "marina", PASSWORD)


async def test_wrong_passwords_lock_nobody_else(database: Database) -> None:
    await add(database)
    await add(database, "oscar")
    for _ in range(MAX_FAILURES):
        await refused(database, "marina", "wrong")
    assert await log_in(database, "oscar", PASSWORD)


async def test_a_log_in_is_taken_in_any_spelling(database: Database) -> None:
    await add(database)
    with pytest.raises(Conflict):
        await add(database, " MARINA ")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"role": "king"}, "bad_role"),
        ({"password": "short"}, "weak_password"),
        ({"login": "  "}, "bad_login"),
    ],
)
async def test_an_account_that_cannot_be_is_refused(
    sqlite_database: Database, fields: dict[str, str], code: str
) -> None:
    with pytest.raises(VinculoError) as error:
        await add(sqlite_database, **fields)
    assert (error.value.code, error.value.status) == (code, 422)
    assert await rows(sqlite_database, StaffMember) == []


async def test_a_broken_hash_opens_nothing(database: Database) -> None:
    async with database.transaction() as session:
        session.add(StaffMember(login="marina", name="Marina", role="agent", password_hash="broken"))
    assert (await refused(database, "marina", PASSWORD)).code == "wrong_login"
