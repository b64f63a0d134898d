"""A customer in the shop and a person at the desk, with what they can do and see."""

import re
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.end_to_end.product import Product
from tests.widget.pages import Widget

PERSON = {"pt": "Você está falando com {}", "en": "You are talking to {}"}


class Customer(Widget):
    """Somebody with the chat open on the shop page."""

    def __init__(self, page: Page, language: str = "pt") -> None:
        self.language = language
        super().__init__(page, f"/?language={language}")

    def say(self, text: str, *, answers: int = 1) -> list[str]:
        """Write `text` and return the next `answers` messages that are not the customer's."""
        before = self.others.count()
        self.write(text)
        return self.hear(before, answers)

    def press(self, title: str, *, answers: int = 1) -> list[str]:
        """Press the newest quick reply called `title`; return the next messages."""
        before = self.others.count()
        self.root.locator("li[data-sender] .choices button", has_text=title).last.click()
        return self.hear(before, answers)

    def hear(self, before: int, answers: int) -> list[str]:
        """Return the texts of the `answers` messages after the first `before`, once they are there."""
        expect(self.others).to_have_count(before + answers)
        return self.others.locator(".bubble").all_inner_texts()[before:]

    @property
    def others(self) -> Locator:
        """Every message that is not the customer's own."""
        return self.root.locator("li[data-sender]:not([data-sender=customer], [data-sender=local])")

    @property
    def cards(self) -> Locator:
        return self.root.locator("article.card, .card")

    def is_with_bot(self) -> None:
        words = "Você está falando com um bot" if self.language == "pt" else "You are talking to a bot"
        expect(self.status).to_have_text(words)

    def is_with(self, agent: str) -> None:
        expect(self.status).to_have_text(PERSON[self.language].format(agent))

    def waits(self) -> None:
        words = "Aguardando uma pessoa" if self.language == "pt" else "Waiting for a person"
        expect(self.status).to_have_text(words)

    def log_in(self, name: str) -> "Customer":
        """Log in as one of the demo's customers, and open the chat."""
        self.page.locator("#account").click()
        self.page.locator("#people button", has_text=name).click()
        expect(self.page.locator("#known")).to_contain_text(name)
        self.open()
        expect(self.panel).to_contain_text(name)
        return self


class Desk:
    """A person of the company with the desk open."""

    def __init__(self, context: BrowserContext, product: Product, login: str, path: str = "/desk") -> None:
        self.page = context.new_page()
        self.page.goto(path)
        self.page.locator("#login").fill(login)
        self.page.locator("#password").fill(product.password)
        self.page.locator("button[type=submit]").click()
        self.page.wait_for_url(re.compile(re.escape(path)))

    def row(self, name: str) -> Locator:
        """The queue's line of one customer."""
        return self.page.locator(".vn-row", has=self.page.locator(f".vn-row-name:text-is('{name}')"))

    def places(self, *names: str) -> list[int]:
        """Return where these customers stand in the queue, once they all do."""
        for name in names:
            expect(self.row(name).first).to_be_visible()
        shown = self.page.locator(".vn-row-name").all_inner_texts()
        return [shown.index(name) for name in names]

    def pick(self, name: str) -> None:
        self.row(name).click()
        expect(self.page.locator(".vn-thread-title h2")).to_have_text(name)

    @property
    def thread(self) -> Locator:
        return self.page.locator(".vn-log")

    @property
    def profile(self) -> Locator:
        return self.page.locator(".vn-profile")

    def write(self, text: str) -> None:
        field = self.page.locator(".vn-composer textarea")
        field.fill(text)
        field.press("Enter")
        expect(self.thread).to_contain_text(text)

    def hand_back(self, *, needs: str | None = None, fact: str | None = None) -> None:
        """Give the conversation back to the bot as solved."""
        self.page.locator(".vn-thread-actions button.vn-primary").click()
        dialog = self.page.locator(".vn-dialog:visible")
        if fact:
            dialog.locator("textarea").first.fill(fact)
        dialog.locator(".vn-dialog-actions .vn-primary").click()
        expect(dialog).to_be_hidden()


def texts_of(rows: list[dict[str, Any]], sender: str) -> list[str]:
    """Return what one kind of sender said."""
    return [row["text"] for row in rows if row["sender"] == sender]
