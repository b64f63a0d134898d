"""The company that the bot serves: all of its folder, read and checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import UnknownCurrencyError, get_currency_precision, validate_currency
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bot.demo_definitions import DemoDefinition
from personalization.catalogue import Catalogue, load_catalogue
from personalization.knowledge import Passage, load_knowledge
from profiles.definitions import Definitions, load_definitions, need_ids
from profiles.documents import (
    BusinessProblems,
    Document,
    Language,
    Problem,
    Sentence,
    Strict,
    read_document,
)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError(
            "unknown_zone",
            "there is no time zone '{name}'",
            {"name": name, "remedy": "such as America/Sao_Paulo"},
        ) from None
    return name


def _known_currency(code: str) -> str:
    try:
        validate_currency(code)
    except UnknownCurrencyError:
        raise PydanticCustomError(
            "unknown_currency", "there is no currency '{code}'", {"code": code, "remedy": "such as BRL"}
        ) from None
    if get_currency_precision(code) != 2:
        raise PydanticCustomError(
            "currency_digits", "'{code}' has no cents", {"code": code, "remedy": "use a currency with cents"}
        )
    return code


class WidgetTexts(Strict):
    """What the chat window says before anybody has said anything."""

    title: Sentence
    intro: Sentence
    """says that it is a bot, what it can do and how to reach a person"""
    placeholder: Sentence


class ReplySettings(Strict):
    """How the bot answers."""

    recommendations: int = Field(default=3, ge=1, le=10)
    answer_threshold: float = Field(default=0.5, gt=0, lt=1)
    """least similarity of a passage that counts as an answer"""
    offer_person_after: int = Field(default=2, ge=1, le=10)
    """times in a row that the bot did not understand"""


class QueueSettings(Strict):
    """How people wait for a person."""

    long_from: int = Field(default=5, ge=1)
    """waiting customers from which on the queue is called long"""
    hours: dict[Weekday, tuple[ClockTime, ClockTime]] = Field(default_factory=dict)
    """when people answer, in the company's time zone; a day not named is closed"""


class Settings(Strict):
    """business.yml."""

    version: int = Field(ge=1)
    name: Sentence
    bot_name: Sentence
    languages: tuple[Language, ...] = Field(min_length=1)
    default_language: Language
    currency: Annotated[str, AfterValidator(_known_currency)]
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    demo: bool = False
    """whether the shop page, its log-ins and the synthetic customers are shown"""
    texts: dict[Language, WidgetTexts]
    replies: ReplySettings = ReplySettings()
    queue: QueueSettings = QueueSettings()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.default_language not in self.languages:
            raise PydanticCustomError(
                "default_language",
                "default_language is not among languages",
                {"remedy": "add it to 'languages'"},
            )
        for language in self.languages:
            if language not in self.texts:
                raise PydanticCustomError(
                    "texts",
                    "texts: the language '{code}' is missing",
                    {"code": language, "remedy": "add its texts"},
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.time_zone)

    def widget_texts(self, language: str) -> WidgetTexts:
        """Return the texts of ``language``, or of the default language."""
        chosen: Language = "pt" if language == "pt" else "en"
        return self.texts.get(chosen) or self.texts[self.default_language]


@dataclass(frozen=True)
class Business:
    """The whole company, checked."""

    folder: Path
    settings: Settings
    definitions: Definitions
    catalogue: Catalogue
    knowledge: tuple[Passage, ...]
    demo: DemoDefinition | None


def load_business(folder: Path) -> Business:
    """Return the company described in ``folder``; BusinessProblems names every mistake of every file."""
    if not folder.is_dir():
        remedy = "set VINCULO_BUSINESS to the folder with business.yml, or copy the demo company's"
        raise BusinessProblems([Problem(str(folder), 1, "there is no such folder", remedy)])
    settings = read_document(folder / "business.yml", Settings)
    definitions, problems = load_definitions(folder)
    needs = {need.id for need in definitions.needs.needs} if definitions else need_ids(folder)
    catalogue, wrong_goods = load_catalogue(folder, needs)
    knowledge, wrong_pages = load_knowledge(folder)
    demo = _read_demo(folder, settings, catalogue, needs)
    problems = [*settings.problems, *problems, *wrong_goods, *wrong_pages, *(demo.problems if demo else ())]
    if problems or settings.content is None or definitions is None or catalogue is None:
        raise BusinessProblems(problems)
    return Business(
        folder=folder,
        settings=settings.content,
        definitions=definitions,
        catalogue=catalogue,
        knowledge=tuple(knowledge),
        demo=demo.content if demo else None,
    )


def _read_demo(
    folder: Path, settings: Document[Settings], catalogue: Catalogue | None, needs: set[str] | None
) -> Document[DemoDefinition] | None:
    """Read demo.yml where the company is a demo (or has the file all the same)."""
    path = folder / "demo.yml"
    if not path.exists() and not (settings.content and settings.content.demo):
        return None
    document = read_document(path, DemoDefinition, context={"need_ids": needs})
    document.check_unique("behaviours")
    document.check_unique("logins")
    behaviours = document.ids("behaviours")
    categories = {category.id for category in catalogue.categories} if catalogue else None
    weights = document.raw.get("categories") if isinstance(document.raw, dict) else None
    for category in weights if isinstance(weights, dict) else ():
        if categories is not None and category not in categories:
            where = ("categories", category)
            document.report(where, f"there is no category '{category}'", "use one of catalogue.yml")
    for position, login in document.items("logins"):
        named = login.get("behaviour")
        if isinstance(named, str) and named not in behaviours:
            place = ("logins", position, "behaviour")
            document.report(place, f"there is no behaviour '{named}'", f"use {', '.join(sorted(behaviours))}")
    return document
