"""Stand-ins for the ports of the app; each passes the same contract test as the real thing."""

import re
import time
import unicodedata
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from conversations.engine import (
    Button,
    EngineFailed,
    EngineHealth,
    EngineRefused,
    EngineUnavailable,
    Reply,
    Turn,
    Utterance,
)

LONGEST_TEXT = 4000

ActionRunner = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]
"""Takes the JSON body of an action call, returns `{"events": [...], "responses": [...]}` as rasa-sdk does.

It raises `ConnectionError` when the action server is away and anything else when the action breaks.
"""

KEYWORDS: dict[str, str] = {
    "ask_person": r"\b(pessoa|atendente|humano|person|human|agent|someone)\b",
    "stop": r"^(stop|parar?|pare|cancelar)$",
    "tell_name": r"\b(my name is|me chamo|meu nome e|i am called|sou [oa])\b",
    "bot_challenge": r"\b(robo|bot|machine|maquina|quem e voce|who are you)\b",
    "recommend": r"\b(recomend\w+|recommend\w*|indica\w*|suger\w+|suggest\w*)\b",
    "order_status": r"\b(pedido|order|entrega|rastre\w+|tracking|delivery)\b",
    "tell_preference": r"\b(prefiro|prefer|gosto|like|quero um cafe|sem acidez|low.acid\w*)\b",
    "thank": r"\b(obrigad\w+|valeu|thanks?|thank you)\b",
    "goodbye": r"\b(tchau|ate logo|bye|goodbye|see you)\b",
    "help": r"\b(ajuda|help)\b",
    "greet": r"^(oi|ola|hi|hello|hey|bom dia|boa tarde|boa noite|good (morning|afternoon|evening))\b",
    "affirm": r"^(sim|yes|claro|sure|ok|pode ser|yep)\b",
    "deny": r"^(nao|no|nope)\b",
    "ask_question": r"\?$",
}
"""Intent by the first pattern found in the text without accents, in lower case."""

STEPS: dict[str, str] = {
    "affirm": "utter_affirm",
    "ask_person": "action_handoff",
    "ask_question": "action_answer_question",
    "bot_challenge": "utter_bot_challenge",
    "deny": "utter_deny",
    "goodbye": "utter_goodbye",
    "greet": "utter_greet",
    "help": "utter_help",
    "nlu_fallback": "action_clarify",
    "order_status": "action_order_status",
    "out_of_scope": "action_clarify",
    "recommend": "action_recommend",
    "stop": "action_stop",
    "tell_name": "action_remember_name",
    "tell_preference": "action_remember_preference",
    "thank": "utter_thank",
}
AFTER: dict[tuple[str, str], str] = {
    ("action_recommend", "affirm"): "utter_recommend_how_to_buy",
    ("action_recommend", "deny"): "utter_recommend_what_else",
    ("action_clarify", "affirm"): "action_handoff",
    ("action_clarify", "deny"): "utter_no_problem",
}


@dataclass
class _Conversation:
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    latest_message: dict[str, Any] = field(default_factory=dict)
    channel: str | None = None
    last_step: str = "action_listen"
    turns: dict[str, Turn] = field(default_factory=dict)

    def copy(self) -> "_Conversation":
        return replace(self, slots=dict(self.slots), events=list(self.events), turns=dict(self.turns))

    def add(self, event: Mapping[str, Any]) -> None:
        self.events.append({"timestamp": time.time(), **event})
        if event["event"] == "slot":
            self.slots[event["name"]] = event.get("value")


class FakeEngine:
    """The dialogue of domain.yml and data/ by keywords, with the real actions when given a runner.

    Set `away` to have every call raise `EngineUnavailable`, `broken` for `EngineFailed`.
    """

    def __init__(self, run_action: ActionRunner | None = None) -> None:
        self.run_action = run_action
        self.said: list[Utterance] = []
        self.away = False
        self.broken = False
        self._conversations: dict[str, _Conversation] = {}

    async def say(self, utterance: Utterance) -> Turn:
        """Answer by keywords; the state advances only when the whole turn succeeds."""
        self._check()
        if len(utterance.text) > LONGEST_TEXT:
            raise EngineRefused(f"A text has at most {LONGEST_TEXT} characters.", code="text_too_long")
        if not utterance.text.strip():
            raise EngineRefused("text: must not be empty", code="invalid_body")
        self.said.append(utterance)
        known = self._conversations.get(utterance.conversation_id)
        if known is not None and utterance.message_id in known.turns:
            return known.turns[utterance.message_id]
        conversation = known.copy() if known is not None else await self._begin(utterance)
        turn = await self._turn(conversation, utterance)
        conversation.turns[utterance.message_id] = turn
        self._conversations[utterance.conversation_id] = conversation
        return turn

    async def note(self, conversation_id: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Append the events; a new conversation gets its session prefix first."""
        self._check()
        if any("event" not in event for event in events):
            raise EngineRefused("events: each needs the name of its kind under `event`", code="invalid_body")
        conversation = self._conversations.setdefault(conversation_id, _Conversation())
        if not conversation.events:
            for prefix in (
                {"event": "action", "name": "action_session_start"},
                {"event": "session_started"},
                {"event": "action", "name": "action_listen"},
            ):
                conversation.add(prefix)
        for event in events:
            conversation.add(event)

    async def health(self) -> EngineHealth:
        """Be ready unless told to be away."""
        if self.away:
            return EngineHealth(ready=False, detail="away")
        return EngineHealth(ready=True, model="fake")

    def _check(self) -> None:
        if self.away:
            raise EngineUnavailable("The engine is away.", retry_after_s=0.01)
        if self.broken:
            raise EngineFailed("The turn failed.", code="turn_failed")

    async def _begin(self, utterance: Utterance) -> _Conversation:
        conversation = _Conversation(channel=utterance.channel)
        metadata = {**utterance.metadata, "message_id": utterance.message_id, "channel": utterance.channel}
        conversation.add({"event": "slot", "name": "session_started_metadata", "value": metadata})
        conversation.add({"event": "action", "name": "action_session_start"})
        conversation.add({"event": "session_started"})
        await self._run(conversation, utterance, "action_session_start")
        if conversation.events[-1].get("name") != "action_listen":
            conversation.add({"event": "action", "name": "action_listen"})
        return conversation

    async def _turn(self, conversation: _Conversation, utterance: Utterance) -> Turn:
        started = time.perf_counter()
        intent = understood(utterance.text)
        conversation.channel = utterance.channel
        conversation.latest_message = {
            "text": utterance.text,
            "intent": {"name": intent, "confidence": 1.0},
            "intent_ranking": [{"name": intent, "confidence": 1.0}],
            "entities": [],
            "message_id": utterance.message_id,
            "metadata": {
                **utterance.metadata,
                "message_id": utterance.message_id,
                "channel": utterance.channel,
            },
        }
        message = conversation.latest_message
        conversation.add(
            {
                "event": "user",
                "text": utterance.text,
                "parse_data": {key: message[key] for key in ("text", "intent", "intent_ranking", "entities")},
                "message_id": utterance.message_id,
                "input_channel": utterance.channel,
                "metadata": message["metadata"],
            }
        )
        step = AFTER.get((conversation.last_step, intent)) or STEPS[intent]
        if step.startswith("utter_"):
            replies: tuple[Reply, ...] = (Reply(utter_action=step),)
        else:
            replies = await self._run(conversation, utterance, step)
        conversation.add({"event": "action", "name": step})
        conversation.add({"event": "action", "name": "action_listen"})
        conversation.last_step = step
        total = (time.perf_counter() - started) * 1000
        return Turn(
            replies=replies,
            intent=intent,
            confidence=1.0,
            ranking=((intent, 1.0),),
            timings_ms={"parse": 0.0, "predict": total, "total": total},
        )

    async def _run(self, conversation: _Conversation, utterance: Utterance, action: str) -> tuple[Reply, ...]:
        if self.run_action is None:
            return ()
        call = {
            "next_action": action,
            "sender_id": utterance.conversation_id,
            "tracker": {
                "sender_id": utterance.conversation_id,
                "slots": dict(conversation.slots),
                "latest_message": conversation.latest_message,
                "latest_event_time": time.time(),
                "followup_action": None,
                "paused": False,
                "events": list(conversation.events),
                "latest_input_channel": conversation.channel,
                "active_loop": {},
                "latest_action": {"action_name": "action_listen"},
                "latest_action_name": "action_listen",
            },
            "domain": {"actions": [action], "responses": {}, "slots": {}, "intents": []},
            "version": "3.6.21",
        }
        try:
            result = await self.run_action(call)
        except ConnectionError as error:
            raise EngineUnavailable(
                "The action server does not answer.", code="action_server_away"
            ) from error
        except Exception as error:  # what an action does wrong is a failed turn, whatever it is
            raise EngineFailed(f"{action} failed.", code="action_failed") from error
        for event in result.get("events") or ():
            conversation.add(event)
        return tuple(_reply(response) for response in result.get("responses") or ())


def understood(text: str) -> str:
    """Return the intent that a payload names, else the first keyword that fits, else `nlu_fallback`."""
    if payload := re.match(r"/([a-z_]+)", text):
        return payload[1]
    bare = unicodedata.normalize("NFD", text.lower().strip())
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return next((intent for intent, words in KEYWORDS.items() if re.search(words, bare)), "nlu_fallback")


_NOT_ARGUMENTS = {"text", "buttons", "elements", "custom", "template", "response", "image", "attachment"}


def _reply(response: Mapping[str, Any]) -> Reply:
    return Reply(
        text=response.get("text"),
        utter_action=response.get("response") or response.get("template"),
        arguments={k: v for k, v in response.items() if k not in _NOT_ARGUMENTS and v},
        buttons=tuple(Button(title=b["title"], payload=b["payload"]) for b in response.get("buttons") or ()),
        image=response.get("image"),
        custom=response.get("custom") or None,
    )


class WordEncoder:
    """An `Encoder` without a model: texts are as near as the words (without accents) they share.

    Every word has a fixed direction of its own, so equal texts are at 1 and strangers near 0.
    """

    WIDTH = 256
    _words: ClassVar[dict[str, Any]] = {}
    _lists: ClassVar[dict[tuple[str, ...], Any]] = {}

    def encode(self, texts: Sequence[str]) -> Any:
        """Return one unit vector per text; the same long lists (a company's) are computed once."""
        key = tuple(texts)
        if key in self._lists:
            return self._lists[key]
        rows = np.zeros((len(texts), self.WIDTH), dtype=np.float32)
        for place, text in enumerate(texts):
            bare = unicodedata.normalize("NFD", text.lower())
            bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
            for word in re.findall(r"\w+", bare):
                rows[place] += self._direction(word)
        vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        if len(key) > 10:
            vectors.flags.writeable = False
            self._lists[key] = vectors
        return vectors

    def _direction(self, word: str) -> Any:
        if word not in self._words:
            self._words[word] = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.WIDTH)
        return self._words[word]
