"""What the panels show, without a browser: order of the queue, kinds of messages, profile, tier, figures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from conversations.history import MessageView
from conversations.models import Handoff
from conversations.queue import QueueItem
from desk.bubbles import bubble, bubble_class
from desk.customers_page import Asked, asked
from desk.handback import evidence, first_evidence
from desk.overview_page import bot_panel, handoffs_panel, queue_panel
from desk.profile_panel import profile_panel, summary
from desk.queries import ServiceFigures
from desk.queue_panel import arranged, row
from desk.tier_part import tier_part, value_part
from personalization.models import Treatment
from profiles.cards import OrderView, ProfileCard
from profiles.database import utc_now
from profiles.models import Customer, Fact, TierDecisionRow
from profiles.tiers import Metrics
from tests.desk.test_wording import wording

EVIL = "<img src=x onerror=alert(1)>"
NOBODY = Metrics(
    orders=0, tenure_days=1, days_since_last_order=None, revenue_12m_cents=0, margin_12m_cents=0,
    cost_to_serve_12m_cents=0, net_value_12m_cents=0, revenue_prev_12m_cents=0, trend=1.0, breadth=0,
    returns=0, contacts_12m=0,
)  # fmt: skip


def item(name: str | None, owner: str = "waiting", **fields: Any) -> QueueItem:
    given = {
        "conversation_id": f"c-{name}", "customer_id": "x", "customer_name": name, "tier": "MVC",
        "channel": "web", "language": "pt", "owner": owner, "agent_id": None, "agent_name": None,
        "reason": "asked", "weight": 1,
        "opened_at": utc_now() - timedelta(minutes=4), "last_text": "oi", "last_sender": "customer",
    }  # fmt: skip
    return QueueItem(**given | fields)


def message(sender: str, text: str = "oi", **fields: Any) -> MessageView:
    given = {
        "id": f"{sender}-{fields.get('seq', 1)}", "conversation_id": "c", "seq": 1, "sender": sender,
        "sender_name": None, "text": text, "buttons": (), "cards": (), "state": "done", "language": "pt",
        "external_id": None, "chosen": None, "created_at": utc_now(),
    }  # fmt: skip
    return MessageView(**given | fields)


def card(**fields: Any) -> ProfileCard:
    customer = Customer(id="x", kind="prospect", tier="unknown", joined_at=utc_now(), last_seen_at=utc_now())
    given: dict[str, Any] = dict.fromkeys(("identities", "facts", "orders", "tier_decisions", "consents"), ())
    return ProfileCard(**given | {"customer": customer} | fields)


def test_waiting_ones_keep_their_order_and_ones_own_come_first() -> None:
    queue = [
        item("Zoe"),
        item("Abe"),
        item("Cid", "human", agent_id="other"),
        item("Dea", "human", agent_id="me"),
    ]
    sections = arranged(queue, [item("Eva", "bot")], own_id="me")
    names = {name: [one.customer_name for one in items] for name, items in sections.items()}
    assert names == {"waiting": ["Zoe", "Abe"], "human": ["Dea", "Cid"], "bot": ["Eva"]}


def test_search_finds_names_and_texts_without_accents() -> None:
    queue = [item("João"), item("Maria", last_text="e a entrega, João?"), item("Ana")]
    found = arranged(queue, [], own_id="me", search=" JOAO ")["waiting"]
    assert [one.customer_name for one in found] == ["João", "Maria"]


def test_a_line_of_the_queue_says_tier_in_words_and_who_speaks() -> None:
    shown = row(item(None, last_sender="bot"), wording("en"), own_id="me")
    for part in ("Visitor", "MVC", "vn-crown", "waits 4 min", "Asked for a person", "Bot: oi"):
        assert part in shown
    assert "vn-crown" not in row(item("Ana", tier="MGC"), wording("en"), own_id="me")
    assert "your turn" in row(item("Ana", "human", agent_id="me"), wording("en"), own_id="me")


def test_kinds_of_messages_look_different_and_say_who_speaks() -> None:
    senders = ("customer", "bot", "agent", "system", "note")
    assert len({bubble_class(message(sender)) for sender in senders}) == 5
    assert "Note, only for the team · Ben" in bubble(
        message("note", sender_name="Ben"), wording("en"), customer="Ana"
    )
    assert "not delivered" in bubble(message("agent", state="failed"), wording("en"), customer="Ana")
    assert "vn-trouble" in bubble_class(message("agent", state="failed"))


def test_buttons_and_cards_are_shown_with_the_choice() -> None:
    buttons = ({"title": "Sim", "payload": "/affirm"}, {"title": "Não", "payload": "/deny"})
    cards = ({"title": "Café", "price": "R$ 10,00", "text": "doce", "reason": "porque sim"},)
    shown = bubble(
        message("bot", buttons=buttons, cards=cards, chosen="/deny"), wording("en"), customer="Ana"
    )
    assert "Não<span> ✓ chosen</span>" in shown
    assert "Sim<span>" not in shown
    assert "porque sim" in shown


def test_nothing_that_a_customer_writes_becomes_markup() -> None:
    hostile = message("customer", EVIL, buttons=({"title": EVIL, "payload": EVIL},), cards=({"title": EVIL},))
    fact = Fact(id="f", customer_id="x", kind="note", value=EVIL, quote=EVIL, method="said", confidence=1.0,
                purpose="service", state="held", learned_at=utc_now())  # fmt: skip
    customer = Customer(
        id="x", name=EVIL, kind=EVIL, tier=EVIL, segment=EVIL, language=EVIL, joined_at=utc_now()
    )
    treatment = Treatment(kind=EVIL, key=EVIL, because={EVIL: EVIL}, differs=True, at=utc_now())
    handoff = Handoff(reason=EVIL, summary={EVIL: [EVIL]}, opened_at=utc_now())
    hostile_card = card(customer=customer, facts=(fact,))
    for shown in (
        bubble(hostile, wording("en"), customer=EVIL),
        row(item(EVIL, last_text=EVIL, tier=EVIL, reason=EVIL, channel=EVIL), wording("en"), own_id="me"),
        profile_panel(hostile_card, wording("en"), handoff=handoff, treatments=[treatment]),
    ):
        assert "<img" not in shown
        assert "&lt;img" in shown


def test_the_profile_says_what_is_not_known_instead_of_guessing() -> None:
    shown = profile_panel(card(), wording("pt"), handoff=None, treatments=[])
    for part in (
        "Visitante",
        "Dados insuficientes: ainda sem pedidos",
        "Nenhuma ouvida ainda",
        "Nenhum pedido em aberto",
    ):
        assert part in shown


def test_the_profile_shows_reason_needs_open_orders_and_treatments() -> None:
    decision = TierDecisionRow(
        tier="MVC",
        version=1,
        reasons={"en": "R$ 900 in a year", "pt": "x"},
        metrics={},
        cause="order",
        at=utc_now(),
    )
    need = wording("en").needs.needs[0]
    fact = Fact(id="f", customer_id="x", kind="need", value=need.id, quote="sem acidez", method="meant",
                confidence=0.86, purpose="service", state="held", learned_at=utc_now())  # fmt: skip
    order = OrderView(
        number="N-1", placed_at=utc_now(), status="shipped", status_at=utc_now(), expected_at=utc_now(),
        revenue_cents=1000, currency="BRL", lines=(("gone", 2),),
    )  # fmt: skip
    shown = profile_panel(
        card(tier_decisions=(decision,), facts=(fact,), orders=(order, replace(order, status="delivered"))),
        wording("en"),
        handoff=Handoff(reason="asked", summary={"words": "a person please"}, opened_at=utc_now()),
        treatments=[
            Treatment(kind="reply", key="utter_greet", because={"tier": "MVC"}, differs=True, at=utc_now())
        ],
    )
    for part in ("R$ 900 in a year", need.name.en, "86 % sure", "sem acidez", "N-1", "2 × gone",
                 "a person please", "Reply: greeting", "tier: MVC", "2 orders in all"):  # fmt: skip
        assert part in shown
    assert shown.index("Why a person") < shown.index("Needs")


def test_a_summary_in_the_readers_language_is_a_sentence() -> None:
    assert summary({"en": "Wants to pause", "pt": "Quer pausar"}, wording("pt")) == "<p>Quer pausar</p>"
    assert summary({}, wording("pt")) is None


def test_no_value_is_given_without_orders() -> None:
    assert "Not enough data" in value_part(NOBODY, wording("en"))
    some = replace(NOBODY, orders=2, net_value_12m_cents=123_456)
    assert "R$1,234.56" in value_part(some, wording("en"))


def test_the_tier_says_what_speaks_for_and_against() -> None:
    conditions = [
        {"tier": "MGC", "metric": "orders", "value": 3, "condition": "at least 3", "holds": True},
        {
            "tier": "MVC",
            "metric": "net_value_12m_cents",
            "value": 5000,
            "condition": "at least 90000",
            "holds": False,
        },
    ]
    decision = TierDecisionRow(
        tier="MGC", previous="unknown", version=2, cause="order", at=utc_now(), metrics={},
        reasons={"en": "Growing", "conditions": conditions},
    )  # fmt: skip
    customer = Customer(id="x", kind="customer", tier="MGC", joined_at=utc_now())
    shown = tier_part(card(customer=customer, tier_decisions=(decision,)), wording("en"))
    for part in ("Growing", "is 3; condition: at least 3", "“MVC”",
                 "is R$50.00; condition: at least R$900.00",
                 "from Not enough data", "an order", "v2"):  # fmt: skip
        assert part in shown


def test_facts_are_quoted_from_the_agents_last_message_unless_another_is_chosen() -> None:
    said = [message("customer", "a", seq=1, id="1"), message("agent", "b", seq=2, id="2", sender_name="Ben"),
            message("note", "c", seq=3, id="3"), message("customer", "d", seq=4, id="4")]  # fmt: skip
    messages = {one.id: one for one in said}
    assert evidence(messages, customer="Ana") == {"4": "Ana: d", "2": "Ben: b", "1": "Ana: a"}
    assert first_evidence(messages) == "2"
    assert first_evidence({"1": said[0]}) == "1"
    assert first_evidence({}) is None


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "9" * 40, "²"])
def test_the_address_of_the_list_survives_nonsense(page: str) -> None:
    assert asked({"page": page, "tier": "gold", "kind": "dog", "search": " a "}) == Asked(search="a")
    assert asked({"tier": "MVC", "page": "2"}).address == "/managers?tier=MVC&page=2"
    assert asked({}).address == "/managers"


def test_the_overview_says_when_there_is_nothing_to_count() -> None:
    nothing = ServiceFigures(conversations=0, with_person=0, reasons={}, outcomes={}, first_answers=())
    assert "Not enough data" in bot_panel(nothing, wording("en"))
    assert "No conversation was handed" in handoffs_panel(nothing, wording("en"))
    assert "nobody waits" in queue_panel([], wording("en"))
    some = ServiceFigures(
        conversations=4,
        with_person=1,
        reasons={"asked": 1},
        outcomes={},
        first_answers=(timedelta(seconds=40),),
    )
    assert "75 %" in bot_panel(some, wording("en"))
    assert "40 s (1 answered)" in handoffs_panel(some, wording("en"))
