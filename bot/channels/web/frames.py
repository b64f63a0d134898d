"""Frames that a widget may send, checked; anything else gets a clear error."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from profiles.errors import VinculoError

LONGEST_TEXT = 60_000
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Word = StringConstraints(pattern=r"^[\x20-\x7e]*$")
"""what is stored as it comes: a database takes no NUL, and no half of a sign"""


class BadFrame(VinculoError):
    """A frame that is no JSON, of no known type, or with wrong fields."""

    code = "bad_frame"
    status = 422


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hello(_Frame):
    """The first frame: who I am as far as I know, and from where on I lack messages."""

    type: Literal["hello"]
    session: str | None = Field(default=None, max_length=400)
    login: str | None = Field(default=None, max_length=4000)
    language: str | None = Field(default=None, max_length=8)
    after: Number | None = None


class Said(_Frame):
    """A message of the customer under an id of the widget's making."""

    type: Literal["message"]
    id: Annotated[str, Word] = Field(min_length=1, max_length=64)
    text: str = Field(max_length=LONGEST_TEXT)
    payload: Annotated[str, Word] | None = Field(default=None, max_length=255)


class Seen(_Frame):
    """Everything up to ``seq`` was on the screen."""

    type: Literal["seen"]
    seq: Number


class Older(_Frame):
    """Asks for messages before ``before``."""

    type: Literal["history"]
    before: Number


class IsTyping(_Frame):
    """The customer writes, or has stopped."""

    type: Literal["typing"]
    on: bool


class Ping(_Frame):
    """Are you there?"""

    type: Literal["ping"]


Frame = Annotated[Hello | Said | Seen | Older | IsTyping | Ping, Field(discriminator="type")]
_ADAPTER: TypeAdapter[Hello | Said | Seen | Older | IsTyping | Ping] = TypeAdapter(Frame)


def read_frame(text: str) -> Hello | Said | Seen | Older | IsTyping | Ping:
    """Return the frame in ``text``. Raises ``BadFrame`` with what is wrong and the message id, if any."""
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("This is no JSON: send one JSON object a frame.") from error
    identifier = content.get("id") if isinstance(content, dict) else None
    data = {"id": identifier} if isinstance(identifier, str) else {}
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "type"
        if first["type"] == "string_too_long" and where == "text":
            raise BadFrame(
                "The message is too long: send it in parts.", code="too_long", status=413, data=data
            ) from error
        raise BadFrame(f"{where}: {first['msg']}.", data=data) from error
