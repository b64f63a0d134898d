"""The middle of the desk: one conversation as it happens, who leads it, and where one writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nicegui import ui

from conversations.announcements import Typing, conversation_topic
from conversations.history import MessageView, history
from desk.badges import pill, tier_badge
from desk.bubbles import bubble, bubble_class
from desk.composer import Composer
from desk.frame import button, html
from desk.markup import join, tag
from desk.queries import ConversationHead, conversation_head
from desk.sessions import MANAGERS
from desk.visits import Visit
from profiles.models import StaffMember

PAGE = 50
OVERLAP = 8
TYPING_S = 8.0


class ThreadPanel:
    """Shows one conversation; looking at it changes nothing."""

    def __init__(self, visit: Visit, *, on_hand_back: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._on_hand_back = on_hand_back
        self.head: ConversationHead | None = None
        self.messages: dict[str, MessageView] = {}
        self._shown: dict[str, ui.html] = {}
        texts = visit.texts
        with (
            ui.element("section").classes("vn-column vn-thread").props(f'aria-label="{texts("thread.log")}"')
        ):
            self._pick = html(
                join([tag("h2", texts("thread.pick.title")), tag("p", texts("thread.pick.text"))]),
                classes="vn-empty",
            )
            with ui.element("div").classes("vn-thread-inner") as self._inner:
                with ui.element("div").classes("vn-thread-head"):
                    self._title = html("", classes="vn-thread-title")
                    with ui.element("div").classes("vn-thread-actions"):
                        self._profile = html("", classes="vn-thread-link")
                        self._take = button(texts("thread.take")).on("click", lambda _: self.take())
                        self._back = button(texts("thread.hand_back"), classes="vn-primary").on(
                            "click", lambda _: self._on_hand_back()
                        )
                self._place = ui.element("div").classes("vn-log-place")
                self._typing = html("", classes="vn-typing").props("aria-live=polite")
                self._owner = html("", classes="vn-owner").props("role=status")
                self.composer = Composer(visit, on_send=self._send, on_typing=self._say_typing)
        self._inner.set_visibility(False)
        self._quiet = ui.timer(TYPING_S, self._stop_typing, active=False)

    async def show(self, conversation_id: str) -> bool:
        """Show a conversation from its newest message; False where there is none."""
        async with self._visit.parts.database.reading() as session:
            head = await conversation_head(session, conversation_id)
            messages = await history(session, conversation_id, limit=PAGE, internal=True)
        if head is None:
            return False
        self.head = head
        self.messages, self._shown = {}, {}
        self._pick.set_visibility(False)
        self._inner.set_visibility(True)
        self._stop_typing()
        self._place.clear()
        with self._place:
            self._earlier = button(self._visit.texts("thread.earlier"), classes="vn-small vn-earlier")
            self._earlier.on("click", lambda _: self._show_earlier())
            label = self._visit.texts("thread.log")
            self._log = ui.element("div").classes("vn-log").props(f'role=log aria-label="{label}" tabindex=0')
            with self._log:
                self._nothing = html(tag("p", self._visit.texts("thread.empty")), classes="vn-none")
        self._put(messages)
        self._draw_head()
        return True

    async def catch_up(self) -> None:
        """Show what was added since, and what that changed in the last messages (chosen buttons)."""
        if self.head is None:
            return
        last = max((message.seq for message in self.messages.values()), default=0)
        looked_at = self.head.id
        async with self._visit.parts.database.reading() as session:
            found = await history(session, looked_at, after=max(0, last - OVERLAP), limit=200, internal=True)
        if looked_at != self.head.id:
            return
        self._put(found)
        if any(message.seq > last for message in found):
            self._stop_typing()

    def change(self, message: MessageView) -> None:
        """Show a message's new state."""
        known = self.messages.get(message.id)
        if known is not None:
            self._put([replace(message, chosen=known.chosen)])

    async def refresh_head(self) -> None:
        """Read again who leads."""
        if self.head is None:
            return
        looked_at = self.head.id
        async with self._visit.parts.database.reading() as session:
            head = await conversation_head(session, looked_at)
        if head is not None and looked_at == self.head.id:
            self.head = head
            self._draw_head()

    def show_typing(self, news: Typing) -> None:
        """Show that the customer or the bot is writing, for a few seconds at most."""
        if news.sender not in ("customer", "bot"):
            return
        if not news.on:
            self._stop_typing()
            return
        self._typing.set_content(str(tag("span", self._visit.texts(f"thread.typing.{news.sender}"))))
        self._quiet.deactivate()
        self._quiet.activate()

    async def take(self) -> None:
        """Take over without answering."""
        if self.head is None:
            return
        conversation_id = self.head.id

        async def step(member: StaffMember) -> None:
            await self._visit.parts.handoffs.take(conversation_id, member)

        if await self._visit.attempt(step) is None:
            self._visit.tell(self._visit.texts("thread.taken"))
            self.composer.focus()
        await self.refresh_head()

    async def _send(self, mode: str, text: str) -> bool:
        if self.head is None:
            return False
        conversation_id = self.head.id

        async def step(member: StaffMember) -> None:
            say = self._visit.parts.handoffs.note if mode == "note" else self._visit.parts.handoffs.answer
            await say(conversation_id, member, text)

        error = await self._visit.attempt(step)
        if error is not None:
            await self.refresh_head()
        return error is None

    def _say_typing(self) -> None:
        head = self.head
        if head is not None and head.owner == "human" and head.agent_id == self._visit.member.id:
            news = Typing(head.id, "agent", True)
            self._visit.parts.announcer.publish(conversation_topic(head.id), news)

    def _stop_typing(self) -> None:
        self._typing.set_content("")
        self._quiet.deactivate()

    async def _show_earlier(self) -> None:
        if self.head is None or not self.messages:
            return
        first, looked_at = min(message.seq for message in self.messages.values()), self.head.id
        async with self._visit.parts.database.reading() as session:
            found = await history(session, looked_at, before=first, limit=PAGE, internal=True)
        if looked_at == self.head.id:
            self._put(found)

    def _put(self, messages: list[MessageView]) -> None:
        name = (self.head.customer_name if self.head else None) or self._visit.texts("queue.visitor")
        newest = max((message.seq for message in self.messages.values()), default=0)
        at_top = 0
        for message in messages:
            content = str(bubble(message, self._visit.wording, customer=name))
            known = self._shown.get(message.id)
            self.messages[message.id] = message
            if known is not None:
                known.set_content(content)
                known.classes(replace=bubble_class(message))
                continue
            with self._log:
                shown = html(content, classes=bubble_class(message))
            self._shown[message.id] = shown
            if message.seq < newest:
                shown.move(self._log, target_index=at_top)
                at_top += 1
        first = min((message.seq for message in self.messages.values()), default=1)
        self._earlier.set_visibility(first > 1)
        self._nothing.set_visibility(not self.messages)

    def _draw_head(self) -> None:
        head, texts = self.head, self._visit.texts
        if head is None:
            return
        mine = head.owner == "human" and head.agent_id == self._visit.member.id
        others = head.owner == "human" and not mine
        self._title.set_content(
            str(
                join(
                    [
                        tag("h2", head.customer_name or texts("queue.visitor")),
                        tier_badge(texts, head.tier),
                        pill(texts.word("channel", head.channel)),
                        pill(texts.word("language", head.language)),
                    ]
                )
            )
        )
        link = tag("a", texts("thread.profile"), href=f"/managers/customers/{head.customer_id}")
        self._profile.set_content(str(link) if self._visit.member.role in MANAGERS else "")
        self._take.set_visibility(not mine and not others)
        self._back.set_visibility(mine)
        key = "owner.mine" if mine else ("owner.other" if others else f"owner.{head.owner}")
        self._owner.set_content(str(tag("span", texts(key, name=head.agent_name or ""))))
        self._owner.classes(replace=f"vn-owner vn-owner-{'mine' if mine else head.owner}")
        self.composer.show(head)
