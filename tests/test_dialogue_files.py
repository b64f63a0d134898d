"""The dialogue files hold together: both languages, known conditions and placeholders, clean examples."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("en", "pt")
TIERS = ("MVC", "MGC", "intermediate", "BZ", "unknown")

# What the app may know when it chooses a variant; `need` is whatever business/needs.yml names.
CONDITIONS: dict[str, tuple[Any, ...]] = {
    "language": LANGUAGES,
    "tier": TIERS,
    "relationship": ("new", "returning", "customer"),
    "name_known": (True, False),
    "handed_back": (True, False),
    "logged_in": (True, False),
    "queue_long": (True, False),
    "need": (),
}
ALWAYS = {"company", "bot_name"}
WITH_INCENTIVE = ("MGC", "unknown")
# Every response key the app uses, with what it fills in beside the company's and the bot's name.
PLACEHOLDERS: dict[str, set[str]] = {
    "utter_affirm": set(),
    "utter_agent_joined": {"agent"},
    "utter_answer": {"answer", "title"},
    "utter_answer_none": set(),
    "utter_ask_brewing": set(),
    "utter_ask_name": set(),
    "utter_ask_taste": set(),
    "utter_bot_challenge": set(),
    "utter_clarify": set(),
    "utter_clarify_again": set(),
    "utter_deny": set(),
    "utter_engine_away": set(),
    "utter_goodbye": set(),
    "utter_greet": set(),
    "utter_handed_back": {"agent"},
    "utter_handoff_already": set(),
    "utter_handoff_queued": {"place"},
    "utter_help": set(),
    "utter_name_noted": set(),
    "utter_no_problem": set(),
    "utter_no_text": set(),
    "utter_offer_person": set(),
    "utter_order_login": set(),
    "utter_order_none": set(),
    "utter_order_status": {"order_number", "status", "date", "items"},
    "utter_preference_dropped": set(),
    "utter_preference_kept": set(),
    "utter_preference_noted": {"preference"},
    "utter_preference_unclear": set(),
    "utter_reason_again": set(),
    "utter_reason_needs": {"needs"},
    "utter_reason_new_shelf": {"category"},
    "utter_reason_popular": set(),
    "utter_reason_words": set(),
    "utter_recommend": {"need_name"},
    "utter_recommend_how_to_buy": set(),
    "utter_recommend_none": set(),
    "utter_recommend_popular": set(),
    "utter_recommend_start": set(),
    "utter_recommend_what_else": set(),
    "utter_started_again": set(),
    "utter_stopped": set(),
    "utter_thank": set(),
    "utter_too_long": set(),
}
BY_TIER = ("goodbye", "greet", "handoff_queued", "help", "order_status", "recommend", "thank")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(path)
    return content


DOMAIN = _read(ROOT / "domain.yml")
RESPONSES: dict[str, list[dict[str, Any]]] = DOMAIN["responses"]


def _conditions(variant: dict[str, Any]) -> dict[str, Any]:
    return {condition["name"]: condition["value"] for condition in variant.get("condition", [])}


def _chosen(key: str, context: dict[str, Any], *, incentive: bool = True) -> list[dict[str, Any]]:
    """Return the variants among which the app takes turns; without an incentive none may mention one."""
    fitting = [
        variant
        for variant in RESPONSES[key]
        if all(context.get(name) == value for name, value in _conditions(variant).items())
        and (incentive or "{incentive}" not in variant["text"])
    ]
    most = max(len(_conditions(variant)) for variant in fitting)
    return [variant for variant in fitting if len(_conditions(variant)) == most]


def _contexts(key: str) -> Iterator[dict[str, Any]]:
    names = sorted({name for variant in RESPONSES[key] for name in _conditions(variant)})
    for values in product(*((*CONDITIONS[name], None) for name in names)):
        yield dict(zip(names, values, strict=True))


def _examples(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield intent, language and text of every example."""
    for path in sorted(folder.glob("*.yml")):
        for block in _read(path)["nlu"]:
            for line in block["examples"].splitlines():
                yield block["intent"], block["metadata"]["language"], line.removeprefix("- ")


def _plain(text: str) -> str:
    """Return the text as near-duplicates share it: no case, no accents, no punctuation."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", letters).strip() or text


TRAINING = list(_examples(ROOT / "data/nlu"))
HELD_OUT = list(_examples(ROOT / "tests/nlu"))


# --- replies ---
def test_the_domain_says_exactly_what_the_app_asks_for() -> None:
    assert set(RESPONSES) == set(PLACEHOLDERS)


@pytest.mark.parametrize("key", sorted(RESPONSES))
def test_a_response_has_one_default_and_both_languages(key: str) -> None:
    defaults = [variant for variant in RESPONSES[key] if not _conditions(variant)]
    assert len(defaults) == 1
    for language in LANGUAGES:
        assert any(_conditions(variant) == {"language": language} for variant in RESPONSES[key]), language
    sets = Counter(
        (c["language"], tuple(sorted((n, str(x)) for n, x in c.items() if n != "language")))
        for c in map(_conditions, RESPONSES[key])
        if c
    )
    for (language, rest), count in sets.items():
        other = "pt" if language == "en" else "en"
        assert sets[(other, rest)] == count, f"{rest} differs between the languages"


@pytest.mark.parametrize("key", sorted(RESPONSES))
def test_conditions_are_known_slots_with_known_values(key: str) -> None:
    for variant in RESPONSES[key]:
        assert all(condition["type"] == "slot" for condition in variant.get("condition", []))
        for name, value in _conditions(variant).items():
            assert name in DOMAIN["slots"]
            assert value in CONDITIONS[name] or (name == "need" and isinstance(value, str))


@pytest.mark.parametrize("key", sorted(RESPONSES))
def test_the_most_special_variants_never_compete(key: str) -> None:
    for context, incentive in product(_contexts(key), (True, False)):
        variants = _chosen(key, context, incentive=incentive)
        chosen = {tuple(sorted(map(str, _conditions(variant).items()))) for variant in variants}
        assert len(chosen) == 1, f"{context}: {chosen}"


@pytest.mark.parametrize("key", sorted(RESPONSES))
def test_texts_use_only_the_placeholders_they_are_given(key: str) -> None:
    for variant in RESPONSES[key]:
        used = {name for _, name, _, _ in Formatter().parse(variant["text"]) if name is not None}
        given = ALWAYS | PLACEHOLDERS[key]
        if _conditions(variant).get("name_known"):
            given |= {"name"}
        if _conditions(variant).get("tier") in WITH_INCENTIVE:
            given |= {"incentive"}
        assert used <= given
        assert PLACEHOLDERS[key] <= used, "a value the customer asked for is not said"


@pytest.mark.parametrize("key", sorted(RESPONSES))
def test_texts_are_plain_and_name_no_tier(key: str) -> None:
    for variant in RESPONSES[key]:
        text = variant["text"]
        assert "!" not in text
        assert not re.search(r"\b(MVC|MGC|BZ|tier|segment|below zero)\b", text)
        assert len(text) <= 400
    texts = [variant["text"] for variant in RESPONSES[key] if _conditions(variant)]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("key", sorted(RESPONSES))
def test_buttons_offer_intents_and_both_languages_offer_the_same(key: str) -> None:
    offered: dict[str, list[list[str]]] = defaultdict(list)
    for variant in RESPONSES[key]:
        buttons = variant.get("buttons", [])
        for button in buttons:
            assert set(button) == {"title", "payload"}
            assert button["payload"].removeprefix("/") in DOMAIN["intents"]
            assert len(button["title"]) <= 24
        if "language" in _conditions(variant):
            offered[_conditions(variant)["language"]].append([button["payload"] for button in buttons])
    assert offered["en"] == offered["pt"]


@pytest.mark.parametrize("key", [f"utter_{name}" for name in BY_TIER])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("incentive", [True, False])
def test_every_tier_reads_differently(key: str, language: str, incentive: bool) -> None:
    context = {"language": language, "relationship": "customer", "name_known": True}
    said = [
        variant["text"]
        for tier in TIERS
        for variant in _chosen(key, {**context, "tier": tier}, incentive=incentive)
    ]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("language", LANGUAGES)
def test_customers_who_cost_more_than_they_bring_get_no_incentive_but_a_person(language: str) -> None:
    context = {"language": language, "relationship": "customer", "name_known": True, "tier": "BZ"}
    for key in RESPONSES:
        for variant in _chosen(key, context):
            assert not re.search(r"\b(benefit|discount|benefício|desconto|brinde|gift)\b", variant["text"])
    assert all("{place}" in variant["text"] for variant in _chosen("utter_handoff_queued", context))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_visitor_is_told_it_is_a_bot_and_asked_nothing(language: str) -> None:
    context = {"language": language, "relationship": "new", "name_known": False, "tier": "unknown"}
    for variant in _chosen("utter_greet", context):
        assert re.search(r"\bbot\b|\brobô\b", variant["text"])
        assert re.search(r"\bperson\b|\bpessoa\b", variant["text"])
        assert "?" not in variant["text"]


def test_the_slots_do_not_steer_the_dialogue() -> None:
    for slot in DOMAIN["slots"].values():
        assert slot["influence_conversation"] is False
        assert slot["mappings"] == [{"type": "custom"}]


# --- examples ---
def test_every_intent_has_examples_to_learn_from_and_to_be_tested_with() -> None:
    trained = Counter((intent, language) for intent, language, _ in TRAINING)
    held_out = Counter((intent, language) for intent, language, _ in HELD_OUT)
    expected = set(product(DOMAIN["intents"], LANGUAGES))
    assert set(trained) == expected
    assert set(held_out) == expected
    assert min(trained.values()) >= 15
    assert min(held_out.values()) >= 8


def test_no_example_is_written_twice_or_under_two_intents() -> None:
    assert [text for text, count in Counter(text for *_, text in TRAINING).items() if count > 1] == []
    intents: dict[str, set[str]] = defaultdict(set)
    for intent, _, text in TRAINING:
        intents[_plain(text)].add(intent)
    assert {text: found for text, found in intents.items() if len(found) > 1} == {}


def test_held_out_sentences_are_not_in_the_training_data() -> None:
    trained = {_plain(text) for *_, text in TRAINING}
    assert [text for *_, text in HELD_OUT if _plain(text) in trained] == []


def test_examples_carry_no_markup_that_the_engine_would_read_as_an_entity() -> None:
    assert [text for *_, text in TRAINING + HELD_OUT if re.search(r"\[.*\]|^/|^\s*$", text)] == []


# --- rules and stories ---
def test_the_dialogue_files_name_only_intents_and_actions_of_the_domain() -> None:
    known = {*DOMAIN["intents"], *DOMAIN["actions"], *RESPONSES, "nlu_fallback"}
    for folder in ("data/rules", "data/stories", "tests/stories"):
        for path in sorted((ROOT / folder).glob("*.yml")):
            content = _read(path)
            for block in (*content.get("rules", []), *content.get("stories", [])):
                used = {str(value) for step in block["steps"] for value in step.values()}
                assert used <= known, path


def test_every_intent_has_an_answer_of_its_own_anywhere() -> None:
    rules = [rule for path in (ROOT / "data/rules").glob("*.yml") for rule in _read(path)["rules"]]
    stories = [story for path in (ROOT / "data/stories").glob("*.yml") for story in _read(path)["stories"]]
    answered = {block["steps"][0]["intent"] for block in (*rules, *stories) if len(block["steps"]) == 2}
    assert answered == {*DOMAIN["intents"], "nlu_fallback"}
