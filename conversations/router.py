"""The router: one message of a conversation at a time, in order, answered by whoever owns it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from conversations.announcements import QUEUE_TOPIC, Announcer, QueueChanged, Typing, conversation_topic
from conversations.asking import Asker
from conversations.controls import Controls, offered_payload
from conversations.engine import Engine, EngineError, EngineUnavailable, Reply, Turn, Utterance
from conversations.language import detect
from conversations.learning import Learner
from conversations.models import Conversation, Message
from conversations.texts import for_engine, has_words, sign_as_payload
from conversations.timings import timed
from conversations.turns import TurnContext, TurnsInProgress
from conversations.writing import Writer
from personalization.situations import situation_of
from profiles.database import Database
from profiles.identities import customer_proof_level
from profiles.models import Customer

logger = logging.getLogger(__name__)
SMALL_TALK = frozenset({"affirm", "bot_challenge", "deny", "goodbye", "greet", "help", "stop", "thank"})
SMALL_TALK_WORDS = 4
"""so many words of small talk tell no need; more may tell something besides"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the router waits for an absent engine before it says so, and before a person is asked."""

    retry_s: float = 0.5
    longest_retry_s: float = 5.0
    say_so_after_s: float = 3.0
    person_after_s: float = 120.0
    after_error_s: float = 5.0
    """before a message is tried again whose turn broke in the app itself"""
    broken_turns: int = 2
    """times that a turn may break inside the engine before a person is asked"""


_OLDEST_PENDING = (
    select(Message, Conversation, Customer)
    .join(Conversation, Conversation.id == Message.conversation_id)
    .join(Customer, Customer.id == Message.customer_id)
    .where(Message.conversation_id == bindparam("conversation_id"), Message.state == "pending")
    .order_by(Message.seq)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A message to be answered, who owns its conversation now, and the payload if we offered it."""

    turn: TurnContext
    owner: str
    payload: str | None


class Router:
    """Works on conversations with pending messages; nothing pending is ever forgotten."""

    def __init__(
        self,
        *,
        database: Database,
        announcer: Announcer,
        engine: Engine,
        controls: Controls,
        learner: Learner,
        asker: Asker,
        writer: Writer,
        turns: TurnsInProgress,
        patience: Patience | None = None,
    ) -> None:
        self._database = database
        self._announcer = announcer
        self._engine = engine
        self._controls = controls
        self._learner = learner
        self._asker = asker
        self._writer = writer
        self._turns = turns
        self._patience = patience or Patience()
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._settled: defaultdict[str, list[asyncio.Future[None]]] = defaultdict(list)

    def wake(self, conversation_id: str) -> None:
        """Let the conversation's pending messages be worked on, soon and in order."""
        if conversation_id in self._workers:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._work(conversation_id), name=f"conversation {conversation_id}")
        self._workers[conversation_id] = task

    async def recover(self) -> int:
        """Wake every conversation that has pending messages (after a start); return how many."""
        async with self._database.reading() as session:
            pending = await session.scalars(
                select(Message.conversation_id).where(Message.state == "pending").distinct()
            )
            conversations = list(pending.all())
        for conversation_id in conversations:
            self.wake(conversation_id)
        return len(conversations)

    async def settled(self, message_id: str) -> None:
        """Wait until the message has been answered or given to a person."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._settled[message_id].append(future)
        async with self._database.reading() as session:
            state = await session.scalar(select(Message.state).where(Message.id == message_id))
        if state != "pending":
            self._settle(message_id)
        await future

    async def close(self) -> None:
        """Stop working; what is pending stays pending and is taken up at the next start."""
        workers = list(self._workers.values())
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, conversation_id: str) -> None:
        failures: Counter[str | None] = Counter()
        try:
            while True:
                self._again.discard(conversation_id)
                message_id = None
                try:
                    pending = await self._next(conversation_id)
                    if pending is None:
                        if conversation_id not in self._again:
                            return
                        continue
                    message_id = pending.turn.message_id
                    with timed("turn"):
                        give_up = failures[message_id] >= self._patience.broken_turns
                        await (self._give_up(pending) if give_up else self._answer(pending))
                    self._settle(message_id)
                except Exception as error:
                    failures[message_id] += 1
                    logger.error("a message was not answered: %s", type(error).__name__, exc_info=error)
                    await asyncio.sleep(self._patience.after_error_s)
        finally:
            self._workers.pop(conversation_id, None)

    async def _next(self, conversation_id: str) -> Pending | None:
        """Return the oldest message of the conversation that is not answered yet (two queries)."""
        async with self._database.reading() as session:
            found = await session.execute(_OLDEST_PENDING, {"conversation_id": conversation_id})
            row = found.first()
            if row is None:
                return None
            message, conversation, customer = row
            payload = await offered_payload(session, message)
            proof = await customer_proof_level(session, customer.id, conversation.channel)
        language = conversation.language
        if payload is None:
            language = detect(message.text, conversation.language)
        turn = TurnContext(
            message_id=message.id,
            conversation_id=conversation.id,
            customer_id=customer.id,
            text=message.text,
            memory=dict(conversation.memory),
            situation=situation_of(
                customer,
                language=language,
                channel=conversation.channel,
                proof=proof,
                memory=conversation.memory,
            ),
        )
        return Pending(turn, conversation.owner, payload)

    async def _answer(self, pending: Pending) -> None:
        turn, payload = pending.turn, pending.payload
        replies = await self._controls.obey(turn, payload)
        if replies is not None:
            await self._writer.answer(turn, replies, owners=("bot", "waiting", "human"))
        elif pending.owner == "human" or (pending.owner == "waiting" and payload is None):
            await self._for_person(turn)
        else:
            await self._by_bot(turn, payload)

    async def _give_up(self, pending: Pending) -> None:
        """Ask a person, since the work on this message has failed each time."""
        if pending.owner == "human":
            await self._writer.leave_to_person(pending.turn)
        else:
            replies = await self._controls.hand_over(pending.turn, "not_understood")
            await self._writer.answer(pending.turn, replies)

    async def _for_person(self, turn: TurnContext) -> None:
        """Say nothing: the person at the desk does. What is told him is learned all the same."""
        await self._writer.leave_to_person(turn)
        self._announcer.publish(QUEUE_TOPIC, QueueChanged())
        await self._learn(turn, method="told_agent", name_too=True)

    async def _by_bot(self, turn: TurnContext, payload: str | None) -> None:
        if payload is None and not has_words(turn.text):
            payload = sign_as_payload(turn.text)
            if payload is None:
                await self._writer.answer(turn, [Reply(utter_action="utter_no_text")])
                return
        name_noted_in = turn.memory.pop("name_noted_in", None)
        topic = conversation_topic(turn.conversation_id)
        self._announcer.publish(topic, Typing(turn.conversation_id, "bot", True))
        try:
            result = await self._ask_engine(turn, payload)
        finally:
            self._announcer.publish(topic, Typing(turn.conversation_id, "bot", False))
        if isinstance(result, Turn):
            if name_noted_in and result.intent == "deny":
                await self._learner.drop_from(turn.customer_id, name_noted_in)
            replies = await self._asker.follow_up(turn, result.replies)
            await self._writer.answer(turn, replies, understood=result, owners=("bot", "waiting"))
            small = result.intent in SMALL_TALK and len(turn.text.split()) <= SMALL_TALK_WORDS
            if payload is None and not turn.learned_here and not small:
                await self._learn(turn, method="meant")
        else:
            await self._writer.answer(turn, result)

    async def _ask_engine(self, turn: TurnContext, payload: str | None) -> Turn | Sequence[Reply]:
        """Return the engine's turn, or what to say when it stays away or breaks on this message."""
        utterance = Utterance(
            conversation_id=turn.conversation_id,
            message_id=turn.message_id,
            text=payload or for_engine(turn.text),
            channel=turn.situation.channel,
            metadata={"language": turn.situation.language, "tier": turn.situation.tier},
        )
        patience = self._patience
        loop = asyncio.get_running_loop()
        begin, broken, delay_s, told = loop.time(), 0, patience.retry_s, False
        while True:
            try:
                with self._turns.running(turn), timed("engine"):
                    return await self._engine.say(utterance)
            except EngineUnavailable as error:
                waited_s = loop.time() - begin
                logger.warning("engine unavailable (%s), waited %.0f s", error.code, waited_s)
                if waited_s >= patience.person_after_s:
                    return await self._controls.hand_over(turn, "engine_away")
                if waited_s >= patience.say_so_after_s and not told:
                    told = True
                    await self._writer.say_meanwhile(turn, Reply(utter_action="utter_engine_away"))
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, patience.longest_retry_s)
            except EngineError as error:
                broken += 1
                logger.error("engine did not give a turn: %s", error.code)
                if broken >= patience.broken_turns:
                    return await self._controls.hand_over(turn, "not_understood")

    async def _learn(self, turn: TurnContext, *, method: str, name_too: bool = False) -> None:
        """Learn from a message that the dialogue has not learned from; what fails here holds nobody up."""
        if not has_words(turn.text):
            return
        try:
            await self._learner.learn_needs(
                turn.customer_id,
                turn.message_id,
                turn.text,
                turn.situation.language,
                sure=False,
                method=method,
            )
            if name_too:
                await self._learner.learn_name(turn.customer_id, turn.message_id, turn.text, asked=False)
        except Exception as error:
            logger.error("could not learn from a message: %s", type(error).__name__, exc_info=error)

    def _settle(self, message_id: str) -> None:
        for future in self._settled.pop(message_id, ()):
            if not future.done():
                future.set_result(None)
