"""Logs: one line an event, nothing personal, to standard error and the state folder."""

from __future__ import annotations

import logging
import logging.handlers

import structlog

from bot.settings import Settings

LONGEST_LOG = 10_000_000


def set_up_logs(settings: Settings) -> None:
    """Send warnings to standard error and everything to ``log/app.log`` in the state folder."""
    folder = settings.var / "log"
    folder.mkdir(parents=True, exist_ok=True)
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(),
            structlog.processors.LogfmtRenderer(key_order=["at", "level", "event"]),
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        ],
    )
    file = logging.handlers.RotatingFileHandler(
        folder / "app.log", maxBytes=LONGEST_LOG, backupCount=3, encoding="utf-8"
    )
    screen = logging.StreamHandler()
    screen.setLevel(logging.WARNING)
    for handler in (file, screen):
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [file, screen]
    root.setLevel(settings.log_level)
    for noisy in ("httpx", "httpcore", "rasa_sdk", "sentence_transformers", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
