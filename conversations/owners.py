"""One owner per conversation at any time: the only transitions there are, and their journal."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from conversations.models import Conversation, OwnerChange
from profiles.database import utc_now
from profiles.errors import Conflict, NotFound

TRANSITIONS: dict[str, frozenset[str]] = {
    "bot": frozenset({"waiting", "human", "closed"}),
    "waiting": frozenset({"human", "bot", "closed"}),
    "human": frozenset({"human", "bot", "closed"}),
    "closed": frozenset({"bot", "human"}),
}


def check_owner_change(previous: str, owner: str) -> None:
    """Raise ``Conflict`` unless a conversation may go from ``previous`` to ``owner``."""
    if owner not in TRANSITIONS.get(previous, frozenset()):
        raise Conflict(
            f"A conversation led by '{previous}' cannot go to '{owner}'. Load it again to see its state.",
            code="wrong_owner",
            data={"previous": previous, "owner": owner},
        )


async def locked_conversation(session: AsyncSession, conversation_id: str) -> Conversation:
    """Return the conversation, held against other writers until the transaction ends.

    Raises ``NotFound``. SQLite has one writer at a time anyway; PostgreSQL locks the row.
    """
    conversation = await session.get(
        Conversation, conversation_id, with_for_update=True, populate_existing=True
    )
    if conversation is None:
        raise NotFound("There is no such conversation.", code="no_conversation")
    return conversation


def do_change_owner(
    session: AsyncSession,
    conversation: Conversation,
    owner: str,
    *,
    by: str,
    reason: str,
    agent_id: str | None = None,
) -> None:
    """Change the owner and write it into the journal. Raises ``Conflict`` for a step not allowed."""
    check_owner_change(conversation.owner, owner)
    session.add(
        OwnerChange(
            conversation_id=conversation.id, previous=conversation.owner, owner=owner, by=by, reason=reason
        )
    )
    conversation.owner = owner
    conversation.agent_id = agent_id
    conversation.owner_since = utc_now()
