"""Calls of the app's actions: quick, on one connection, and never silently lost."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.actions.loops import LoopAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from engine.errors import TurnError

ACTION_TIMEOUT_S = 20.0
EVENTS_SENT = 60
"""an action sees so many of the session's last events; slots and the latest message are always whole"""


class ActionEndpoint(EndpointConfig):
    """An action endpoint that keeps its connection; Rasa opens one for each call (utils/endpoints.py)."""

    _session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Send one action call and return its JSON answer; raises what Rasa's own endpoint raises."""
        call = kwargs.get("json") or {}
        if "domain" in call:  # rasa-sdk wants a domain; its responses are 90 kB that the app has already
            call = {**call, "domain": {**call["domain"], "responses": {}}}
        tracker = call.get("tracker")
        if tracker and len(tracker.get("events") or ()) > EVENTS_SENT:
            call = {**call, "tracker": {**tracker, "events": tracker["events"][-EVENTS_SENT:]}}
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ACTION_TIMEOUT_S, connect=2.0)
            self._session = aiohttp.ClientSession(timeout=timeout)
        async with self._session.post(
            self.url,
            data=json.dumps(call),
            headers={"Content-Type": "application/json", **self.headers},
        ) as response:
            if response.status >= 400:
                raise ClientResponseError(response.status, response.reason, await response.read())
            return await response.json(content_type=None)

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()


class StrictAction:
    """An action that remembers how it failed: Rasa logs the error and goes on as if it had said nothing.

    Rasa 3.6.21, core/processor.py, _run_action.
    """

    def __init__(self, action: Action) -> None:
        self._action = action
        self.error: TurnError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the action; a form may still reject to run, which lets the other policies decide."""
        try:
            return await self._action.run(*args, **kwargs)
        except ActionExecutionRejection as error:
            if not isinstance(self._action, LoopAction):
                self.error = TurnError(500, "action_rejected", str(error))
            raise
        except Exception as error:
            self.error = _failure(self._action.name(), error)
            raise


def _failure(action: str, error: Exception) -> TurnError:
    """Tell an action server that is away (ask again) from an action that breaks."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.ClientConnectionError | asyncio.TimeoutError | OSError):
            return TurnError(503, "action_server_away", f"The action server does not answer ({action}).", 1.0)
        if isinstance(cause, ClientResponseError):
            if cause.status in (502, 503, 504):
                return TurnError(
                    503, "action_server_away", f"The action server is not ready ({action}).", 1.0
                )
            return TurnError(500, "action_failed", f"{action} failed with status {cause.status}.")
        cause = cause.__cause__ or cause.__context__
    return TurnError(500, "action_failed", f"{action} failed: {type(error).__name__}.")
