"""Reading the whole company: right, or every mistake of every file at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.business import load_business
from profiles.documents import BusinessProblems
from tests.companies import DEMO_FOLDER, Company, demo_company

FILES = (
    "business.yml",
    "catalogue.yml",
    "costs.yml",
    "demo.yml",
    "needs.yml",
    "services.yml",
    "subscriptions.yml",
    "tiers.yml",
    "treatment.yml",
)


def test_the_demo_company_is_right() -> None:
    business = demo_company()
    assert business.settings.demo
    assert business.demo is not None
    assert business.settings.zone.key == business.settings.time_zone


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_first_words_say_that_it_is_a_bot_and_how_to_reach_a_person(language: str) -> None:
    texts = demo_company().settings.widget_texts(language)
    assert {"en": "virtual assistant", "pt": "assistente virtual"}[language] in texts.intro
    assert {"en": "talk to a person", "pt": "falar com uma pessoa"}[language] in texts.intro


def test_every_file_with_a_mistake_is_told_at_once(tmp_path: Path) -> None:
    company = Company(tmp_path)
    for file in FILES:
        company.replace(file, "version: 1", "version: one")
    company.write("knowledge/en/payment.md", "No header here.\n")
    problems = company.problems()
    told = {Path(problem.file).relative_to(company.folder).as_posix() for problem in problems}
    assert told == {*FILES, "knowledge/en/payment.md"}
    assert all(problem.remedy and problem.line >= 1 for problem in problems)


def test_every_missing_file_is_told_at_once(tmp_path: Path) -> None:
    company = Company(tmp_path)
    for file in FILES:
        company.remove(file)
    told = {Path(problem.file).name for problem in company.problems() if "missing" in problem.message}
    # Without business.yml nobody knows that the company is a demo.
    assert told == set(FILES) - {"demo.yml"}


def test_a_file_with_broken_yaml_does_not_hide_the_others(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.replace("needs.yml", "needs:", "needs: [")
    company.replace("costs.yml", "return_cents: 1800", "return_cents: free")
    company.replace("catalogue.yml", "stock: 140", "stok: 140")
    names = [Path(problem.file).name for problem in company.problems()]
    assert {"needs.yml", "costs.yml", "catalogue.yml"} <= set(names)


def test_an_unreadable_vocabulary_does_not_blame_the_catalogue(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.replace("needs.yml", "version: 1", "version: [")
    assert {Path(problem.file).name for problem in company.problems()} == {"needs.yml"}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("business.yml", "currency: BRL", "currency: BRX", "there is no currency 'BRX'"),
        ("business.yml", "currency: BRL", "currency: JPY", "'JPY' has no cents"),
        ("business.yml", "America/Sao_Paulo", "America/Sao Paulo", "there is no time zone"),
        ("business.yml", "default_language: pt", "default_language: fr", '"fr" is not known here'),
        ("business.yml", "languages: [pt, en]", "languages: [en]", "default_language is not among languages"),
        ("business.yml", "\n  pt:\n    title:", "\n  fr:\n    title:", "texts"),
        ("business.yml", '["09:00", "13:00"]', '["9:00", "13:00"]', "not well formed"),
        ("demo.yml", "behaviour: loyal", "behaviour: royal", "there is no behaviour 'royal'"),
        ("demo.yml", "{beans: 10", "{bean: 10", "there is no category 'bean'"),
        ("demo.yml", "need: whole_beans", "need: beans", "there is no need 'beans'"),
        ("demo.yml", "least: 420, most: 730", "least: 730, most: 420", "'least' is above 'most'"),
        ("demo.yml", "example.com", "gmail.com", "not well formed"),
        ("demo.yml", "    orders_per_year: {least: 11, most: 22}\n", "", "the pace is not given once"),
        ("demo.yml", "  en:\n    first", "  fr:\n    first", "names"),
    ],
)
def test_a_mistake_is_told_in_its_file(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    company = Company(tmp_path)
    company.replace(file, old, new)
    problems = company.problems()
    assert any(message in problem.message and problem.file.endswith(file) for problem in problems), problems


def test_a_real_company_needs_no_demo_customers(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.replace("business.yml", "demo: true", "demo: false")
    company.remove("demo.yml")
    assert load_business(company.folder).demo is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BusinessProblems, match="there is no such folder") as raised:
        load_business(tmp_path / "nowhere")
    assert "VINCULO_BUSINESS" in str(raised.value)


def test_every_file_of_the_demo_company_is_described() -> None:
    described = (DEMO_FOLDER / "README.md").read_text(encoding="utf-8")
    assert [file for file in FILES if f"`{file}`" not in described] == []


ODD: tuple[Any, ...] = (
    None,
    -1,
    2.5,
    True,
    "",
    [],
    {},
    [[]],
    [{}],
    {"a": {"b": 1}},
    {"id": [1]},
    {1: 2},
    10**30,
)


def places(data: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything inside ``data``."""
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield (*before, key)
        yield from places(data[key], (*before, key))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_odd_values_anywhere_are_told_and_never_raise_anything_else(tmp_path: Path, file: str) -> None:
    company, yaml, rng = Company(tmp_path), YAML(typ="safe", pure=True), Random(file)
    text = (company.folder / file).read_text(encoding="utf-8")
    ways = list(places(yaml.load(text)))
    for way in rng.sample(ways, k=4):
        spoiled = yaml.load(text)
        inner = spoiled
        for key in way[:-1]:
            inner = inner[key]
        inner[way[-1]] = rng.choice(ODD)
        dumped = io.StringIO()
        yaml.dump(spoiled, dumped)
        company.write(file, dumped.getvalue())
        # Some odd values are right where they stand (an empty list of excluded needs).
        assert all(problem.file.startswith(str(company.folder)) for problem in company.problems())
