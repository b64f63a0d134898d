"""The action endpoint: the engine calls the app's actions here, from this machine only."""

from __future__ import annotations

import hmac
import logging
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions import all_actions
from actions.services import ActionServices
from conversations.timings import timed
from profiles.errors import NotFound

logger = logging.getLogger(__name__)


def action_routes(services: ActionServices, key: str) -> APIRouter:
    """Return the route that the engine's ``action_endpoint`` points to.

    ``key`` is part of the path, known to the engine alone: nobody else on this machine can call actions.
    """
    executor = ActionExecutor()
    for action in all_actions(services):
        executor.register_action(action)
    routes = APIRouter(include_in_schema=False)

    @routes.post("/actions/{given}")
    async def act(given: str, request: Request) -> Response:
        if not hmac.compare_digest(given.encode(), key.encode()):
            return JSONResponse({"error": "There is nothing here."}, status_code=404)
        try:
            call: Any = await request.json()
            name = str(call["next_action"])
            Tracker.from_dict(call["tracker"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            wrong = f"This is no call of an action ({type(error).__name__})."
            return JSONResponse({"error": wrong}, status_code=422)
        try:
            with timed("actions"):
                result = await executor.run(call)
        except ActionExecutionRejection as rejection:
            return JSONResponse({"error": str(rejection), "action_name": name}, status_code=400)
        except (ActionNotFoundException, NotFound) as error:
            logger.warning("action %s refused: %s", name, type(error).__name__)
            return JSONResponse({"error": f"{name} cannot run now.", "action_name": name}, status_code=404)
        return JSONResponse(result.model_dump() if result is not None else {"events": [], "responses": []})

    return routes
