"""Who of the staff is looking: a signed cookie, and the account behind it read again at every change."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from desk.parts import DeskParts
from profiles.database import utc_now
from profiles.errors import NotAllowed
from profiles.models import StaffMember

COOKIE = "vinculo_staff"
LIFETIME = timedelta(hours=12)
REMEMBERED = timedelta(days=30)
"""how long the browser keeps the cookie: one that is over tells whoever comes back that it ended"""
AGENTS = frozenset({"agent", "manager", "admin"})
MANAGERS = frozenset({"manager", "admin"})


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in of one person, until it ends."""

    staff_id: str
    stamp: str
    ends_at: datetime


class Sessions:
    """Opens, reads and ends the sessions of the staff."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self._signer = URLSafeTimedSerializer(parts.secret, salt="vinculo-staff-session")

    def open(self, response: Response, member: StaffMember, *, secure: bool) -> None:
        """Give the browser the session of ``member``."""
        token = self._signer.dumps([member.id, _stamp(member)])
        response.set_cookie(
            COOKIE,
            str(token),
            max_age=int(REMEMBERED.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=secure,
        )

    def end(self, response: Response) -> None:
        """Take the session from the browser."""
        response.delete_cookie(COOKIE, httponly=True, samesite="lax")

    def read(self, request: Request) -> Session | None:
        """Return the session that the browser shows, None where there is none or it is forged or over."""
        try:
            (staff_id, stamp), signed_at = self._signer.loads(
                request.cookies.get(COOKIE, ""), max_age=int(LIFETIME.total_seconds()), return_timestamp=True
            )
        except (BadData, ValueError, TypeError):
            return None
        return Session(str(staff_id), str(stamp), signed_at.replace(tzinfo=UTC) + LIFETIME)

    async def member(self, session: Session, roles: Collection[str] = AGENTS) -> StaffMember:
        """Return the account behind a session, as it is now.

        Raises ``NotAllowed``: 401 ``session_over`` when it has ended (by time, by a new password or because
        the account is gone), 403 ``not_allowed`` when the role is not among ``roles``.
        """
        async with self._parts.database.reading() as reading:
            member = await reading.get(StaffMember, session.staff_id)
        if (
            member is None
            or utc_now() >= session.ends_at
            or not hmac.compare_digest(_stamp(member), session.stamp)
        ):
            raise NotAllowed("The session has ended: log in again.", code="session_over", status=401)
        if member.role not in roles:
            raise NotAllowed("Your role does not allow this.", code="not_allowed")
        return member


def _stamp(member: StaffMember) -> str:
    """Return what changes with the password: sessions opened before end with it."""
    return hashlib.sha256(member.password_hash.encode()).hexdigest()[:16]
