"""Rasa's agent behind our channel, on one Sanic worker."""

from __future__ import annotations

import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

import rasa.core.agent
import rasa.utils.common
import rasa.utils.log_utils
from rasa.core.channels import channel
from rasa.core.utils import AvailableEndpoints
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from engine.actions import ActionEndpoint
from engine.channel import LONGEST_BODY, AppInput, as_response
from engine.errors import TurnError
from engine.speech import ReplyKeys
from engine.speed import rest_from_collecting, speed_up
from engine.store import StrictTrackerStore

logger = logging.getLogger("engine")


def serve(model: Path, endpoints_file: Path, host: str, port: int) -> int:
    """Load the model and answer until told to stop; return the exit status (2: a setting is wrong)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s  %(message)s")
    rasa.utils.common.configure_logging_and_warnings(logging.WARNING)
    rasa.utils.log_utils.configure_structlog(logging.WARNING)  # its debug lines hold what customers say
    speed_up()
    try:
        address = _bound(host, port)
    except OSError as error:
        sys.stderr.write(f"The engine cannot listen on {host}:{port}: {error.strerror}.\n")
        return 2
    endpoints = AvailableEndpoints.read_endpoints(str(endpoints_file))
    try:
        store = StrictTrackerStore(host=endpoints.tracker_store.url)
        store.check()
    except (SQLAlchemyError, ValueError) as error:
        reason = getattr(error, "orig", None) or error  # SQLAlchemy adds lines about itself
        sys.stderr.write(f"The engine's conversation store does not work: {reason}\n")
        return 2
    app = _app(str(model), endpoints, store)
    app.run(sock=address, access_log=False, motd=False)
    return 0


def _bound(host: str, port: int) -> socket.socket:
    """Take the address without listening yet: callers are refused until the model is loaded, not kept."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = socket.socket(family, socket.SOCK_STREAM)
    address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    address.bind((host, port))
    return address


def _app(model: str, endpoints: AvailableEndpoints, store: StrictTrackerStore) -> Sanic:
    app = Sanic("engine", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 2 * LONGEST_BODY
    app.config.RESPONSE_TIMEOUT = 120
    app.config.KEEP_ALIVE_TIMEOUT = 600
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 5.0
    app.error_handler.add(SanicException, _refused)
    channel.register([AppInput(os.environ["VINCULO_ENGINE_KEY"])], app, route="/webhooks/")
    actions = ActionEndpoint(endpoints.action.url)

    async def load(app: Sanic, loop: Any) -> None:
        agent = rasa.core.agent.Agent(generator=ReplyKeys(), tracker_store=store, action_endpoint=actions)
        agent.load_model(model)
        await agent.parse_message("oi")  # the encoders load with the first sentence
        rest_from_collecting()
        app.ctx.agent = agent
        logger.info("Ready with model %s.", agent.model_id)

    async def close(app: Sanic, loop: Any) -> None:
        await actions.close()

    app.register_listener(load, "before_server_start")
    app.register_listener(close, "after_server_stop")
    return app


def _refused(request: Request, error: SanicException) -> HTTPResponse:
    """Put Sanic's own refusals (unknown path, wrong method, too much) in our form."""
    return as_response(TurnError(error.status_code, "refused", str(error)))
