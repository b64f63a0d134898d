"""How Alembic reaches the database: through the connection that bot.migrations hands in, or by URL."""

import asyncio

from alembic import context
from sqlalchemy import Connection

import conversations.models
import personalization.models
import profiles.models
from profiles.database import Base, async_url

TABLES = (conversations.models, personalization.models, profiles.models)


def run(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        user_module_prefix="profiles.database.",
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    from sqlalchemy.ext.asyncio import create_async_engine

    async def by_url() -> None:
        """Connect by the URL of the settings (for the alembic command)."""
        from bot.settings import read_settings

        engine = create_async_engine(async_url(read_settings().database))
        async with engine.begin() as opened:
            await opened.run_sync(run)
        await engine.dispose()

    asyncio.run(by_url())
