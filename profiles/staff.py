"""People of the company: accounts, passwords, log-in with lock-out, and what they changed."""

from __future__ import annotations

import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from profiles.database import Database, utc_now
from profiles.errors import Conflict, NotAllowed, VinculoError
from profiles.models import AuditEntry, StaffMember

ROLES = ("agent", "manager", "admin")
MAX_FAILURES = 5
LOCK = timedelta(minutes=5)
MIN_PASSWORD = 10
MAX_LOGIN = 120
_hasher = PasswordHasher()
_nobody = _hasher.hash(secrets.token_hex(8))


async def do_add_staff(
    session: AsyncSession, *, login: str, name: str, role: str, password: str, language: str = "en"
) -> StaffMember:
    """Add a staff account. Raises ``Conflict`` (log-in taken) or ``VinculoError`` 422 (the rest)."""
    login = login.strip().lower()
    if not login or len(login) > MAX_LOGIN or not login.isprintable():
        raise VinculoError(
            f"The log-in needs 1 to {MAX_LOGIN} characters that can be typed.", code="bad_login", status=422
        )
    if role not in ROLES:
        raise VinculoError(f"The role must be one of {', '.join(ROLES)}.", code="bad_role", status=422)
    if len(password) < MIN_PASSWORD:
        raise VinculoError(
            f"The password needs at least {MIN_PASSWORD} characters.", code="weak_password", status=422
        )
    if await session.scalar(select(StaffMember.id).where(StaffMember.login == login)):
        raise Conflict(f"There is an account '{login}' already.", code="login_taken")
    member = StaffMember(
        login=login,
        name=name.strip() or login,
        role=role,
        password_hash=_hasher.hash(password),
        language=language,
    )
    session.add(member)
    session.add(AuditEntry(staff_id=None, what="staff_added", details={"role": role}))
    return member


async def log_in(database: Database, login: str, password: str) -> StaffMember:
    """Return the account for a right log-in. Raises ``NotAllowed`` with one sentence for all wrong ones.

    After five wrong passwords the account is locked for five minutes.
    """
    wrong = NotAllowed("This log-in or password is not right.", code="wrong_login", status=401)
    async with database.transaction() as session:
        member = await session.scalar(select(StaffMember).where(StaffMember.login == login.strip().lower()))
        if member is None:
            _matches(_nobody, password)
            raise wrong
        if member.locked_until is not None and member.locked_until > utc_now():
            wait_s = int((member.locked_until - utc_now()).total_seconds()) + 1
            raise NotAllowed(
                "Too many wrong passwords: wait a few minutes and try again.",
                code="locked",
                status=429,
                retry_after_s=wait_s,
            )
        if _matches(member.password_hash, password):
            member.failed_logins, member.locked_until = 0, None
            return member
        member.failed_logins += 1
        if member.failed_logins >= MAX_FAILURES:
            member.failed_logins, member.locked_until = 0, utc_now() + LOCK
    raise wrong


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
