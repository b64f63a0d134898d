"""What a customer sees and does in a conversation."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.conftest import Server
from tests.widget.pages import Widget


def test_intro_and_the_kind_of_partner_are_shown_before_any_message(page: Page) -> None:
    widget = Widget(page).open()
    expect(widget.status).to_have_text("You are talking to a bot")
    expect(widget.root.locator(".intro .bubble")).to_contain_text("I am the bot of Serra Clara")
    expect(widget.messages()).to_have_count(0)


def test_no_session_is_made_for_people_who_never_open_the_chat(page: Page, server: Server) -> None:
    Widget(page)
    page.wait_for_timeout(300)
    assert server.state.frames == []


def test_enter_sends_and_each_message_names_its_sender_time_and_state(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("good morning")
    expect(widget.messages("bot")).to_have_count(1)
    expect(widget.messages("customer").locator(".meta")).to_contain_text("You")
    expect(widget.messages("customer").locator(".state")).to_have_text("sent")
    expect(widget.messages("bot").locator(".meta")).to_contain_text("Lia · bot")
    assert widget.messages("bot").locator("time").get_attribute("datetime")
    assert widget.texts() == ["good morning", "I heard: good morning"]
    [sent] = server.state.sent("message")
    assert (sent["text"], sent["payload"]) == ("good morning", None)


def test_shift_enter_makes_a_new_line(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.input.fill("one")
    widget.input.press("Shift+Enter")
    widget.input.press_sequentially("two")
    widget.input.press("Enter")
    expect(widget.messages("bot")).to_have_count(1)
    assert server.state.sent("message")[0]["text"] == "one\ntwo"


def test_blank_text_is_not_sent(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("  \n ")
    expect(widget.root.locator(".send")).to_be_disabled()
    assert server.state.sent("message") == []


def test_a_suggestion_can_be_sent_and_suggestions_go_then(page: Page) -> None:
    widget = Widget(page).open()
    widget.root.locator(".intro .choices button").first.click()
    expect(widget.messages("customer")).to_have_count(1)
    expect(widget.root.locator(".intro .choices")).to_be_hidden()
    expect(widget.root.locator(".intro .bubble")).to_be_visible()


def test_a_used_quick_reply_shows_the_choice_and_all_are_disabled(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("buttons")
    widget.root.locator("li[data-sender] .choices button", has_text="Whole beans").click()
    expect(widget.messages("customer").last).to_contain_text("Whole beans")
    choices = widget.messages("bot").first.locator(".choices button")
    expect(choices.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(choices.nth(0)).to_be_disabled()
    expect(choices.nth(1)).to_have_attribute("aria-pressed", "false")
    expect(choices.nth(1)).to_be_disabled()
    assert server.state.sent("message")[-1] | {"id": ""} == {
        "type": "message",
        "id": "",
        "text": "Whole beans",
        "payload": "/beans",
    }
    expect(widget.input).to_be_focused()
    page.reload()
    expect(choices.nth(0)).to_have_attribute("aria-pressed", "true")


def test_quick_replies_end_when_the_customer_writes_something_else(page: Page) -> None:
    widget = Widget(page).open()
    widget.write("buttons")
    expect(widget.messages("bot").first.locator(".choices button").first).to_be_enabled()
    widget.write("neither")
    expect(widget.messages("bot").first.locator(".choices button").first).to_be_disabled()


def test_an_answer_longer_than_the_view_is_read_from_its_top(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    page = new_context(viewport={"width": 390, "height": 500}).new_page()
    widget = Widget(page).open()
    for text in ("one", "two", "three"):
        widget.write(text)
    expect(widget.messages("bot")).to_have_count(3)
    expect(widget.messages("bot").last).to_be_in_viewport()
    widget.write("cards")
    expect(widget.messages("bot")).to_have_count(4)
    expect(widget.messages("bot").last.locator(".bubble")).to_be_in_viewport(ratio=1)
    server.say("bot", "And one thing more.")
    expect(widget.button("New messages")).to_be_visible()
    expect(widget.messages("bot").nth(3).locator(".bubble")).to_be_in_viewport(ratio=1)
    widget.write("four")
    expect(widget.messages("bot").last).to_be_in_viewport()


def test_cards_show_price_and_reason_and_link_only_to_web_addresses(page: Page) -> None:
    widget = Widget(page).open()
    widget.write("cards")
    cards = widget.root.locator(".card")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("R$ 42.00")
    expect(cards.first.locator(".reason")).to_have_text(
        "Why this one: you asked for low acidity, for a paper filter"
    )
    expect(cards.first.get_by_role("link")).to_have_count(1)
    expect(cards.nth(1).get_by_role("link")).to_have_count(0)  # javascript:


def test_text_is_shown_as_text_and_only_web_addresses_become_links(page: Page) -> None:
    widget = Widget(page).open()
    widget.write("<b>html</b> https://a.example/x.")
    expect(widget.messages("customer").locator("b")).to_have_count(0)
    expect(widget.messages("customer").get_by_role("link")).to_have_attribute("href", "https://a.example/x")
    widget.write("html")
    last = widget.messages("bot").last
    expect(last).to_contain_text('<img src=x onerror="window.hacked=1">')
    expect(last.locator("img")).to_have_count(0)
    expect(last.get_by_role("link")).to_have_count(1)
    expect(last.get_by_role("link")).to_have_attribute("href", "https://example.com/a_(b)")
    assert "noopener" in (last.get_by_role("link").get_attribute("rel") or "")
    assert page.evaluate("window.hacked") is None


def test_the_counter_appears_near_the_limit_and_too_long_is_not_sent(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    counter = widget.root.locator(".count")
    widget.input.fill("é" * 3000)
    expect(counter).to_be_empty()
    widget.input.fill("é" * 3990)
    expect(counter).to_have_text("10 characters left")
    widget.input.fill("\U0001f600" * 4000)  # counted as people and the server count, not in UTF-16 units
    expect(counter).to_have_text("0 characters left")
    widget.input.fill("é" * 4001)
    expect(counter).to_have_text("1 characters too many")
    widget.input.press("Enter")
    expect(widget.input).to_have_value("é" * 4001)
    assert server.state.sent("message") == []


def test_typing_of_the_bot_is_shown_until_it_answers(page: Page) -> None:
    widget = Widget(page).open()
    widget.write("slow")
    expect(widget.root.locator(".typing")).to_contain_text("The bot is typing")
    expect(widget.messages("bot")).to_have_count(1)
    expect(widget.root.locator(".typing")).to_be_hidden()


def test_the_header_follows_the_owner_and_names_the_person(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.button("Talk to a person").click()
    expect(widget.messages("customer")).to_contain_text("I would like to talk to a person")
    widget.write("person")
    expect(widget.status).to_have_text("Waiting for a person")
    server.own("human", "Helena Souza")
    server.say("agent", "Good morning.")
    expect(widget.status).to_have_text("You are talking to Helena Souza")
    expect(widget.messages("agent").locator(".meta")).to_contain_text("Helena Souza · person")
    expect(widget.button("Talk to a person")).to_be_hidden()
    widget.input.press_sequentially("hello")
    page.wait_for_timeout(200)
    assert [frame["on"] for frame in server.state.sent("typing")] == [True]
    server.own("bot")
    expect(widget.status).to_have_text("You are talking to a bot")


def test_notes_of_the_desk_are_never_shown(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    server.say("note", "internal")
    server.say("agent", "visible")
    expect(widget.messages("agent")).to_have_count(1)
    assert "internal" not in widget.panel.inner_text()


def test_unread_messages_are_counted_and_seen_when_opened(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    widget.button("Close chat").first.click()
    server.say("agent", "Are you there?")
    server.say("agent", "Take your time.")
    expect(widget.launcher).to_have_attribute("aria-label", "Open chat, 2 unread messages")
    expect(widget.root.locator(".badge")).to_have_text("2")
    page.reload()
    expect(widget.root.locator(".badge")).to_have_text("2")
    widget.launcher.click()
    expect(widget.messages("agent")).to_have_count(2)
    expect(widget.root.locator(".badge")).to_be_hidden()
    page.wait_for_timeout(100)
    assert server.state.sent("seen")[-1]["seq"] == 4
