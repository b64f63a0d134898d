"""The facts on a customer's page: each with its words; a manager can drop or correct what is held."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from markupsafe import Markup
from nicegui import ui

from desk.corrections import do_correct_fact, do_drop_fact
from desk.customer_parts import none, who
from desk.frame import button, html
from desk.markup import join, quote, tag
from desk.sessions import MANAGERS
from desk.texts import LANGUAGES
from desk.visits import Visit
from desk.wording import Wording
from profiles.models import Fact, StaffMember


def fact_line(fact: Fact, wording: Wording) -> Markup:
    """Return one fact with its quote, how and when it was learned, how sure it is and what it is for."""
    texts = wording.texts
    about = [
        texts(
            "customer.fact.learned",
            method=texts.word("method", fact.method),
            date=wording.moment(fact.learned_at),
        ),
        texts("profile.sure", percent=round(fact.confidence * 100)),
        texts("customer.fact.purpose", purpose=texts.word("purpose", fact.purpose)),
    ]
    if fact.confirmed_at is not None:
        about.append(texts("customer.fact.confirmed", date=wording.day(fact.confirmed_at)))
    if not fact.quote:
        about.append(texts("customer.fact.no_quote"))
    return join(
        [
            None
            if fact.kind == "need" and fact.state == "held"  # its heading says it
            else tag("span", f"{texts.word('fact', fact.kind)}: ", class_="vn-muted"),
            tag("strong", wording.fact_value(fact.kind, fact.value)),
            quote(fact.quote),
            tag("div", ", ".join(about), class_="vn-muted vn-small-text"),
        ]
    )


def ended_fact_line(
    fact: Fact, everything: Mapping[str, Fact], names: Mapping[str, str], wording: Wording
) -> Markup:
    """Return a fact that no longer holds, with when and by whom or by what it ended."""
    texts, date = wording.texts, wording.moment(fact.ended_at) if fact.ended_at else ""
    after = everything.get(fact.ended_by or "")
    if after is not None:
        value = wording.fact_value(after.kind, after.value)
        ended = texts("customer.fact.ended.superseded", date=date, value=value)
    else:
        by = who(fact.ended_by or "", names, wording) or texts("customer.unknown")
        ended = texts("customer.fact.ended.dropped", date=date, who=by)
    return tag(
        "div", fact_line(fact, wording), tag("div", ended, class_="vn-fails vn-small-text"), class_="vn-ended"
    )


class FactsPart:
    """Facts of one customer with what a manager can do to them."""

    def __init__(self, visit: Visit, customer_id: str, *, on_change: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._customer_id = customer_id
        self._on_change = on_change
        self._box = ui.element("div").classes("vn-facts")
        self._dialog = ui.dialog()

    def draw(self, facts: Sequence[Fact], names: Mapping[str, str]) -> None:
        """Show the facts held, needs first, and below them those that ended."""
        texts, wording = self._visit.texts, self._visit.wording
        held = [fact for fact in facts if fact.state == "held"]
        needs = sorted((fact for fact in held if fact.kind == "need"), key=lambda fact: -fact.confidence)
        others = [fact for fact in held if fact.kind != "need"]
        ended = [fact for fact in facts if fact.state != "held"]
        everything = {fact.id: fact for fact in facts}
        self._box.clear()
        with self._box:
            for title, some in (("profile.needs", needs), ("profile.facts", others)):
                html(tag("span", texts(title)), name="h3")
                if not some:
                    html(none(texts(f"{title}.none")))
                for fact in some:
                    self._line(fact)
            if ended:
                shown = [tag("li", ended_fact_line(fact, everything, names, wording)) for fact in ended]
                head = tag("summary", f"{texts('customer.facts.ended')} ({len(ended)})")
                html(tag("details", head, tag("ul", *shown, class_="vn-lines")))

    def _line(self, fact: Fact) -> None:
        texts = self._visit.texts
        with ui.element("div").classes("vn-fact"):
            html(fact_line(fact, self._visit.wording), classes="vn-fact-text")
            with ui.element("div").classes("vn-fact-actions"):
                value = self._visit.wording.fact_value(fact.kind, fact.value)
                for key, act in (("correct", self._ask_correct), ("drop", self._ask_drop)):
                    label = texts(f"customer.fact.{key}")
                    control = html(tag("span", label), name="button", classes="vn-link").props("type=button")
                    control.props["aria-label"] = f"{label}: {value}"
                    control.on("click", lambda _, act=act: act(fact))

    def _ask_drop(self, fact: Fact) -> None:
        texts = self._visit.texts
        value = self._visit.wording.fact_value(fact.kind, fact.value)
        self._dialog.clear()
        with self._dialog, ui.element("div").classes("vn-dialog vn-narrow"):
            html(tag("h2", texts("customer.fact.drop")))
            html(tag("p", texts("customer.fact.drop.question", value=value)))
            with ui.element("div").classes("vn-dialog-actions"):
                button(texts("action.cancel")).on("click", lambda _: self._dialog.close())
                button(texts("customer.fact.drop"), classes="vn-danger").on(
                    "click", lambda _: self._drop(fact)
                )
        self._dialog.open()

    def _ask_correct(self, fact: Fact) -> None:
        texts, wording = self._visit.texts, self._visit.wording
        choices: dict[str, str] | None = None
        if fact.kind == "need":
            choices = {need.id: need.name.in_language(texts.language) for need in wording.needs.needs}
        elif fact.kind == "language":
            choices = {code: texts.word("language", code) for code in LANGUAGES}
        self._dialog.clear()
        with self._dialog, ui.element("div").classes("vn-dialog vn-narrow"):
            html(tag("h2", f"{texts('customer.fact.correct')}: {texts.word('fact', fact.kind)}"))
            html(tag("span", texts("customer.fact.value")), classes="vn-label")
            value: ui.select | ui.input
            if choices is not None:
                value = ui.select(choices, value=fact.value if fact.value in choices else None)
            else:
                value = ui.input(value=fact.value).props("maxlength=200")
            value.classes("vn-wide").props(f'outlined dense aria-label="{texts("customer.fact.value")}"')
            html(tag("span", texts("customer.fact.reason")), classes="vn-label")
            reason = ui.textarea().classes("vn-wide")
            reason.props(
                f'outlined dense autogrow maxlength=400 aria-label="{texts("customer.fact.reason")}"'
            )
            with ui.element("div").classes("vn-dialog-actions"):
                button(texts("action.cancel")).on("click", lambda _: self._dialog.close())
                button(texts("action.save"), classes="vn-primary").on(
                    "click", lambda _: self._correct(fact, str(value.value or ""), str(reason.value or ""))
                )
        self._dialog.open()

    async def _drop(self, fact: Fact) -> None:
        async def step(member: StaffMember) -> None:
            async with self._visit.parts.database.transaction() as session:
                await do_drop_fact(session, member, self._customer_id, fact.id)

        await self._finish(step, "customer.fact.dropped")

    async def _correct(self, fact: Fact, value: str, reason: str) -> None:
        if not reason.strip():
            self._visit.tell(self._visit.texts("customer.fact.reason.needed"), wrong=True)
            return
        parts = self._visit.parts

        async def step(member: StaffMember) -> None:
            async with parts.database.transaction() as session:
                await do_correct_fact(
                    session,
                    member,
                    self._customer_id,
                    fact.id,
                    value=value,
                    reason=reason,
                    needs=parts.definitions.needs,
                )

        await self._finish(step, "customer.fact.corrected")

    async def _finish(self, step: Callable[[StaffMember], Awaitable[None]], said: str) -> None:
        error = await self._visit.attempt(step, roles=MANAGERS)
        if error is None:
            self._visit.tell(self._visit.texts(said))
        if error is None or error.code == "gone_fact":
            self._dialog.close()
            await self._on_change()
