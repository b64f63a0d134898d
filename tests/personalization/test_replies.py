"""Replies: the variant that suits this customer best, with words that are known."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalization.replies import ReplyBook, Variant, fill
from profiles.tiers import TIERS
from tests.factories import reply_book


def variant(number: int, text: str = "hello", channel: str | None = None, **conditions: Any) -> Variant:
    return Variant(id=f"utter#{number}", text=text, conditions=conditions, channel=channel)


def book(*variants: Variant) -> ReplyBook:
    return ReplyBook({"utter": variants})


def chosen(book: ReplyBook, situation: dict[str, Any], **fields: Any) -> str | None:
    arguments = fields.pop("arguments", {})
    found = book.choose("utter", situation, arguments, **{"seed": "m-1", **fields})
    return found.variant.id if found else None


def test_the_variant_with_most_conditions_wins() -> None:
    replies = book(variant(0), variant(1, language="en"), variant(2, language="en", tier="MVC"))
    assert chosen(replies, {"language": "en", "tier": "MVC"}) == "utter#2"
    assert chosen(replies, {"language": "en", "tier": "BZ"}) == "utter#1"
    assert chosen(replies, {"language": "pt", "tier": "MVC"}) == "utter#0"


def test_all_conditions_must_hold_and_an_unknown_one_does_not() -> None:
    replies = book(variant(0), variant(1, language="en", mood="good"))
    assert chosen(replies, {"language": "en"}) == "utter#0"


def test_words_that_need_something_unknown_are_not_used() -> None:
    replies = book(variant(0), variant(1, "hello, {name}", language="en"))
    assert chosen(replies, {"language": "en"}) == "utter#0"
    assert chosen(replies, {"language": "en"}, arguments={"name": "Ana"}) == "utter#1"


def test_a_variant_of_another_channel_is_not_used() -> None:
    replies = book(variant(0), variant(1, channel="telegram", language="en"))
    assert chosen(replies, {"language": "en"}, channel="web") == "utter#0"
    assert chosen(replies, {"language": "en"}, channel="telegram") == "utter#1"


def test_equals_take_turns_and_the_same_message_gets_the_same() -> None:
    replies = book(*(variant(number, language="en") for number in range(3)))
    counts = Counter(chosen(replies, {"language": "en"}, seed=f"m-{n}") for n in range(300))
    assert len(counts) == 3
    assert min(counts.values()) > 60
    assert len({chosen(replies, {"language": "en"}) for _ in range(5)}) == 1


def test_what_was_said_lately_is_left_out_while_there_are_others() -> None:
    replies = book(variant(0, language="en"), variant(1, language="en"))
    for seed in map(str, range(20)):
        assert chosen(replies, {"language": "en"}, seed=seed, not_again=["utter#0"]) == "utter#1"
    assert chosen(replies, {"language": "en"}, not_again=["utter#0", "utter#1"]) is not None


def test_what_was_said_lately_never_gives_way_to_something_worse() -> None:
    replies = book(variant(0), variant(1, language="en"))
    assert chosen(replies, {"language": "en"}, not_again=["utter#1"]) == "utter#1"


def test_an_unknown_key_has_no_words() -> None:
    assert book(variant(0)).choose("utter_other", {}, {}, seed="m-1") is None
    assert book(variant(0)).line("utter_other", "en", {}) == ""
    assert "utter_other" not in book(variant(0))


def test_language_alone_is_no_difference_between_customers() -> None:
    replies = book(variant(0, language="en"), variant(1, language="en", tier="MVC"))
    plain = replies.choose("utter", {"language": "en"}, {}, seed="m-1")
    special = replies.choose("utter", {"language": "en", "tier": "MVC"}, {}, seed="m-1")
    assert plain is not None
    assert special is not None
    assert (plain.differs, special.differs) == (False, True)
    assert special.because == {"language": "en", "tier": "MVC"}


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert fill("{a} and {b}", {"a": "{b}", "b": 2}) == "{b} and 2"
    assert fill("{a} {nothing} {A} {} {{a}}", {"a": 1, "nothing": None}) == "1 {nothing} {A} {} {1}"


@given(st.text(max_size=50))
def test_a_text_without_placeholders_stays_as_it_is(text: str) -> None:
    assert fill(text, {}) == text


# --- the dialogue's own variants ---
GREETED = {"name": "Ana", "company": "Torra Clara", "bot_name": "Lia", "incentive": "free delivery"}


@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize(
    "key", ["utter_greet", "utter_goodbye", "utter_help", "utter_thank", "utter_handoff_queued"]
)
def test_tiers_are_answered_differently(key: str, language: str) -> None:
    texts = set()
    for tier in TIERS:
        situation = {
            "language": language,
            "tier": tier,
            "name_known": True,
            "relationship": "customer",
            "queue_long": False,
        }
        found = reply_book().choose(key, situation, {**GREETED, "place": 2}, seed="m-1")
        assert found is not None
        assert "{" not in found.text
        texts.add(found.text)
    assert len(texts) >= 3


@pytest.mark.parametrize("language", ["en", "pt"])
def test_who_brings_nothing_gets_no_incentive(language: str) -> None:
    for name_known in (True, False):
        for seed in map(str, range(10)):
            situation = {
                "language": language,
                "tier": "BZ",
                "name_known": name_known,
                "relationship": "customer",
            }
            found = reply_book().choose("utter_greet", situation, GREETED, seed=seed)
            assert found is not None
            assert "free delivery" not in found.text
