"""Nothing lost, nothing twice: reloads, broken lines, several tabs, refused messages."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.conftest import Server
from tests.widget.pages import Widget


def test_history_comes_from_the_server_after_a_reload(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("first")
    expect(widget.messages("bot")).to_have_count(1)
    page.reload()
    expect(widget.panel).to_be_visible()
    expect(widget.messages()).to_have_count(2)
    assert widget.texts() == ["first", "I heard: first"]
    first, second = server.state.sent("hello")
    assert (first["session"], first["after"]) == (None, None)
    assert second["session"] in server.state.sessions
    assert second["after"] is None


def test_older_messages_load_when_scrolling_up_and_the_place_stays(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("silent")
    expect(widget.messages()).to_have_count(1)
    for number in range(2, 131):
        server.say("bot", f"line {number}", announce=False)
    page.reload()
    expect(widget.messages()).to_have_count(50)
    expect(widget.root.locator(".intro")).to_be_hidden()
    scroll = widget.root.locator(".scroll")
    scroll.evaluate("node => { node.scrollTop = 0 }")
    expect(widget.messages()).to_have_count(100)
    assert scroll.evaluate("node => node.scrollTop") > 500
    widget.button("Show older messages").dispatch_event("click")  # a mouse would scroll up first
    expect(widget.messages()).to_have_count(130)
    assert widget.texts()[0] == "silent"
    assert widget.texts()[-1] == "line 130"
    expect(widget.button("Show older messages")).to_be_hidden()
    expect(widget.root.locator(".intro")).to_be_attached()


def test_what_is_written_offline_is_kept_marked_and_sent_once_in_order(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("silent")
    expect(widget.messages("customer").locator(".state")).to_have_text("sent")
    server.cut()
    expect(widget.banner).to_be_visible()
    widget.write("one")
    widget.write("two")
    expect(widget.messages("customer").last.locator(".state")).to_have_text("waiting for the connection")
    page.reload()
    expect(widget.messages("customer")).to_have_count(2)  # only what waits: the server cannot be asked
    server.mend()
    expect(widget.messages("bot")).to_have_count(2, timeout=15000)
    expect(widget.banner).to_be_hidden()
    stored = [message["text"] for message in server.conversation.messages if message["sender"] == "customer"]
    assert stored == ["silent", "one", "two"]


def test_messages_missed_while_offline_are_fetched_from_the_last_seq(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    server.cut()
    expect(widget.banner).to_be_visible()
    for number in range(120):
        server.say("agent", f"missed {number}", announce=False)
    server.mend()
    widget.banner.locator("button").dispatch_event("click")
    expect(widget.messages("agent")).to_have_count(120, timeout=15000)
    assert widget.texts("agent") == [f"missed {number}" for number in range(120)]
    assert [hello["after"] for hello in server.state.sent("hello")[:2]] == [None, 2]


def test_a_message_whose_acknowledgement_was_lost_is_not_stored_twice(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("cut")
    expect(widget.messages("customer").locator(".state")).to_have_text("sent")
    expect(widget.messages("customer")).to_have_count(1)
    assert len(server.conversation.messages) == 1


def test_duplicates_are_dropped_and_late_messages_take_their_place(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    late = server.say("bot", "third", announce=False)
    server.say("bot", "fourth")
    for _ in range(3):
        server.run(server.conversation.announce({"type": "message", "message": late}))
    expect(widget.messages()).to_have_count(4)
    assert widget.texts() == ["hello", "I heard: hello", "third", "fourth"]


def test_two_tabs_show_the_same_thread(new_context: Callable[..., BrowserContext], server: Server) -> None:
    context = new_context()
    one = Widget(context.new_page()).open()
    one.write("from one")
    expect(one.messages("bot")).to_have_count(1)
    two = Widget(context.new_page()).open()
    expect(two.messages()).to_have_count(2)
    two.write("from two")
    expect(one.messages()).to_have_count(4)
    assert one.texts() == two.texts() == ["from one", "I heard: from one", "from two", "I heard: from two"]
    assert len(server.state.conversations) == 1


def test_a_choice_made_in_one_tab_shows_in_the_other(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    context = new_context()
    one = Widget(context.new_page()).open()
    one.write("buttons")
    expect(one.messages("bot")).to_have_count(1)
    two = Widget(context.new_page()).open()
    two.messages("bot").locator(".choices button", has_text="Ground").click()
    for widget in (one, two):
        ground = widget.messages("bot").first.locator(".choices button", has_text="Ground")
        expect(ground).to_have_attribute("aria-pressed", "true")
        expect(ground).to_be_disabled()


def test_logging_in_and_out_carries_over_to_the_other_tab(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    context = new_context()
    server.state.logins["token"] = "c-ana"
    one, two = Widget(context.new_page()).open(), Widget(context.new_page()).open()
    expect(two.panel).to_contain_text("You are here as a visitor")
    one.page.evaluate("vinculo.login('token')")
    one.write("private")
    expect(two.panel).to_contain_text("You are logged in as Ana Prado")
    expect(two.messages("customer")).to_have_count(1)
    two.page.evaluate("vinculo.logout()")
    for widget in (one, two):
        expect(widget.panel).to_contain_text("You are here as a visitor")
        expect(widget.messages()).to_have_count(0)
    one.write("same visitor")
    expect(two.messages("customer")).to_have_count(1)


def test_a_logged_in_thread_is_not_shown_to_the_next_person_without_a_log_in(
    page: Page, server: Server
) -> None:
    server.state.logins["token"] = "c-ana"
    widget = Widget(page, "/plain?login=token").open()
    widget.write("private")
    expect(widget.messages("bot")).to_have_count(1)
    page.goto("/plain")  # the site's page of a person who is not logged in
    expect(widget.panel).to_contain_text("You are here as a visitor")
    expect(widget.messages()).to_have_count(0)


def test_a_bad_session_begins_anew_with_a_clear_line(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    server.cut()
    expect(widget.banner).to_be_visible()
    widget.write("kept")
    server.state.sessions.clear()
    server.mend()
    page.reload()
    expect(widget.messages("local")).to_have_text(
        "Your earlier session could not be continued. A new conversation starts here."
    )
    expect(widget.messages("bot")).to_have_count(1)
    assert widget.texts("bot") == ["I heard: kept"]


def test_a_forged_login_leaves_a_visitor_with_a_clear_line(page: Page) -> None:
    widget = Widget(page, "/plain?login=forged").open()
    expect(widget.messages("local")).to_contain_text("Your log-in could not be confirmed")
    expect(widget.panel).to_contain_text("You are here as a visitor")


def test_a_message_refused_for_haste_says_why_and_can_be_sent_again(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("busy")
    expect(widget.messages("customer").locator(".state")).to_have_text("not sent")
    expect(widget.messages("customer")).to_contain_text("Too many messages in a short time. Please wait 1 s.")
    expect(widget.button("Send again in 1 s")).to_be_disabled()
    widget.button("Send again").click()
    expect(widget.messages("customer").locator(".state")).to_have_text("sent")
    first, second = server.state.sent("message")
    assert first["id"] == second["id"]


def test_a_message_refused_for_good_can_be_edited(page: Page) -> None:
    widget = Widget(page).open()
    widget.write("refused")
    expect(widget.messages("customer")).to_contain_text("The message is too long.")
    expect(widget.button("Send again")).to_have_count(0)
    widget.button("Edit").click()
    expect(widget.input).to_have_value("refused")
    expect(widget.input).to_be_focused()
    expect(widget.messages()).to_have_count(0)


def test_it_works_without_random_uuid_and_without_storage(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    context = new_context()
    context.add_init_script(
        """delete Crypto.prototype.randomUUID;
        Storage.prototype.getItem = Storage.prototype.setItem = () => { throw new Error() }"""
    )
    widget = Widget(context.new_page()).open()
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    assert len(server.state.sent("message")[0]["id"]) == 36


def test_unreadable_and_unknown_frames_are_ignored(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("hello")
    server.run(server.conversation.announce({"type": "from-the-future", "x": 1}))
    server.run(server.conversation.sockets[0].send_text("{not json"))
    server.say("bot", "still here")
    expect(widget.messages("bot")).to_have_count(2)


def test_a_connection_that_died_silently_is_noticed_and_renewed(page: Page, server: Server) -> None:
    page.clock.install()
    widget = Widget(page).open()
    server.state.deaf = True  # takes frames and answers none
    for _ in range(2):
        page.clock.run_for(26_000)
    server.state.deaf = False
    page.clock.run_for(40_000)
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    assert len(server.state.sent("hello")) >= 2


def test_a_tab_opened_before_the_first_message_still_gets_the_thread(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    context = new_context()
    one, two = Widget(context.new_page()).open(), Widget(context.new_page()).open()
    one.page.bring_to_front()
    one.write("first")
    expect(two.messages()).to_have_count(2)
    one.write("second")
    expect(two.messages()).to_have_count(4)
