"""The managers' pages in a browser: finding customers, reading one, dropping and correcting facts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from profiles.models import AuditEntry, Fact
from tests.desk.world import World
from tests.widget.test_access import too_faint

pytestmark = pytest.mark.browser
Staff = Callable[..., Page]


def test_customers_are_found_by_name_and_filtered_by_tier(staff: Staff, world: World) -> None:
    world.run(world.customer, "Valter Valioso", orders=8)
    world.run(world.customer, "Vera Visita")
    page = staff("rui", "/managers")
    page.get_by_label("Name, e-mail, phone or number").fill("V")
    page.get_by_label("Name, e-mail, phone or number").fill("Valter")
    expect(page.locator(".vn-table tbody tr")).to_have_count(1)
    expect(page.locator(".vn-table")).to_contain_text("MVC")
    expect(page.locator(".vn-table")).to_contain_text("R$4,000.00")
    assert page.url.endswith("/managers?search=Valter")
    page.locator(".vn-chip", has_text="Not enough data").click()
    expect(page.locator(".vn-table-place")).to_contain_text("No customer matches")
    page.reload()
    expect(page.locator(".vn-table-place")).to_contain_text("No customer matches")
    page.goto("/managers?tier=unknown&search=vera")
    expect(page.locator(".vn-table tbody tr")).to_have_count(1)
    assert too_faint(page.locator(".vn-sheet")) == []


def test_the_list_turns_its_pages(staff: Staff, world: World) -> None:
    for number in range(27):
        world.run(world.customer, f"Paged {number:02}")
    page = staff("rui", "/managers?search=paged")
    expect(page.locator(".vn-table tbody tr")).to_have_count(25)
    expect(page.locator(".vn-pager")).to_contain_text("1–25 of 27")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".vn-table tbody tr")).to_have_count(2)
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(".vn-table tbody tr")).to_have_count(25)


def test_a_manager_corrects_and_drops_facts_with_their_history(staff: Staff, world: World) -> None:
    first, second = world.company.definitions.needs.needs[0], world.company.definitions.needs.needs[3]
    customer_id = world.run(world.customer, "Fabia Fatos", needs=[first.id], orders=3)
    page = staff("rui", f"/managers/customers/{customer_id}")
    page.get_by_role("button", name=f"Correct: {first.name.en}").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".q-notification")).to_contain_text("Say how you know")
    page.get_by_label("Right value").click()
    page.locator(".q-menu .q-item", has_text=second.name.en).first.click()
    page.get_by_label("How do you know?").fill("She told me on the phone")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".vn-facts")).to_contain_text("Rui Costa: She told me on the phone")
    page.get_by_role("button", name="Drop: Fabia Fatos").click()
    page.locator(".vn-dialog .vn-danger").click()
    expect(page.locator("h1")).to_have_text("Visitor")
    page.get_by_text("No longer held (2)").click()
    expect(page.locator(".vn-ended").first).to_be_visible()
    expect(page.locator(".vn-facts")).to_contain_text("by Rui Costa")
    expect(page.locator(".vn-facts")).to_contain_text(f"by “{second.name.en}”")
    expect(page.locator(".vn-panel", has_text="Changes by people")).to_contain_text("corrected a fact")
    facts = world.run(world.rows, Fact, Fact.customer_id == customer_id)
    assert sorted((fact.kind, fact.state) for fact in facts) == [
        ("name", "dropped"),
        ("need", "held"),
        ("need", "superseded"),
    ]
    audit = world.run(world.rows, AuditEntry, AuditEntry.subject_id == customer_id)
    assert [entry.what for entry in audit] == ["fact_corrected", "fact_dropped"]


def test_a_profile_shows_everything_with_its_reason(staff: Staff, world: World) -> None:
    customer_id = world.run(world.customer, "Plinio Perfil", orders=8)
    conversation_id = world.run(world.conversation, customer_id, "oi", "quero uma pessoa")
    world.run(world.handoffs.open, conversation_id, "asked")
    ana = world.run(world.member, "ana")
    world.run(world.handoffs.answer, conversation_id, ana, "Olá, Plinio")
    world.run(world.handoffs.note, conversation_id, ana, "cliente antigo")
    page = staff("rui", f"/managers/customers/{customer_id}")
    expected = (
        "Speaks for it", "condition: at least", "first decision", "net value", "R$3,", "Olá, Plinio",
        "cliente antigo", "Waiting → Person", "Ana Prado: taken over", "took the conversation over",
        "neither given nor withdrawn",
    )  # fmt: skip
    for part in expected:
        expect(page.locator(".vn-sheet")).to_contain_text(part)
    expect(page.get_by_role("button", name="Send")).to_have_count(0)
    assert too_faint(page.locator(".vn-sheet")) == []


def test_without_data_the_profile_says_so(staff: Staff, world: World) -> None:
    customer_id = world.run(world.customer, None)
    page = staff("rui", f"/managers/customers/{customer_id}")
    expect(page.locator(".vn-sheet")).to_contain_text("Not enough data: there is no order yet")
    expect(page.locator(".vn-sheet")).to_contain_text("None heard yet.")
    expect(page.locator(".vn-sheet")).to_contain_text("No conversation yet.")


def test_the_overview_counts_what_there_is(staff: Staff, world: World) -> None:
    customer_id = world.run(world.customer, "Olavo Overview")
    conversation_id = world.run(world.conversation, customer_id, "oi")
    world.run(world.handoffs.open, conversation_id, "not_understood")
    page = staff("rui", "/managers/overview")
    expect(page.locator(".vn-overview")).to_contain_text("The bot did not understand")
    expect(page.locator(".vn-overview")).to_contain_text("wait for a person")
    expect(page.locator(".vn-overview")).to_contain_text("conversations went without a person")
    assert too_faint(page.locator(".vn-sheet")) == []
