"""One message in, one turn out: Rasa's own steps, strictly, so that a turn is whole or has not happened."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.constants import ACTION_SESSION_START_NAME, SESSION_START_METADATA_SLOT
from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from engine.actions import StrictAction
from engine.errors import TurnError
from engine.events import append

logger = logging.getLogger(__name__)


class Replies(OutputChannel):
    """Keeps whole messages, under the name of the channel they are for."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.messages: list[dict[str, Any]] = []

    def name(self) -> str:  # type: ignore[override]
        """Return the customer's channel: response variants may differ by it."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep the message; Rasa's own collector loses the response key."""
        self.messages.append(message)


@dataclass
class Answer:
    """What a turn brought: messages in Rasa's form, the parse, and milliseconds by step."""

    messages: list[dict[str, Any]]
    parse: dict[str, Any]
    timings_ms: dict[str, float] = field(default_factory=dict)


class Turns:
    """Takes the turns of all conversations of an agent, one at a time in each conversation."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        # Rasa answers from an empty tracker when its store fails (core/tracker_store.py, FailSafe…).
        agent.tracker_store._on_tracker_store_error = _raise

    @property
    def processor(self) -> MessageProcessor:
        """Return the loaded model's processor; raises TurnError when there is no model."""
        if self._agent.processor is None:
            raise TurnError(503, "no_model", "No model is loaded.", 5.0)
        return self._agent.processor

    async def take(self, message: UserMessage, replies: Replies) -> Answer:
        """Run one turn and save it.

        A message that was answered gets the same answer again and changes nothing, also after a restart.
        Raises TurnError; the stored conversation is then as it was.
        """
        async with self._alone(message.sender_id):
            started = time.perf_counter()
            processor = self.processor
            tracker = await processor.get_tracker(message.sender_id)
            earlier = answered(tracker, message.message_id)
            if earlier is not None:
                await processor.save_tracker(tracker)
                return earlier
            await self._begin_session(tracker, message, replies)
            before_parse = time.perf_counter()
            parse = await processor.parse_message(message, tracker)
            message.parse_data = parse
            parsed = time.perf_counter()
            await processor._handle_message_with_tracker(message, tracker)
            tracker = await processor.run_action_extract_slots(replies, tracker)
            await self._predict(tracker, replies)
            predicted = time.perf_counter()
            await processor.save_tracker(tracker)
            done = time.perf_counter()
            timings = {
                "session": before_parse - started,
                "parse": parsed - before_parse,
                "predict": predicted - parsed,
                "store": done - predicted,
                "total": done - started,
            }
            return Answer(replies.messages, parse, {k: round(v * 1000, 2) for k, v in timings.items()})

    async def append(self, sender_id: str, events: Sequence[Event]) -> None:
        """Add events to a conversation and save it."""
        async with self._alone(sender_id):
            processor = self.processor
            tracker = await processor.get_tracker(sender_id)
            append(tracker, events)
            await processor.save_tracker(tracker)

    async def _begin_session(
        self, tracker: DialogueStateTracker, message: UserMessage, replies: Replies
    ) -> None:
        """Start a session as core/processor.py, _update_tracker_session, does, but not without its action."""
        processor = self.processor
        if tracker.applied_events() and not processor._has_session_expired(tracker):
            return
        tracker.update(SlotSet(SESSION_START_METADATA_SLOT, message.metadata), processor.domain)
        prediction = PolicyPrediction.for_action_name(processor.domain, ACTION_SESSION_START_NAME)
        await self._run(processor._get_action(ACTION_SESSION_START_NAME), prediction, tracker, replies)

    async def _predict(self, tracker: DialogueStateTracker, replies: Replies) -> None:
        """Run actions until the bot listens, as core/processor.py, _run_prediction_loop, does."""
        processor = self.processor
        more = True
        while more and processor._should_handle_message(tracker):
            try:
                action, prediction = processor.predict_next_with_tracker_if_should(tracker)
            except ActionLimitReached as error:
                raise TurnError(
                    500, "too_many_actions", "The dialogue never came to listen again."
                ) from error
            more = await self._run(action, prediction, tracker, replies)

    async def _run(
        self, action: Any, prediction: PolicyPrediction, tracker: DialogueStateTracker, replies: Replies
    ) -> bool:
        processor = self.processor
        strict = StrictAction(action)
        more = await processor._run_action(strict, tracker, replies, processor.nlg, prediction)
        if strict.error is not None:
            raise strict.error
        return more

    @asynccontextmanager
    async def _alone(self, sender_id: str) -> AsyncIterator[None]:
        """Hold the conversation; Rasa's own lock polls once a second and gives up after a minute."""
        lock, waiting = self._locks.get(sender_id, (asyncio.Lock(), 0))
        self._locks[sender_id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks.pop(sender_id)
            if waiting > 1:
                self._locks[sender_id] = (lock, waiting - 1)


def answered(tracker: DialogueStateTracker, message_id: str) -> Answer | None:
    """Return the answer that a message of this id got earlier in the session, or None."""
    said: list[BotUttered] = []
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            said.append(event)
        elif isinstance(event, UserUttered):
            if event.message_id == message_id:
                return Answer([bot.message() for bot in reversed(said)], event.parse_data or {})
            said.clear()
    return None


def _raise(error: Exception) -> None:
    raise TurnError(503, "store_failed", "The conversation store does not work.", 5.0) from error
