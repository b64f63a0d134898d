"""The schema: made by migrations alone, the same as the tables in the code, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from bot.migrations import DatabaseUnusable, alembic_config, migrate
from conversations.models import Conversation, Delivery, Message
from personalization.models import Treatment
from profiles.database import Base, Database, new_id
from profiles.models import Customer, Identity
from tests.factories import rows

pytestmark = pytest.mark.anyio


async def test_an_empty_database_gets_exactly_the_tables_of_the_code(database_url: str) -> None:
    database = Database(database_url)
    await migrate(database)

    def differences(connection: Any) -> tuple[list[Any], set[str]]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata), set(inspect(connection).get_table_names())

    async with database.engine.connect() as connection:
        found, tables = await connection.run_sync(differences)
    await migrate(database)
    await database.close()
    assert found == []
    assert tables == {*Base.metadata.tables, "alembic_version"}


async def test_migrating_again_keeps_what_is_there(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Customer(id="c-1", name="Ana"))
    await migrate(database)
    assert [customer.name for customer in await rows(database, Customer)] == ["Ana"]


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nonexistent/folder/vinculo.db",
        "postgresql://nobody@127.0.0.1:1/nothing",
        "postgresql://nobody@no-such-host.invalid/nothing",
    ],
)
async def test_a_database_that_cannot_be_reached_is_told_with_what_to_do(url: str) -> None:
    database = Database(url)
    with pytest.raises(DatabaseUnusable, match="VINCULO_DATABASE_URL"):
        await migrate(database)
    await database.close()


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "vinculo.db").write_text("this is a letter, not a database" * 100)
    database = Database(f"sqlite:///{tmp_path / 'vinculo.db'}")
    with pytest.raises(DatabaseUnusable, match="cannot be used"):
        await migrate(database)
    await database.close()


async def test_rows_of_one_flush_are_written_in_the_order_of_their_foreign_keys(database: Database) -> None:
    """As the writer does: message, delivery and treatment at once, in any order."""
    customer_id, conversation_id = new_id(), new_id()
    async with database.transaction() as session:
        session.add(Customer(id=customer_id))
        await session.flush()
        session.add(Identity(customer_id=customer_id, kind="web", value="visitor"))
        message_ids = [new_id() for _ in range(10)]
        for number, message_id in enumerate(message_ids):
            session.add(
                Treatment(customer_id=customer_id, message_id=message_id, kind="reply", key="utter_help")
            )
            session.add(Delivery(message_id=message_id, conversation_id=conversation_id, channel="web"))
            session.add(
                Message(
                    id=message_id,
                    conversation_id=conversation_id,
                    customer_id=customer_id,
                    seq=number + 1,
                    channel="web",
                    sender="bot",
                    text="hello",
                    state="queued",
                )
            )
        session.add(
            Conversation(id=conversation_id, customer_id=customer_id, channel="web", last_seq=10, memory={})
        )
    assert len(await rows(database, Delivery)) == 10


@pytest.mark.parametrize("missing", ["message", "conversation", "customer"])
async def test_the_database_itself_refuses_what_belongs_to_nothing(database: Database, missing: str) -> None:
    from sqlalchemy.exc import IntegrityError

    orphan = {
        "message": Delivery(message_id="nothing", conversation_id="nothing", channel="web"),
        "conversation": Message(
            conversation_id="nothing",
            customer_id="nothing",
            seq=1,
            channel="web",
            sender="bot",
            text="",
            state="x",
        ),
        "customer": Identity(customer_id="nothing", kind="web", value="visitor"),
    }[missing]

    async def write() -> None:
        async with database.transaction() as session:
            session.add(orphan)

    with pytest.raises(IntegrityError):
        await write()
