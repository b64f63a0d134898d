"""The left side of the desk: who waits, who is with a person, who talks to the bot."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from nicegui import ui

from conversations.queue import QueueItem
from desk.badges import pill, tier_badge
from desk.frame import button, html
from desk.markup import tag
from desk.queries import recent_with_bot
from desk.visits import Visit
from desk.wording import Wording, waited

SECTIONS = ("waiting", "human", "bot")


def folded(text: str) -> str:
    """Return ``text`` without case and accents, to search in."""
    bare = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def arranged(
    queue: Sequence[QueueItem], watched: Sequence[QueueItem], *, own_id: str, search: str = ""
) -> dict[str, list[QueueItem]]:
    """Return the items of each section in their order, as far as they match ``search``.

    Waiting ones keep the order of the queue (weight, then waiting time); one's own come first among those
    with a person.
    """
    sought = folded(search.strip())
    sections: dict[str, list[QueueItem]] = {name: [] for name in SECTIONS}
    for item in (*queue, *watched):
        words = folded(" ".join(filter(None, (item.customer_name, item.last_text, item.agent_name))))
        if item.owner in sections and sought in words:
            sections[item.owner].append(item)
    sections["human"].sort(key=lambda item: (item.agent_id != own_id, item.opened_at))
    return sections


def is_due(item: QueueItem, own_id: str) -> bool:
    """Return whether the customer has spoken last to the one who looks."""
    return item.owner == "human" and item.agent_id == own_id and item.last_sender == "customer"


def row(item: QueueItem, wording: Wording, *, own_id: str) -> Markup:
    """Return the inside of one line of the queue."""
    texts = wording.texts
    if item.owner == "waiting":
        since = texts("queue.waits", time=waited(item.opened_at))
    elif item.owner == "human":
        name = texts("queue.you") if item.agent_id == own_id else (item.agent_name or "")
        since = texts("queue.with", name=name)
    else:
        since = waited(item.opened_at)
    speaker = "" if item.last_sender == "customer" else f"{texts.word('sender', item.last_sender)}: "
    return tag(
        "span",
        tag(
            "span",
            tag("span", item.customer_name or texts("queue.visitor"), class_="vn-row-name"),
            tag("span", since, class_="vn-row-since"),
            class_="vn-row-line",
        ),
        tag(
            "span",
            tier_badge(texts, item.tier),
            pill(item.language.upper()),
            pill(texts.word("channel", item.channel)),
            pill(texts("queue.due"), "vn-due") if is_due(item, own_id) else None,
            tag("span", texts.word("reason", item.reason), class_="vn-row-reason") if item.reason else None,
            class_="vn-row-line vn-row-badges",
        ),
        tag("span", f"{speaker}{item.last_text}", class_="vn-row-last") if item.last_text else None,
        class_="vn-row-inner",
    )


@dataclass(slots=True)
class _Section:
    title: ui.html
    box: ui.element
    empty: ui.html


class QueuePanel:
    """Draws the queue and keeps it up to date without disturbing focus: lines are moved, not drawn anew."""

    def __init__(
        self,
        visit: Visit,
        *,
        on_pick: Callable[[str], Awaitable[None]],
        on_help: Callable[[], None],
    ) -> None:
        self._visit = visit
        self._on_pick = on_pick
        self._rows: dict[str, ui.html] = {}
        self._queue: list[QueueItem] = []
        self._watched: list[QueueItem] = []
        self._search = ""
        self.order: list[str] = []
        self.picked: str | None = None
        texts = visit.texts
        with (
            ui.element("section").classes("vn-column vn-queue").props(f'aria-label="{texts("queue.title")}"')
        ):
            with ui.element("div").classes("vn-queue-head"):
                self._field = ui.input(placeholder=texts("queue.search")).classes("vn-search")
                self._field.props("outlined dense clearable input-class=vn-search-input")
                self._field.props(f'aria-label="{texts("queue.search")}"')
                self._field.on_value_change(self._searched)
                button("?", classes="vn-small").props(
                    f'title="{texts("queue.keys")}" aria-label="{texts("queue.keys")}"'
                ).on("click", lambda _: on_help())
            with ui.element("div").classes("vn-scroll"):
                self._sections = {name: self._section(name) for name in SECTIONS}

    @property
    def conversation_ids(self) -> frozenset[str]:
        """Return every conversation shown or filtered out now."""
        return frozenset(item.conversation_id for item in (*self._queue, *self._watched))

    async def refresh(self) -> None:
        """Read the queue again and show it."""
        self._queue = await self._visit.parts.handoffs.queue()
        async with self._visit.parts.database.reading() as session:
            self._watched = await recent_with_bot(session)
        self.draw()

    def draw(self) -> None:
        """Show what was read last: waiting times move on, lines go to their places."""
        own_id = self._visit.member.id
        sections = arranged(self._queue, self._watched, own_id=own_id, search=self._search)
        self.order = [item.conversation_id for name in SECTIONS for item in sections[name]]
        waiting = len(sections["waiting"]) + sum(is_due(item, own_id) for item in sections["human"])
        title = f"{self._visit.texts('desk.title')} · {self._visit.texts('app.name')}"
        ui.page_title(f"({waiting}) {title}" if waiting else title)
        for gone in self._rows.keys() - set(self.order):
            self._rows.pop(gone).delete()
        for name, items in sections.items():
            section = self._sections[name]
            title = self._visit.texts(f"queue.{name}")
            section.title.set_content(
                str(tag("span", title) + tag("span", str(len(items)), class_="vn-count"))
            )
            section.empty.set_visibility(not items)
            empty = self._visit.texts(f"queue.{name}.empty")
            if self._search:
                empty = self._visit.texts("queue.nothing_found", search=self._search)
            section.empty.set_content(str(tag("span", empty)))
            for place, item in enumerate(items):
                self._show(item, section, place)

    def mark(self, conversation_id: str | None) -> None:
        """Show which conversation is picked."""
        self.picked = conversation_id
        for own_id, line in self._rows.items():
            self._mark_row(own_id, line)

    async def step(self, by: int) -> None:
        """Pick the next (or the previous) conversation."""
        if not self.order:
            return
        at = self.order.index(self.picked) + by if self.picked in self.order else (0 if by > 0 else -1)
        chosen = self.order[max(0, min(at, len(self.order) - 1))]
        await self._on_pick(chosen)
        ui.run_javascript(
            f"document.getElementById('{self._rows[chosen].html_id}')?.scrollIntoView({{block:'nearest'}})"
        )

    def _section(self, name: str) -> _Section:
        title = html("", name="h2", classes="vn-queue-title")
        empty = html("", classes="vn-empty-line")
        return _Section(title, ui.element("div").classes("vn-rows"), empty)

    def _show(self, item: QueueItem, section: _Section, place: int) -> None:
        content = str(row(item, self._visit.wording, own_id=self._visit.member.id))
        line = self._rows.get(item.conversation_id)
        if line is None:
            with section.box:
                line = html(content, name="button", classes="vn-row").props("type=button")
            line.on("click", lambda _, chosen=item.conversation_id: self._on_pick(chosen))
            self._rows[item.conversation_id] = line
            self._mark_row(item.conversation_id, line)
        line.set_content(content)
        children = section.box.default_slot.children
        if line.parent_slot is not section.box.default_slot or children.index(line) != place:
            line.move(section.box, target_index=place)

    def _mark_row(self, conversation_id: str, line: ui.html) -> None:
        picked = conversation_id == self.picked
        line.classes(add="vn-picked" if picked else "", remove="" if picked else "vn-picked")
        line.props(f"aria-current={'true' if picked else 'false'}")

    def _searched(self) -> None:
        self._search = (self._field.value or "").strip()
        self.draw()
