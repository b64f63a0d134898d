"""Putting the staff's pages on the app: only under /desk, /managers and /staff, whatever else is there."""

from __future__ import annotations

from fastapi import FastAPI
from nicegui import core, ui
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from desk.customer_page import customer_page
from desk.customers_page import CustomersPage, asked
from desk.desk_page import DeskPage
from desk.login import login_routes
from desk.overview_page import overview_page
from desk.parts import DeskParts
from desk.sessions import AGENTS, MANAGERS, Sessions
from desk.theme import ICON, STATIC, STATIC_PATH
from desk.visits import visit

PAGES = frozenset({"/desk", "/managers", "/managers/overview"})
BELOW = ("/managers/customers/", "/_nicegui/", "/_nicegui_ws/")
RECONNECT_S = 30.0


class StaffMount(Mount):
    """NiceGUI's application, mounted at the root but answering only for its own places.

    Mounted plainly it would answer every path that the product has no route for, and hide later routes.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match our pages and what NiceGUI serves for them only."""
        path = str(scope.get("path", ""))
        ours = path in PAGES or path.startswith(BELOW)
        return super().matches(scope) if ours else (Match.NONE, {})


def mount(app: FastAPI, parts: DeskParts) -> None:
    """Put log-in, desk and managers' pages on ``app``.

    NiceGUI is one per process: mounting again (on another app, in tests) moves the pages there.
    """
    sessions = Sessions(parts)
    _add_pages(parts, sessions)
    app.include_router(login_routes(parts, sessions))
    app.mount(STATIC_PATH, StaticFiles(directory=STATIC), name="staff-static")
    core.app.user_middleware.clear()
    core.app.middleware_stack = None
    ui.run_with(
        app,
        title="Vínculo",
        tailwind=False,
        dark=False,
        reconnect_timeout=RECONNECT_S,
        show_welcome_message=False,
        favicon=ICON,
    )
    app.router.routes.pop()  # NiceGUI's own mount, which takes every path
    app.router.routes.append(StaffMount("", app=core.app, name="staff"))


def _add_pages(parts: DeskParts, sessions: Sessions) -> None:
    @ui.page("/desk")
    async def desk(request: Request, conversation: str | None = None) -> Response | None:
        looking = await visit(parts, sessions, request, AGENTS)
        if isinstance(looking, Response):
            return looking
        DeskPage(looking, conversation)
        return None

    @ui.page("/managers")
    async def customers(request: Request) -> Response | None:
        looking = await visit(parts, sessions, request, MANAGERS)
        if isinstance(looking, Response):
            return looking
        await CustomersPage(looking, asked(request.query_params)).draw()
        return None

    @ui.page("/managers/overview")
    async def overview(request: Request) -> Response | None:
        looking = await visit(parts, sessions, request, MANAGERS)
        if isinstance(looking, Response):
            return looking
        await overview_page(looking)
        return None

    @ui.page("/managers/customers/{customer_id}")
    async def customer(request: Request, customer_id: str) -> Response | None:
        looking = await visit(parts, sessions, request, MANAGERS)
        if isinstance(looking, Response):
            return looking
        return await customer_page(looking, customer_id)
