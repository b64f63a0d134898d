"""Handing back to the bot: how it ended, what is worth keeping, what the bot says next."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui

from conversations.handoffs import OUTCOMES
from conversations.history import MessageView
from desk.corrections import do_keep_told
from desk.frame import button, html
from desk.markup import tag
from desk.queries import ConversationHead
from desk.visits import Visit
from profiles.errors import VinculoError
from profiles.models import StaffMember

EVIDENCE = 12
SHORT = 90


def evidence(messages: Mapping[str, MessageView], *, customer: str) -> dict[str, str]:
    """Return the last things that customer and agents said, newest first, as choices: id and words."""
    said = [one for one in messages.values() if one.sender in ("customer", "agent") and one.text.strip()]
    said.sort(key=lambda message: -message.seq)
    return {
        one.id: f"{customer if one.sender == 'customer' else one.sender_name or ''}: {_short(one.text)}"
        for one in said[:EVIDENCE]
    }


def first_evidence(messages: Mapping[str, MessageView]) -> str | None:
    """Return the message that facts are quoted from unless another is chosen: the agent's last one."""
    said = [one for one in messages.values() if one.sender in ("agent", "customer") and one.text.strip()]
    last = max(said, key=lambda message: (message.sender == "agent", message.seq), default=None)
    return last.id if last else None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHORT else f"{line[: SHORT - 1]}…"


class HandBack:
    """The dialog; it stays open with everything in it when a step fails."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._dialog = ui.dialog()

    def open(self, head: ConversationHead, messages: Mapping[str, MessageView]) -> None:
        """Ask for everything, prefilled."""
        texts, wording = self._visit.texts, self._visit.wording
        vocabulary = {need.id: need.name.in_language(texts.language) for need in wording.needs.needs}
        choices = evidence(messages, customer=head.customer_name or texts("queue.visitor"))
        standard = self._visit.parts.handoffs.standard_sentence(head.language, self._visit.member)
        language = texts.word("language", head.language)
        self._dialog.clear()
        title = texts("handback.title")
        self._dialog.props(f'aria-label="{title}"')
        with self._dialog, ui.element("div").classes("vn-dialog"):
            html(tag("h2", title))
            html(tag("span", texts("handback.outcome")), classes="vn-label")
            outcome = ui.radio({one: texts.word("outcome", one) for one in OUTCOMES}, value="solved")
            outcome.props(f'inline dense aria-label="{texts("handback.outcome")}"')
            html(tag("span", texts("handback.needs")), classes="vn-label")
            needs = ui.select(vocabulary, multiple=True, value=[]).classes("vn-wide")
            needs.props(f'outlined dense use-chips aria-label="{texts("handback.needs")}"')
            needs.props(f'hint="{texts("handback.needs.hint")}"')
            html(tag("span", texts("handback.facts")), classes="vn-label")
            facts = ui.textarea(placeholder=texts("handback.facts.hint")).classes("vn-wide")
            facts.props(f'outlined dense autogrow maxlength=2000 aria-label="{texts("handback.facts")}"')
            html(tag("span", texts("handback.evidence")), classes="vn-label")
            quoted = ui.select(choices, value=first_evidence(messages)).classes("vn-wide")
            quoted.props(f'outlined dense aria-label="{texts("handback.evidence")}"')
            quoted.props(f'hint="{texts("handback.evidence.hint")}"')
            html(tag("span", texts("handback.next", language=language)), classes="vn-label")
            sentence = ui.textarea(value=standard).classes("vn-wide")
            sentence.props(
                f"outlined dense autogrow maxlength=1000 lang={head.language} "
                f'aria-label="{texts("handback.next", language=language)}"'
            )
            with ui.element("div").classes("vn-dialog-actions"):
                button(texts("action.cancel")).on("click", lambda _: self._dialog.close())

                async def submit() -> None:
                    message = messages.get(quoted.value or "")
                    await self._submit(
                        head,
                        outcome=outcome.value or "solved",
                        need_ids=list(needs.value or ()),
                        notes=[line.strip() for line in (facts.value or "").splitlines() if line.strip()],
                        message=message,
                        sentence=sentence.value or "",
                    )

                button(texts("handback.submit"), classes="vn-primary").on("click", submit)
        self._dialog.open()

    async def _submit(
        self,
        head: ConversationHead,
        *,
        outcome: str,
        need_ids: list[str],
        notes: list[str],
        message: MessageView | None,
        sentence: str,
    ) -> None:
        parts = self._visit.parts

        async def step(member: StaffMember) -> None:
            named = [self._visit.wording.need(need_id) for need_id in need_ids]
            await parts.handoffs.hand_back(
                head.id, member, outcome=outcome, next_sentence=sentence, notes=[*named, *notes]
            )
            async with parts.database.transaction() as session:
                await do_keep_told(
                    session,
                    member,
                    head.customer_id,
                    notes=notes,
                    need_ids=need_ids,
                    message_id=message.id if message else None,
                    quote=message.text if message else None,
                    needs=parts.definitions.needs,
                )

        error: VinculoError | None = await self._visit.attempt(step)
        if error is None:
            self._dialog.close()
            self._visit.tell(self._visit.texts("thread.back"))
