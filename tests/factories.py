"""What tests need to be there: people, orders, conversations, and the app put together around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import event, select

from actions import all_actions
from bot.action_endpoint import action_routes
from bot.application import Secrets, answer_errors
from bot.bootstrap import Services, bootstrap
from bot.channels.web.chat import ChatParts, chat_routes
from bot.channels.web.pages import shop_routes
from bot.channels.web.rest import rest_routes
from bot.channels.web.sessions import WebSessions
from bot.operations import operation_routes
from bot.settings import ROOT, Settings
from conversations.history import MessageView, history, message_view
from conversations.inbox import Accepted, Incoming
from conversations.messages import do_add_message
from conversations.models import Conversation, Message
from conversations.owners import locked_conversation
from conversations.router import Patience
from personalization.meaning import SentenceEncoder
from personalization.replies import ReplyBook
from personalization.situations import Situation
from profiles.database import Database, new_id, utc_now
from profiles.models import Contact, Customer, Identity, Order, OrderLine, StaffMember
from tests.companies import demo_company
from tests.fakes import FakeEngine, WordEncoder

T = TypeVar("T")
WITHIN_S = 10.0
"""how long anything may take before a test gives up; nothing waits for it to pass"""
TINY = Patience(
    retry_s=0.001, longest_retry_s=0.002, say_so_after_s=0.0, person_after_s=60.0, after_error_s=0.001
)


@cache
def reply_book() -> ReplyBook:
    """Return the variants of domain.yml, read once for all tests."""
    return ReplyBook.read(ROOT / "domain.yml")


@cache
def sentence_encoder() -> SentenceEncoder:
    """Return the real encoder, loaded once for all slow tests."""
    return SentenceEncoder()


# --- people and what they did ---
async def add_customer(
    database: Database, *, name: str | None = None, account: str | None = None, **fields: Any
) -> Customer:
    """Add a customer, with a web account where one is named (``level`` says how far it is proven)."""
    level = fields.pop("level", "anonymous")
    async with database.transaction() as session:
        customer = Customer(**{"id": new_id(), "name": name, "tier": "unknown", **fields})
        session.add(customer)
        await session.flush()
        if account is not None:
            session.add(Identity(customer_id=customer.id, kind="web", value=account, level=level))
    return customer


async def add_order(database: Database, customer_id: str, **fields: Any) -> Order:
    """Add an order; ``lines`` are ``(product, category, quantity, returned)``."""
    lines = fields.pop("lines", (("espresso-blend", "blends", 1, 0),))
    placed_at = fields.pop("placed_at", utc_now() - timedelta(days=10))
    order = Order(
        **{
            "id": new_id(),
            "number": f"N-{new_id()[-10:]}",
            "customer_id": customer_id,
            "placed_at": placed_at,
            "status": "delivered",
            "status_at": placed_at,
            "currency": "BRL",
            "revenue_cents": 10_000,
            "goods_cost_cents": 4_000,
            **fields,
        }
    )
    async with database.transaction() as session:
        session.add(order)
        await session.flush()
        for product, category, quantity, returned in lines:
            session.add(
                OrderLine(
                    order_id=order.id,
                    product_id=product,
                    category=category,
                    quantity=quantity,
                    price_cents=order.revenue_cents,
                    returned=returned,
                )
            )
    return order


async def add_contact(
    database: Database, customer_id: str, channel: str, handler: str, at: datetime
) -> Contact:
    """Add one contact outside the chat."""
    async with database.transaction() as session:
        contact = Contact(customer_id=customer_id, channel=channel, handler=handler, at=at)
        session.add(contact)
    return contact


async def add_agent(database: Database, name: str = "Marina Prado") -> StaffMember:
    """Add a support agent without a usable password (hashing one takes a while)."""
    async with database.transaction() as session:
        agent = StaffMember(
            id=new_id(), login=f"agent-{new_id()[-8:]}", name=name, role="agent", password_hash="-"
        )
        session.add(agent)
    return agent


async def add_conversation(database: Database, customer_id: str, **fields: Any) -> Conversation:
    """Add an empty conversation on the web channel, led by the bot."""
    async with database.transaction() as session:
        conversation = Conversation(
            **{
                "id": new_id(),
                "customer_id": customer_id,
                "channel": "web",
                "owner": "bot",
                "language": "en",
                "last_seq": 0,
                "memory": {},
                **fields,
            }
        )
        session.add(conversation)
    return conversation


async def add_message(database: Database, conversation_id: str, text: str, **fields: Any) -> Message:
    """Add a message as it stands after its turn (``sender`` customer, ``state`` done)."""
    async with database.transaction() as session:
        conversation = await locked_conversation(session, conversation_id)
        return do_add_message(
            session, conversation, **{"sender": "customer", "state": "done", "text": text, **fields}
        )


async def rows(database: Database, table: type[T], *conditions: Any) -> list[T]:
    """Return the rows of ``table``, the oldest first."""
    async with database.reading() as session:
        found = await session.scalars(select(table).where(*conditions).order_by(table.id))  # type: ignore[attr-defined]
        return list(found.all())


def situation(**fields: Any) -> Situation:
    """Return the situation of somebody new, except for ``fields``."""
    plain = Situation(
        customer_id=new_id(),
        language="en",
        tier="unknown",
        relationship="new",
        name=None,
        need=None,
        channel="web",
        proof="anonymous",
    )
    return replace(plain, **fields)


# --- costs ---
@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the SQL statements that are executed while the block runs (BEGIN and COMMIT left out)."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(" ".join(statement.split()))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


# --- the app ---
@dataclass(slots=True, kw_only=True)
class World:
    """The app from inbox to outbox, with a fake engine and an encoder of words."""

    services: Services
    engine: FakeEngine
    database: Database

    async def accept(
        self, text: str, *, account: str = "visitor", channel: str = "web", **fields: Any
    ) -> Accepted:
        """Hand in a message as a channel does."""
        incoming = Incoming(
            **{"channel": channel, "external_id": new_id(), "account": account, "text": text, **fields}
        )
        return await self.services.inbox.accept(incoming)

    async def settled(self, accepted: Accepted) -> list[MessageView]:
        """Wait until a message has been dealt with, and return what answered it."""
        await asyncio.wait_for(self.services.router.settled(accepted.message_id), WITHIN_S)
        async with self.database.reading() as session:
            found = await session.scalars(
                select(Message).where(Message.reply_to == accepted.message_id).order_by(Message.seq)
            )
            return [message_view(message) for message in found.all()]

    async def say(self, text: str, **fields: Any) -> list[MessageView]:
        """Hand in a message and return the replies to it."""
        return await self.settled(await self.accept(text, **fields))

    async def keys(self, text: str, **fields: Any) -> list[str | None]:
        """Hand in a message and return the response keys of the replies to it."""
        accepted = await self.accept(text, **fields)
        await self.settled(accepted)
        replies = await rows(self.database, Message, Message.reply_to == accepted.message_id)
        return [reply.response_key for reply in replies]

    async def conversation(self, account: str = "visitor", channel: str = "web") -> Conversation:
        """Return the conversation of an account as it is now."""
        async with self.database.reading() as session:
            found = await session.scalars(
                select(Conversation)
                .join(Identity, Identity.customer_id == Conversation.customer_id)
                .where(Identity.kind == channel, Identity.value == account, Conversation.channel == channel)
            )
            return found.one()

    async def customer(self, account: str = "visitor", channel: str = "web") -> Customer:
        """Return the customer of an account as he is now."""
        async with self.database.reading() as session:
            found = await session.scalars(
                select(Customer)
                .join(Identity, Identity.customer_id == Customer.id)
                .where(Identity.kind == channel, Identity.value == account)
            )
            return found.one()

    async def history(self, conversation_id: str, **fields: Any) -> list[MessageView]:
        """Return the messages of a conversation."""
        async with self.database.reading() as session:
            return await history(session, conversation_id, **fields)


def make_services(database: Database, engine: Any, var: Path, **fields: Any) -> Services:
    """Put the app together around ``engine``; ``patience`` is tiny unless given."""
    settings = Settings.model_construct(var=var, **fields.pop("settings", {}))
    return bootstrap(
        settings,
        fields.pop("business", None) or demo_company(),
        engine=engine,
        database=database,
        encoder=WordEncoder(),
        book=reply_book(),
        **{"patience": TINY, **fields},
    )


@asynccontextmanager
async def running(
    database: Database, *, var: Path = Path("/nonexistent"), load: bool = True, **fields: Any
) -> AsyncIterator[World]:
    """The app without its web server; closed at the end."""
    settings = {"messages_burst": 1000, **fields.pop("settings", {})}
    engine = fields.pop("engine", None) or FakeEngine()
    services = make_services(database, engine, var, settings=settings, **fields)
    executor = ActionExecutor()
    for action in all_actions(services.actions):
        executor.register_action(action)

    async def run_action(call: dict[str, Any]) -> dict[str, Any]:
        result = await executor.run(call)
        return dict(result.model_dump())

    engine.run_action = run_action
    if load:
        await services.insights.load()
    try:
        yield World(services=services, engine=engine, database=database)
    finally:
        await services.router.close()
        services.meaning.close()


SECRETS = Secrets(session="s" * 32, login_key="l" * 32, action_key="a" * 32)


def web_app(world: World, *, secrets: Secrets = SECRETS) -> FastAPI:
    """Return the app's routes for customers, engine and operator, without the desk's pages."""
    services = world.services
    app = FastAPI()
    answer_errors(app)
    app.include_router(operation_routes(services))
    app.include_router(action_routes(services.actions, secrets.action_key))
    parts = ChatParts(
        database=services.database,
        announcer=services.announcer,
        inbox=services.inbox,
        outbox=services.outbox,
        sessions=WebSessions(services.database, secrets.session, secrets.login_key),
        company=services.business.settings,
    )
    app.include_router(chat_routes(parts))
    app.include_router(rest_routes(services.database, services.inbox, services.outbox, services.router))
    app.include_router(shop_routes(services.business, services.database, secrets.login_key))
    return app


def http(app: FastAPI) -> httpx.AsyncClient:
    """Return a client that speaks to ``app`` without a network."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://test", trust_env=False, timeout=WITHIN_S
    )


async def together(*work: Any) -> Sequence[Any]:
    """Run coroutines at once; return results and errors in their order."""
    return await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), WITHIN_S)
