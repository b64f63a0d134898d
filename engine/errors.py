"""How a request to the engine fails: a status, a code and a sentence."""

from __future__ import annotations

from typing import Any


class TurnError(Exception):
    """A request that gets no answer; the conversation is as it was."""

    def __init__(self, status: int, code: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s

    def as_json(self) -> dict[str, Any]:
        """Return the body of the HTTP answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.retry_after_s is not None:
            error["retry_after_s"] = self.retry_after_s
        return {"error": error}
