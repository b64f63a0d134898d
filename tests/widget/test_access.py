"""Keyboard, screen reader, contrast, phone, both languages, size, strict content policy."""

import gzip
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.widget.conftest import Server
from tests.widget.double import STATIC
from tests.widget.pages import Widget

CONTRASTS = """
root => {
  const parse = (color) => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3])).concat(1);
  const background = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement || at.getRootNode().host) {
      layers.unshift(parse(getComputedStyle(at).backgroundColor));
    }
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const light = (color) => color.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  for (const node of root.querySelectorAll('*')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || node.offsetParent === null || node.closest('.sr, svg, button:disabled')) continue;
    const behind = background(node), ink = over(parse(getComputedStyle(node).color), behind);
    const [a, b] = [light(ink), light(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([node.textContent.trim().slice(0, 40), Math.round(ratio * 100) / 100]);
  }
  return found;
}
"""


def too_faint(part: Locator) -> list[tuple[str, float]]:
    measured = part.evaluate(CONTRASTS)
    assert measured
    return [(text, ratio) for text, ratio in measured if ratio < 4.5]


def test_everything_works_from_the_keyboard_and_focus_comes_back(page: Page) -> None:
    widget = Widget(page)
    page.locator("#outside").focus()
    page.keyboard.press("Tab")
    expect(widget.launcher).to_be_focused()
    expect(widget.launcher).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(widget.input).to_be_focused()
    expect(widget.launcher).to_have_attribute("aria-expanded", "true")
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    expect(widget.messages("bot")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()
    expect(widget.launcher).to_be_focused()


def test_focus_returns_to_what_opened_the_chat(page: Page) -> None:
    widget = Widget(page)
    page.locator("#outside").focus()
    page.evaluate("vinculo.open('a draft')")
    expect(widget.input).to_have_value("a draft")
    expect(widget.input).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#outside")).to_be_focused()


def test_a_screen_reader_finds_dialog_log_names_and_states(page: Page) -> None:
    widget = Widget(page).open()
    widget.write("buttons")
    expect(widget.messages("bot")).to_have_count(1)
    expect(widget.panel).to_have_accessible_name("Serra Clara")
    expect(widget.panel).to_have_accessible_description("You are talking to a bot")
    log = widget.root.get_by_role("log", name="Messages")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.get_by_role("listitem")).to_have_count(3)  # intro, mine, the bot's
    expect(widget.input).to_have_accessible_name("Your message")
    nameless = widget.root.evaluate(
        """host => [...host.shadowRoot.querySelectorAll('button')].filter(
        (button) => button.offsetParent && !button.ariaLabel && !button.textContent.trim()).length"""
    )
    assert nameless == 0


def test_history_is_not_read_aloud_but_news_are(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("silent")
    for number in range(60):
        server.say("bot", f"line {number}", announce=False)
    page.reload()
    expect(widget.messages()).to_have_count(50)
    log = widget.root.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    log.evaluate(
        """log => {
          window.heard = [];
          const note = (change) => change.addedNodes.forEach(() => window.heard.push(log.ariaLive));
          new MutationObserver((changes) => changes.forEach(note)).observe(log.firstChild, {childList: true});
        }"""
    )
    widget.button("Show older messages").dispatch_event("click")  # a mouse would scroll up first
    expect(widget.messages()).to_have_count(61)
    assert set(page.evaluate("window.heard")) == {"off"}
    expect(log).to_have_attribute("aria-live", "polite")
    page.evaluate("window.heard = []")
    server.say("agent", "news")
    expect(widget.messages()).to_have_count(62)
    assert set(page.evaluate("window.heard")) == {"polite"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(
    new_context: Callable[..., BrowserContext], server: Server, scheme: str
) -> None:
    page = new_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    for path in ("/plain", "/?language=en"):
        widget = Widget(page, path)
        page.evaluate("vinculo.open()")
        for text in ("buttons", "cards", "busy", "person"):
            widget.write(text)
        expect(widget.status).to_have_text("Waiting for a person")
        server.own("human", "Helena Souza")
        server.say("system", "Helena Souza is here now.")
        server.say("agent", "Good morning, see https://example.com")
        server.run(server.conversation.announce({"type": "typing", "sender": "agent", "on": True}))
        expect(widget.root.locator(".typing")).to_be_visible()
        widget.input.fill("x" * 4002)
        assert too_faint(widget.root.locator(".root")) == []
        server.cut()
        expect(widget.banner).to_be_visible()
        assert too_faint(widget.banner) == []
        server.mend()
        server.state.reset()
        page.evaluate("vinculo.logout()")
    for part in page.locator(".top, .shelf, .promise, footer").all():
        assert too_faint(part) == []


def test_on_a_phone_the_chat_fills_the_screen_and_keeps_focus_inside(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    page = new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True).new_page()
    widget = Widget(page, "/?language=pt")
    widget.launcher.tap()
    expect(widget.panel).to_have_attribute("aria-modal", "true")
    page.wait_for_timeout(400)
    assert widget.panel.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 740}
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.localName") == "vinculo-chat"
    widget.button("Fechar a conversa").first.tap()
    expect(widget.panel).to_be_hidden()


def test_the_language_can_be_switched_and_is_kept(page: Page, server: Server) -> None:
    widget = Widget(page).open()
    widget.write("hello")
    expect(widget.messages("bot")).to_have_count(1)
    widget.button("Mudar para português").click()
    expect(widget.status).to_have_text("Você está falando com um bot")
    expect(widget.input).to_have_attribute("placeholder", "Escreva para nós")
    expect(widget.messages("customer").locator(".meta")).to_contain_text("Você")
    assert widget.texts() == ["hello", "I heard: hello"]
    assert server.state.sent("hello")[-1]["language"] == "pt"
    page.reload()
    expect(widget.status).to_have_text("Você está falando com um bot")


def test_every_text_exists_in_both_languages() -> None:
    source = (STATIC / "widget.js").read_text()
    table = source[source.index("const TEXTS = {") : source.index("const LOCALES")]
    english, portuguese = table.split("    pt: {")
    names = [line.strip().split(":")[0] for line in english.splitlines()[2:] if line.startswith("      ")]
    assert names == [
        line.strip().split(":")[0] for line in portuguese.splitlines() if line.startswith("      ")
    ]


def test_people_who_want_less_motion_get_none(new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    widget = Widget(page).open()
    assert widget.panel.evaluate("node => getComputedStyle(node).animationName") == "none"


def test_the_widget_is_small() -> None:
    assert len(gzip.compress((STATIC / "widget.js").read_bytes(), 9)) <= 40 * 1024
