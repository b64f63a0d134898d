"""Nothing is lost between starts, tabs and people."""

import signal
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, expect

from tests.end_to_end.people import Customer, Desk
from tests.end_to_end.product import Product, is_running, wait_for

AWAY = "utter_engine_away"


def answers_to(product: Product, message_id: str) -> list[dict[str, Any]]:
    """Return what was said in answer to one message of a customer."""
    return product.rows("SELECT * FROM messages WHERE reply_to = ? ORDER BY seq", message_id)


def test_a_restart_in_mid_conversation_loses_nothing(
    product: Product, customer: Callable[..., Customer]
) -> None:
    shopper = customer("pt")
    shopper.open()
    shopper.say("oi", answers=2)
    shopper.say("me chamo Rosa")
    shopper.say("quero um café sem acidez para coar")
    shopper.say("me recomenda algo")
    before = shopper.texts()

    app, engine = product.pid, product.engine_pid
    product.stop()
    assert not is_running(app)
    assert not is_running(engine)
    expect(shopper.banner).to_be_visible()
    shopper.write("sim")  # while nobody listens: kept, and sent later
    product.start()

    # The dialogue goes on: "yes" to the recommendation of before the restart.
    person = product.customer_named("Rosa")
    yes = wait_for(
        lambda: product.rows(
            "SELECT * FROM messages WHERE customer_id = ? AND text = 'sim' AND state = 'done'", person["id"]
        ),
        "the answer to what was written meanwhile",
        60,
    )[0]
    answers = answers_to(product, yes["id"])
    assert [one["response_key"] for one in answers if one["response_key"] != AWAY] == [
        "utter_recommend_how_to_buy"
    ]
    expect(shopper.messages("bot").last).to_contain_text(answers[-1]["text"])
    assert shopper.texts()[: len(before)] == before

    # Name and need are known as before, also on a page loaded anew.
    now = shopper.texts()
    assert now.count("sim") == 1
    shopper.page.reload()
    expect(shopper.messages()).to_have_count(len(now))
    assert shopper.texts() == now
    [again] = shopper.say("oi")
    assert "Rosa" in again
    [more] = shopper.say("quero ver outras opções")
    assert "baixa acidez" in more


def test_two_tabs_show_the_same_thread_live(
    product: Product, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context("en")
    first = Customer(context.new_page(), "en")
    first.open()
    first.say("hi", answers=2)
    second = Customer(context.new_page(), "en")
    second.open()
    expect(second.messages()).to_have_count(3)
    second.say("my name is Dora")
    expect(first.messages()).to_have_count(5)
    first.say("what can you do?")
    expect(second.messages()).to_have_count(7)
    assert first.texts() == second.texts()
    assert len(product.rows("SELECT 1 FROM customers WHERE name = 'Dora'")) == 1


def test_an_engine_killed_in_mid_turn_costs_the_customer_nothing_but_time(
    product: Product, customer: Callable[..., Customer]
) -> None:
    shopper = customer("pt")
    shopper.open()
    shopper.say("oi", answers=2)
    shopper.say("me chamo Otília")
    spoken = shopper.messages("bot").count()

    engine = product.engine_pid
    product.freeze(engine)  # so that the turn is under way for certain
    shopper.write("me recomenda algo")
    expect(shopper.root.locator(".typing")).to_be_visible()
    product.kill(engine)

    # An honest sentence first, then the answer from the next engine, once.
    expect(shopper.messages("bot")).to_have_count(spoken + 1, timeout=20_000)
    [told] = product.rows("SELECT * FROM messages WHERE response_key = ? ORDER BY id DESC LIMIT 1", AWAY)
    assert shopper.texts("bot")[-1] == told["text"]
    assert product.engine_pid != engine
    product.wait_until_ready()
    expect(shopper.cards.first).to_be_visible(timeout=30_000)
    person = product.customer_named("Otília")
    rows = product.rows("SELECT * FROM messages WHERE customer_id = ? ORDER BY seq", person["id"])
    [asked] = [row for row in rows if row["text"] == "me recomenda algo"]
    assert asked["state"] == "done"
    answers = [row["response_key"] for row in rows if row["reply_to"] == asked["id"]]
    assert answers.count(AWAY) == 1
    assert sum(key.startswith("utter_recommend") for key in answers) == 1
    [thanks] = shopper.say("obrigado")
    assert thanks


def test_what_is_written_to_a_killed_app_is_answered_after_its_start_once(
    product: Product, customer: Callable[..., Customer]
) -> None:
    shopper = customer("en")
    shopper.open()
    shopper.say("hi", answers=2)
    shopper.say("I'm Wanda")
    engine = product.engine_pid
    product.freeze(engine)
    shopper.write("what can you do?")
    expect(shopper.messages("customer").last.locator(".state")).to_have_text("sent")
    product.kill_app()
    product.thaw(engine)
    wait_for(lambda: not is_running(engine), "the engine's end without its app", 15)

    [pending] = product.rows(
        "SELECT * FROM messages WHERE text = 'what can you do?' ORDER BY id DESC LIMIT 1"
    )
    assert pending["state"] == "pending"
    product.start()
    done = "SELECT 1 FROM messages WHERE id = ? AND state = 'done'"
    wait_for(lambda: product.rows(done, pending["id"]), "the answer")
    expect(shopper.messages("bot").last).to_contain_text("order", timeout=45_000)
    answers = [one["response_key"] for one in answers_to(product, pending["id"])]
    assert [key for key in answers if key != AWAY] == ["utter_help"]
    assert answers.count(AWAY) <= 1


def test_a_person_keeps_the_conversation_over_a_restart(
    product: Product, customer: Callable[..., Customer], desk: Callable[..., Desk]
) -> None:
    shopper = customer("en")
    shopper.open()
    shopper.say("hi", answers=2)
    shopper.say("I'm Petra")
    shopper.say("I want to talk to a person")
    agent = desk("oscar")
    agent.pick("Petra")
    agent.write("Hello Petra, this is Oscar.")
    shopper.is_with("Oscar Wells")
    product.stop(signal.SIGINT)
    product.start()
    shopper.is_with("Oscar Wells")
    shopper.write("are you still there?")
    agent.page.reload()
    expect(agent.thread).to_contain_text("are you still there?")
    agent.write("I am.")
    expect(shopper.messages("agent").last).to_contain_text("I am.")
    assert "are you still there?" in shopper.texts("customer")
    agent.hand_back()
    shopper.is_with_bot()
