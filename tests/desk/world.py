"""A desk on a free port: the demo company's definitions, a few people, a fake engine, a real database."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI
from nicegui import Client
from sqlalchemy import select

import desk
from conversations.announcements import Announcer, MessageAdded, Typing, conversation_topic
from conversations.handoffs import Handoffs
from conversations.history import message_view
from conversations.messages import do_add_message
from conversations.models import Conversation
from conversations.outbox import Outbox
from conversations.owners import locked_conversation
from profiles.database import Base, Database, new_id, utc_now
from profiles.facts import Learned, do_learn
from profiles.models import Customer, Order, OrderLine, StaffMember
from profiles.staff import do_add_staff
from profiles.value import do_decide_tier
from tests.companies import demo_company
from tests.fakes import FakeEngine

T = TypeVar("T")
PASSWORD = "a long password"
LINES = {
    "utter_agent_joined": ("You are talking to {agent}.", "Você fala com {agent}."),
    "utter_handed_back": ("{agent} has handed back to me.", "{agent} me devolveu a conversa."),
}


def line(key: str, language: str, arguments: Mapping[str, Any]) -> str:
    return LINES[key][language == "pt"].format(**arguments)


class World:
    """Everything behind the pages; `run` does something on the server's loop."""

    def __init__(self, folder: Path) -> None:
        self.company = demo_company()
        self.database = Database(f"sqlite:///{folder / 'desk.db'}")
        self.announcer = Announcer()
        treatment = self.company.definitions.treatment
        self.handoffs = Handoffs(
            database=self.database,
            announcer=self.announcer,
            engine=FakeEngine(),
            weight_of=lambda tier: treatment.tiers[tier].queue_weight,
            line=line,
        )
        self.outbox = Outbox(self.database, self.announcer)
        self.app = FastAPI()
        self.app.get("/")(lambda: {"shop": True})
        self.parts = desk.DeskParts(
            database=self.database,
            announcer=self.announcer,
            handoffs=self.handoffs,
            definitions=self.company.definitions,
            catalogue=self.company.catalogue,
            company=self.company.settings.name,
            secret="s" * 32,
            currency=self.company.settings.currency,
            zone=self.company.settings.zone,
        )
        desk.mount(self.app, self.parts)
        self.app.get("/later")(lambda: {"later": True})
        config = uvicorn.Config(self.app, host="127.0.0.1", port=0, log_level="error", ws="websockets-sansio")
        self.uvicorn = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self._set_up())
        self.loop.run_until_complete(self.uvicorn.serve())
        self.loop.run_until_complete(self.database.close())
        self.loop.close()

    async def _set_up(self) -> None:
        async with self.database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with self.database.transaction() as session:
            for login, name, role, language in (
                ("ana", "Ana Prado", "agent", "pt"),
                ("ben", "Ben Hale", "agent", "en"),
                ("eve", "Eve Stone", "agent", "en"),
                ("rui", "Rui Costa", "manager", "en"),
            ):
                await do_add_staff(
                    session, login=login, name=name, role=role, password=PASSWORD, language=language
                )

    def start(self) -> None:
        self.thread.start()
        while not self.uvicorn.started:
            assert self.thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self.uvicorn.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.uvicorn.should_exit = True
        self.thread.join(10)

    def run(self, step: Callable[..., Awaitable[T]], *arguments: Any, **named: Any) -> T:
        async def go() -> T:
            return await step(*arguments, **named)

        return asyncio.run_coroutine_threadsafe(go(), self.loop).result(10)

    # --- what happens in it ---
    async def member(self, login: str) -> StaffMember:
        async with self.database.reading() as session:
            return (await session.scalars(select(StaffMember).where(StaffMember.login == login))).one()

    async def customer(
        self, name: str | None, *, language: str = "pt", orders: int = 0, needs: Sequence[str] = ()
    ) -> str:
        """A customer with so many orders in the last months, and his tier decided."""
        product = self.company.catalogue.products[0]
        async with self.database.transaction() as session:
            customer = Customer(
                id=new_id(), kind="customer" if orders else "prospect", language=language,
                joined_at=utc_now() - timedelta(days=300), tier="unknown",
            )  # fmt: skip
            session.add(customer)
            await session.flush()
            for number in range(orders):
                at = utc_now() - timedelta(days=10 + 20 * number)
                order = Order(
                    id=new_id(), number=f"N-{new_id()[-8:]}", customer_id=customer.id, placed_at=at,
                    status="shipped" if number == 0 else "delivered", status_at=at, currency="BRL",
                    revenue_cents=50_000, goods_cost_cents=10_000,
                )  # fmt: skip
                session.add(order)
                await session.flush()
                session.add(
                    OrderLine(
                        order_id=order.id, product_id=product.id, category=product.category, quantity=2,
                        price_cents=50_000,
                    )
                )  # fmt: skip
            heard = [Learned(kind="need", value=need, method="meant", confidence=0.8) for need in needs]
            if name:
                heard.append(Learned(kind="name", value=name, method="said"))
            await do_learn(
                session, customer, heard, message_id=None, quote=f"eu sou {name}" if name else None
            )
            await session.flush()
            await do_decide_tier(session, customer, self.company.definitions, cause="order")
            return customer.id

    async def conversation(self, customer_id: str, *texts: str, language: str = "pt") -> str:
        async with self.database.transaction() as session:
            conversation = Conversation(
                id=new_id(), customer_id=customer_id, channel="web", language=language, last_seq=0, memory={}
            )
            session.add(conversation)
        for text in texts:
            await self.say(conversation.id, text)
        return conversation.id

    async def say(self, conversation_id: str, text: str, *, sender: str = "customer", **fields: Any) -> None:
        async with self.database.transaction() as session:
            conversation = await locked_conversation(session, conversation_id)
            message = do_add_message(session, conversation, sender=sender, text=text, state="done", **fields)
        view = message_view(message)
        self.announcer.publish(conversation_topic(conversation_id), MessageAdded(conversation_id, view))

    async def start_typing(self, conversation_id: str) -> None:
        news = Typing(conversation_id, "customer", True)
        self.announcer.publish(conversation_topic(conversation_id), news)

    async def rows(self, table: type[T], *conditions: Any) -> list[T]:
        async with self.database.reading() as session:
            return list((await session.scalars(select(table).where(*conditions))).all())

    async def leave_everybody(self) -> None:
        """What happens when every browser has stayed away for good."""
        for client in list(Client.instances.values()):
            client.delete()
        await asyncio.sleep(0.1)
