"""Facts: learned once, corrected, never overwritten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.database import Database, new_id
from profiles.facts import Learned, do_drop, do_learn, held_facts, strongest_need
from profiles.models import Customer, Fact
from tests.factories import add_customer, rows

pytestmark = pytest.mark.anyio


def need(value: str, confidence: float = 0.9, *, replaces: Sequence[str] = ()) -> Learned:
    return Learned(
        kind="need", value=value, method="meant", confidence=confidence, replaces=frozenset(replaces)
    )


def name(value: str) -> Learned:
    return Learned(kind="name", value=value, method="said")


async def learn(
    database: Database, customer_id: str, *heard: Learned, message: str | None = None, quote: str = "…"
) -> list[Fact]:
    async with database.transaction() as session:
        customer = await session.get_one(Customer, customer_id)
        return await do_learn(session, customer, heard, message_id=message or new_id(), quote=quote)


async def held(database: Database, customer_id: str) -> dict[str, str]:
    async with database.reading() as session:
        return {fact.value: fact.kind for fact in await held_facts(session, customer_id)}


async def customer_now(database: Database, customer_id: str) -> Customer:
    (customer,) = await rows(database, Customer, Customer.id == customer_id)
    return customer


async def test_a_fact_quotes_the_words_it_came_from(database: Database) -> None:
    customer = await add_customer(database)
    message = new_id()
    await learn(database, customer.id, need("decaf", 0.812), message=message, quote="quero descafeinado")
    (fact,) = await rows(database, Fact)
    assert (fact.message_id, fact.quote, fact.method) == (message, "quero descafeinado", "meant")
    assert (fact.confidence, fact.state) == (0.812, "held")


async def test_a_long_quote_is_cut(database: Database) -> None:
    customer = await add_customer(database)
    await learn(database, customer.id, need("decaf"), quote="a" * 4000)
    (fact,) = await rows(database, Fact)
    assert fact.quote == "a" * 500


async def test_the_same_from_the_same_message_changes_nothing(database: Database) -> None:
    customer = await add_customer(database)
    message = new_id()
    assert len(await learn(database, customer.id, need("decaf"), message=message)) == 1
    assert await learn(database, customer.id, need("decaf"), message=message) == []
    (fact,) = await rows(database, Fact)
    assert fact.confirmed_at is None


async def test_the_same_twice_in_one_message_is_one_fact(database: Database) -> None:
    customer = await add_customer(database)
    await learn(database, customer.id, need("decaf", 0.8), need("decaf", 0.9))
    assert len(await rows(database, Fact)) == 1


async def test_what_was_dropped_is_not_learned_again_from_the_same_words(database: Database) -> None:
    customer = await add_customer(database)
    message = new_id()
    (fact,) = await learn(database, customer.id, need("decaf"), message=message)
    async with database.transaction() as session:
        await do_drop(session, await session.get_one(Customer, customer.id), fact.id, by="customer")
    assert await learn(database, customer.id, need("decaf"), message=message) == []
    assert await held(database, customer.id) == {}


async def test_what_was_dropped_may_be_told_anew(database: Database) -> None:
    customer = await add_customer(database)
    (fact,) = await learn(database, customer.id, need("decaf"))
    async with database.transaction() as session:
        await do_drop(session, await session.get_one(Customer, customer.id), fact.id, by="customer")
    assert len(await learn(database, customer.id, need("decaf"))) == 1
    assert await held(database, customer.id) == {"decaf": "need"}


async def test_hearing_it_again_confirms_and_never_weakens(database: Database) -> None:
    customer = await add_customer(database)
    await learn(database, customer.id, need("decaf", 0.8))
    assert await learn(database, customer.id, need("decaf", 0.95)) == []
    await learn(database, customer.id, need("decaf", 0.5))
    (fact,) = await rows(database, Fact)
    assert fact.confidence == 0.95
    assert fact.confirmed_at is not None


async def test_a_new_name_supersedes_the_old_one_which_stays_readable(database: Database) -> None:
    customer = await add_customer(database)
    (old,) = await learn(database, customer.id, name("Ana"))
    (new,) = await learn(database, customer.id, name("Ana Prado"))
    facts = {fact.value: fact for fact in await rows(database, Fact)}
    assert (facts["Ana"].state, facts["Ana"].ended_by) == ("superseded", new.id)
    assert facts["Ana"].ended_at == new.learned_at
    assert facts["Ana"].quote == old.quote
    assert (await customer_now(database, customer.id)).name == "Ana Prado"


async def test_a_need_that_excludes_another_replaces_it(database: Database) -> None:
    customer = await add_customer(database)
    await learn(database, customer.id, need("whole_beans"), need("decaf"))
    await learn(database, customer.id, need("ground", replaces=["whole_beans", "capsules"]))
    assert await held(database, customer.id) == {"ground": "need", "decaf": "need"}


async def test_facts_of_other_customers_are_untouched(database: Database) -> None:
    one, other = await add_customer(database), await add_customer(database)
    await learn(database, other.id, need("whole_beans"), name("Ben"))
    await learn(database, one.id, need("ground", replaces=["whole_beans"]), name("Ana"))
    assert await held(database, other.id) == {"whole_beans": "need", "Ben": "name"}


async def test_dropping_the_name_brings_back_none(database: Database) -> None:
    customer = await add_customer(database)
    (fact,) = await learn(database, customer.id, name("Ana"))
    async with database.transaction() as session:
        dropped = await do_drop(session, await session.get_one(Customer, customer.id), fact.id, by="customer")
    assert dropped is not None
    now = await customer_now(database, customer.id)
    assert now.name is None
    (kept,) = await rows(database, Fact)
    assert (kept.state, kept.ended_by) == ("dropped", "customer")


async def test_nobody_drops_the_fact_of_another_nor_one_that_has_ended(database: Database) -> None:
    mine, other = await add_customer(database), await add_customer(database)
    (fact,) = await learn(database, mine.id, need("decaf"))
    async with database.transaction() as session:
        assert await do_drop(session, await session.get_one(Customer, other.id), fact.id, by="x") is None
    async with database.transaction() as session:
        customer = await session.get_one(Customer, mine.id)
        assert await do_drop(session, customer, fact.id, by="customer") is not None
    async with database.transaction() as session:
        customer = await session.get_one(Customer, mine.id)
        assert await do_drop(session, customer, fact.id, by="customer") is None
        assert await do_drop(session, customer, "nothing", by="customer") is None


async def test_the_segment_is_the_strongest_need_held(database: Database) -> None:
    customer = await add_customer(database)
    (decaf,) = await learn(database, customer.id, need("decaf", 0.95))
    await learn(database, customer.id, need("espresso", 0.8))
    assert (await customer_now(database, customer.id)).segment == "decaf"
    async with database.transaction() as session:
        await do_drop(session, await session.get_one(Customer, customer.id), decaf.id, by="customer")
    assert (await customer_now(database, customer.id)).segment == "espresso"


async def test_of_needs_as_sure_the_newest_is_the_strongest(database: Database) -> None:
    customer = await add_customer(database)
    await learn(database, customer.id, need("decaf", 0.91))
    await learn(database, customer.id, need("espresso", 0.89))
    assert (await customer_now(database, customer.id)).segment == "espresso"


def test_without_needs_there_is_no_segment() -> None:
    assert strongest_need([]) is None
    assert strongest_need([Fact(kind="name", value="Ana", state="held", confidence=1.0)]) is None


async def test_learning_at_once_from_one_message_keeps_it_once(database: Database) -> None:
    """The database itself refuses the second row; the customer's turn takes the first."""
    customer = await add_customer(database)
    message = new_id()
    await asyncio.gather(
        *(learn(database, customer.id, need("decaf"), message=message) for _ in range(3)),
        return_exceptions=True,
    )
    assert len(await rows(database, Fact)) == 1


async def test_learning_nothing_reads_nothing(database: Database) -> None:
    customer = await add_customer(database)
    assert await learn(database, customer.id) == []


VALUES = ("decaf", "espresso", "gift", "organic")


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    heard=st.lists(
        st.tuples(st.sampled_from(VALUES), st.floats(0.5, 1.0)),
        min_size=1,
        max_size=5,
        unique_by=lambda h: h[0],
    ),
    data=st.data(),
)
def test_the_order_in_which_messages_tell_things_loses_none(
    sqlite_with_schema: object,
    heard: list[tuple[str, float]],
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    import shutil

    order = data.draw(st.permutations(heard))
    path = shutil.copy(str(sqlite_with_schema), tmp_path_factory.mktemp("facts") / "facts.db")

    async def go() -> None:
        database = Database(f"sqlite:///{path}")
        results = []
        for sequence in (heard, order, [*order, *heard]):
            customer = await add_customer(database)
            for value, confidence in sequence:
                await learn(database, customer.id, need(value, confidence))
            async with database.reading() as session:
                facts = await held_facts(session, customer.id)
            results.append({fact.value: fact.confidence for fact in facts})
            assert (await customer_now(database, customer.id)).segment in results[-1]
        await database.close()
        assert results[0] == results[1] == results[2] == dict(heard)

    asyncio.run(go())


@pytest.mark.parametrize("order", list(permutations(("low_acidity", "fruity", "intense"))))
async def test_of_needs_that_exclude_each_other_the_last_told_holds(
    sqlite_database: Database, order: tuple[str, ...]
) -> None:
    customer = await add_customer(sqlite_database)
    for value in order:
        others = [other for other in order if other != value]
        await learn(sqlite_database, customer.id, need(value, replaces=others))
    assert await held(sqlite_database, customer.id) == {order[-1]: "need"}
