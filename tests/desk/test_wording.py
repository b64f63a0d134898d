"""Values as people read them: conditions, spans of time, reasons; and markup that only ever escapes."""

from datetime import UTC, datetime, timedelta

import pytest

from desk.markup import join, quote, tag
from desk.texts import Texts
from desk.wording import Wording, duration, waited
from tests.companies import demo_company


def wording(language: str) -> Wording:
    company = demo_company()
    zone = company.settings.zone
    return Wording(Texts(language), company.definitions.needs, company.catalogue, "BRL", zone)


def test_conditions_are_said_in_the_unit_of_their_metric() -> None:
    assert wording("en").condition("net_value_12m_cents", "at least 40000") == "at least R$400.00"
    assert wording("pt").condition("orders", "at least 2 and below 6") == "pelo menos 2 e abaixo de 6"
    assert wording("pt").condition("net_value_12m_cents", "below 0") == "abaixo de R$\xa00,00"
    assert wording("en").condition("trend", "above 1.25") == "above 1.25"


def test_an_unknown_metric_value_is_said_in_words() -> None:
    assert wording("en").metric("days_since_last_order", None) == "none"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min"), (7200, "2 h"), (200_000, "2 d"), (-5, "0 s")],
)
def test_spans_of_time_are_short(seconds: int, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


def test_waiting_counts_from_its_beginning() -> None:
    now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    assert waited(now - timedelta(minutes=4), now=now) == "4 min"


def test_times_are_those_of_the_company() -> None:
    at = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    assert wording("pt").moment(at) == "1 de mai. de 2026, 09:00"


def test_reasons_of_treatments_are_said_by_name() -> None:
    need = demo_company().definitions.needs.needs[0]
    said = wording("pt").because({"need": need.id, "name_known": True, "similarity": 0.8123, "tier": "MVC"})
    assert said == f"necessidade: {need.name.pt}, nome conhecido: sim, semelhança: 0,81, faixa: MVC"
    assert (
        wording("en").because({"reason": {"en": "you said so", "pt": "você disse"}}) == "reason: you said so"
    )


def test_the_parts_of_a_recommendation_are_named() -> None:
    said = wording("pt").because({"score": 0.512, "needs": [], "parts": {"new_shelf": 0.2, "needs": 0.31}})
    assert said == "pontuação: 0,51, composta de: categoria nova 0,2, necessidades 0,31"


def test_products_and_needs_that_are_gone_keep_their_id() -> None:
    assert wording("en").product("gone") == "gone"
    assert wording("en").need("gone") == "gone"


def test_markup_escapes_text_and_attributes() -> None:
    made = tag("p", "<script>", tag("b", "&"), None, title='"><img>', hidden=False, open=True)
    assert made == '<p title="&#34;&gt;&lt;img&gt;" open="">&lt;script&gt;<b>&amp;</b></p>'
    assert join(["<a>", None, "b"], ", ") == "&lt;a&gt;, b"
    assert quote(None) is None
