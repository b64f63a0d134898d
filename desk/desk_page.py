"""The support desk: queue, conversation and profile side by side, brought up to date as things happen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from conversations.announcements import (
    QUEUE_TOPIC,
    Announcement,
    MessageAdded,
    MessageChanged,
    OwnerChanged,
    Typing,
    conversation_topic,
)
from desk.frame import button, frame, html
from desk.handback import HandBack
from desk.markup import tag
from desk.profile_panel import profile_panel
from desk.queries import open_handoff, treatments_of
from desk.queue_panel import QueuePanel
from desk.thread_panel import ThreadPanel
from desk.visits import Visit
from profiles.cards import profile_card
from profiles.models import StaffMember

logger = logging.getLogger(__name__)
CLOCK_S = 15.0
SETTLE_S = 0.15
TREATMENTS = 5
KEYS = (("j / k", "move"), ("/", "search"), ("r", "reply"), ("n", "note"), ("Esc", "escape"), ("?", "help"))


class DeskPage:
    """One open desk."""

    def __init__(self, visit: Visit, conversation_id: str | None) -> None:
        self._visit = visit
        self._wanted = conversation_id
        self._feeder: asyncio.Task[None] | None = None
        self._news: asyncio.Queue[Announcement | None] = asyncio.Queue()
        self._looking = asyncio.Lock()
        self._topics: frozenset[str] = frozenset()
        self._stale = asyncio.Event()
        with frame(visit, visit.texts("desk.title"), "/desk", fixed=True):
            with ui.element("div").classes("vn-desk"):
                self._queue = QueuePanel(visit, on_pick=self.pick, on_help=self._show_keys)
                self._thread = ThreadPanel(visit, on_hand_back=self._open_hand_back)
                with ui.element("aside").classes("vn-column vn-profile vn-scroll"):
                    empty = tag("p", visit.texts("profile.pick"), class_="vn-none")
                    self._profile = html(empty, classes="vn-profile-inner")
            self._hand_back = HandBack(visit)
            self._keys = self._keys_dialog()
        ui.on("vn_key", self._pressed)
        ui.timer(0, self._start, once=True)
        visit.client.on_connect(self._again)

    async def pick(self, conversation_id: str) -> None:
        """Look at a conversation; nobody notices."""
        self._wanted = conversation_id
        async with self._looking:
            if self._wanted == conversation_id:  # not overtaken by a later pick
                await self._look(conversation_id)

    async def _look(self, conversation_id: str) -> None:
        if not await self._thread.show(conversation_id):
            self._visit.tell(self._visit.texts("error.no_conversation"), wrong=True)
            return
        self._queue.mark(conversation_id)
        self._visit.address = f"/desk?conversation={conversation_id}"
        ui.navigate.history.replace(self._visit.address)
        await self._draw_profile()
        await self._listen()

    async def _start(self) -> None:
        await self._queue.refresh()
        if self._wanted:
            await self.pick(self._wanted)
        await self._listen()
        tasks = [
            background_tasks.create(self._take_in_news(), name="desk news"),
            background_tasks.create(self._keep_queue(), name="desk queue"),
            background_tasks.create(self._tick(), name="desk clock"),
        ]

        def stop() -> None:
            for task in (*tasks, self._feeder):
                if task is not None:
                    task.cancel()

        self._visit.client.on_delete(stop)

    async def _listen(self) -> None:
        """Hear of the queue and of every conversation on the page."""
        head = self._thread.head
        own = {head.id} if head else set()
        ids = own | self._queue.conversation_ids
        topics = frozenset({QUEUE_TOPIC, *(conversation_topic(one) for one in ids)})
        if topics == self._topics:
            return
        self._topics = topics
        listening, former = asyncio.Event(), self._feeder
        self._feeder = background_tasks.create(self._hear(topics, listening), name="desk ear")
        await listening.wait()  # before the former one stops: news may come twice, but none is missed
        if former is not None:
            former.cancel()
        self._news.put_nowait(None)

    async def _hear(self, topics: Collection[str], listening: asyncio.Event) -> None:
        while True:
            async with self._visit.parts.announcer.subscribe(*topics) as news:
                listening.set()
                async for one in news:
                    self._news.put_nowait(one)
            self._news.put_nowait(None)  # cut off for lagging

    async def _take_in_news(self) -> None:
        while True:
            one = await self._news.get()
            try:
                with self._visit.client:
                    await (self._read_again() if one is None else self._take_in(one))
            except Exception:
                logger.exception("the desk could not show a piece of news")

    async def _read_again(self) -> None:
        await self._thread.catch_up()
        await self._thread.refresh_head()

    async def _take_in(self, news: Announcement) -> None:
        head = self._thread.head
        here = head is not None and getattr(news, "conversation_id", None) == head.id
        if not isinstance(news, Typing | MessageChanged):
            self._stale.set()
        if not here:
            return
        if isinstance(news, MessageAdded):
            await self._thread.catch_up()
            await self._draw_profile()
        elif isinstance(news, MessageChanged):
            self._thread.change(news.message)
        elif isinstance(news, OwnerChanged):
            await self._thread.refresh_head()
            await self._draw_profile()
        elif isinstance(news, Typing):
            self._thread.show_typing(news)

    async def _keep_queue(self) -> None:
        while True:
            await self._stale.wait()
            await asyncio.sleep(SETTLE_S)
            self._stale.clear()
            try:
                with self._visit.client:
                    await self._queue.refresh()
                    await self._listen()
            except Exception:
                logger.exception("the desk could not read the queue")

    async def _tick(self) -> None:
        """Let waiting times move on, and find conversations with the bot that nobody announced."""
        while True:
            await asyncio.sleep(CLOCK_S)
            await self._visit.attempt(_nothing)  # a session that has ended shows no more
            self._stale.set()

    def _again(self) -> None:
        """After a reconnect: what was missed is read."""
        self._news.put_nowait(None)
        self._stale.set()

    async def _draw_profile(self) -> None:
        head = self._thread.head
        if head is None:
            return
        async with self._visit.parts.database.reading() as session:
            card = await profile_card(session, head.customer_id)
            handoff = await open_handoff(session, head.id)
            treatments = await treatments_of(session, head.customer_id, limit=TREATMENTS)
        shown = profile_panel(card, self._visit.wording, handoff=handoff, treatments=treatments)
        self._profile.set_content(str(shown))

    async def _open_hand_back(self) -> None:
        if self._thread.head is not None:
            self._hand_back.open(self._thread.head, dict(self._thread.messages))

    async def _pressed(self, event: GenericEventArguments) -> None:
        key = str(event.args)
        if key in ("j", "k"):
            await self._queue.step(1 if key == "j" else -1)
        elif key in ("r", "n"):
            async with self._looking:  # a conversation picked just before is shown first
                self._thread.composer.choose("reply" if key == "r" else "note")
                self._thread.composer.focus()
        elif key == "?":
            self._show_keys()

    def _show_keys(self) -> None:
        self._keys.open()

    def _keys_dialog(self) -> ui.dialog:
        texts = self._visit.texts
        rows = [tag("tr", tag("td", tag("kbd", key)), tag("td", texts(f"keys.{name}"))) for key, name in KEYS]
        with ui.dialog() as dialog, ui.element("div").classes("vn-dialog vn-narrow"):
            html(tag("h2", texts("keys.title")))
            html(tag("table", *rows, class_="vn-keys"))
            with ui.element("div").classes("vn-dialog-actions"):
                button(texts("action.close"), classes="vn-primary").on("click", lambda _: dialog.close())
        return dialog


async def _nothing(member: StaffMember) -> None:
    """Do nothing, once the session has been checked."""
