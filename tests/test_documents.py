"""The guides tell the truth, as far as a program can see: links, settings, commands, files, examples."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer.main
from ruamel.yaml import YAML

from bot.business import load_business
from bot.channels.web.frames import read_frame
from bot.cli import cli
from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
GUIDES = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "business" / "README.md",
    ROOT / "changes" / "README.md",
    *sorted(GUIDES.glob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"^\*\*`([\w/.-]+)`\*\*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MADE_LATER = ("var/", "models/", "secrets/", "knowledge/", "backup")
OUTSIDE_SETTINGS = ("scripts/install", "tests/conftest.py", "bot/cli.py", "engine/start.py")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


@cache
def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _fences(page: Path, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall(_text(page)) if language in languages]


def _code(page: Path) -> Iterator[str]:
    """Yield what stands in backticks, and the lines of shell examples."""
    prose = FENCE.sub("", _text(page))
    yield from re.findall(r"`([^`\n]+)`", prose)
    for body in _fences(page, "sh"):
        yield from body.splitlines()


def _anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings have on the usual forges."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", _text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- links and places ---
@each_page
def test_every_local_link_and_picture_leads_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(FENCE.sub("", _text(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in _anchors(found)):
            lost.append(target)
    assert lost == []


@each_page
def test_every_file_named_in_a_guide_is_there(page: Path) -> None:
    pattern = re.compile(r"^[\w.-]+/[\w./-]+$")
    named = {word for code in _code(page) for word in code.split() if pattern.match(word)}
    roots = (ROOT, page.parent, ROOT / "business")
    missing = [
        name
        for name in sorted(named)
        if not name.startswith(MADE_LATER)
        and re.search(r"\.(py|yml|md|svg|png|sh|in|txt)$|^(scripts|tests|docs|data|desk|\.ci)/", name)
        and not re.search(r"[A-Z]{3,}\.", name)
        and not any((root / name).exists() for root in roots)
    ]
    assert missing == []


def test_every_guide_can_be_reached_from_the_first_page() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        links = (target.partition("#")[0] for target in LINK.findall(_text(page)))
        waiting += [(page.parent / link).resolve() for link in links if link and ":" not in link]
    assert set(GUIDES.glob("*.md")) - reached == set()


# --- settings and commands ---
@each_page
def test_every_setting_named_exists(page: Path) -> None:
    known = {f"VINCULO_{name.upper()}" for name in Settings.model_fields}
    for place in OUTSIDE_SETTINGS:
        known |= set(re.findall(r"VINCULO_[A-Z_]+", (ROOT / place).read_text(encoding="utf-8")))
    assert set(re.findall(r"\bVINCULO_[A-Z_]*[A-Z]\b", _text(page))) - known == set()


def test_every_setting_is_described_with_its_standard() -> None:
    rows = dict(
        re.findall(r"^\| `(VINCULO_[A-Z_]+)` \| (.*?) \|", _text(GUIDES / "operator.md"), re.MULTILINE)
    )
    for name, field in Settings.model_fields.items():
        row = rows.get(f"VINCULO_{name.upper()}")
        assert row is not None, f"docs/operator.md does not describe VINCULO_{name.upper()}"
        if isinstance(field.default, str | int | float) and field.default:
            assert (
                f"{field.default:g}" in row if isinstance(field.default, float) else str(field.default) in row
            )


@each_page
def test_every_command_named_exists(page: Path) -> None:
    commands = typer.main.get_command(cli)
    for line in _code(page):
        for words in re.findall(r"(?:^|[/\s])vinculo ([a-z][^|&;]*)", line):
            command, rest = commands, words.split()
            while rest and (known := getattr(command, "commands", None)) is not None:
                assert rest[0] in known, f"`vinculo {words}`"
                command, rest = known[rest[0]], rest[1:]
            options = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in rest if word.startswith("--")} <= options, f"`vinculo {words}`"


def test_every_command_is_described() -> None:
    text = _text(GUIDES / "operator.md")
    commands = typer.main.get_command(cli).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        for sub in getattr(command, "commands", {"": None}):
            assert f"`vinculo {name} {sub}".rstrip() in text


# --- examples ---
@each_page
def test_examples_parse(page: Path) -> None:
    for body in _fences(page, "json"):
        json.loads(body)
    for body in _fences(page, "yaml"):
        YAML(typ="safe").load(body)
    for body in _fences(page, "python"):
        compile(body, str(page), "exec")


def test_the_examples_for_the_company_are_a_whole_company(tmp_path: Path) -> None:
    files = NAMED_FILE.findall(_text(GUIDES / "company.md"))
    for name, body in files:
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(body, encoding="utf-8")

    company = load_business(tmp_path)
    assert (company.settings.demo, company.demo) == (False, None)
    assert len(company.catalogue.products) == 2
    assert {passage.language for passage in company.knowledge} == {"en", "pt"}


def test_the_frames_of_the_client_are_taken_by_the_server() -> None:
    text = _text(GUIDES / "api.md")
    section = text[text.index("### From the client") : text.index("### From the server")]
    frames = [body for language, body in FENCE.findall(section) if language == "json"]
    taken = {read_frame(frame).type for frame in frames}
    assert taken == {"hello", "message", "seen", "history", "typing", "ping"}


def test_the_log_in_example_makes_a_token_that_is_taken() -> None:
    from profiles.identities import read_login_token

    [example] = _fences(GUIDES / "company.md", "python")
    space: dict[str, object] = {}
    exec(example, space)
    sign = space["chat_login"]
    assert callable(sign)
    claim = read_login_token("k" * 32, sign("c-7", "Zélia", "k" * 32))
    assert (claim.number, claim.name) == ("c-7", "Zélia")
