"""The app process: FastAPI with all its routes, and what starts and stops with it."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy import func, select

from bot.action_endpoint import action_routes
from bot.bootstrap import Services
from bot.channels.web.chat import ChatParts, chat_routes
from bot.channels.web.pages import home_routes, shop_routes, widget_routes
from bot.channels.web.rest import rest_routes
from bot.channels.web.sessions import WebSessions
from bot.operations import operation_routes
from conversations import language
from desk import DeskParts, mount
from profiles.errors import VinculoError
from profiles.models import OrderLine

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the app signs and checks with."""

    session: str
    """signs web sessions and the staff's cookie"""
    login_key: str
    """shared with the company's site, which signs its customers' log-ins"""
    action_key: str
    """known to the engine alone"""


def create_app(
    services: Services,
    secrets: Secrets,
    *,
    beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> FastAPI:
    """Return the app with all routes; its lifespan loads the model and takes up pending messages.

    ``beside`` runs as long as the app does: the engine's process, where the app supervises it.
    """
    company = services.business.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load(services), name="load insights")
        recovered = await services.router.recover()
        if recovered:
            logger.info("took up %d conversations with pending messages", recovered)
        async with beside():
            yield
            loading.cancel()
            await services.router.close()
        services.meaning.close()
        await services.database.close()

    app = FastAPI(
        title="Vínculo",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    answer_errors(app)
    sessions = WebSessions(services.database, secrets.session, secrets.login_key)
    app.include_router(operation_routes(services))
    app.include_router(action_routes(services.actions, secrets.action_key))
    app.include_router(widget_routes())
    app.include_router(
        chat_routes(
            ChatParts(
                database=services.database,
                announcer=services.announcer,
                inbox=services.inbox,
                outbox=services.outbox,
                sessions=sessions,
                company=company,
            )
        )
    )
    app.include_router(rest_routes(services.database, services.inbox, services.outbox, services.router))
    if company.demo:
        app.include_router(shop_routes(services.business, services.database, secrets.login_key))
    else:
        app.include_router(home_routes())
    mount(
        app,
        DeskParts(
            database=services.database,
            announcer=services.announcer,
            handoffs=services.handoffs,
            definitions=services.business.definitions,
            catalogue=services.business.catalogue,
            company=company.name,
            secret=secrets.session,
            currency=company.currency,
            languages=company.languages,
            zone=company.zone,
        ),
    )
    return app


async def _load(services: Services) -> None:
    """Load the language detector and the embedding model while the app serves already."""
    try:
        await asyncio.to_thread(language.preload)
        async with services.database.reading() as session:
            rows = await session.execute(
                select(OrderLine.product_id, func.sum(OrderLine.quantity)).group_by(OrderLine.product_id)
            )
            popularity = {product: int(count) for product, count in rows}
        await services.insights.load(popularity)
        # What the start has made stays: walking over it again and again would cost turns.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
    except Exception as error:
        logger.critical(
            "the embedding model could not be loaded (%s): recommendations and answers wait",
            error,
            exc_info=True,
        )
        raise


def answer_errors(app: FastAPI) -> None:
    """Let ``app`` answer our errors and wrong bodies in one form, with code and sentence."""

    @app.exception_handler(VinculoError)
    async def ours(request: Request, error: VinculoError) -> Response:
        headers = {}
        if error.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
        return JSONResponse({"error": error.as_json()}, status_code=error.status, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
        message = f"{where}: {first['msg']}."
        return JSONResponse({"error": {"code": "invalid_body", "message": message}}, status_code=422)
