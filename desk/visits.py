"""One open page of one person of the staff: his texts, his rights, and what he is told when a step fails."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import quote

from nicegui import Client, ui
from starlette.requests import Request
from starlette.responses import Response

from desk.login import PATH, browser_texts, plain_page, to_login
from desk.markup import join, tag
from desk.parts import DeskParts
from desk.sessions import AGENTS, Session, Sessions
from desk.texts import ALL, Texts
from desk.wording import Wording
from profiles.errors import NotAllowed, VinculoError
from profiles.models import StaffMember

logger = logging.getLogger(__name__)


class Visit:
    """What a page knows of who looks at it."""

    def __init__(
        self, parts: DeskParts, sessions: Sessions, session: Session, member: StaffMember, address: str
    ) -> None:
        self.parts = parts
        self.member = member
        self.texts = Texts(member.language)
        self.wording: Wording = parts.wording(member.language)
        self.address = address
        self.client: Client = ui.context.client
        self._sessions = sessions
        self._session = session

    async def allowed(self, roles: Collection[str] = AGENTS) -> StaffMember:
        """Return the account as it is now. Raises ``NotAllowed`` when session or role no longer do."""
        return await self._sessions.member(self._session, roles)

    async def attempt(
        self, step: Callable[[StaffMember], Awaitable[None]], *, roles: Collection[str] = AGENTS
    ) -> VinculoError | None:
        """Do one step for the visitor, rights checked first; say what failed and return it."""
        try:
            await step(await self.allowed(roles))
        except VinculoError as error:
            self.tell(self.sentence(error), wrong=True)
            if error.code == "session_over":
                self.client.open(f"{PATH}?why=over&next={quote(self.address)}")
            return error
        except Exception:
            logger.exception("a step on a staff page failed")
            self.tell(self.texts("error.unexpected"), wrong=True)
            return VinculoError("unexpected")
        return None

    def sentence(self, error: VinculoError) -> str:
        """Return what an error says to this visitor."""
        key = f"error.{error.code}"
        return self.texts(key) if key in ALL else error.message

    def tell(self, text: str, *, wrong: bool = False) -> None:
        """Show a short message."""
        with self.client:
            ui.notify(
                text,
                position="top",
                color="negative" if wrong else "dark",
                timeout=7000 if wrong else 3000,
                close_button=self.texts("action.close") if wrong else False,
            )


async def visit(
    parts: DeskParts, sessions: Sessions, request: Request, roles: Collection[str]
) -> Visit | Response:
    """Return the visit, or the page to show instead: the log-in, or a refusal for the wrong role."""
    session = sessions.read(request)
    if session is None:
        return to_login(request)
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        member = await sessions.member(session, roles)
    except NotAllowed as error:
        return to_login(request) if error.code == "session_over" else _denied(browser_texts(request))
    return Visit(parts, sessions, session, member, address)


def _denied(texts: Texts) -> Response:
    body = join(
        [
            tag("p", texts("app.name"), class_="vn-mark"),
            tag("h1", texts("denied.title")),
            tag("p", texts("denied.text")),
            tag("a", texts("denied.back"), href="/desk", class_="vn-button vn-primary"),
        ]
    )
    return plain_page(texts, texts("denied.title"), body, status=403)
