"""The widget's script and the demo shop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from bot.business import Business
from profiles.database import Database
from profiles.errors import NotFound
from profiles.identities import LoginClaim, make_login_token
from profiles.models import Customer, Identity, Order
from profiles.money import format_money

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


class DemoLoginRequest(BaseModel):
    """Whom to log in."""

    customer: str = Field(max_length=200)


def widget_routes() -> APIRouter:
    """Return ``/widget.js``, which any page may load."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/widget.js")
    async def widget() -> Response:
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
        return FileResponse(STATIC / "widget.js", media_type="text/javascript", headers=headers)

    return routes


def shop_routes(business: Business, database: Database, login_key: str) -> APIRouter:
    """Return the demo shop with its log-ins; only mounted where the company is a demo."""
    routes = APIRouter(include_in_schema=False)

    def page(name: str, media_type: str) -> Response:
        headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
        return FileResponse(STATIC / name, media_type=media_type, headers=headers)

    @routes.get("/")
    async def shop() -> Response:
        return page("shop.html", "text/html")

    @routes.get("/shop.css")
    async def style() -> Response:
        return page("shop.css", "text/css")

    @routes.get("/shop.js")
    async def script() -> Response:
        return page("shop.js", "text/javascript")

    @routes.get("/demo/shop.json")
    async def content(language: str = "en") -> dict[str, Any]:
        language = "pt" if language == "pt" else "en"
        return {
            "company": business.settings.name,
            "products": [_product(business, product.id, language) for product in business.catalogue.products],
            "logins": await _logins(business, database, language),
        }

    @routes.post("/demo/login")
    async def login(body: DemoLoginRequest) -> dict[str, str]:
        allowed = {login.id for login in business.demo.logins} if business.demo else set()
        if body.customer not in allowed:
            raise NotFound("There is no such demo customer.", code="unknown_customer")
        async with database.reading() as session:
            name = await session.scalar(
                select(Customer.name)
                .join(Identity, Identity.customer_id == Customer.id)
                .where(Identity.kind == "company", Identity.value == body.customer)
            )
        token = make_login_token(login_key, LoginClaim(body.customer, name))
        return {"login": token, "name": name or body.customer}

    return routes


def home_routes() -> APIRouter:
    """Return ``/`` for a company without demo shop: the desk is all there is to see."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def home() -> Response:
        return RedirectResponse("/desk")

    return routes


def _product(business: Business, product_id: str, language: str) -> dict[str, Any]:
    product = business.catalogue.product(product_id)
    assert product is not None  # noqa: S101 -- it comes from the same catalogue
    return {
        "id": product.id,
        "name": product.name.in_language(language),
        "description": product.description.in_language(language),
        "price": format_money(product.price_cents, business.settings.currency, language),
        "category": business.catalogue.category_name(product.category, language),
        "in_stock": product.in_stock,
    }


async def _logins(business: Business, database: Database, language: str) -> list[dict[str, Any]]:
    if business.demo is None:
        return []
    wanted = [login.id for login in business.demo.logins]
    async with database.reading() as session:
        rows = await session.execute(
            select(Identity.value, Customer.name, Customer.tier, Customer.joined_at, func.count(Order.id))
            .join(Customer, Customer.id == Identity.customer_id)
            .outerjoin(Order, Order.customer_id == Customer.id)
            .where(Identity.kind == "company", Identity.value.in_(wanted))
            .group_by(Identity.value, Customer.name, Customer.tier, Customer.joined_at)
        )
        found = {row[0]: row for row in rows}
    return [
        {
            "id": login,
            "name": found[login][1],
            "label": _label(found[login][4], found[login][3].year, language),
            "tier_hint": found[login][2],
        }
        for login in wanted
        if login in found
    ]


def _label(orders: int, year: int, language: str) -> str:
    if language == "pt":
        return f"{orders} pedido{'' if orders == 1 else 's'}, cliente desde {year}"
    return f"{orders} order{'' if orders == 1 else 's'}, customer since {year}"
