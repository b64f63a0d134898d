"""The company's YAML files: read strictly, with every mistake reported by file, line and remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from profiles.errors import VinculoError
from profiles.mistakes import explain, yaml_message, yaml_remedy

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Location = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """A part of a company file: unknown fields and near-miss types are mistakes, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Localized(Strict):
    """One text in every language of the product."""

    en: Sentence
    pt: Sentence

    def in_language(self, language: str) -> str:
        """Return the text in ``language``, or the English one where we do not speak it."""
        return self.pt if language == "pt" else self.en


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a company file, and what to do about it; lines count from 1."""

    file: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} — {self.remedy}"


class BusinessProblems(VinculoError):
    """The company's files are wrong; carries all mistakes of all files, in reading order."""

    code = "business_files_wrong"
    status = 500

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        listed = [asdict(problem) for problem in self.problems]
        super().__init__("\n".join(str(problem) for problem in self.problems), data={"problems": listed})


@dataclass(slots=True)
class Document(Generic[M]):
    """One file as read: its checked content (None when wrong), its raw data, its problems."""

    file: str
    raw: Any = None
    content: M | None = None
    problems: list[Problem] = field(default_factory=list)
    node: Node | None = None
    first_line: int = 1

    def line(self, location: Location) -> int:
        """Return the line of the innermost existing part of ``location`` (the key, for a field)."""
        return _line_of(self.node, location, self.first_line)

    def report(self, location: Location, message: str, remedy: str) -> None:
        """Add a problem at ``location``, such as ``("products", 3, "needs", 0)``."""
        self.problems.append(Problem(self.file, self.line(location), message, remedy))

    def items(self, key: str) -> list[tuple[int, Mapping[str, Any]]]:
        """Return position and raw data of each mapping in the list ``key``, even in a wrong file."""
        found = self.raw.get(key) if isinstance(self.raw, dict) else None
        return (
            [(n, item) for n, item in enumerate(found) if isinstance(item, dict)]
            if isinstance(found, list)
            else []
        )

    def ids(self, key: str) -> set[str]:
        """Return the ids in the list ``key``, even in a wrong file."""
        return {item["id"] for _, item in self.items(key) if isinstance(item.get("id"), str)}

    def check_unique(self, key: str, *, taken: set[str] | None = None) -> None:
        """Report each id in the list ``key`` that is there before or in ``taken`` (which grows)."""
        seen = set() if taken is None else taken
        for position, item in self.items(key):
            value = item.get("id")
            if isinstance(value, str) and value in seen:
                self.report(
                    (key, position, "id"),
                    f"the id '{value}' is used twice",
                    "give each entry an id of its own",
                )
            elif isinstance(value, str):
                seen.add(value)


def read_document(
    path: Path, model: type[M], *, context: Mapping[str, Any] | None = None, own_ids: str | None = None
) -> Document[M]:
    """Read the YAML file ``path`` as ``model``; never raises for what a person can write wrongly.

    ``context`` is for the model's validators; with ``own_ids`` it also gets, as ``own_ids``, the ids in that
    list of the file itself.
    """
    document: Document[M] = Document(file=str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        document.report((), "this file is missing", "create it, or copy it from the demo company")
        return document
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        document.problems.append(
            Problem(document.file, line, "this is not UTF-8 text", "save the file as UTF-8")
        )
        return document
    except OSError as error:
        document.report(
            (), f"this file cannot be read ({error.strerror})", "check its kind and its permissions"
        )
        return document
    parse(document, text, model, context=context, own_ids=own_ids)
    return document


def parse(
    document: Document[M],
    text: str,
    model: type[M],
    *,
    context: Mapping[str, Any] | None = None,
    own_ids: str | None = None,
) -> None:
    """Fill ``document`` from YAML ``text``; its problems tell what was wrong."""
    yaml = YAML(typ="safe", pure=True)
    try:
        document.node = yaml.compose(text)
        document.raw = yaml.constructor.construct_document(document.node) if document.node else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = document.first_line + (mark.line if mark else 0)
        document.problems.append(Problem(document.file, line, yaml_message(error), yaml_remedy(error)))
        return
    except (YAMLError, ValueError) as error:
        document.report((), f"broken YAML: {' '.join(str(error).split())}", "correct the YAML of this file")
        return
    if not isinstance(document.raw, dict):
        document.report((), "this is not a mapping of fields", "write 'field: value' lines")
        return
    try:
        # Through JSON: its strict mode takes lists for tuples and texts for dates, and nothing else.
        as_json = json.dumps(document.raw, default=str)
    except (TypeError, ValueError, RecursionError):
        remedy = "use plain texts as field names, and no anchor inside itself"
        document.report((), "this file has fields that cannot be read", remedy)
        return
    try:
        known = {"own_ids": document.ids(own_ids)} if own_ids else {}
        document.content = model.model_validate_json(as_json, context={**(context or {}), **known})
    except ValidationError as wrong:
        for mistake in wrong.errors(include_url=False):
            location = tuple(part for part in mistake["loc"] if part != "[key]")
            message, remedy = explain(mistake, model, location)
            document.report(location[:-1] if mistake["type"] == "missing" else location, message, remedy)


def read_yaml(path: Path, model: type[M]) -> tuple[M | None, list[Problem]]:
    """Return the content of ``path`` as ``model`` (None when wrong) and all its problems."""
    document = read_document(path, model)
    return document.content, document.problems


def _line_of(node: Node | None, location: Location, first_line: int) -> int:
    line = node.start_mark.line if node is not None else 0
    for part in location:
        if isinstance(node, MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return first_line + int(line)
