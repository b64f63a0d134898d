"""The pictures of the README: the shop with the chat, the desk, a profile. VINCULO_PICTURES=1 renews them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.people import Customer, Desk
from tests.end_to_end.product import ROOT

SIZE = {"width": 1280, "height": 800}
SMALLEST = 20_000
"""bytes of a picture with something on it"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures go: into the docs only if asked for, since fonts differ from machine to machine."""
    return ROOT / "docs" / "pictures" if os.environ.get("VINCULO_PICTURES") == "1" else tmp_path


def take(page: Page, path: Path) -> None:
    """Take a picture of what is on the screen, at rest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(700)
    page.screenshot(path=path, animations="disabled", caret="hide")
    assert path.stat().st_size > SMALLEST


def test_pictures_show_chat_desk_and_profile(
    pictures: Path, customer: Callable[..., Customer], desk: Callable[..., Desk]
) -> None:
    shopper = customer("en")
    expect(shopper.page.locator(".tile").first).to_be_visible()
    shopper.open()
    shopper.say("hi", answers=2)
    shopper.say("My name is Nora")
    shopper.say("I'd like a low-acid coffee for pour-over")
    shopper.say("recommend something")
    expect(shopper.cards).to_have_count(3)
    shopper.messages("customer").last.evaluate("line => line.scrollIntoView({block: 'start'})")
    take(shopper.page, pictures / "chat.png")

    shopper.say("I want to talk to a person")
    agent = desk("oscar", viewport=SIZE)
    agent.pick("Nora")
    agent.write("Hello Nora, Oscar here. Would you like it ground, or as whole beans?")
    shopper.write("Ground for a paper filter, please")
    expect(agent.thread).to_contain_text("paper filter")
    take(agent.page, pictures / "desk.png")
    agent.write("Noted: ground for a paper filter. It leaves today.")
    agent.hand_back(fact="Wants it ground for a paper filter")

    manager = desk("teresa", "/managers", viewport=SIZE)
    manager.page.locator(".vn-language", has_text="EN").click()
    manager.page.locator(".vn-search input").fill("Nora")
    manager.page.locator(".vn-table a", has_text="Nora").first.click()
    expect(manager.page.locator(".vn-customer-head h1")).to_contain_text("Nora")
    take(manager.page, pictures / "profile.png")
    manager.page.locator(".vn-language", has_text="PT").click()
    expect(manager.page.locator(".vn-back")).to_contain_text("Clientes")
