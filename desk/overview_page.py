"""The overview: a few figures, each a count of rows there are; where there are none it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from markupsafe import Markup
from nicegui import ui

from conversations.queue import QueueItem, queue_items
from desk.badges import tier_badge
from desk.customer_parts import none
from desk.frame import frame, html
from desk.markup import Child, join, tag
from desk.queries import ServiceFigures, counts_by_tier, service_figures
from desk.visits import Visit
from desk.wording import Wording, duration, waited
from profiles.database import utc_now
from profiles.tiers import TIERS

DAYS = 30


async def overview_page(visit: Visit) -> None:
    """Draw the page."""
    texts, wording = visit.texts, visit.wording
    async with visit.parts.database.reading() as session:
        tiers = await counts_by_tier(session)
        queue = await queue_items(session)
        figures = await service_figures(session, utc_now() - timedelta(days=DAYS))
    left: list[tuple[str, Child]] = [
        (texts("overview.queue"), queue_panel(queue, wording)),
        (texts("overview.tiers"), tiers_panel(tiers, wording)),
    ]
    right: list[tuple[str, Child]] = [
        (texts("overview.bot", days=DAYS), bot_panel(figures, wording)),
        (texts("overview.handoffs", days=DAYS), handoffs_panel(figures, wording)),
    ]
    with (
        frame(visit, texts("overview.title"), "/managers/overview"),
        ui.element("div").classes("vn-sheet"),
    ):
        html(tag("h1", texts("overview.title")), classes="vn-sheet-head")
        with ui.element("div").classes("vn-overview"):
            for panels in (left, right):
                with ui.element("div").classes("vn-grid-wide"):
                    for title, content in panels:
                        html(join([tag("h2", title), content]), name="section", classes="vn-panel")


def bars(rows: Sequence[tuple[Child, int]], wording: Wording) -> Markup:
    """Return labelled bars; the number is written, the length only repeats it."""
    most = max((number for _, number in rows), default=0) or 1
    lines = [
        tag(
            "tr",
            tag("th", label, scope="row"),
            tag("td", wording.number(number), class_="vn-number"),
            tag(
                "td",
                tag("meter", min="0", max=str(most), value=str(number), aria_hidden="true"),
                class_="vn-bar",
            ),
        )
        for label, number in rows
    ]
    return tag("table", tag("tbody", *lines), class_="vn-bars")


def tiers_panel(counts: Mapping[str, int], wording: Wording) -> Markup:
    """Return how many customers each tier has."""
    if not sum(counts.values()):
        return none(wording.texts("customers.none_at_all"))
    rows: list[tuple[Child, int]] = [
        (tag("a", tier_badge(wording.texts, tier), href=f"/managers?tier={tier}"), counts.get(tier, 0))
        for tier in TIERS
    ]
    return bars(rows, wording)


def queue_panel(queue: Sequence[QueueItem], wording: Wording) -> Markup:
    """Return who waits now, and for how long."""
    texts = wording.texts
    waiting = [item for item in queue if item.owner == "waiting"]
    human = [item for item in queue if item.owner == "human"]
    longest = waited(min(item.opened_at for item in waiting)) if waiting else texts("overview.nobody")
    figures = (
        (wording.number(len(waiting)), texts("overview.waiting")),
        (wording.number(len(human)), texts("overview.human")),
        (longest, texts("overview.longest")),
    )
    return tag(
        "div",
        *[
            tag("div", tag("strong", figure), tag("span", name), class_="vn-figure")
            for figure, name in figures
        ],
        class_="vn-figures",
    )


def bot_panel(figures: ServiceFigures, wording: Wording) -> Markup:
    """Return how many conversations went without a person."""
    texts = wording.texts
    if not figures.conversations:
        return none(texts("overview.bot.none", days=DAYS))
    alone = figures.conversations - figures.with_person
    percent = tag("strong", f"{round(100 * alone / figures.conversations)} %")
    sentence = texts("overview.bot.text", alone=alone, total=figures.conversations)
    return tag("div", tag("div", percent, tag("span", sentence), class_="vn-figure"), class_="vn-figures")


def handoffs_panel(figures: ServiceFigures, wording: Wording) -> Markup:
    """Return why conversations went to people, how they ended, how long the first answer took."""
    texts = wording.texts
    if not figures.reasons:
        return none(texts("overview.handoffs.none", days=DAYS))
    waits = figures.first_answers
    first = (
        texts("overview.first_answer", time=duration(waits[len(waits) // 2]), count=len(waits))
        if waits
        else texts("overview.first_answer.none")
    )
    return join(
        [
            bars(_counted("reason", figures.reasons, wording), wording),
            tag("h3", texts("overview.outcomes")) if figures.outcomes else None,
            bars(_counted("outcome", figures.outcomes, wording), wording) if figures.outcomes else None,
            tag("p", first, class_="vn-muted"),
        ]
    )


def _counted(topic: str, counts: Mapping[str, int], wording: Wording) -> list[tuple[Child, int]]:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(wording.texts.word(topic, name), number) for name, number in ordered]
