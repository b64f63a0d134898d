"""Rasa's REST channel: any client written for Rasa can talk to us."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from conversations.controls import APP
from conversations.history import MessageView, message_view
from conversations.inbox import Inbox, Incoming
from conversations.models import Message
from conversations.outbox import Outbox
from conversations.router import Router
from profiles.database import Database, new_id
from profiles.errors import VinculoError

CHANNEL = "rest"
ANSWER_WITHIN_S = 60.0


class RestMessage(BaseModel):
    """The body that Rasa's REST channel takes; other fields are ignored, as Rasa does."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sender: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
    message: str = Field(max_length=100_000)
    metadata: dict[str, Any] | None = None


def rest_routes(database: Database, inbox: Inbox, outbox: Outbox, router: Router) -> APIRouter:
    """Return ``POST /webhooks/rest/webhook``."""
    routes = APIRouter(tags=["chat"])

    @routes.get("/webhooks/rest/", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @routes.post("/webhooks/rest/webhook")
    async def webhook(body: RestMessage) -> list[dict[str, Any]]:
        """Take a message and return the bot's replies to it, empty while a person answers."""
        accepted = await inbox.accept(
            Incoming(
                channel=CHANNEL,
                external_id=new_id(),
                account=body.sender,
                text=body.message,
                payload=body.message if body.message.startswith(("/", APP)) else None,
            )
        )
        try:
            await asyncio.wait_for(router.settled(accepted.message_id), ANSWER_WITHIN_S)
        except TimeoutError as error:
            raise VinculoError(
                "The message is stored and will be answered; there is no answer yet.",
                code="no_answer_yet",
                status=503,
                retry_after_s=5,
            ) from error
        async with database.reading() as session:
            rows = await session.scalars(
                select(Message)
                .where(Message.reply_to == accepted.message_id, Message.sender.in_(("bot", "system")))
                .order_by(Message.seq)
            )
            replies = [message_view(row) for row in rows.all()]
        await outbox.mark([reply.id for reply in replies], "sent")
        return [part for reply in replies for part in as_rest(reply, body.sender)]

    return routes


def as_rest(message: MessageView, recipient: str) -> list[dict[str, Any]]:
    """Return one of our messages in the form of Rasa's REST channel."""
    text = "\n\n".join([message.text, *(card_text(card) for card in message.cards)])
    part: dict[str, Any] = {"recipient_id": recipient, "text": text}
    if message.buttons:
        part["buttons"] = [dict(button) for button in message.buttons]
    return [part]


def card_text(card: dict[str, Any]) -> str:
    """Return a card for those who cannot show one."""
    lines = [f"{card.get('title', '')} · {card.get('price', '')}", card.get("reason", "")]
    return "\n".join(line for line in lines if line.strip(" ·"))
