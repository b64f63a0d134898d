"""What the app relies on in an engine, for the fake and for the real one."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from conversations.engine import (
    Button,
    Engine,
    EngineFailed,
    EngineRefused,
    EngineUnavailable,
    Turn,
    Utterance,
)
from tests.engine.running import ScriptedActions, running_engine
from tests.fakes import FakeEngine

pytestmark = pytest.mark.anyio


@dataclass
class Subject:
    """An engine with the actions behind it."""

    engine: Engine
    actions: ScriptedActions

    async def say(
        self, conversation: str, text: str, *, message_id: str | None = None, **metadata: Any
    ) -> Turn:
        return await self.engine.say(
            Utterance(
                conversation_id=conversation,
                message_id=message_id or new(),
                text=text,
                channel="web",
                metadata=metadata,
            )
        )


def new() -> str:
    return str(uuid.uuid4())


@pytest.fixture(
    scope="module", params=["fake", pytest.param("real", marks=[pytest.mark.slow, pytest.mark.engine])]
)
async def any_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Subject]:
    if request.param == "fake":
        actions = ScriptedActions()
        yield Subject(FakeEngine(actions.run), actions)
        return
    async with running_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield Subject(engine.client, engine.actions)


@pytest.fixture
def subject(any_engine: Subject) -> Subject:
    actions = any_engine.actions
    actions.calls.clear()
    actions.away = actions.broken = actions.refusing = False
    return any_engine


def said(turn: Turn) -> list[str | None]:
    return [reply.utter_action for reply in turn.replies]


@pytest.mark.parametrize(
    ("text", "intent", "reply"),
    [
        ("oi", "greet", "utter_greet"),
        ("good morning", "greet", "utter_greet"),
        ("obrigada", "thank", "utter_thank"),
        ("thank you", "thank", "utter_thank"),
        ("tchau", "goodbye", "utter_goodbye"),
        ("who are you", "bot_challenge", "utter_bot_challenge"),
    ],
)
async def test_plain_messages_are_answered_without_an_action(
    subject: Subject, text: str, intent: str, reply: str
) -> None:
    turn = await subject.say(new(), text)
    assert (turn.intent, said(turn)) == (intent, [reply])
    assert 0.3 < turn.confidence <= 1
    assert turn.ranking[0] == (turn.intent, turn.confidence)
    assert len(turn.ranking) <= 3
    assert {"parse", "predict", "total"} <= set(turn.timings_ms)
    assert subject.actions.names() == []


async def test_an_action_is_called_and_its_reply_keeps_key_arguments_and_buttons(subject: Subject) -> None:
    turn = await subject.say(new(), "me recomenda um café")
    assert subject.actions.names() == ["action_recommend"]
    (reply,) = turn.replies
    assert reply.utter_action == "utter_recommend"
    assert dict(reply.arguments) == {"need_name": "low acidity", "for_action": "action_recommend"}
    assert reply.buttons == (Button(title="Yes", payload="/affirm"),)


async def test_an_action_sees_conversation_channel_message_and_metadata(subject: Subject) -> None:
    conversation, message_id = new(), new()
    await subject.say(conversation, "quero falar com uma pessoa", message_id=message_id, language="pt")
    beginning, call = subject.actions.calls
    assert (beginning["next_action"], call["next_action"]) == ("action_session_start", "action_handoff")
    assert call["sender_id"] == conversation
    tracker = call["tracker"]
    assert tracker["latest_input_channel"] == "web"
    assert tracker["latest_message"]["text"] == "quero falar com uma pessoa"
    expected = {"message_id": message_id, "channel": "web", "language": "pt"}
    assert tracker["latest_message"]["metadata"] | expected == tracker["latest_message"]["metadata"]
    given = beginning["tracker"]["slots"]["session_started_metadata"]
    assert given | expected == given


async def test_payloads_of_buttons_are_intents(subject: Subject) -> None:
    turn = await subject.say(new(), "/ask_person")
    assert (turn.intent, turn.confidence) == ("ask_person", 1.0)
    assert subject.actions.names() == ["action_handoff"]


async def test_yes_means_what_was_said_before(subject: Subject) -> None:
    conversation = new()
    assert said(await subject.say(conversation, "/affirm")) == ["utter_affirm"]
    await subject.say(conversation, "/recommend")
    assert said(await subject.say(conversation, "/affirm")) == ["utter_recommend_how_to_buy"]


async def test_what_an_action_sets_is_known_to_the_next(subject: Subject) -> None:
    conversation = new()
    await subject.say(conversation, "/recommend")
    await subject.say(conversation, "/ask_person")
    assert subject.actions.calls[-1]["tracker"]["slots"]["need"] == "acid"


async def test_a_message_said_twice_is_answered_once(subject: Subject) -> None:
    conversation, message_id = new(), new()
    first = await subject.say(conversation, "/recommend", message_id=message_id)
    again = await subject.say(conversation, "/recommend", message_id=message_id)
    assert again.replies == first.replies
    assert (again.intent, again.confidence) == (first.intent, first.confidence)
    assert subject.actions.names() == ["action_recommend"]


async def test_an_action_server_that_is_away_loses_nothing(subject: Subject) -> None:
    conversation, message_id = new(), new()
    await subject.say(conversation, "/greet")
    subject.actions.away = True
    with pytest.raises(EngineUnavailable) as unavailable:
        await subject.say(conversation, "/recommend", message_id=message_id)
    assert unavailable.value.code == "action_server_away"
    assert unavailable.value.retry_after_s > 0
    subject.actions.away = False
    turn = await subject.say(conversation, "/recommend", message_id=message_id)
    assert said(turn) == ["utter_recommend"]
    texts = [e["text"] for e in subject.actions.calls[-1]["tracker"]["events"] if e["event"] == "user"]
    assert texts == ["/greet", "/recommend"]


async def test_a_session_does_not_begin_without_its_action(subject: Subject) -> None:
    conversation = new()
    subject.actions.away = True
    with pytest.raises(EngineUnavailable):
        await subject.say(conversation, "/greet")
    subject.actions.away = False
    await subject.say(conversation, "/greet")
    assert [call["next_action"] for call in subject.actions.calls] == ["action_session_start"] * 2


async def test_an_action_that_breaks_is_a_failed_turn(subject: Subject) -> None:
    conversation = new()
    await subject.say(conversation, "/greet")
    subject.actions.broken = True
    with pytest.raises(EngineFailed) as failed:
        await subject.say(conversation, "/recommend")
    assert failed.value.code == "action_failed"


async def test_an_action_that_refuses_is_a_failed_turn(subject: Subject) -> None:
    conversation = new()
    await subject.say(conversation, "/greet")
    subject.actions.refusing = True
    with pytest.raises(EngineFailed):
        await subject.say(conversation, "/recommend")


async def test_notes_begin_a_conversation_and_are_remembered(subject: Subject) -> None:
    conversation = new()
    await subject.engine.note(conversation, [{"event": "slot", "name": "language", "value": "pt"}])
    await subject.say(conversation, "/recommend")
    await subject.engine.note(conversation, [{"event": "slot", "name": "handed_back", "value": True}])
    await subject.say(conversation, "/ask_person")
    slots = subject.actions.calls[-1]["tracker"]["slots"]
    assert (slots["language"], slots["handed_back"]) == ("pt", True)
    assert subject.actions.names() == ["action_recommend", "action_handoff"]


async def test_a_note_that_is_no_event_is_refused(subject: Subject) -> None:
    with pytest.raises(EngineRefused):
        await subject.engine.note(new(), [{"name": "language"}])


@pytest.mark.parametrize(("text", "code"), [("a" * 4001, "text_too_long"), (" ", "invalid_body")])
async def test_texts_that_no_engine_takes_are_refused(subject: Subject, text: str, code: str) -> None:
    with pytest.raises(EngineRefused) as refused:
        await subject.say(new(), text)
    assert refused.value.code == code


async def test_health_says_that_it_is_ready(subject: Subject) -> None:
    health = await subject.engine.health()
    assert health.ready
    assert health.model
