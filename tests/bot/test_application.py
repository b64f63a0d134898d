"""The whole app in one process: what starts and ends with it, and its pages for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI

from bot.application import create_app
from profiles.database import Database
from tests.companies import demo_company
from tests.factories import SECRETS, World, add_message, http, make_services, rows, running, web_app
from tests.fakes import FakeEngine

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[None]:
    async with app.router.lifespan_context(app):
        yield


async def test_the_app_starts_serves_takes_up_what_was_pending_and_stops(
    sqlite_database: Database, sqlite_url: str
) -> None:
    from conversations.models import Message

    away = FakeEngine()
    away.away = True
    async with running(sqlite_database, engine=away) as before:
        accepted = await before.accept("ajuda")
    assert len(await rows(sqlite_database, Message, Message.state == "pending")) == 1
    order: list[str] = []

    @asynccontextmanager
    async def beside() -> AsyncIterator[None]:
        order.append("started")
        yield
        order.append("stopped")

    database = Database(sqlite_url)
    services = make_services(database, FakeEngine(), Path("/nonexistent"))
    app = create_app(services, SECRETS, beside=beside)
    async with serving(app), http(app) as client:
        assert order == ["started"]
        world = World(services=services, engine=services.engine, database=sqlite_database)  # type: ignore[arg-type]
        assert len(await world.settled(accepted)) >= 1
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.get("/widget.js")).headers["content-type"].startswith("text/javascript")
        assert "/webhooks/rest/webhook" in (await client.get("/api/openapi.json")).json()["paths"]
        assert (await client.get("/nothing")).status_code == 404
    assert order == ["started", "stopped"]


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[World]:
    async with running(sqlite_database, load=False) as world:
        yield world


async def test_the_demo_shop_shows_every_product_in_both_languages(world: World) -> None:
    async with http(web_app(world)) as client:
        for language, title in (("en", "name"), ("pt", "name")):
            content = (await client.get("/demo/shop.json", params={"language": language})).json()
            assert len(content["products"]) == len(demo_company().catalogue.products)
            assert all(
                product[title] and product["price"].startswith("R$") for product in content["products"]
            )
        for page in ("/", "/shop.css", "/shop.js"):
            answer = await client.get(page)
            assert answer.status_code == 200
            assert "script-src 'self'" in answer.headers["content-security-policy"]


async def test_only_the_demos_own_people_can_be_logged_in(world: World) -> None:
    from profiles.identities import read_login_token

    async with http(web_app(world)) as client:
        allowed = await client.post("/demo/login", json={"customer": "demo-mvc"})
        assert read_login_token(SECRETS.login_key, allowed.json()["login"]).number == "demo-mvc"
        for customer in ("somebody", "", "c-1"):
            refused = await client.post("/demo/login", json={"customer": customer})
            assert refused.status_code == 404
            assert refused.json()["error"]["code"] == "unknown_customer"
        assert (await client.post("/demo/login", json={})).status_code == 422


async def test_what_a_customer_wrote_is_in_no_page_of_the_shop(world: World) -> None:
    await world.accept("o meu segredo")
    conversation = await world.conversation()
    await add_message(world.database, conversation.id, "o meu segredo", sender="note")
    async with http(web_app(world)) as client:
        for page in ("/", "/demo/shop.json", "/metrics", "/ready"):
            assert "segredo" not in (await client.get(page)).text
