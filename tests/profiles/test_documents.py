"""Reading company files: each mistake is told by file, line, message and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from profiles.documents import BusinessProblems, Localized, Problem, Strict, read_document, read_yaml


class Thing(Strict):
    id: str
    name: Localized
    price_cents: int = Field(ge=0)


class Things(Strict):
    version: int
    things: tuple[Thing, ...] = ()


GOOD = """\
version: 1
things:
  - id: cup
    name: {en: Cup, pt: Xícara}
    price_cents: 990
"""


def read(tmp_path: Path, text: str) -> tuple[Things | None, list[Problem]]:
    path = tmp_path / "things.yml"
    path.write_text(text, encoding="utf-8")
    return read_yaml(path, Things)


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_a_right_file_is_read(tmp_path: Path) -> None:
    content, problems = read(tmp_path, GOOD)
    assert problems == []
    assert content is not None
    assert content.things[0].name.in_language("pt") == "Xícara"


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "remedy"),
    [
        ("990", "9.90", 5, "things[1].price_cents: 9.9 is not a whole number", "of cents"),
        ("990", '"990"', 5, 'things[1].price_cents: "990" is not a whole number', "of cents"),
        ("990", "true", 5, "true is not a whole number", "whole number"),
        ("990", "-1", 5, "greater than or equal to 0", "correct"),
        (
            "price_cents",
            "price_cent",
            5,
            "things[1].price_cent: unknown field",
            "did you mean 'price_cents'?",
        ),
        ("    price_cents: 990\n", "", 3, "the field 'price_cents' is missing", "add 'price_cents:'"),
        (", pt: Xícara", "", 4, "the Portuguese text is missing", "add 'pt:'"),
        ("{en: Cup, pt: Xícara}", "Cup", 4, "things[1].name", "correct"),
        ("pt: Xícara", "pt: ''", 4, "things[1].name.pt", "correct"),
        ("    price", "    id: mug\n    price", 5, "the field 'id' is written twice", "keep one"),
        ("{en: Cup,", "{en: Cup, pt: [", 4, "broken YAML", "this line or the one before"),
        ("version: 1", "- version", 2, "broken YAML", "this line or the one before"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str, remedy: str
) -> None:
    assert old in GOOD
    content, problems = read(tmp_path, GOOD.replace(old, new, 1))
    assert content is None
    found = next(problem for problem in problems if message in problem.message)
    assert found.line == line
    assert remedy in found.remedy
    assert found.file.endswith("things.yml")


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    text = GOOD.replace("version: 1", "version: one").replace("990", "9.9").replace("Cup", "''")
    assert [problem.line for problem in read(tmp_path, text)[1]] == [1, 4, 5]


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n", "# nothing but a comment\n"])
def test_a_file_that_is_no_mapping_is_told(tmp_path: Path, text: str) -> None:
    assert "not a mapping" in only(read(tmp_path, text)[1]).message


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    assert "missing" in only(read_yaml(tmp_path / "none.yml", Things)[1]).message
    assert "cannot be read" in only(read_yaml(tmp_path, Things)[1]).message


def test_bytes_that_are_no_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "things.yml"
    path.write_bytes(b"version: 1\nthings: []\n# caf\xe9\n")
    problem = only(read_yaml(path, Things)[1])
    assert (problem.line, problem.remedy) == (3, "save the file as UTF-8")


@pytest.mark.parametrize(
    "text", ["a: !!python/object/apply:os.system [true]", "a: &x [*x]", "? [a, b]\n: 1", "\x00", "a: *b"]
)
def test_odd_yaml_is_a_problem_and_never_an_exception(tmp_path: Path, text: str) -> None:
    content, problems = read(tmp_path, text)
    assert content is None
    assert problems


def test_ids_used_twice_are_told_across_lists(tmp_path: Path) -> None:
    path = tmp_path / "things.yml"
    path.write_text(GOOD + GOOD.split("things:\n")[1], encoding="utf-8")
    document = read_document(path, Things)
    taken = {"mug"}
    document.check_unique("things", taken=taken)
    assert only(document.problems).line == 6
    assert taken == {"mug", "cup"}


def test_the_error_lists_each_problem_once_in_reading_order() -> None:
    first, second = Problem("a.yml", 2, "wrong", "right it"), Problem("a.yml", 10, "odd", "even it")
    wrong = BusinessProblems([second, first, second])
    assert str(wrong) == "a.yml:2: wrong — right it\na.yml:10: odd — even it"
    assert wrong.data["problems"][0] == {"file": "a.yml", "line": 2, "message": "wrong", "remedy": "right it"}
