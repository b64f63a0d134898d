"""What is obeyed before anything is understood: words of opting out, and the app's own buttons."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.engine import Reply
from conversations.handoffs import Handoffs
from conversations.labels import button
from conversations.learning import Learner
from conversations.models import Message
from conversations.texts import control_word
from conversations.turns import Treated, TurnContext
from profiles.database import Database
from profiles.models import Consent

APP = "app:"
CANCEL_HANDOFF = "app:cancel_handoff"
START_AGAIN = "app:start_again"
FACTS_RIGHT = "app:facts_right:"
FACTS_WRONG = "app:facts_wrong:"
FACTS_DROP = "app:facts_drop:"
OFFERED_LATELY = 20


async def offered_payload(session: AsyncSession, message: Message) -> str | None:
    """Return the payload of a pressed button if we offered it in this conversation lately, else None."""
    if not message.payload:
        return None
    ours = await session.scalars(
        select(Message.buttons)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.seq < message.seq,
            Message.sender.in_(("bot", "system", "agent")),
        )
        .order_by(Message.seq.desc())
        .limit(OFFERED_LATELY)
    )
    offered = {button.get("payload") for buttons in ours.all() for button in buttons or ()}
    return message.payload if message.payload in offered else None


class Controls:
    """Obeys control words and the app's buttons; the engine never sees them."""

    def __init__(
        self, database: Database, handoffs: Handoffs, learner: Learner, *, queue_long_from: int = 5
    ) -> None:
        self._database = database
        self._handoffs = handoffs
        self._learner = learner
        self._queue_long_from = queue_long_from

    async def obey(self, turn: TurnContext, payload: str | None) -> list[Reply] | None:
        """Return what to say if ``turn`` was a control word or button, else None."""
        if payload is not None and payload.startswith(APP):
            return await self._button(turn, payload)
        word = control_word(turn.text)
        if word == "stop":
            return await self.stop(turn)
        if word == "start":
            await self._consent(turn, granted=True)
            return [Reply(utter_action="utter_started_again")]
        if word == "erase":
            return await self.hand_over(turn, "erase")
        return None

    async def stop(self, turn: TurnContext) -> list[Reply]:
        """Withdraw the consent to be written to on this channel, and return what to say, with an undo."""
        await self._consent(turn, granted=False)
        again = button("start_again", turn.situation.language, START_AGAIN)
        return [Reply(utter_action="utter_stopped", arguments={"extra_buttons": [again]})]

    async def hand_over(self, turn: TurnContext, reason: str) -> list[Reply]:
        """Put the conversation into the queue and return what to say about it."""
        opened = await self._handoffs.open(
            turn.conversation_id,
            reason,
            message_id=turn.message_id,
            summary={"words": turn.text[:300], "need": turn.situation.need},
        )
        if not opened:
            return [Reply(utter_action="utter_handoff_already")]
        return [Reply(utter_action="utter_handoff_queued", arguments=await self.queue_arguments(turn))]

    async def queue_arguments(self, turn: TurnContext) -> dict[str, Any]:
        """Return what the reply about the queue is filled with, and log the place as a treatment."""
        place = await self._handoffs.place(turn.conversation_id)
        turn.treatments.append(
            Treated(
                kind="queue",
                key=turn.situation.tier,
                variant=str(place),
                differs=True,
                because={"tier": turn.situation.tier, "place": place},
            )
        )
        back = button("back_to_bot", turn.situation.language, CANCEL_HANDOFF)
        conditions = {"queue_long": True} if place >= self._queue_long_from else {}
        return {"place": place, "extra_buttons": [back], "conditions": conditions}

    async def _button(self, turn: TurnContext, payload: str) -> list[Reply]:
        if payload == CANCEL_HANDOFF:
            cancelled = await self._handoffs.cancel(turn.conversation_id)
            return [Reply(utter_action="utter_no_problem")] if cancelled else []
        if payload == START_AGAIN:
            await self._consent(turn, granted=True)
            return [Reply(utter_action="utter_started_again")]
        if payload.startswith((FACTS_WRONG, FACTS_DROP)):
            await self._learner.drop_from(turn.customer_id, payload.rsplit(":", 1)[1])
            return [Reply(utter_action="utter_preference_dropped")]
        return [Reply(utter_action="utter_affirm")]

    async def _consent(self, turn: TurnContext, *, granted: bool) -> None:
        async with self._database.transaction() as session:
            session.add(
                Consent(
                    customer_id=turn.customer_id,
                    channel=turn.situation.channel,
                    purpose="marketing",
                    granted=granted,
                    message_id=turn.message_id,
                    quote=turn.text[:500],
                    language=turn.situation.language,
                )
            )
