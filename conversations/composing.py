"""From the engine's turn to the words, buttons and cards that the customer gets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conversations.engine import Button, Reply
from conversations.turns import Treated
from personalization.replies import ReplyBook
from personalization.situations import Situation

MEMORY_OF_VARIANTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message of ours, ready to be stored."""

    text: str
    response_key: str | None
    buttons: tuple[dict[str, Any], ...] = ()
    cards: tuple[dict[str, Any], ...] = ()
    treated: Treated | None = None
    variant: str | None = None


@dataclass(slots=True)
class Composer:
    """Renders replies out of the variants of domain.yml for one customer."""

    book: ReplyBook
    company: str
    bot_name: str
    incentive_of: Callable[[str, str], str | None] = lambda tier, language: None
    """``(tier, language) -> text`` of the incentive that the tier is given, if any"""

    def compose(
        self, replies: Sequence[Reply], situation: Situation, *, seed: str, said: Collection[str]
    ) -> list[Outgoing]:
        """Return the messages for ``replies``; ``said`` are the variants used lately, not to be repeated."""
        outgoing = [self.one(reply, situation, seed=seed, said=said) for reply in replies]
        return [message for message in outgoing if message is not None]

    def one(
        self, reply: Reply, situation: Situation, *, seed: str, said: Collection[str] = ()
    ) -> Outgoing | None:
        """Return one message, or None for a reply without words, buttons or cards."""
        arguments = self.arguments(reply.arguments, situation)
        cards = tuple(reply.arguments.get("cards") or ())
        conditions = {**situation.conditions(), **(reply.arguments.get("conditions") or {})}
        chosen = None
        if reply.utter_action is not None:
            chosen = self.book.choose(
                reply.utter_action,
                conditions,
                arguments,
                seed=seed,
                not_again=said,
                channel=situation.channel,
            )
        if chosen is None:
            if not reply.text and not cards:
                return None
            return Outgoing(
                text=reply.text or "",
                response_key=reply.utter_action,
                buttons=tuple(_plain(button) for button in reply.buttons),
                cards=cards,
            )
        buttons = [*chosen.variant.buttons, *(reply.arguments.get("extra_buttons") or ())]
        return Outgoing(
            text=chosen.text,
            response_key=reply.utter_action,
            buttons=tuple(dict(button) for button in buttons),
            cards=cards,
            variant=chosen.variant.id,
            treated=Treated(
                kind="reply",
                key=reply.utter_action or "",
                variant=chosen.variant.id,
                differs=chosen.differs,
                because=dict(chosen.because),
            ),
        )

    def arguments(self, given: Mapping[str, Any], situation: Situation) -> dict[str, Any]:
        """Return what placeholders may be filled with: never more than is known."""
        known: dict[str, Any] = {"company": self.company, "bot_name": self.bot_name}
        if situation.name is not None:
            known["name"] = situation.name
        incentive = self.incentive_of(situation.tier, situation.language)
        if incentive:
            known["incentive"] = incentive
        known.update({name: value for name, value in given.items() if value is not None})
        return known

    def line(self, key: str, language: str, arguments: Mapping[str, Any]) -> str:
        """Return the plain words of a system line."""
        return self.book.line(
            key, language, {"company": self.company, "bot_name": self.bot_name, **arguments}
        )


def remember_variants(memory: dict[str, Any], outgoing: Sequence[Outgoing]) -> None:
    """Keep which variants were used last, so that the bot does not repeat itself."""
    used = [message.variant for message in outgoing if message.variant]
    if used:
        memory["said"] = [*memory.get("said", ()), *used][-MEMORY_OF_VARIANTS:]


def _plain(button: Button) -> dict[str, Any]:
    return {"title": button.title, "payload": button.payload}
