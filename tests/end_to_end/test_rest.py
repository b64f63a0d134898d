"""A client made for Rasa's REST channel, against our address, unchanged."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.end_to_end.people import Desk
from tests.end_to_end.product import Product
from tests.end_to_end.test_conversation import ENGLISH, PORTUGUESE, Script


class RestClient:
    """What `rasa shell` and custom front ends do: post a message, take the replies."""

    def __init__(self, product: Product, sender: str) -> None:
        self._product = product
        self._sender = sender

    def say(self, text: str) -> list[str]:
        """Return the texts of the replies."""
        status, replies = self._product.post(
            "/webhooks/rest/webhook", {"sender": self._sender, "message": text}
        )
        assert status == 200, replies
        assert all(reply["recipient_id"] == self._sender for reply in replies)
        self.buttons = [button for reply in replies for button in reply.get("buttons", ())]
        return [reply["text"] for reply in replies]


@pytest.mark.parametrize("script", [PORTUGUESE, ENGLISH], ids=["pt", "en"])
def test_the_whole_conversation_over_the_rest_channel_of_rasa(
    script: Script, product: Product, desk: Callable[..., Desk]
) -> None:
    client = RestClient(product, f"rest-{script.language}")
    name = {"pt": "Iara", "en": "Ruth"}[script.language]
    greeting, question = client.say(script.hello)
    assert "Lia" in greeting
    assert question.endswith("?")
    [named] = client.say(name)
    assert name in named
    [noted] = client.say(script.wish)
    assert script.heard in noted
    assert {button["payload"] for button in client.buttons} >= {"/affirm", "/deny"}
    [confirmed] = client.say("/affirm")
    assert "?" not in confirmed
    assert {button["payload"] for button in client.buttons} == {"/recommend"}
    [recommended] = client.say(script.recommend)
    assert script.reason in recommended
    assert recommended.count("R$") == 3
    assert client.say(script.person)

    agent = desk(script.login)
    agent.pick(name)
    expect(agent.thread).to_contain_text(script.wish)
    agent.write(script.promise)
    assert client.say(script.meanwhile) == []
    expect(agent.thread).to_contain_text(script.meanwhile)
    agent.hand_back(fact=script.fact)
    [answer] = client.say(script.thanks)
    assert script.back in answer.lower()

    person = product.customer_named(name)
    facts = product.rows("SELECT * FROM facts WHERE customer_id = ? AND state = 'held'", person["id"])
    assert {("name", name), ("need", script.wish), ("note", script.promise)} <= {
        (fact["kind"], fact["quote"]) for fact in facts
    }
    # Whoever calls says himself who is talking, so nothing is proven.
    [identity] = product.rows("SELECT * FROM identities WHERE customer_id = ?", person["id"])
    assert (identity["kind"], identity["level"]) == ("rest", "claimed")


def test_what_no_client_should_send_gets_an_answer_that_says_why(product: Product) -> None:
    client = RestClient(product, "odd")
    assert client.say("👋")
    for text in ("", "   ", "x" * 60_000, "\x00\x01"):
        status, answer = product.post("/webhooks/rest/webhook", {"sender": "odd", "message": text})
        assert status in (200, 413, 422), (text[:10], answer)
        if status != 200:
            assert answer["error"]["message"]
    assert product.post("/webhooks/rest/webhook", {"message": "hi"})[0] == 422
    [refused] = product.rows(
        "SELECT count(*) AS commands FROM messages WHERE intent IN ('restart', 'session_start')"
    )
    for command in ("/restart", '/greet{"x":1}', "/session_start"):
        status, replies = product.post("/webhooks/rest/webhook", {"sender": "odd", "message": command})
        assert (status, bool(replies)) == (200, True)
    assert refused["commands"] == 0
