"""The product, started once, and browsers to look at it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.conftest import chromium
from tests.end_to_end.people import Customer, Desk
from tests.end_to_end.product import Product
from tests.widget.conftest import ARGUMENTS

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            for marker in (pytest.mark.slow, pytest.mark.browser, pytest.mark.engine):
                item.add_marker(marker)


@pytest.fixture(scope="package")
def running_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("vinculo"))
    try:
        yield product.start()
    finally:
        product.stop()


@pytest.fixture
def product(running_product: Product) -> Product:
    """The running product, ready also after a test that did it harm."""
    if not running_product.is_running:
        running_product.start()
    running_product.wait_until_ready()
    return running_product


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser, product: Product) -> Iterator[Callable[..., BrowserContext]]:
    """Browser contexts, a person each; at the end no page may have complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(language: str = "pt", **options: Any) -> BrowserContext:
        locale = "pt-BR" if language == "pt" else "en-US"
        given = {
            "base_url": product.url,
            "locale": locale,
            "timezone_id": "America/Sao_Paulo",
            "viewport": {"width": 1280, "height": 800},
        }
        context = browser.new_context(**{**given, **options})
        context.set_default_timeout(15_000)
        context.on("weberror", lambda problem: complaints.append(str(problem.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def customer(new_context: Callable[..., BrowserContext]) -> Callable[..., Customer]:
    """Make a customer in a browser of his own: `customer("pt")`, `customer("en", viewport=...)`."""

    def make(language: str = "pt", **options: Any) -> Customer:
        return Customer(new_context(language, **options).new_page(), language)

    return make


@pytest.fixture
def desk(new_context: Callable[..., BrowserContext], product: Product) -> Callable[..., Desk]:
    """Log a person of the company in: `desk("marina")`, `desk("teresa", "/managers")`."""

    def make(login: str, path: str = "/desk", **options: Any) -> Desk:
        return Desk(new_context("pt" if login != "oscar" else "en", **options), product, login, path)

    return make
