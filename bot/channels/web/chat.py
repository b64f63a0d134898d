"""The WebSocket of the widget: hello, messages with receipts, news as they happen, history."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from bot.business import Settings as CompanySettings
from bot.channels.web.frames import BadFrame, Hello, IsTyping, Older, Ping, Said, Seen, read_frame
from bot.channels.web.sessions import CHANNEL, WebSession, WebSessions
from conversations.announcements import (
    Announcement,
    Announcer,
    MessageAdded,
    MessageChanged,
    OwnerChanged,
    Typing,
    account_topic,
    conversation_topic,
)
from conversations.history import MessageView, history
from conversations.inbox import Inbox, Incoming, find_conversation
from conversations.models import Conversation
from conversations.outbox import Outbox
from profiles.database import Database
from profiles.errors import BadToken, VinculoError
from profiles.identities import find_customer
from profiles.models import Customer, StaffMember

logger = logging.getLogger(__name__)
PAGE = 50
MOST_CATCHING_UP = 200
HELLO_WITHIN_S = 15.0
MOST_ERRORS = 20
MARK_AFTER_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatParts:
    """What a socket needs."""

    database: Database
    announcer: Announcer
    inbox: Inbox
    outbox: Outbox
    sessions: WebSessions
    company: CompanySettings


def chat_routes(parts: ChatParts) -> APIRouter:
    """Return the WebSocket route ``/chat``."""
    routes = APIRouter()

    @routes.websocket("/chat")
    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await ChatSocket(parts, socket).run()

    return routes


class ChatSocket:
    """One open widget."""

    def __init__(self, parts: ChatParts, socket: WebSocket) -> None:
        self._parts = parts
        self._socket = socket
        self._conversation_id: str | None = None
        self._session: WebSession | None = None
        self._language = parts.company.default_language
        self._errors = 0
        self._news: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._to_mark: list[str] = []
        self._marking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve the socket until it closes."""
        try:
            if not await self._hello():
                await self._socket.close(1008)
                return
            while self._errors < MOST_ERRORS:
                await self._one_frame()
            await self._socket.close(1008)
        finally:
            if self._news is not None:
                self._news.cancel()
            if self._marking is not None:
                self._marking.cancel()
            await self._mark_now()

    async def _hello(self) -> bool:
        try:
            text = await asyncio.wait_for(self._receive(), HELLO_WITHIN_S)
            frame = read_frame(text)
            if not isinstance(frame, Hello):
                raise VinculoError("The first frame must be 'hello'.", code="bad_frame", status=422)
            self._session = await self._parts.sessions.open(frame.session, frame.login)
        except TimeoutError:
            return False
        except VinculoError as error:
            await self._error(error)
            return not isinstance(error, BadToken) and self._session is not None
        if frame.language in self._parts.company.languages:
            self._language = "pt" if frame.language == "pt" else "en"
        await self._welcome(self._session, frame)
        return True

    async def _welcome(self, session: WebSession, frame: Hello) -> None:
        customer, conversation, agent = await self._known(session)
        messages: list[MessageView] = []
        if conversation is None:
            self._news = asyncio.create_task(self._await_first_message(session), name="chat first message")
        else:
            await self._follow(conversation.id)
            async with self._parts.database.reading() as reading:
                limit = MOST_CATCHING_UP if frame.after is not None else PAGE
                messages = await history(reading, conversation.id, after=frame.after, limit=limit)
        texts = self._parts.company.widget_texts(self._language)
        await self._send(
            {
                "type": "welcome",
                "session": session.token,
                "conversation": conversation.id if conversation else None,
                "owner": conversation.owner if conversation else "bot",
                "agent": agent,
                "language": self._language,
                "customer": {"name": customer.name if customer else None, "known": customer is not None},
                "texts": {**texts.model_dump(), "bot": self._parts.company.bot_name},
                "messages": [message.as_json() for message in messages],
            }
        )
        await self._delivered(messages)

    async def _known(self, session: WebSession) -> tuple[Customer | None, Conversation | None, str | None]:
        async with self._parts.database.reading() as reading:
            customer = await find_customer(reading, CHANNEL, session.visitor)
            if customer is None:
                return None, None, None
            conversation = await find_conversation(reading, customer.id, CHANNEL)
            agent = None
            if conversation is not None and conversation.agent_id is not None:
                member = await reading.get(StaffMember, conversation.agent_id)
                agent = member.name if member else None
        return customer, conversation, agent

    async def _one_frame(self) -> None:
        identifier: str | None = None
        try:
            text = await self._receive()
            frame = read_frame(text)
            if isinstance(frame, Said):
                identifier = frame.id
                await self._said(frame)
            elif isinstance(frame, Older):
                await self._older(frame)
            elif isinstance(frame, Seen) and self._conversation_id:
                await self._parts.outbox.mark_seen(self._conversation_id, frame.seq)
            elif isinstance(frame, IsTyping) and self._conversation_id:
                typing = Typing(self._conversation_id, "customer", frame.on)
                self._parts.announcer.publish(conversation_topic(self._conversation_id), typing)
            elif isinstance(frame, Ping):
                await self._send({"type": "pong"})
            elif isinstance(frame, Hello):
                raise VinculoError("'hello' was said already.", code="bad_frame", status=422)
        except VinculoError as error:
            self._errors += error.status == 422
            await self._error(error, identifier)
        except (WebSocketDisconnect, RuntimeError):
            raise
        except Exception as error:
            logger.error("a frame failed: %s", type(error).__name__, exc_info=error)
            failed = VinculoError(
                "That did not work on our side. Send it again.", code="internal", retry_after_s=2
            )
            await self._error(failed, identifier)

    async def _receive(self) -> str:
        """Return the next frame's text. Raises ``BadFrame`` for one of bytes."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1005)
        text = message.get("text")
        if not isinstance(text, str):
            raise BadFrame("This frame has bytes: send one JSON object a frame, as text.")
        return text

    async def _said(self, frame: Said) -> None:
        assert self._session is not None  # noqa: S101 -- run() says hello first
        accepted = await self._parts.inbox.accept(
            Incoming(
                channel=CHANNEL,
                external_id=frame.id,
                account=self._session.visitor,
                text=frame.text,
                payload=frame.payload,
                language=self._language,
            )
        )
        await self._send({"type": "ack", "id": frame.id, "seq": accepted.seq})
        await self._begin(accepted.conversation_id)

    async def _older(self, frame: Older) -> None:
        messages: list[MessageView] = []
        if self._conversation_id is not None:
            async with self._parts.database.reading() as reading:
                messages = await history(reading, self._conversation_id, before=frame.before, limit=PAGE + 1)
        more = len(messages) > PAGE
        shown = [message.as_json() for message in messages[-PAGE:]]
        await self._send({"type": "history", "messages": shown, "more": more})

    async def _await_first_message(self, session: WebSession) -> None:
        """Join the conversation when another tab of this visitor opens it."""
        topic = account_topic(CHANNEL, session.visitor)
        async with self._parts.announcer.subscribe(topic) as news:
            async for announcement in news:
                if isinstance(announcement, MessageAdded):
                    break
            else:
                return
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._begin(announcement.conversation_id)

    async def _begin(self, conversation_id: str) -> None:
        """Follow a conversation that has just been opened, and show what it holds already."""
        if self._conversation_id is not None:
            return
        await self._follow(conversation_id)
        async with self._parts.database.reading() as reading:
            messages = await history(reading, conversation_id, after=0)
        await self._show(messages)

    async def _follow(self, conversation_id: str) -> None:
        """Hear the conversation's news from now on."""
        self._conversation_id = conversation_id
        waiting, self._news = self._news, None
        if waiting is not None and waiting is not asyncio.current_task():
            waiting.cancel()
        listening = asyncio.Event()
        self._news = asyncio.create_task(self._pass_on(conversation_id, listening), name="chat news")
        await listening.wait()

    async def _pass_on(self, conversation_id: str, listening: asyncio.Event) -> None:
        topic = conversation_topic(conversation_id)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            async with self._parts.announcer.subscribe(topic) as news:
                listening.set()
                async for announcement in news:
                    await self._announce(announcement)
            await self._socket.close(1013)

    async def _announce(self, announcement: Announcement) -> None:
        if isinstance(announcement, MessageAdded):
            await self._show([announcement.message])
        elif isinstance(announcement, MessageChanged):
            if announcement.message.sender != "note":
                await self._send({"type": "changed", "message": announcement.message.as_json()})
        elif isinstance(announcement, OwnerChanged):
            await self._send({"type": "owner", "owner": announcement.owner, "agent": announcement.agent_name})
        elif isinstance(announcement, Typing) and announcement.sender != "customer":
            await self._send({"type": "typing", "sender": announcement.sender, "on": announcement.on})

    async def _show(self, messages: list[MessageView]) -> None:
        shown = [message for message in messages if message.sender != "note"]
        for message in shown:
            await self._send({"type": "message", "message": message.as_json()})
        await self._delivered(shown)

    async def _delivered(self, messages: list[MessageView]) -> None:
        ours = [
            message.id for message in messages if message.sender != "customer" and message.state == "queued"
        ]
        if ours and not self._to_mark:
            self._marking = asyncio.create_task(self._mark_sent(), name="chat mark sent")
        self._to_mark += ours

    async def _mark_sent(self) -> None:
        """Mark together what was sent within a moment: it costs a transaction."""
        await asyncio.sleep(MARK_AFTER_S)
        await self._mark_now()

    async def _mark_now(self) -> None:
        ids, self._to_mark = self._to_mark, []
        await self._parts.outbox.mark(ids, "sent")

    async def _error(self, error: VinculoError, identifier: str | None = None) -> None:
        frame: dict[str, Any] = {"type": "error", **error.as_json()}
        identifier = identifier or error.data.get("id")
        if identifier:
            frame["id"] = identifier
        await self._send(frame)

    async def _send(self, frame: dict[str, Any]) -> None:
        async with self._sending:
            await self._socket.send_json(frame)
