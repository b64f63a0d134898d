"""One owner at a time: only the transitions there are, each in the journal."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from conversations.announcements import Announcer
from conversations.handoffs import Handoffs
from conversations.models import Conversation, Handoff, Message, OwnerChange
from conversations.owners import TRANSITIONS, check_owner_change, do_change_owner, locked_conversation
from profiles.database import Database
from profiles.errors import Conflict, NotFound
from tests.factories import add_agent, add_conversation, add_customer, rows
from tests.fakes import FakeEngine

OWNERS = ("bot", "waiting", "human", "closed")
ALLOWED = {
    ("bot", "waiting"), ("bot", "human"), ("bot", "closed"),
    ("waiting", "human"), ("waiting", "bot"), ("waiting", "closed"),
    ("human", "human"), ("human", "bot"), ("human", "closed"),
    ("closed", "bot"), ("closed", "human"),
}  # fmt: skip


@pytest.mark.parametrize("previous", OWNERS)
@pytest.mark.parametrize("owner", OWNERS)
def test_only_the_transitions_of_the_design_are_allowed(previous: str, owner: str) -> None:
    if (previous, owner) in ALLOWED:
        check_owner_change(previous, owner)
    else:
        with pytest.raises(Conflict) as refused:
            check_owner_change(previous, owner)
        assert refused.value.data == {"previous": previous, "owner": owner}


def test_an_owner_nobody_knows_is_refused() -> None:
    for pair in (("bot", "nobody"), ("nobody", "bot")):
        with pytest.raises(Conflict):
            check_owner_change(*pair)


@pytest.mark.anyio
async def test_a_change_is_written_into_the_journal_with_who_and_why(database: Database) -> None:
    customer = await add_customer(database)
    conversation = await add_conversation(database, customer.id)
    async with database.transaction() as session:
        locked = await locked_conversation(session, conversation.id)
        do_change_owner(session, locked, "human", by="a", reason="taken", agent_id="a")
    (change,) = await rows(database, OwnerChange)
    assert (change.previous, change.owner, change.by, change.reason) == ("bot", "human", "a", "taken")
    (now,) = await rows(database, Conversation)
    assert (now.owner, now.agent_id) == ("human", "a")
    assert now.owner_since > conversation.owner_since


@pytest.mark.anyio
async def test_a_refused_change_leaves_no_trace(database: Database) -> None:
    customer = await add_customer(database)
    conversation = await add_conversation(database, customer.id)

    async def change_twice() -> None:
        async with database.transaction() as session:
            locked = await locked_conversation(session, conversation.id)
            do_change_owner(session, locked, "waiting", by="bot", reason="asked")
            do_change_owner(session, locked, "waiting", by="bot", reason="asked")

    with pytest.raises(Conflict):
        await change_twice()
    assert await rows(database, OwnerChange) == []
    (now,) = await rows(database, Conversation)
    assert now.owner == "bot"


@pytest.mark.anyio
async def test_a_conversation_that_is_not_there_is_told(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(NotFound):
            await locked_conversation(session, "nowhere")


class OneOwner(RuleBasedStateMachine):
    """Customer, bot and two agents do whatever comes to their minds; a plain model says what holds."""

    schema: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.database = Database(f"sqlite:///{shutil.copy(self.schema, self.folder / 'owners.db')}")
        self.handoffs = Handoffs(
            database=self.database,
            announcer=Announcer(),
            engine=FakeEngine(),
            weight_of=lambda tier: 0,
            line=lambda key, language, arguments: key,
        )
        self.run(self._begin())
        self.owner, self.agent, self.changes = "bot", None, 0

    async def _begin(self) -> None:
        customer = await add_customer(self.database)
        self.conversation = (await add_conversation(self.database, customer.id)).id
        self.agents = [await add_agent(self.database, name) for name in ("Ana", "Ben")]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def moved(self, owner: str, agent: str | None = None) -> None:
        assert (self.owner, owner) in ALLOWED
        self.owner, self.agent = owner, agent
        self.changes += 1

    @rule(reason=st.sampled_from(["asked", "not_understood", "engine_away"]))
    def ask_for_a_person(self, reason: str) -> None:
        opened = self.run(self.handoffs.open(self.conversation, reason))
        assert opened == (self.owner in ("bot", "closed"))
        if opened:
            self.changes += self.owner == "closed"
            self.owner = "bot"
            self.moved("waiting")

    @rule()
    def cancel(self) -> None:
        cancelled = self.run(self.handoffs.cancel(self.conversation))
        assert cancelled == (self.owner == "waiting")
        if cancelled:
            self.moved("bot")

    @rule(number=st.integers(0, 1), by_answering=st.booleans())
    def take(self, number: int, by_answering: bool) -> None:
        agent = self.agents[number]
        work = (
            self.handoffs.answer(self.conversation, agent, "hello")
            if by_answering
            else self.handoffs.take(self.conversation, agent)
        )
        if self.owner == "human" and self.agent != agent.id:
            with pytest.raises(Conflict):
                self.run(work)
            return
        self.run(work)
        if self.owner != "human":
            self.moved("human", agent.id)

    @rule(number=st.integers(0, 1), outcome=st.sampled_from(["solved", "promised", "unsolved"]))
    def hand_back(self, number: int, outcome: str) -> None:
        agent = self.agents[number]
        work = self.handoffs.hand_back(self.conversation, agent, outcome=outcome)
        if self.owner == "human" and self.agent == agent.id:
            self.run(work)
            self.moved("bot")
        else:
            with pytest.raises(Conflict):
                self.run(work)

    @precondition(lambda self: self.owner == "bot")
    @rule()
    def close(self) -> None:
        async def go() -> None:
            async with self.database.transaction() as session:
                locked = await locked_conversation(session, self.conversation)
                do_change_owner(session, locked, "closed", by="system", reason="closed")

        self.run(go())
        self.moved("closed")

    @invariant()
    def the_database_agrees(self) -> None:
        (conversation,) = self.run(rows(self.database, Conversation))
        assert (conversation.owner, conversation.agent_id) == (self.owner, self.agent)

    @invariant()
    def the_journal_is_complete(self) -> None:
        journal = self.run(rows(self.database, OwnerChange))
        assert len(journal) == self.changes
        states = ["bot", *(change.owner for change in journal)]
        assert [change.previous for change in journal] == states[:-1]
        assert states[-1] == self.owner
        assert all(change.owner in TRANSITIONS[change.previous] for change in journal)

    @invariant()
    def at_most_one_handoff_is_open(self) -> None:
        open_ones = [one for one in self.run(rows(self.database, Handoff)) if one.ended_at is None]
        assert len(open_ones) <= 1
        if self.owner in ("waiting", "human"):
            assert len(open_ones) == 1
        else:
            assert open_ones == []
        if self.owner == "human":
            assert open_ones[0].agent_id == self.agent

    @invariant()
    def messages_are_numbered_without_gaps(self) -> None:
        messages = self.run(rows(self.database, Message))
        assert sorted(message.seq for message in messages) == list(range(1, len(messages) + 1))


def test_there_is_never_more_than_one_owner(sqlite_with_schema: Path) -> None:
    OneOwner.schema = sqlite_with_schema
    run_state_machine_as_test(
        OneOwner,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
