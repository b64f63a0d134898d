"""The router: in order, answered by whoever owns the conversation, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from conversations.announcements import Typing, conversation_topic
from conversations.engine import EngineRefused, Turn, Utterance
from conversations.models import Conversation, Handoff, Message
from conversations.router import Patience
from profiles.database import Database
from profiles.models import Consent, Fact
from tests.factories import TINY, WITHIN_S, World, add_agent, rows, running, statements, together
from tests.fakes import FakeEngine

pytestmark = pytest.mark.anyio


class GatedEngine(FakeEngine):
    """An engine whose turns wait until the test lets them through."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.waiting: asyncio.Queue[Utterance] = asyncio.Queue()
        self.inside: list[str] = []
        self.most_inside: dict[str, int] = {}

    async def say(self, utterance: Utterance) -> Turn:
        conversation = utterance.conversation_id
        self.inside.append(conversation)
        self.most_inside[conversation] = max(
            self.most_inside.get(conversation, 0), self.inside.count(conversation)
        )
        self.waiting.put_nowait(utterance)
        await asyncio.wait_for(self.gate.wait(), WITHIN_S)
        try:
            return await super().say(utterance)
        finally:
            self.inside.remove(conversation)


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database) as world:
        yield world


@pytest.fixture
async def gated(database: Database) -> AsyncIterator[World]:
    async with running(database, engine=GatedEngine()) as world:
        yield world


async def owner_of(world: World, account: str = "visitor") -> str:
    return (await world.conversation(account)).owner


# --- order ---
async def test_messages_of_a_conversation_are_answered_one_at_a_time_in_order(gated: World) -> None:
    texts = ["oi", "obrigada", "ajuda", "tchau", "obrigado"]
    accepted = [await gated.accept(text) for text in texts]
    gated.engine.gate.set()
    for one in accepted:
        await gated.settled(one)
    assert [utterance.text for utterance in gated.engine.said] == texts
    assert set(gated.engine.most_inside.values()) == {1}
    conversation = await gated.conversation()
    messages = await rows(gated.database, Message, Message.conversation_id == conversation.id)
    assert sorted(message.seq for message in messages) == list(range(1, len(messages) + 1))
    answered = [m.reply_to for m in sorted(messages, key=lambda m: m.seq) if m.reply_to]
    assert list(dict.fromkeys(answered)) == [one.message_id for one in accepted]


async def test_conversations_do_not_wait_for_each_other(gated: World) -> None:
    accepted = [await gated.accept("oi", account=f"visitor {n}") for n in range(8)]
    for _ in accepted:
        await asyncio.wait_for(gated.engine.waiting.get(), WITHIN_S)
    assert len(set(gated.engine.inside)) == 8
    gated.engine.gate.set()
    for one in accepted:
        assert await gated.settled(one)


async def test_a_message_that_comes_during_a_turn_is_answered_after_it(gated: World) -> None:
    first = await gated.accept("oi")
    await asyncio.wait_for(gated.engine.waiting.get(), WITHIN_S)
    second = await gated.accept("ajuda")
    gated.engine.gate.set()
    assert await gated.settled(second)
    assert await gated.settled(first)


async def test_many_customers_at_once_are_all_answered(gated: World) -> None:
    gated.engine.gate.set()
    accepted = await together(
        *(gated.accept(text, account=f"visitor {n}") for n in range(10) for text in ("oi", "ajuda"))
    )
    replies = await together(*(gated.settled(one) for one in accepted))
    assert all(isinstance(reply, list) and reply for reply in replies)
    pending = await rows(gated.database, Message, Message.state == "pending")
    assert pending == []


# --- nothing lost ---
async def test_what_was_pending_when_the_app_stopped_is_answered_after_the_start(
    sqlite_database: Database,
) -> None:
    async with running(sqlite_database, engine=GatedEngine()) as before:
        first = await before.accept("oi")
        second = await before.accept("ajuda")
        other = await before.accept("oi", account="another")
        await asyncio.wait_for(before.engine.waiting.get(), WITHIN_S)
    assert len(await rows(sqlite_database, Message, Message.state == "pending")) == 3
    async with running(sqlite_database) as after:
        assert await after.services.router.recover() == 2
        for one in (first, second, other):
            assert await after.settled(one)
    assert await rows(sqlite_database, Message, Message.state == "pending") == []


async def test_a_start_without_anything_pending_wakes_nobody(world: World) -> None:
    await world.say("oi")
    assert await world.services.router.recover() == 0


async def test_a_message_is_tried_again_when_the_work_on_it_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up = world.services.router._asker.follow_up
    failures = iter([RuntimeError("once")])

    async def fail_once(*arguments: Any) -> Any:
        for error in failures:
            raise error
        return await follow_up(*arguments)

    monkeypatch.setattr(world.services.router._asker, "follow_up", fail_once)
    assert await world.keys("ajuda") == ["utter_help"]


async def test_a_message_on_which_the_work_always_fails_goes_to_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: Any) -> Any:
        raise RuntimeError("always")

    monkeypatch.setattr(world.services.router._asker, "follow_up", fail)
    accepted = await world.accept("ajuda")
    (reply,) = await world.settled(accepted)
    (handoff,) = await rows(world.database, Handoff)
    assert (handoff.message_id, handoff.reason) == (accepted.message_id, "not_understood")
    assert reply.buttons
    assert await owner_of(world) == "waiting"


async def test_a_failing_message_does_not_keep_the_following_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up = world.services.router._asker.follow_up

    async def fail(turn: Any, replies: Any) -> Any:
        if turn.text == "ajuda":
            raise RuntimeError("this one always")
        return await follow_up(turn, replies)

    monkeypatch.setattr(world.services.router._asker, "follow_up", fail)
    await world.accept("ajuda")
    later = await world.accept("parar")
    assert await world.settled(later)
    assert await rows(world.database, Message, Message.state == "pending") == []


async def test_a_database_that_is_away_for_a_moment_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = world.services.router._next
    failures = iter([OSError("away"), OSError("away")])

    async def fail_twice(conversation_id: str) -> str | None:
        for error in failures:
            raise error
        return await following(conversation_id)

    monkeypatch.setattr(world.services.router, "_next", fail_twice)
    assert await world.keys("ajuda") == ["utter_help"]


# --- the engine is away or breaks ---
async def test_an_absent_engine_is_told_of_once_and_the_message_answered_when_it_is_back(
    world: World,
) -> None:
    world.engine.away = True
    accepted = await world.accept("ajuda")
    tries = 0
    told: list[Message] = []
    while tries < 2000 and not told:
        await asyncio.sleep(0)
        tries += 1
        told = await rows(world.database, Message, Message.response_key == "utter_engine_away")
    assert len(told) == 1
    for _ in range(20):
        await asyncio.sleep(0.001)
    world.engine.away = False
    replies = await world.settled(accepted)
    keys = [m.response_key for m in await rows(world.database, Message, Message.sender == "bot")]
    assert keys == ["utter_engine_away", "utter_help"]
    assert len(replies) == 2
    assert await owner_of(world) == "bot"


async def test_nothing_is_said_of_a_short_absence(sqlite_database: Database) -> None:
    patience = replace(TINY, say_so_after_s=60.0)
    async with running(sqlite_database, patience=patience) as world:
        world.engine.away = True
        accepted = await world.accept("ajuda")
        for _ in range(20):
            await asyncio.sleep(0.001)
        world.engine.away = False
        await world.settled(accepted)
        assert [m.response_key for m in await rows(sqlite_database, Message, Message.sender == "bot")] == [
            "utter_help"
        ]


async def test_when_patience_ends_a_person_is_asked(sqlite_database: Database) -> None:
    patience = replace(TINY, person_after_s=0.0)
    async with running(sqlite_database, patience=patience) as world:
        world.engine.away = True
        assert await world.keys("quero um café sem acidez", language="pt") == ["utter_handoff_queued"]
        (handoff,) = await rows(sqlite_database, Handoff)
        assert handoff.reason == "engine_away"
        assert handoff.summary["words"] == "quero um café sem acidez"
        assert await owner_of(world) == "waiting"


async def test_the_message_that_exhausted_patience_does_not_speak_again(sqlite_database: Database) -> None:
    async with running(sqlite_database, patience=replace(TINY, person_after_s=0.0)) as world:
        world.engine.away = True
        await world.say("oi")
        assert await world.say("alguém aí?") == []
        assert len(await rows(sqlite_database, Handoff)) == 1


async def test_a_turn_that_breaks_twice_goes_to_a_person(world: World) -> None:
    world.engine.broken = True
    assert await world.keys("ajuda") == ["utter_handoff_queued"]
    (handoff,) = await rows(world.database, Handoff)
    assert handoff.reason == "not_understood"


async def test_a_turn_that_breaks_once_is_said_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    say, calls = world.engine.say, 0

    async def refuse_once(utterance: Utterance) -> Turn:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise EngineRefused("not now")
        return await say(utterance)

    monkeypatch.setattr(world.engine, "say", refuse_once)
    assert await world.keys("ajuda") == ["utter_help"]
    assert calls == 2


async def test_closing_while_the_engine_is_away_ends_at_once(sqlite_database: Database) -> None:
    slow = Patience(retry_s=3600, longest_retry_s=3600)
    async with running(sqlite_database, patience=slow) as world:
        world.engine.away = True
        await world.accept("oi")
        await asyncio.sleep(0)
        await asyncio.wait_for(world.services.router.close(), WITHIN_S)
    assert len(await rows(sqlite_database, Message, Message.state == "pending")) == 1


# --- who owns the conversation ---
@pytest.mark.parametrize("owner", ["waiting", "human"])
async def test_the_bot_is_silent_and_learns_while_a_person_is_asked_or_is_there(
    world: World, owner: str
) -> None:
    await world.say("quero falar com uma pessoa", language="pt")
    conversation = await world.conversation()
    if owner == "human":
        await world.services.handoffs.take(conversation.id, await add_agent(world.database))
    said = len(world.engine.said)
    accepted = await world.accept("me chamo Kim e quero café sem acidez")
    assert await world.settled(accepted) == []
    assert len(world.engine.said) == said
    facts = {fact.kind: fact for fact in await rows(world.database, Fact)}
    assert facts["name"].value == "Kim"
    assert facts["need"].value == "low_acidity"
    assert facts["need"].method == "told_agent"
    assert {fact.message_id for fact in facts.values()} == {accepted.message_id}
    (message,) = await rows(world.database, Message, Message.id == accepted.message_id)
    assert message.state == "done"


async def test_a_failure_to_learn_does_not_hold_the_conversation_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: Any, **named: Any) -> Any:
        raise RuntimeError("no model")

    await world.say("quero falar com uma pessoa")
    monkeypatch.setattr(world.services.insights, "hear", fail)
    assert await world.say("quero café sem acidez") == []
    assert await rows(world.database, Message, Message.state == "pending") == []


async def test_what_the_bot_answers_is_learned_from_too(world: World) -> None:
    accepted = await world.accept("tomo espresso todo dia", language="pt")
    await world.settled(accepted)
    (fact,) = await rows(world.database, Fact, Fact.kind == "need")
    assert (fact.value, fact.message_id, fact.method) == ("espresso", accepted.message_id, "meant")


async def test_small_talk_tells_no_need(world: World) -> None:
    await world.say("obrigada pelo espresso", language="pt")
    assert await rows(world.database, Fact) == []


async def test_a_vague_introduction_is_no_name_unless_a_name_is_expected(world: World) -> None:
    await world.say("quero falar com uma pessoa")
    await world.say("I'm furious")
    assert (await world.customer()).name is None


async def test_an_agent_who_takes_over_during_the_bots_turn_has_the_word(gated: World) -> None:
    accepted = await gated.accept("oi")
    await asyncio.wait_for(gated.engine.waiting.get(), WITHIN_S)
    agent = await add_agent(gated.database)
    await gated.services.handoffs.take(accepted.conversation_id, agent)
    gated.engine.gate.set()
    assert await gated.settled(accepted) == []
    said = await rows(gated.database, Message, Message.sender == "bot")
    assert said == []
    (message,) = await rows(gated.database, Message, Message.id == accepted.message_id)
    assert message.state == "done"


async def test_who_writes_to_a_closed_conversation_is_answered(world: World) -> None:
    await world.say("oi")
    conversation = await world.conversation()
    async with world.database.transaction() as session:
        (await session.get_one(Conversation, conversation.id)).owner = "closed"
    assert await world.keys("ajuda") == ["utter_help"]
    assert await owner_of(world) == "bot"


# --- what never reaches the engine as it is ---
@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("/restart", "restart"),
        ('/greet{"x":1}', "greet x 1"),
        ("  //session_start", "session_start"),
        ("\uff0frestart", "restart"),
        ("/ / /restart", "restart"),
    ],
)
async def test_a_command_typed_by_a_customer_is_plain_words_to_the_engine(
    world: World, text: str, given: str
) -> None:
    await world.say(text)
    assert [utterance.text for utterance in world.engine.said] == [given]


@pytest.mark.parametrize("payload", ["/restart", "/ask_person", "/deny", "app:start_again"])
async def test_a_payload_that_was_not_offered_is_ignored(world: World, payload: str) -> None:
    await world.say("/restart", payload=payload)
    assert [utterance.text for utterance in world.engine.said] == ["restart"]
    assert await owner_of(world) == "bot"
    assert await rows(world.database, Consent) == []


async def test_a_button_that_was_offered_reaches_the_engine_as_its_payload(world: World) -> None:
    (offer,) = [reply for reply in await world.say("oi", language="pt") if reply.buttons]
    payloads = [button["payload"] for button in offer.buttons]
    assert "/recommend" in payloads
    replies = await world.say("Quero uma sugestão", payload="/recommend")
    assert world.engine.said[-1].text == "/recommend"
    assert any(reply.cards for reply in replies)


async def test_a_button_of_another_customer_is_not_mine(world: World) -> None:
    await world.say("oi", language="pt", account="one")
    await world.say("/recommend", payload="/recommend", account="two")
    assert world.engine.said[-1].text == "recommend"


@pytest.mark.parametrize("word", ["stop", "STOP!", "parar", "Pare, por favor", "unsubscribe"])
async def test_stop_words_are_obeyed_before_anything_is_understood(world: World, word: str) -> None:
    assert await world.keys(word) == ["utter_stopped"]
    (consent,) = await rows(world.database, Consent)
    assert (consent.granted, consent.purpose, consent.channel, consent.quote) == (
        False,
        "marketing",
        "web",
        word,
    )
    assert world.engine.said == []


async def test_stop_is_obeyed_also_while_a_person_leads(world: World) -> None:
    await world.say("quero falar com uma pessoa", language="pt")
    conversation = await world.conversation()
    await world.services.handoffs.take(conversation.id, await add_agent(world.database))
    (reply,) = await world.say("parar")
    assert reply.sender == "system"
    assert [consent.granted for consent in await rows(world.database, Consent)] == [False]
    assert await owner_of(world) == "human"


async def test_stop_is_obeyed_while_the_engine_is_away(world: World) -> None:
    world.engine.away = True
    assert await world.keys("stop") == ["utter_stopped"]


async def test_a_sentence_with_stop_in_it_is_for_the_engine(world: World) -> None:
    await world.say("where does the bus stop?")
    assert await rows(world.database, Consent) == []
    assert len(world.engine.said) == 1


@pytest.mark.parametrize(
    ("signs", "given"), [("👍", "/affirm"), ("👎🏽", "/deny"), ("🙏🙏", "/thank"), ("👋", "/greet")]
)
async def test_a_sign_that_says_something_is_taken_as_said(world: World, signs: str, given: str) -> None:
    await world.say(signs)
    assert world.engine.said[-1].text == given


@pytest.mark.parametrize("signs", ["🦜", "☕☕☕", "...", "?!"])
async def test_signs_that_say_nothing_get_an_honest_answer(world: World, signs: str) -> None:
    assert await world.keys(signs) == ["utter_no_text"]
    assert world.engine.said == []


# --- cost ---
async def test_a_turn_costs_one_engine_call_and_a_fixed_number_of_statements(world: World) -> None:
    await world.say("oi", language="pt")
    before = len(world.engine.said)
    accepted = await world.accept("ajuda")
    with statements(world.database) as seen:
        await asyncio.wait_for(world.services.router.settled(accepted.message_id), WITHIN_S)
    assert len(world.engine.said) - before == 1
    # What looks for pending messages and what the test itself asks is not the turn's.
    own = [one for one in seen if not one.startswith(("SELECT messages.state", "SELECT messages.id FROM"))]
    assert [one for one in own if one.startswith("INSERT INTO treatments")]
    assert len(own) == 9, "\n".join(own)


async def test_the_typing_sign_goes_on_and_off(gated: World) -> None:
    first = await gated.accept("oi")
    async with gated.services.announcer.subscribe(conversation_topic(first.conversation_id)) as news:
        gated.engine.gate.set()
        await gated.settled(first)
        second = await gated.accept("ajuda")
        await gated.settled(second)
        signs: list[bool] = []
        while len(signs) < 2 or signs[-1]:
            announcement = await asyncio.wait_for(anext(news), WITHIN_S)
            if isinstance(announcement, Typing):
                signs.append(announcement.on)
    assert signs[-2:] == [True, False]


async def test_the_language_follows_the_customer(world: World) -> None:
    await world.say("oi, tudo bem?", language="en")
    assert (await world.conversation()).language == "pt"
    replies = await world.say("what can you do for me?")
    assert (await world.conversation()).language == "en"
    assert {reply.language for reply in replies} == {"en"}
