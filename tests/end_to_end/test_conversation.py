"""One conversation from the first word to a person and back, in both languages, and what it leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.end_to_end.people import Customer, Desk, texts_of
from tests.end_to_end.product import Product, wait_for


@dataclass(frozen=True, kw_only=True)
class Script:
    """The same conversation in one language."""

    language: str
    hello: str
    name_line: str
    name: str
    wish: str
    heard: str
    recommend: str
    reason: str
    person: str
    login: str
    agent: str
    promise: str
    meanwhile: str
    fact: str
    thanks: str
    back: str
    """what shows that the bot knows it was handed back"""


PORTUGUESE = Script(
    language="pt",
    hello="oi",
    name_line="Marina",
    name="Marina",
    wish="quero um café sem acidez para coar",
    heard="baixa acidez e café coado",
    recommend="me recomenda algo",
    reason="Combina com o que você procura: baixa acidez e café coado.",
    person="quero falar com uma pessoa",
    login="marina",
    agent="Marina Prado",
    promise="Olá, aqui é a Marina Prado. Separei um pacote do Manhã Mansa para você.",
    meanwhile="que ótimo, posso pagar com pix?",
    fact="Prefere pagar com pix",
    thanks="obrigada",
    back="equipe",
)
ENGLISH = Script(
    language="en",
    hello="hi",
    name_line="I'm Kate",
    name="Kate",
    wish="I'd like a low-acid coffee for pour-over",
    heard="low acidity and filter coffee",
    recommend="recommend something",
    reason="It suits what you look for: low acidity and filter coffee.",
    person="I want to talk to a person",
    login="oscar",
    agent="Oscar Wells",
    promise="Hello, this is Oscar Wells. I have put a bag of Manhã Mansa aside for you.",
    meanwhile="lovely, can I pay when it arrives?",
    fact="Wants to pay on delivery",
    thanks="thank you",
    back="the team",
)


@pytest.mark.parametrize("script", [PORTUGUESE, ENGLISH], ids=["pt", "en"])
def test_a_newcomer_is_known_recommended_to_handed_over_and_back(
    script: Script, product: Product, customer: Callable[..., Customer], desk: Callable[..., Desk]
) -> None:
    shopper = customer(script.language)
    shopper.open()
    shopper.is_with_bot()

    # Identify and listen: one question at a time, the name first.
    [greeting, question] = shopper.say(script.hello, answers=2)
    assert "Lia" in greeting
    assert question.endswith("?")
    assert "?" not in greeting
    [named] = shopper.say(script.name_line)
    assert script.name in named
    [noted] = shopper.say(script.wish)
    assert script.heard in noted

    # Customize: what fits, each with its reason.
    [recommended] = shopper.say(script.recommend)
    assert script.heard in recommended
    expect(shopper.cards).to_have_count(3)
    expect(shopper.cards.first).to_contain_text(script.reason)

    # A person: the customer waits, the desk sees who it is, and the bot keeps silent.
    shopper.say(script.person)
    shopper.waits()
    agent = desk(script.login)
    agent.pick(script.name)
    for line in (script.hello, script.wish, recommended, script.person):
        expect(agent.thread).to_contain_text(line)
    expect(agent.profile).to_contain_text(script.wish)
    agent.write(script.promise)
    expect(shopper.messages("agent").last).to_contain_text(script.promise, timeout=2000)
    shopper.is_with(script.agent)
    expect(agent.page.locator(".vn-owner-mine")).to_be_visible()
    spoken = shopper.messages("bot").count()
    shopper.write(script.meanwhile)
    expect(agent.thread).to_contain_text(script.meanwhile)
    shopper.page.wait_for_timeout(1500)
    expect(shopper.messages("bot")).to_have_count(spoken)

    # Back: the bot says so itself, and still knows it in its next reply.
    agent.hand_back(fact=script.fact)
    expect(shopper.messages("bot")).to_have_count(spoken + 1)
    assert script.agent.split()[0] in shopper.texts("bot")[-1]
    shopper.is_with_bot()
    [answer] = shopper.say(script.thanks)
    assert script.back in answer.lower()

    evidence_is_in_the_database(script, product)
    the_managers_see_it(script, desk)


def evidence_is_in_the_database(script: Script, product: Product) -> None:
    person = product.customer_named(script.name)
    messages = product.rows("SELECT * FROM messages WHERE customer_id = ? ORDER BY seq", person["id"])
    by_id = {message["id"]: message for message in messages}
    said = texts_of(messages, "customer")
    assert said == [
        script.hello,
        script.name_line,
        script.wish,
        script.recommend,
        script.person,
        script.meanwhile,
        script.thanks,
    ]
    assert {message["state"] for message in messages if message["sender"] == "customer"} == {"done"}
    assert {message["language"] for message in messages if message["sender"] == "customer"} == {
        script.language
    }

    # Facts quote the message that they come from.
    facts = product.rows("SELECT * FROM facts WHERE customer_id = ? AND state = 'held'", person["id"])
    needs = {fact["value"] for fact in facts if fact["kind"] == "need"}
    assert {"low_acidity", "filter_brewing"} <= needs
    expected = {"name": script.name_line, "need": script.wish, "note": script.promise}
    for kind, quote in expected.items():
        found = [fact for fact in facts if fact["kind"] == kind]
        assert found, kind
        for fact in found:
            assert fact["quote"] == quote
            assert by_id[fact["message_id"]]["text"] == quote
    assert [fact["value"] for fact in facts if fact["kind"] == "note"] == [script.fact]
    assert (person["tier"], person["segment"] in needs) == ("unknown", True)

    # What was treated in which way, and why.
    treatments = product.rows("SELECT * FROM treatments WHERE customer_id = ? ORDER BY id", person["id"])
    assert {one["kind"] for one in treatments} == {"reply", "recommendation", "queue", "question"}
    for one in treatments:
        assert one["because"], one
        assert one["message_id"] in by_id, one
    recommended = [one for one in treatments if one["kind"] == "recommendation"]
    assert len(recommended) == 3
    assert set(recommended[0]["because"]["needs"]) == {"low_acidity", "filter_brewing"}
    assert {one["key"] for one in treatments if one["kind"] == "question"} >= {"utter_ask_name"}
    [queue] = [one for one in treatments if one["kind"] == "queue"]
    assert queue["because"]["tier"] == "unknown"
    thanked = next(one for one in treatments if one["key"] == "utter_thank")
    assert thanked["because"]["handed_back"] is True

    # One owner at any time.
    conversation = messages[0]["conversation_id"]
    changes = product.rows("SELECT * FROM owner_changes WHERE conversation_id = ? ORDER BY id", conversation)
    assert [(change["previous"], change["owner"]) for change in changes] == [
        ("bot", "waiting"),
        ("waiting", "human"),
        ("human", "bot"),
    ]
    [agent] = product.rows("SELECT * FROM staff WHERE login = ?", script.login)
    assert [change["by"] for change in changes] == ["bot", agent["id"], agent["id"]]
    [handoff] = product.rows("SELECT * FROM handoffs WHERE conversation_id = ?", conversation)
    assert (handoff["reason"], handoff["outcome"]) == ("asked", "solved")
    assert by_id[handoff["message_id"]]["text"] == script.person
    assert handoff["opened_at"] <= handoff["taken_at"] <= handoff["first_answer_at"] <= handoff["ended_at"]

    # Everything of ours was delivered and read.
    ours = {message["id"] for message in messages if message["sender"] in ("bot", "agent", "system")}
    outbox = "SELECT * FROM outbox WHERE conversation_id = ?"
    assert {one["message_id"] for one in product.rows(outbox, conversation)} == ours
    wait_for(lambda: {one["state"] for one in product.rows(outbox, conversation)} == {"read"}, "receipts", 5)


def the_managers_see_it(script: Script, desk: Callable[..., Desk]) -> None:
    manager = desk("teresa", "/managers")
    page = manager.page
    page.locator(".vn-search input").fill(script.name)
    page.locator(".vn-table a", has_text=script.name).first.click()
    expect(page.locator(".vn-customer-head h1")).to_have_text(script.name)
    body = page.locator("#content")
    for evidence in (
        script.wish,
        script.name_line,
        script.promise,
        script.fact,
        script.agent,
        "Dados insuficientes",
    ):
        expect(body).to_contain_text(evidence)
