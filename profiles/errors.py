"""The root of all errors that we raise on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class VinculoError(Exception):
    """An error with a stable code, an HTTP status, and a sentence that says what to do."""

    code = "internal"
    status = 500

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after_s: float | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.retry_after_s = retry_after_s
        self.data = dict(data or {})

    def as_json(self) -> dict[str, Any]:
        """Return the public form: code, message, and the delay where trying again helps."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.retry_after_s is not None:
            body["retry_after_s"] = self.retry_after_s
        return body


class NotFound(VinculoError):
    """The thing asked for does not exist (or may not be known to exist)."""

    code = "not_found"
    status = 404


class NotAllowed(VinculoError):
    """The person is known but lacks the role or the level of proof."""

    code = "not_allowed"
    status = 403


class BadToken(VinculoError):
    """A session or login token is forged, expired or not meant for this use."""

    code = "bad_token"
    status = 401


class Conflict(VinculoError):
    """The state has changed meanwhile, or the step is not possible from here."""

    code = "conflict"
    status = 409
