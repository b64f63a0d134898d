"""Bringing the database to the newest schema at start, forwards only."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.settings import ROOT
from profiles.database import Database
from profiles.errors import VinculoError


class DatabaseUnusable(VinculoError):
    """The database cannot be opened or written."""

    code = "database_unusable"


def alembic_config() -> Config:
    """Return Alembic's configuration, wherever the process was started."""
    return Config(ROOT / "alembic.ini")


async def migrate(database: Database) -> None:
    """Run all migrations that are missing. Raises ``DatabaseUnusable`` with what to do."""
    try:
        async with database.engine.connect() as connection:
            writing: Any = await connection.execution_options(vinculo_writes=True)
            await writing.run_sync(_upgrade)
            await writing.commit()
    except (DBAPIError, OperationalError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DatabaseUnusable(
            f"The database cannot be used ({reason}). See that VINCULO_DATABASE_URL (or the folder "
            "VINCULO_VAR) is right and can be written by this user."
        ) from error


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
