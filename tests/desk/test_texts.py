"""Every text of the staff's pages is there in both languages, and every key that is used exists."""

import re
import string
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from conversations.handoffs import OUTCOMES
from conversations.owners import TRANSITIONS
from desk.texts import ALL, LANGUAGES, Texts
from desk.texts.common import COMMON
from desk.texts.desk import DESK
from desk.texts.managers import MANAGERS
from desk.texts.words import WORDS
from profiles.cards import OPEN_STATUSES
from profiles.identities import LEVELS
from profiles.tiers import METRICS, TIERS

DESK_FOLDER = Path(__file__).resolve().parents[2] / "desk"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_each_text_is_there_in_both_languages_with_the_same_placeholders() -> None:
    for key, (english, portuguese) in ALL.items():
        assert placeholders(english) == placeholders(portuguese), key
        assert bool(english) == bool(portuguese), key
        assert not set('!"') & set(english + portuguese), key  # quotes would end an attribute


def test_no_key_is_written_twice() -> None:
    assert len(ALL) == len(COMMON) + len(DESK) + len(MANAGERS) + len(WORDS)


def test_each_key_that_is_used_exists() -> None:
    used = set()
    for path in DESK_FOLDER.glob("*.py"):
        used |= set(re.findall(r"texts\(\s*\"([a-z_.]+)\"", path.read_text()))
    assert len(used) > 80
    assert used - ALL.keys() == set()


def test_each_text_is_used() -> None:
    source = "\n".join(path.read_text().replace("'", '"') for path in DESK_FOLDER.glob("*.py"))
    made = (
        "error.",
        "keys.",
        "queue.",
        "owner.",
        "composer.",
        "login.",
        "thread.typing.",
        "customers.column.",
    )
    unused = [
        key
        for key in {**COMMON, **DESK, **MANAGERS}
        if f'"{key}"' not in source
        and not key.startswith(made)
        and not key.endswith((".one", ".many", ".none"))
        and not key.startswith(("customer.orders.", "customer.fact."))
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("topic", "values"),
    [
        ("tier", TIERS),
        ("tier_long", TIERS),
        ("metric", METRICS),
        ("level", LEVELS),
        ("outcome", (*OUTCOMES, "cancelled")),
        ("owner_name", TRANSITIONS),
        ("status", (*OPEN_STATUSES, "delivered", "returned", "cancelled")),
        ("reason", ("asked", "offered", "not_understood", "engine_away", "agent", "rule")),
        ("state", ("pending", "queued", "sent", "delivered", "read", "failed", "blocked")),
    ],
)
def test_closed_lists_are_said_completely(topic: str, values: tuple[str, ...]) -> None:
    assert [value for value in values if f"{topic}.{value}" not in ALL] == []


def test_each_reply_of_the_dialogue_has_a_name_that_people_read() -> None:
    keys = YAML(typ="safe").load(DESK_FOLDER.parent / "domain.yml")["responses"]
    replies = {key.removeprefix("utter_") for key in keys if not key.startswith("utter_reason_")}
    assert {reply for reply in replies if f"response.{reply}" not in ALL} == set()


def test_a_value_that_no_list_knows_is_said_as_it_is() -> None:
    assert Texts("pt").word("reason", "something_new") == "something new"
    assert Texts("fr").language == "en"


def test_counting_has_one_and_many() -> None:
    assert Texts("en").count("customers.found", 1) == "1 customer"
    assert Texts("pt").count("customers.found", 3) == "3 clientes"
    assert list(LANGUAGES) == ["en", "pt"]
