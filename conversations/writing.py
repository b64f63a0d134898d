"""Writing a turn down: replies, outbox, treatments and the message's end, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.announcements import Announcer, MessageAdded, conversation_topic
from conversations.composing import Composer, Outgoing, remember_variants
from conversations.engine import Reply, Turn
from conversations.history import message_view
from conversations.messages import do_send
from conversations.models import Conversation, Handoff, Message
from conversations.owners import locked_conversation
from conversations.timings import timed
from conversations.turns import TurnContext
from personalization.models import Treatment
from profiles.database import Database

_MESSAGE_TO_ANSWER = (
    select(Conversation, Message)
    .join(Message, Message.conversation_id == Conversation.id)
    .where(Message.id == bindparam("message_id"))
    .with_for_update()
)


class Writer:
    """Renders and stores what is said to the customer, if the speaker still owns the conversation."""

    def __init__(self, database: Database, announcer: Announcer, composer: Composer) -> None:
        self._database = database
        self._announcer = announcer
        self._composer = composer

    async def answer(
        self,
        turn: TurnContext,
        replies: Sequence[Reply],
        *,
        understood: Turn | None = None,
        owners: Collection[str] = ("bot",),
    ) -> list[Message]:
        """Store the answer and end the message.

        Nothing is said if somebody else has taken the conversation meanwhile (never two speakers); a
        hand-off that this very message led to is the bot's own last word.
        """
        with timed("rendering"):
            outgoing = self._composer.compose(
                replies, turn.situation, seed=turn.message_id, said=turn.memory.get("said", ())
            )
            remember_variants(turn.memory, outgoing)
            turn.memory.pop("handed_back", None)
        with timed("storing"):
            async with self._database.transaction() as session:
                found = await session.execute(_MESSAGE_TO_ANSWER, {"message_id": turn.message_id})
                conversation, message = found.one()
                message.state = "done"
                message.language = turn.situation.language
                if understood is not None:
                    message.intent, message.confidence = understood.intent, understood.confidence
                sent: list[Message] = []
                if await self._may_speak(session, conversation, turn, owners):
                    sender = "bot" if conversation.owner != "human" else "system"
                    sent = [self._send(session, conversation, turn, one, sender) for one in outgoing]
                    conversation.memory = {**turn.memory}
                conversation.language = turn.situation.language
        self._announce(turn.conversation_id, sent)
        return sent

    async def say_meanwhile(self, turn: TurnContext, reply: Reply) -> None:
        """Say something while the message is still waiting for its answer."""
        outgoing = self._composer.one(reply, turn.situation, seed=turn.message_id)
        if outgoing is None:
            return
        async with self._database.transaction() as session:
            conversation = await locked_conversation(session, turn.conversation_id)
            if conversation.owner != "bot":
                return
            message = self._send(session, conversation, turn, outgoing, "bot")
        self._announce(turn.conversation_id, [message])

    async def leave_to_person(self, turn: TurnContext) -> None:
        """End the message without a word of ours."""
        async with self._database.transaction() as session:
            message = await session.get_one(Message, turn.message_id)
            message.state = "done"
            message.language = turn.situation.language

    async def _may_speak(
        self, session: AsyncSession, conversation: Conversation, turn: TurnContext, owners: Collection[str]
    ) -> bool:
        if conversation.owner in owners:
            return True
        if conversation.owner != "waiting":
            return False
        led_to = await session.scalar(
            select(Handoff.id).where(
                Handoff.conversation_id == conversation.id, Handoff.message_id == turn.message_id
            )
        )
        return led_to is not None

    def _send(
        self, session: AsyncSession, conversation: Conversation, turn: TurnContext, one: Outgoing, sender: str
    ) -> Message:
        message = do_send(
            session,
            conversation,
            sender=sender,
            sender_name=self._composer.bot_name if sender == "bot" else None,
            text=one.text,
            buttons=one.buttons,
            cards=one.cards,
            language=turn.situation.language,
            reply_to=turn.message_id,
            response_key=one.response_key,
        )
        treated = [one.treated] if one.treated else []
        if one.cards:
            treated += [treatment for treatment in turn.treatments if treatment.kind == "recommendation"]
        elif one.response_key == "utter_handoff_queued":
            treated += [treatment for treatment in turn.treatments if treatment.kind == "queue"]
        elif one.response_key in {treatment.key for treatment in turn.treatments}:
            treated += [treatment for treatment in turn.treatments if treatment.key == one.response_key]
        for treatment in treated:
            because = {name: value for name, value in treatment.because.items() if name != "name"}
            session.add(
                Treatment(
                    customer_id=turn.customer_id,
                    message_id=message.id,
                    kind=treatment.kind,
                    key=treatment.key,
                    variant=treatment.variant,
                    differs=treatment.differs,
                    because=because,
                )
            )
        return message

    def _announce(self, conversation_id: str, messages: Sequence[Message]) -> None:
        for message in messages:
            self._announcer.publish(
                conversation_topic(conversation_id), MessageAdded(conversation_id, message_view(message))
            )
