"""For the operator: is it alive, is it ready, and what does it do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import Services


def operation_routes(services: Services) -> APIRouter:
    """Return ``/health``, ``/ready`` and ``/metrics``."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/health")
    async def health() -> dict[str, str]:
        """Say that the app is alive: it takes messages, whatever the engine does."""
        return {"status": "ok"}

    @routes.get("/ready")
    async def ready() -> Response:
        """Say whether messages are answered by the bot now; 503 with what is missing."""
        engine = await services.engine.health()
        parts: dict[str, Any] = {
            "database": await _database_works(services),
            "engine": engine.ready,
            "embeddings": services.insights.is_ready,
        }
        body: dict[str, Any] = {"status": "ready" if all(parts.values()) else "starting", "parts": parts}
        if engine.model:
            body["model"] = engine.model
        if not engine.ready and engine.detail:
            body["detail"] = engine.detail
        if services.insights.failure:
            body["embeddings_detail"] = services.insights.failure
        return JSONResponse(body, status_code=200 if all(parts.values()) else 503)

    @routes.get("/metrics")
    async def metrics() -> Response:
        """Return counters and histograms for Prometheus."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes


async def _database_works(services: Services) -> bool:
    try:
        async with services.database.reading() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True
