"""The demo company's staff accounts, with one password made for this installation."""

from __future__ import annotations

from sqlalchemy import select

from bot.business import Business
from bot.settings import Settings, kept_secret
from profiles.database import Database
from profiles.models import StaffMember
from profiles.staff import do_add_staff


def demo_password(settings: Settings) -> str:
    """Return the password of all demo accounts; made once, kept in the state folder."""
    return kept_secret(settings, "demo_password")[:12]


async def do_add_demo_staff(database: Database, business: Business, password: str) -> int:
    """Add the demo's staff accounts that are not there yet; return how many."""
    if business.demo is None:
        return 0
    async with database.transaction() as session:
        known = set((await session.scalars(select(StaffMember.login))).all())
        missing = [member for member in business.demo.staff if member.login not in known]
        for member in missing:
            await do_add_staff(
                session,
                login=member.login,
                name=member.name,
                role=member.role,
                password=password,
                language=member.language,
            )
    return len(missing)
