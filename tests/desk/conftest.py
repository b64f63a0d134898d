"""One running desk for all tests of this folder, and people logged in to it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import chromium
from tests.desk.world import PASSWORD, World


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(Path(tmp_path_factory.mktemp("desk")))
    world.start()
    yield world
    world.stop()


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def staff(browser: Browser, world: World) -> Iterator[Callable[..., Page]]:
    """Pages of people logged in, each in a browser of his own; no page may have thrown an error."""
    contexts: list[BrowserContext] = []
    thrown: list[str] = []

    def log_in(login: str, path: str = "/desk", **options: Any) -> Page:
        context = browser.new_context(
            base_url=world.url, viewport={"width": 1366, "height": 768}, locale="en-US", **options
        )
        context.set_default_timeout(10_000)
        context.on("weberror", lambda problem: thrown.append(str(problem.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector(".vn-page")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert thrown == []
