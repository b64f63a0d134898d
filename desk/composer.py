"""Where one writes: to the customer (which takes over) or a note for the team."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from desk.frame import button, html
from desk.markup import tag
from desk.queries import ConversationHead
from desk.visits import Visit

LIMIT = 4000
MODES = ("reply", "note")
SEND_ON_ENTER = """(event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  emit(event.target.value);
}"""
TYPING_EVERY_S = 3.0


class Composer:
    """The field, its two modes and its drafts: kept per conversation and mode while one looks elsewhere."""

    def __init__(
        self,
        visit: Visit,
        *,
        on_send: Callable[[str, str], Awaitable[bool]],
        on_typing: Callable[[], None],
    ) -> None:
        self._visit = visit
        self._on_send = on_send
        self._on_typing = on_typing
        self._head: ConversationHead | None = None
        self._mode = "reply"
        self._drafts: dict[tuple[str, str], str] = {}
        self._shown: tuple[str, str] | None = None
        self._sending = False
        self._typed_at = 0.0
        texts = visit.texts
        with ui.element("div").classes("vn-composer") as self.box:
            with ui.element("div").classes("vn-composer-top"):
                with (
                    ui.element("div")
                    .classes("vn-modes")
                    .props(f'role=group aria-label="{texts("composer.mode")}"')
                ):
                    self._tabs = {mode: self._tab(mode) for mode in MODES}
                self._count = html("", classes="vn-count-left")
            self._field = ui.textarea().props(f"borderless autogrow maxlength={LIMIT} input-class=vn-field")
            self._field.classes("vn-textarea")
            self._field.on("keydown", self._entered, js_handler=SEND_ON_ENTER)
            self._field.on_value_change(self._changed)
            with ui.element("div").classes("vn-composer-bottom"):
                html(tag("span", texts("composer.keys")), classes="vn-muted vn-small-text")
                self._send = button("", classes="vn-primary").on("click", lambda _: self.send(self._value))

    @property
    def _value(self) -> str:
        return self._field.value or ""

    @property
    def _key(self) -> tuple[str, str]:
        return (self._head.id if self._head else "", self._mode)

    def show(self, head: ConversationHead) -> None:
        """Write in this conversation from now on; where somebody else leads, only notes are left."""
        moved = self._head is None or self._head.id != head.id
        self._head = head
        others = head.owner == "human" and head.agent_id != self._visit.member.id
        self._tabs["reply"].props(f"aria-disabled={'true' if others else 'false'}")
        self._tabs["reply"].classes(add="vn-off" if others else "", remove="" if others else "vn-off")
        if others:
            self.choose("note")
        elif moved:
            self.choose("reply")
        else:
            self.choose(self._mode)

    def choose(self, mode: str) -> None:
        """Switch between reply and note."""
        head = self._head
        if head is None or (mode == "reply" and "vn-off" in self._tabs["reply"].classes):
            return
        self._mode = mode
        texts = self._visit.texts
        for name, tab in self._tabs.items():
            tab.props(f"aria-pressed={'true' if name == mode else 'false'}")
        self.box.classes(
            add="vn-noting" if mode == "note" else "", remove="" if mode == "note" else "vn-noting"
        )
        language = texts.word("language", head.language)
        self._field.props(
            f'placeholder="{texts(f"composer.{mode}.hint", language=language)}" '
            f'aria-label="{texts(f"composer.{mode}.label")}"'
        )
        mine = head.owner == "human"
        key = "composer.keep" if mode == "note" else ("composer.send" if mine else "composer.take_send")
        self._send_text(texts(key))
        if self._key != self._shown:  # else he may be writing just now
            self._shown = self._key
            self._field.set_value(self._drafts.get(self._key, ""))

    def focus(self) -> None:
        """Put the cursor into the field."""
        self._field.run_method("focus")

    async def send(self, text: str) -> None:
        """Send or keep what was written; it stays in the field when that fails."""
        if self._sending or self._head is None:
            return
        self._sending = True
        key = self._key
        self._drafts[key] = text
        try:
            if await self._on_send(self._mode, text):
                self._drafts.pop(key, None)
                if key == self._key:
                    self._field.set_value("")
        finally:
            self._sending = False

    def _tab(self, mode: str) -> ui.html:
        tab = html(tag("span", self._visit.texts(f"composer.{mode}")), name="button", classes="vn-mode")
        tab.props("type=button").on("click", lambda _: self._pick(mode))
        return tab

    def _pick(self, mode: str) -> None:
        self.choose(mode)
        self.focus()

    def _send_text(self, text: str) -> None:
        if isinstance(self._send, ui.html):
            self._send.set_content(str(tag("span", text)))

    async def _entered(self, event: GenericEventArguments) -> None:
        await self.send(str(event.args or ""))

    def _changed(self) -> None:
        text = self._value
        if text:
            self._drafts[self._key] = text
        else:
            self._drafts.pop(self._key, None)
        self._count.set_content(str(tag("span", f"{len(text)} / {LIMIT}")) if len(text) > LIMIT * 0.8 else "")
        now = time.monotonic()
        if text and self._mode == "reply" and now - self._typed_at > TYPING_EVERY_S:
            self._typed_at = now
            self._on_typing()
