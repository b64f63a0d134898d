"""The widget as a person sees it: what tests do with it, in words."""

from playwright.sync_api import Locator, Page, expect


class Widget:
    def __init__(self, page: Page, path: str = "/plain") -> None:
        self.page = page
        self.root = page.locator("vinculo-chat")
        page.goto(path)
        page.wait_for_function("window.vinculo")

    @property
    def launcher(self) -> Locator:
        return self.root.locator(".launcher")

    @property
    def panel(self) -> Locator:
        return self.root.get_by_role("dialog")

    @property
    def input(self) -> Locator:
        return self.root.locator("textarea")

    @property
    def status(self) -> Locator:
        return self.root.locator("#status")

    @property
    def banner(self) -> Locator:
        return self.root.locator(".banner")

    def messages(self, sender: str | None = None) -> Locator:
        which = f"[data-sender={sender}]" if sender else "[data-sender]"
        return self.root.locator(f"li{which}")

    def texts(self, sender: str | None = None) -> list[str]:
        return self.messages(sender).locator(".bubble").all_inner_texts()

    def open(self) -> "Widget":
        self.launcher.click()
        expect(self.status).not_to_contain_text("…")
        return self

    def write(self, text: str) -> None:
        self.input.fill(text)
        self.input.press("Enter")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)
