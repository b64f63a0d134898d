"""What is wrong in a company file, in words for the person who writes it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from ruamel.yaml.error import MarkedYAMLError

Location = tuple[str | int, ...]


def yaml_message(error: MarkedYAMLError) -> str:
    if duplicate := re.match(r'found duplicate key "([^"]*)"', error.problem or ""):
        return f"the field '{duplicate[1]}' is written twice"
    context = f"{error.context}: " if error.context and error.context.startswith("while") else ""
    return f"broken YAML: {context}{' '.join((error.problem or str(error)).split())}"


def yaml_remedy(error: MarkedYAMLError) -> str:
    if "duplicate key" in (error.problem or ""):
        return "keep one of the two"
    return "correct this line or the one before it (indentation, quotes, brackets, colons)"


def _dotted(location: Location) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return f"{text}: " if text else ""


def _fields_at(model: type[BaseModel], location: Location) -> list[str]:
    """Return the field names of the model at ``location``, for 'did you mean'."""
    found: Any = model
    for part in location:
        if isinstance(found, type) and issubclass(found, BaseModel) and part in found.model_fields:
            found = found.model_fields[str(part)].annotation
        models = list(_models_in(found))
        found = models[0] if models else None
    return list(found.model_fields) if isinstance(found, type) and issubclass(found, BaseModel) else []


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def explain(error: ErrorDetails, model: type[BaseModel], location: Location) -> tuple[str, str]:
    """Return what is wrong and the remedy, in words for the person who writes the file."""
    message, remedy = _in_words(error, _fields_at(model, location[:-1]))
    return f"{_dotted(location)}{message}", remedy


def _in_words(error: ErrorDetails, fields: list[str]) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    name = error["loc"][-1] if error["loc"] else ""
    if kind == "missing":
        what = {"en": "the English text", "pt": "the Portuguese text"}.get(str(name), f"the field '{name}'")
        return f"{what} is missing", f"add '{name}:' here"
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(str(name), fields, n=1)
        meant = f"did you mean '{close[0]}'?" if close else "remove it"
        return "unknown field", f"{meant} Known here: {', '.join(fields)}" if fields else meant
    if kind == "int_type" or kind == "int_from_float":
        amount = " of cents (29.90 is 2990)" if str(name).endswith("_cents") else ""
        return f"{_shown(error['input'])} is not a whole number", f"write a whole number{amount}"
    if kind == "literal_error":
        return f"{_shown(error['input'])} is not known here", f"write {context['expected']}"
    if kind == "string_pattern_mismatch":
        return f"{_shown(error['input'])} is not well formed", f"it must match {context['pattern']}"
    if "remedy" in context:
        return error["msg"], str(context["remedy"])
    return (
        f"{error['msg'].removeprefix('Value error, ')} (found {_shown(error['input'])})",
        "correct the value",
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
