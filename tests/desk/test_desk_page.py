"""The desk in a browser: one person looks, answers, notes, hands back; two do not collide."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from conversations.models import Conversation, Handoff, Message, OwnerChange
from profiles.models import AuditEntry, Fact, StaffMember
from tests.desk.world import World
from tests.widget.test_access import too_faint

pytestmark = pytest.mark.browser
Staff = Callable[..., Page]
EVIL = "<img src=x onerror=window.hacked=1><b>bold</b>"


def waiting(world: World, name: str | None, *texts: str, language: str = "pt", orders: int = 0) -> str:
    customer_id = world.run(world.customer, name, language=language, orders=orders)
    conversation_id = world.run(world.conversation, customer_id, *texts, language=language)
    world.run(world.handoffs.open, conversation_id, "asked", summary={"words": texts[-1]})
    return conversation_id


def row(page: Page, text: str) -> Locator:
    return page.locator(".vn-row", has_text=text)


def field(page: Page) -> Locator:
    return page.locator(".vn-composer textarea")


def owner(world: World, conversation_id: str) -> tuple[str, str | None]:
    (conversation,) = world.run(world.rows, Conversation, Conversation.id == conversation_id)
    return conversation.owner, conversation.agent_id


def test_the_whole_way_from_the_queue_to_the_bot_and_back(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, "Maria Prova", "oi", "quero falar com uma pessoa", orders=8)
    page = staff("ana")
    row(page, "Maria Prova").click()
    expect(page.locator(".vn-owner")).to_contain_text("Você não é o responsável: responder assume")
    expect(page.locator(".vn-handoff")).to_contain_text("quero falar com uma pessoa")
    expect(page.locator(".vn-profile")).to_contain_text("MVC")
    assert owner(world, conversation_id) == ("waiting", None)  # looking takes nothing

    field(page).fill("Oi, Maria. Aqui é a Ana.")
    field(page).press("Enter")
    expect(page.locator(".vn-from-agent .vn-text")).to_have_text("Oi, Maria. Aqui é a Ana.")
    expect(page.locator(".vn-from-system")).to_contain_text("Você fala com Ana Prado.")
    expect(field(page)).to_have_value("")
    expect(page.locator(".vn-owner")).to_contain_text("Você conduz")
    assert owner(world, conversation_id)[0] == "human"

    world.run(world.start_typing, conversation_id)
    expect(page.locator(".vn-typing")).to_contain_text("O cliente está escrevendo")
    world.run(world.say, conversation_id, "prefiro entrega aos sábados")
    expect(page.locator(".vn-from-customer").last).to_contain_text("prefiro entrega aos sábados")
    expect(page.locator(".vn-typing")).to_be_empty()
    expect(row(page, "Maria Prova")).to_contain_text("sua vez")

    page.get_by_role("button", name="Devolver…").click()
    dialog = page.locator(".vn-dialog")
    expect(dialog.get_by_label("O que o bot diz em seguida (português)")).to_have_value(
        "Ana Prado me devolveu a conversa."
    )
    dialog.get_by_label("Dados para guardar").fill("prefere entrega aos sábados\n\n")
    dialog.get_by_label("Necessidades").click()
    need = world.company.definitions.needs.needs[0]
    page.locator(".q-menu .q-item", has_text=need.name.pt).first.click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Devolver", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".vn-from-bot").last).to_contain_text("Ana Prado me devolveu a conversa.")
    expect(page.locator(".vn-profile")).to_contain_text("prefere entrega aos sábados")

    assert owner(world, conversation_id) == ("bot", None)
    (handoff,) = world.run(world.rows, Handoff, Handoff.conversation_id == conversation_id)
    assert (handoff.outcome, handoff.first_answer_at is not None) == ("solved", True)
    told = world.run(world.rows, Fact, Fact.customer_id == handoff.customer_id, Fact.method == "told_agent")
    assert {(fact.kind, fact.value, fact.quote) for fact in told} == {
        ("note", "prefere entrega aos sábados", "Oi, Maria. Aqui é a Ana."),
        ("need", need.id, "Oi, Maria. Aqui é a Ana."),
    }
    audit = world.run(world.rows, AuditEntry, AuditEntry.subject_id == handoff.customer_id)
    assert {entry.what for entry in audit} == {"take", "hand_back", "facts_told"}
    changes = world.run(world.rows, OwnerChange, OwnerChange.conversation_id == conversation_id)
    assert [change.owner for change in changes] == ["waiting", "human", "bot"]


def test_a_second_person_is_told_who_leads_and_keeps_his_text(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, "Otto Conflict", "hi", "a person please", language="en")
    page = staff("ben")
    row(page, "Otto Conflict").click()
    field(page).fill("I was slower")
    ana = world.run(world.member, "ana")
    # taken in the moment between his last look and his answer: no news reaches this page in time
    publish, world.announcer.publish = world.announcer.publish, lambda *_: None  # type: ignore[method-assign]
    try:
        world.run(world.handoffs.take, conversation_id, ana)
    finally:
        world.announcer.publish = publish  # type: ignore[method-assign]
    field(page).press("Enter")
    expect(page.locator(".q-notification")).to_contain_text("Somebody else has taken this conversation")
    expect(page.locator(".vn-owner")).to_contain_text("Ana Prado leads")
    assert world.run(world.rows, Message, Message.text == "I was slower") == []
    # what he wrote waits in the reply; where he is now, he can leave a note only
    expect(page.get_by_role("button", name="Reply", exact=True)).to_have_attribute("aria-disabled", "true")
    world.run(world.handoffs.hand_back, conversation_id, ana, outcome="solved")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(field(page)).to_have_value("I was slower")


def test_a_note_takes_nothing_and_looks_different(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, "Nora Note", "a person please", language="en")
    page = staff("ben")
    row(page, "Nora Note").click()
    page.keyboard.press("n")
    expect(field(page)).to_be_focused()
    page.keyboard.type("n says j and k")
    page.keyboard.press("Enter")
    note = page.locator(".vn-from-note")
    expect(note).to_contain_text("Note, only for the team · Ben Hale")
    expect(note).to_contain_text("n says j and k")
    assert owner(world, conversation_id) == ("waiting", None)


def test_taking_over_without_a_word(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, "Tara Taken", "a person please", language="en")
    page = staff("ben")
    row(page, "Tara Taken").click()
    page.get_by_role("button", name="Take over", exact=True).click()
    expect(page.locator(".vn-owner")).to_contain_text("You lead")
    expect(row(page, "Tara Taken")).to_contain_text("with you")
    assert owner(world, conversation_id)[0] == "human"


def test_the_queue_follows_what_happens_elsewhere(staff: Staff, world: World) -> None:
    page = staff("ben")
    conversation_id = waiting(world, "Lia Live", "primeira fala")
    expect(row(page, "Lia Live")).to_contain_text("primeira fala")
    world.run(world.say, conversation_id, "segunda fala")
    expect(row(page, "Lia Live")).to_contain_text("segunda fala")
    world.run(world.handoffs.take, conversation_id, world.run(world.member, "ana"))
    expect(row(page, "Lia Live")).to_contain_text("with Ana Prado")


def test_the_keyboard_is_enough(staff: Staff, world: World) -> None:
    for name in ("Kim One", "Kim Two"):
        waiting(world, name, "hello", language="en")
    page = staff("ben")
    expect(row(page, "Kim One")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator(".vn-search-input")).to_be_focused()
    page.keyboard.type("kim")
    expect(page.locator(".vn-row")).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".vn-thread-title")).to_contain_text("Kim One")
    page.keyboard.press("j")
    expect(page.locator(".vn-thread-title")).to_contain_text("Kim Two")
    expect(row(page, "Kim Two")).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    expect(page.locator(".vn-thread-title")).to_contain_text("Kim One")
    page.keyboard.press("r")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator(".vn-keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".vn-keys")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type("nobody of this name")
    expect(page.locator(".vn-queue")).to_contain_text("Nothing matches “nobody of this name”.")


def test_drafts_wait_in_their_conversation(staff: Staff, world: World) -> None:
    for name in ("Dora Draft", "Dina Draft"):
        waiting(world, name, "hello", language="en")
    page = staff("ben")
    row(page, "Dora Draft").click()
    expect(page.locator(".vn-thread-title")).to_contain_text("Dora")
    field(page).press_sequentially("half a sen")
    row(page, "Dina Draft").click()
    expect(page.locator(".vn-thread-title")).to_contain_text("Dina")
    expect(field(page)).to_have_value("")
    row(page, "Dora Draft").click()
    expect(field(page)).to_have_value("half a sen")


def test_what_customers_write_stays_text_everywhere(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, EVIL, EVIL, language="en")
    world.run(world.say, conversation_id, EVIL, sender="bot", buttons=[{"title": EVIL, "payload": "/affirm"}])
    page = staff("rui")
    row(page, "onerror").click()
    expect(page.locator(".vn-text").first).to_have_text(EVIL)
    page.get_by_role("button", name="Take over", exact=True).click()
    page.get_by_role("button", name="Hand back…").click()
    expect(page.locator(".vn-dialog")).to_contain_text("<b>bold</b>")
    page.get_by_label("The words they come from").click()
    page.wait_for_timeout(300)
    page.goto(page.locator(".vn-thread-link a").get_attribute("href") or "")
    expect(page.locator("h1")).to_have_text(EVIL)
    page.goto("/managers?search=onerror")
    expect(page.locator(".vn-table")).to_contain_text("onerror")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_old_messages_are_read_page_by_page(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, "Lena Long", *[f"message {n}" for n in range(1, 61)], language="en")
    page = staff("ben", f"/desk?conversation={conversation_id}")
    messages = page.locator(".vn-message .vn-text")
    expect(messages).to_have_count(50)
    expect(messages.last).to_be_in_viewport()
    page.get_by_role("button", name="Show earlier messages").click()
    expect(messages).to_have_count(60)
    assert messages.all_inner_texts() == [f"message {n}" for n in range(1, 61)]
    expect(page.get_by_role("button", name="Show earlier messages")).to_be_hidden()


def test_the_page_fits_a_laptop_and_changes_language(staff: Staff, world: World) -> None:
    waiting(world, "Fita Fits", *["linha"] * 40, orders=8)
    page = staff("ben")
    row(page, "Fita Fits").click()
    expect(page.locator(".vn-message").last).to_be_in_viewport()
    page_size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.evaluate(page_size) == [1366, 768]
    assert page.evaluate("document.documentElement.lang") == "en"
    for part in (".vn-queue", ".vn-thread", ".vn-profile", ".vn-top"):
        assert too_faint(page.locator(part)) == []
    page.get_by_role("button", name="PT", exact=True).click()
    expect(page.locator(".vn-nav")).to_contain_text("Atendimento")
    expect(page.locator(".vn-thread-title")).to_contain_text("Fita Fits")  # the same conversation is open
    assert page.evaluate("document.documentElement.lang") == "pt-BR"
    (ben,) = world.run(world.rows, StaffMember, StaffMember.login == "ben")
    assert ben.language == "pt"
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator(".vn-nav")).to_contain_text("Desk")


def test_a_session_that_ends_while_the_page_is_open_leads_to_the_log_in(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, "Olga Over", "hello", language="en")
    page = staff("rui")
    row(page, "Olga Over").click()

    async def set_hash(value: str) -> str:
        async with world.database.transaction() as session:
            member = await session.get_one(StaffMember, rui.id)
            former, member.password_hash = member.password_hash, value
            return former

    rui = world.run(world.member, "rui")
    former = world.run(set_hash, "changed")
    try:
        page.get_by_role("button", name="Take over", exact=True).click()
        expect(page.locator(".vn-said")).to_contain_text("Your session has ended")
        assert page.locator("input[name=next]").input_value() == f"/desk?conversation={conversation_id}"
        assert owner(world, conversation_id) == ("waiting", None)
    finally:
        world.run(set_hash, former)


def test_after_a_lost_connection_the_page_catches_up(staff: Staff, world: World) -> None:
    conversation_id = waiting(world, "Rita Returns", "before", language="en")
    page = staff("ben")
    row(page, "Rita Returns").click()
    expect(page.locator(".vn-message")).to_have_count(1)
    page.context.set_offline(True)
    page.evaluate("window.socket.io.engine.close()")
    page.wait_for_timeout(300)
    world.run(world.say, conversation_id, "while away")
    page.context.set_offline(False)
    expect(page.locator(".vn-message")).to_have_count(2, timeout=15_000)
    expect(page.locator(".vn-message").last).to_contain_text("while away")


def test_nobody_is_listened_to_after_the_page_is_left(staff: Staff, world: World) -> None:
    waiting(world, "Lars Left", "hello", language="en")
    world.run(world.leave_everybody)
    assert world.announcer.listeners("queue") == 0
    page = staff("ben")
    row(page, "Lars Left").click()
    expect(page.locator(".vn-message")).to_have_count(1)
    assert world.announcer.listeners("queue") == 1
    world.run(world.leave_everybody)
    assert world.announcer.listeners("queue") == 0
