"""The frame around every page: styles, navigation, language, log-out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from desk.markup import Child, join, tag
from desk.sessions import MANAGERS
from desk.texts import LANGUAGES
from desk.theme import SCRIPT, STYLESHEET
from desk.visits import Visit
from profiles.models import AuditEntry, StaffMember

PLACES = (("/desk", "nav.desk"), ("/managers", "nav.customers"), ("/managers/overview", "nav.overview"))
HTML_LANGUAGES = {"en": "en", "pt": "pt-BR"}


def html(content: Child, *, name: str = "div", classes: str = "") -> ui.html:
    """Show markup of ours (escaped by ``desk.markup``) as one element."""
    return ui.html(str(content), sanitize=False, tag=name).classes(classes)


def button(text: str, *, classes: str = "") -> ui.element:
    """Show a plain button."""
    return html(tag("span", text), name="button", classes=f"vn-button {classes}").props("type=button")


@contextmanager
def frame(visit: Visit, title: str, place: str, *, fixed: bool = False) -> Iterator[None]:
    """Put what follows into a page; ``fixed`` keeps the page itself from scrolling."""
    texts = visit.texts
    settings = {
        "lang": HTML_LANGUAGES[texts.language],
        "lost": texts("connection.lost"),
    }
    written = json.dumps(settings, ensure_ascii=False).replace("<", "\\u003c")
    ui.add_head_html(str(tag("link", rel="stylesheet", href=STYLESHEET)))
    ui.add_head_html(str(tag("meta", name="robots", content="noindex")))
    ui.add_head_html(f"<script>window.vinculoStaff = {written};</script>")
    ui.add_head_html(str(tag("script", src=SCRIPT, defer=True)))
    ui.colors(primary="#0d5c63", negative="#a8261b")
    ui.page_title(f"{title} · {texts('app.name')}")
    with ui.element("div").classes("vn-page vn-fixed" if fixed else "vn-page"):
        with ui.element("header").classes("vn-top"):
            html(_navigation(visit, place), classes="vn-top-start")
            _account(visit)
        with ui.element("main").classes("vn-main").props("id=content tabindex=-1"):
            yield


def _navigation(visit: Visit, place: str) -> Child:
    texts = visit.texts
    places = PLACES if visit.member.role in MANAGERS else PLACES[:1]
    links = [
        tag("a", texts(key), href=path, aria_current="page" if path == place else None)
        for path, key in places
    ]
    return join(
        [
            tag("a", texts("nav.skip"), href="#content", class_="vn-skip"),
            tag("span", texts("app.name"), class_="vn-mark"),
            tag("span", visit.parts.company, class_="vn-company"),
            tag("nav", *links, aria_label=texts("nav.main"), class_="vn-nav"),
        ]
    )


def _account(visit: Visit) -> None:
    texts = visit.texts
    with ui.element("div").classes("vn-top-end"):
        html(tag("span", visit.member.name), classes="vn-who")
        for code, name in LANGUAGES.items():
            chosen = code == texts.language
            switch = html(code.upper(), name="button", classes="vn-language")
            switch.props(f"type=button aria-pressed={'true' if chosen else 'false'}")
            switch.props(f'title="{texts("nav.language")}: {name}" lang={HTML_LANGUAGES[code]}')
            switch.on("click", lambda _, code=code: _switch(visit, code))
        leave = tag("button", texts("nav.logout"), type="submit", class_="vn-link")
        html(tag("form", leave, method="post", action="/staff/logout"))


async def _switch(visit: Visit, language: str) -> None:
    async def change(member: StaffMember) -> None:
        async with visit.parts.database.transaction() as session:
            account = await session.get_one(StaffMember, member.id)
            account.language = language
            details = {"language": language}
            session.add(
                AuditEntry(staff_id=member.id, what="language", subject_id=member.id, details=details)
            )

    if await visit.attempt(change) is None:
        visit.client.open(visit.address)
