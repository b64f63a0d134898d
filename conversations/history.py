"""What was said, as everybody outside this package sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.models import Message

MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One message as customers' and staff's pages show it."""

    id: str
    conversation_id: str
    seq: int
    sender: str
    sender_name: str | None
    text: str
    buttons: tuple[dict[str, Any], ...]
    cards: tuple[dict[str, Any], ...]
    state: str
    language: str | None
    external_id: str | None
    chosen: str | None
    created_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form that goes over the wire."""
        return {
            "id": self.id,
            "seq": self.seq,
            "sender": self.sender,
            "sender_name": self.sender_name,
            "text": self.text,
            "buttons": list(self.buttons),
            "cards": list(self.cards),
            "state": self.state,
            "language": self.language,
            "external_id": self.external_id,
            "chosen": self.chosen,
            "created_at": self.created_at.isoformat(),
        }


def message_view(message: Message, *, chosen: str | None = None) -> MessageView:
    """Return the view of one stored message; ``chosen`` is the button payload taken from it."""
    return MessageView(
        id=message.id,
        conversation_id=message.conversation_id,
        seq=message.seq,
        sender=message.sender,
        sender_name=message.sender_name,
        text=message.text,
        buttons=tuple(message.buttons or ()),
        cards=tuple(message.cards or ()),
        state=message.state,
        language=message.language,
        external_id=message.external_id,
        chosen=chosen,
        created_at=message.created_at,
    )


async def history(
    session: AsyncSession,
    conversation_id: str,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = 50,
    internal: bool = False,
) -> list[MessageView]:
    """Return one page of a conversation in its order.

    With ``after`` the messages that follow that ``seq``, else the newest ``limit`` ones (before
    ``before``). ``internal`` includes the staff's notes, which customers never see.
    """
    query = select(Message).where(Message.conversation_id == conversation_id)
    if not internal:
        query = query.where(Message.sender != "note")
    if before is not None:
        query = query.where(Message.seq < before)
    if after is not None:
        query = query.where(Message.seq > after).order_by(Message.seq)
    else:
        query = query.order_by(Message.seq.desc())
    rows = list((await session.scalars(query.limit(min(limit, MAX_PAGE)))).all())
    rows.sort(key=lambda row: row.seq)
    return _with_choices(rows)


def _with_choices(rows: Sequence[Message]) -> list[MessageView]:
    """Mark on each message with buttons the payload that the next customer message took from it."""
    views: list[MessageView] = []
    for place, row in enumerate(rows):
        chosen = None
        if row.buttons:
            following = next((later for later in rows[place + 1 :] if later.sender == "customer"), None)
            payloads = {button.get("payload") for button in row.buttons}
            if following is not None and following.payload in payloads:
                chosen = following.payload
        views.append(message_view(row, chosen=chosen))
    return views
