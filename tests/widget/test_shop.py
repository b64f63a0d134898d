"""The demo shop page around the widget."""

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.conftest import Server
from tests.widget.double import PRODUCTS
from tests.widget.pages import Widget


def test_the_shelf_shows_all_products_and_filters_by_category(page: Page) -> None:
    Widget(page, "/?language=en")
    expect(page.locator(".tile")).to_have_count(len(PRODUCTS["en"]))
    expect(page).to_have_title("Serra Clara · Demo shop")
    page.get_by_role("button", name="Brewing", exact=True).click()
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator("#number")).to_have_text("2 products")
    expect(page.get_by_role("button", name="Brewing", exact=True)).to_be_focused()


def test_page_and_widget_change_language_together(page: Page) -> None:
    widget = Widget(page, "/?language=en").open()
    page.get_by_role("button", name="Português", exact=True).click()
    expect(page.locator("h1")).to_have_text("Uma loja que lembra do seu jeito.")
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    expect(page.locator(".tile h3").nth(5)).to_have_text("Moedor manual")
    expect(widget.status).to_have_text("Você está falando com um bot")
    widget.button("Switch to English").click()
    expect(page.locator("h1")).to_have_text("A shop that remembers how you like it.")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_logging_in_and_out_is_visible_on_page_and_in_the_chat_and_survives_a_reload(
    page: Page, server: Server
) -> None:
    widget = Widget(page, "/?language=en")
    page.get_by_role("button", name="Log in as…").click()
    expect(page.get_by_role("dialog", name="Log in as a demo customer")).to_be_visible()
    page.get_by_role("button", name="Ana Prado").click()
    expect(page.locator("#known")).to_contain_text("You are logged in as Ana Prado.")
    widget.open()
    expect(widget.panel).to_contain_text("You are logged in as Ana Prado")
    widget.write("mine")
    expect(widget.messages("bot")).to_have_count(1)
    page.reload()
    expect(page.locator("#known")).to_contain_text("Ana Prado")
    expect(widget.messages()).to_have_count(2)
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.locator("#known")).to_be_hidden()
    expect(widget.panel).to_contain_text("You are here as a visitor")
    expect(widget.messages()).to_have_count(0)
    assert set(server.state.conversations) > {"c-ana"}


def test_a_product_can_be_asked_about_and_a_card_leads_to_the_product(page: Page) -> None:
    widget = Widget(page, "/?language=en")
    page.get_by_role("button", name="Ask about Hand grinder").click()
    expect(widget.input).to_have_value("I would like to know more about Hand grinder.")
    widget.write("cards")
    widget.root.get_by_role("link", name="See it in the shop").click()
    expect(page.locator("#product-p1")).to_be_focused()


def test_trouble_is_said_in_words(page: Page) -> None:
    page.route("**/demo/shop.json*", lambda route: route.fulfill(status=500))
    Widget(page, "/?language=en")
    expect(page.locator("#trouble")).to_contain_text("The products could not be loaded.")


def test_nothing_is_loaded_from_elsewhere_and_nothing_overflows(
    new_context: Callable[..., BrowserContext], server: Server
) -> None:
    context = new_context()
    hosts: set[str] = set()
    context.on(
        "request",
        lambda request: (
            hosts.add(urlsplit(request.url).netloc) if not request.url.startswith("data:") else None
        ),
    )
    page = context.new_page()
    Widget(page, "/?language=pt")
    expect(page.locator(".tile").first).to_be_visible()
    assert hosts == {urlsplit(server.url).netloc}
    for width in (320, 390, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
