"""From the engine's replies to words, buttons and cards: never more than is known."""

from __future__ import annotations

from typing import Any

import pytest

from conversations.composing import MEMORY_OF_VARIANTS, Composer, Outgoing, remember_variants
from conversations.engine import Button, Reply
from tests.factories import reply_book, situation


def composer(**fields: Any) -> Composer:
    return Composer(book=reply_book(), company="Torra Clara", bot_name="Lia", **fields)


def one(reply: Reply, **fields: Any) -> Outgoing:
    found = composer().one(reply, situation(**fields), seed="m-1")
    assert found is not None
    return found


def test_a_known_key_is_said_in_our_words_whatever_the_engine_wrote() -> None:
    found = one(Reply(utter_action="utter_thank", text="engine text"), language="pt")
    assert found.text != "engine text"
    assert found.response_key == "utter_thank"
    assert found.variant is not None
    assert found.treated is not None
    assert found.treated.because["language"] == "pt"


def test_an_unknown_key_keeps_the_engines_text_and_buttons() -> None:
    buttons = (Button(title="Yes", payload="/affirm"),)
    found = one(Reply(utter_action="utter_of_another_company", text="hello", buttons=buttons))
    assert (found.text, found.treated) == ("hello", None)
    assert found.buttons == ({"title": "Yes", "payload": "/affirm"},)


def test_a_reply_without_anything_to_show_is_no_message() -> None:
    assert composer().one(Reply(utter_action="utter_unknown"), situation(), seed="m-1") is None
    assert composer().compose([Reply(), Reply(text="")], situation(), seed="m-1", said=()) == []


def test_cards_come_through() -> None:
    cards = [{"title": "Café", "price": "R$ 40,00"}]
    found = one(Reply(utter_action="utter_recommend_popular", arguments={"cards": cards}))
    assert found.cards == tuple(cards)
    assert one(Reply(arguments={"cards": cards})).text == ""


def test_extra_buttons_stand_after_those_of_the_variant() -> None:
    extra = {"title": "Undo", "payload": "app:start_again"}
    found = one(Reply(utter_action="utter_answer_none", arguments={"extra_buttons": [extra]}))
    assert [button["payload"] for button in found.buttons] == ["/ask_person", "app:start_again"]


def test_a_name_is_used_only_where_one_is_known() -> None:
    known = one(Reply(utter_action="utter_goodbye"), name="Ana", tier="MVC", relationship="customer")
    assert "Ana" in known.text
    stranger = one(Reply(utter_action="utter_goodbye"), tier="MVC", relationship="customer")
    assert "{" not in stranger.text


def test_arguments_do_not_invent_what_is_not_known() -> None:
    known = composer().arguments({"place": 2, "need_name": None}, situation())
    assert known == {"company": "Torra Clara", "bot_name": "Lia", "place": 2}
    offered = composer(incentive_of=lambda tier, language: f"{tier} in {language}")
    assert offered.arguments({}, situation(tier="MGC"))["incentive"] == "MGC in en"


def test_a_tier_without_incentive_is_promised_none() -> None:
    without = composer()
    for seed in map(str, range(12)):
        found = without.one(
            Reply(utter_action="utter_greet"),
            situation(name="Ana", tier="MGC", relationship="customer"),
            seed=seed,
        )
        assert found is not None
        assert "{incentive}" not in found.text


def test_conditions_of_the_reply_decide_too() -> None:
    reply = Reply(
        utter_action="utter_handoff_queued", arguments={"place": 9, "conditions": {"queue_long": True}}
    )
    found = one(reply)
    assert found.treated is not None
    assert found.treated.because.get("queue_long") is True


def test_the_bot_does_not_repeat_itself_at_once() -> None:
    memory: dict[str, Any] = {}
    texts = []
    for number in range(3):
        outgoing = composer().compose(
            [Reply(utter_action="utter_affirm")], situation(), seed=f"m-{number}", said=memory.get("said", ())
        )
        remember_variants(memory, outgoing)
        texts.append(outgoing[0].text)
    assert len(set(texts)) == 3


def test_what_is_remembered_of_what_was_said_has_a_limit() -> None:
    memory: dict[str, Any] = {}
    for number in range(50):
        remember_variants(memory, [Outgoing(text="a", response_key="utter", variant=f"utter#{number}")])
    remember_variants(memory, [Outgoing(text="a", response_key=None)])
    assert memory["said"] == [f"utter#{number}" for number in range(50 - MEMORY_OF_VARIANTS, 50)]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_a_system_line_has_all_its_words(language: str) -> None:
    text = composer().line("utter_agent_joined", language, {"agent": "Marina"})
    assert "Marina" in text
    assert "{" not in text
