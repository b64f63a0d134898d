"""Log-in and log-out: plain pages, so that password managers and screen readers know them."""

from __future__ import annotations

import math
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.markup import tag
from desk.parts import DeskParts
from desk.sessions import Sessions
from desk.texts import Texts
from desk.theme import ICON, STYLESHEET
from profiles.errors import VinculoError
from profiles.staff import log_in

PATH = "/staff/login"
MAX_FORM_BYTES = 10_000


def login_routes(parts: DeskParts, sessions: Sessions) -> APIRouter:
    """Return the routes of log-in and log-out."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def show(request: Request) -> Response:
        texts = browser_texts(request)
        why = request.query_params.get("why")
        said = texts(f"login.{why}") if why in ("over", "out") else None
        return login_page(parts, texts, wanted=wanted_page(request.query_params.get("next")), said=said)

    @router.post(PATH)
    async def submit(request: Request) -> Response:
        texts = browser_texts(request)
        form = await _form(request)
        wanted = wanted_page(form.get("next"))
        login, password = form.get("login", "").strip(), form.get("password", "")
        if is_foreign(request):
            return login_page(
                parts, texts, wanted=wanted, login=login, wrong=texts("login.foreign"), status=403
            )
        if not login or not password:
            return login_page(
                parts, texts, wanted=wanted, login=login, wrong=texts("login.empty"), status=422
            )
        try:
            member = await log_in(parts.database, login, password)
        except VinculoError as error:
            minutes = math.ceil((error.retry_after_s or 60) / 60)
            wrong = texts("error.locked" if error.code == "locked" else "error.wrong_login", minutes=minutes)
            page = login_page(parts, texts, wanted=wanted, login=login, wrong=wrong, status=error.status)
            if error.retry_after_s is not None:
                page.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
            return page
        response = RedirectResponse(wanted, status_code=303)
        sessions.open(response, member, secure=request.url.scheme == "https")
        return response

    @router.post("/staff/logout")
    async def leave(request: Request) -> Response:
        response = RedirectResponse(f"{PATH}?why=out", status_code=303)
        if not is_foreign(request):
            sessions.end(response)
        return response

    return router


def wanted_page(path: str | None) -> str:
    """Return the page to go to after log-in: only one of ours, else the desk."""
    parsed = urlsplit(path or "")
    ours = parsed.path in ("/desk", "/managers") or parsed.path.startswith(("/desk/", "/managers/"))
    if not ours or parsed.scheme or parsed.netloc or "\\" in parsed.path:
        return "/desk"
    return parsed.path + (f"?{parsed.query}" if parsed.query else "")


def to_login(request: Request) -> RedirectResponse:
    """Send somebody without a session to the log-in, and from there back here."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    why = "&why=over" if "vinculo_staff" in request.cookies else ""
    return RedirectResponse(f"{PATH}?next={quote(here)}{why}", status_code=303)


def browser_texts(request: Request) -> Texts:
    """Return the texts in the first language of the browser that we have."""
    wanted = [
        part.split(";")[0].strip().lower()[:2]
        for part in request.headers.get("accept-language", "").split(",")
    ]
    return Texts(next((language for language in wanted if language in ("en", "pt")), "en"))


def is_foreign(request: Request) -> bool:
    """Return whether a form was sent by another site's page (browsers say so)."""
    return request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


def plain_page(texts: Texts, title: str, body: Markup, *, status: int = 200) -> HTMLResponse:
    """Return a small page in our style without any script."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", f"{title} · {texts('app.name')}"),
        tag("link", rel="icon", href=f"data:image/svg+xml,{quote(ICON)}"),
        tag("link", rel="stylesheet", href=STYLESHEET),
    )
    page = tag(
        "html",
        head,
        tag("body", tag("main", body, class_="vn-plain"), class_="vn-plain-body"),
        lang=texts.language,
    )
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
    return HTMLResponse(Markup("<!doctype html>") + page, status_code=status, headers=headers)


def login_page(
    parts: DeskParts,
    texts: Texts,
    *,
    wanted: str,
    login: str = "",
    wrong: str | None = None,
    said: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    """Return the log-in form, with what was wrong before."""
    body = tag(
        "form",
        tag("p", texts("app.name"), class_="vn-mark"),
        tag("h1", texts("login.title")),
        tag("p", texts("login.lead", company=parts.company), class_="vn-muted"),
        tag("p", wrong, class_="vn-wrong", role="alert", id="wrong") if wrong else None,
        tag("p", said, class_="vn-said", role="status") if said else None,
        tag("input", type="hidden", name="next", value=wanted),
        tag("label", texts("login.login"), for_="login"),
        tag(
            "input", id="login", name="login", value=login, autocomplete="username", required=True,
            autofocus=not login, autocapitalize="none", spellcheck="false", maxlength="120",
        ),
        tag("label", texts("login.password"), for_="password"),
        tag(
            "input", id="password", name="password", type="password", autocomplete="current-password",
            required=True, autofocus=bool(login), maxlength="200", aria_describedby=wrong and "wrong",
        ),
        tag("button", texts("login.submit"), type="submit", class_="vn-button vn-primary"),
        method="post",
        action=PATH,
        class_="vn-login",
    )  # fmt: skip
    return plain_page(texts, texts("login.title"), body, status=status)


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10, keep_blank_values=True)
    except ValueError:  # more fields than any form of ours
        return {}
    return {name: values[0] for name, values in fields.items()}
