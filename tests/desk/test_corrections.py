"""What people change about a customer: facts dropped, corrected, told; each with its audit entry."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from desk.corrections import do_correct_fact, do_drop_fact, do_keep_told
from profiles.database import Base, Database, new_id
from profiles.errors import Conflict, NotFound, VinculoError
from profiles.facts import Learned, do_learn
from profiles.models import AuditEntry, Customer, Fact, StaffMember
from tests.companies import demo_company

pytestmark = pytest.mark.anyio
NEEDS = demo_company().definitions.needs
MEMBER = StaffMember(id="staff-1", login="rui", name="Rui", role="manager", password_hash="x")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


async def with_fact(database: Database, kind: str, value: str) -> tuple[str, str]:
    async with database.transaction() as session:
        customer = Customer(id=new_id(), kind="prospect", tier="unknown")
        session.add(customer)
        await session.flush()
        facts = await do_learn(
            session, customer, [Learned(kind=kind, value=value, method="said")], message_id=None, quote="q"
        )
        return customer.id, facts[0].id


async def facts_of(database: Database, customer_id: str) -> list[Fact]:
    async with database.reading() as session:
        rows = await session.scalars(select(Fact).where(Fact.customer_id == customer_id).order_by(Fact.id))
        return list(rows.all())


async def audited(database: Database) -> list[tuple[str | None, str]]:
    async with database.reading() as session:
        rows = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.staff_id, row.what) for row in rows]


async def test_a_dropped_fact_stays_readable_and_is_audited(database: Database) -> None:
    customer_id, fact_id = await with_fact(database, "name", "Maria")
    async with database.transaction() as session:
        await do_drop_fact(session, MEMBER, customer_id, fact_id)
    (fact,) = await facts_of(database, customer_id)
    assert (fact.state, fact.ended_by) == ("dropped", "staff-1")
    async with database.reading() as session:
        assert (await session.get_one(Customer, customer_id)).name is None
    assert await audited(database) == [("staff-1", "fact_dropped")]


async def test_dropping_twice_is_a_conflict_and_changes_nothing(database: Database) -> None:
    customer_id, fact_id = await with_fact(database, "note", "x")
    async with database.transaction() as session:
        await do_drop_fact(session, MEMBER, customer_id, fact_id)
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await do_drop_fact(session, MEMBER, customer_id, fact_id)
    assert len(await audited(database)) == 1


async def test_a_fact_of_somebody_else_is_not_dropped(database: Database) -> None:
    customer_id, _ = await with_fact(database, "note", "x")
    _, other_fact = await with_fact(database, "note", "y")
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await do_drop_fact(session, MEMBER, customer_id, other_fact)
    with pytest.raises(NotFound):
        async with database.transaction() as session:
            await do_drop_fact(session, MEMBER, new_id(), other_fact)


async def test_a_correction_supersedes_and_keeps_how_it_is_known(database: Database) -> None:
    customer_id, fact_id = await with_fact(database, "name", "Mario")
    async with database.transaction() as session:
        await do_correct_fact(
            session, MEMBER, customer_id, fact_id, value=" Maria ", reason="she called", needs=NEEDS
        )
    old, new = await facts_of(database, customer_id)
    assert (old.state, old.ended_by) == ("superseded", new.id)
    assert (new.value, new.method, new.quote) == ("Maria", "corrected", "Rui: she called")
    async with database.reading() as session:
        assert (await session.get_one(Customer, customer_id)).name == "Maria"
    assert await audited(database) == [("staff-1", "fact_corrected")]


async def test_a_corrected_need_moves_the_segment(database: Database) -> None:
    first, second = NEEDS.needs[0].id, NEEDS.needs[3].id
    customer_id, fact_id = await with_fact(database, "need", first)
    async with database.transaction() as session:
        await do_correct_fact(session, MEMBER, customer_id, fact_id, value=second, reason="r", needs=NEEDS)
    assert [(fact.value, fact.state) for fact in await facts_of(database, customer_id)] == [
        (first, "superseded"),
        (second, "held"),
    ]
    async with database.reading() as session:
        assert (await session.get_one(Customer, customer_id)).segment == second


async def test_correcting_to_what_is_held_already_leaves_one(database: Database) -> None:
    customer_id, fact_id = await with_fact(database, "note", "a")
    async with database.transaction() as session:
        customer = await session.get_one(Customer, customer_id)
        await do_learn(
            session, customer, [Learned(kind="note", value="b", method="said")], message_id=None, quote=None
        )
    async with database.transaction() as session:
        await do_correct_fact(session, MEMBER, customer_id, fact_id, value="b", reason="r", needs=NEEDS)
    held = [fact.value for fact in await facts_of(database, customer_id) if fact.state == "held"]
    assert held == ["b"]


@pytest.mark.parametrize(("value", "reason"), [("", "r"), ("v", " "), ("no_such_need", "r")])
async def test_a_correction_needs_value_reason_and_a_known_need(
    database: Database, value: str, reason: str
) -> None:
    customer_id, fact_id = await with_fact(database, "need", NEEDS.needs[0].id)
    with pytest.raises(VinculoError) as caught:
        async with database.transaction() as session:
            await do_correct_fact(
                session, MEMBER, customer_id, fact_id, value=value, reason=reason, needs=NEEDS
            )
    assert caught.value.status == 422
    assert await audited(database) == []


async def test_what_an_agent_was_told_is_kept_with_the_words(database: Database) -> None:
    customer_id, _ = await with_fact(database, "note", "old")
    need = NEEDS.needs[0].id
    async with database.transaction() as session:
        learned = await do_keep_told(
            session, MEMBER, customer_id, notes=[" Saturdays ", "", "Saturdays"], need_ids=[need],
            message_id="m-1", quote="deliver on Saturdays", needs=NEEDS,
        )  # fmt: skip
    assert {(fact.kind, fact.value, fact.method, fact.quote, fact.message_id) for fact in learned} == {
        ("need", need, "told_agent", "deliver on Saturdays", "m-1"),
        ("note", "Saturdays", "told_agent", "deliver on Saturdays", "m-1"),
    }
    assert await audited(database) == [("staff-1", "facts_told")]


async def test_nothing_told_is_nothing_kept(database: Database) -> None:
    customer_id, _ = await with_fact(database, "note", "old")
    async with database.transaction() as session:
        kept = await do_keep_told(
            session, MEMBER, customer_id, notes=[" "], need_ids=[], message_id=None, quote=None, needs=NEEDS
        )
    assert kept == []
    assert await audited(database) == []
