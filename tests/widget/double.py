"""A double of the server: it speaks the frames of `/chat`, serves the pages, misbehaves when asked to.

What a customer writes provokes something: `buttons`, `cards`, `person`, `html`, `slow`, `silent`, `busy`,
`refused`, `cut`; anything else is echoed.
"""

import asyncio
import secrets
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

STATIC = Path(__file__).parents[2] / "bot" / "channels" / "web" / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'"
)
PAGE = 50
TEXTS = {
    "en": {
        "title": "Serra Clara",
        "placeholder": "Write to us",
        "intro": "Hello. I am the bot of Serra Clara. I can recommend something that suits you, find your "
        "order and answer questions. Write “a person” at any time to talk to one of us.",
    },
    "pt": {
        "title": "Serra Clara",
        "placeholder": "Escreva para nós",
        "intro": "Olá. Eu sou o bot da Serra Clara. Posso recomendar algo que combine com você, encontrar "
        "o seu pedido e responder dúvidas. Escreva “uma pessoa” a qualquer momento para falar com a equipe.",
    },
}
NAMES = {"c-ana": "Ana Prado", "c-rui": "Rui Tavares"}
PRODUCTS = {
    "en": [
        (
            "p1",
            "Serra Azul",
            "Caramel and almonds, very low acidity. Good in a cloth or paper filter.",
            "R$ 42.00",
            "Coffee",
        ),
        ("p2", "Vale do Sol", "Honey and orange, light roast, lively cup.", "R$ 49.00", "Coffee"),
        ("p3", "Noite Alta", "Cocoa and walnut, dark roast, made for espresso.", "R$ 39.00", "Coffee"),
        ("p4", "Brejo Doce", "Decaf by water, brown sugar, evening cup.", "R$ 46.00", "Coffee"),
        ("p5", "Glass dripper 02", "With twenty paper filters.", "R$ 89.00", "Brewing"),
        ("p6", "Hand grinder", "Steel burrs, 30 g, eighteen settings.", "R$ 259.00", "Brewing"),
        ("p7", "Tasting box", "Four bags of 60 g and a card about each.", "R$ 74.00", "Gifts"),
    ],
    "pt": [
        (
            "p1",
            "Serra Azul",
            "Caramelo e amêndoas, acidez muito baixa. Ótimo no coador de pano ou papel.",
            "R$ 42,00",
            "Cafés",
        ),
        ("p2", "Vale do Sol", "Mel e laranja, torra clara, xícara viva.", "R$ 49,00", "Cafés"),
        ("p3", "Noite Alta", "Cacau e nozes, torra escura, feito para espresso.", "R$ 39,00", "Cafés"),
        ("p4", "Brejo Doce", "Descafeinado em água, açúcar mascavo, para a noite.", "R$ 46,00", "Cafés"),
        ("p5", "Coador de vidro 02", "Com vinte filtros de papel.", "R$ 89,00", "Preparo"),
        ("p6", "Moedor manual", "Mós de aço, 30 g, dezoito ajustes.", "R$ 259,00", "Preparo"),
        (
            "p7",
            "Caixa de degustação",
            "Quatro pacotes de 60 g e um cartão sobre cada um.",
            "R$ 74,00",
            "Presentes",
        ),
    ],
}


@dataclass
class Conversation:
    id: str
    owner: str = "bot"
    agent: str | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[WebSocket] = field(default_factory=list)

    async def announce(self, frame: dict[str, Any]) -> None:
        for socket in list(self.sockets):
            try:
                await socket.send_json(frame)
            except (RuntimeError, WebSocketDisconnect):
                self.sockets.remove(socket)

    async def add(self, sender: str, text: str, *, announce: bool = True, **more: Any) -> dict[str, Any]:
        name = {"bot": "Lia", "agent": self.agent}.get(sender)
        message = {
            "id": str(uuid.uuid4()),
            "seq": len(self.messages) + 1,
            "sender": sender,
            "sender_name": name,
            "text": text,
            "buttons": [],
            "cards": [],
            "state": "sent",
            "language": "en",
            "external_id": None,
            "chosen": None,
            "created_at": datetime.now(UTC).isoformat(),
        } | more
        self.messages.append(message)
        if announce:
            await self.announce({"type": "message", "message": message})
        return message


@dataclass
class Double:
    """What the tests look at and change."""

    conversations: dict[str, Conversation] = field(default_factory=dict)  # by session owner
    sessions: dict[str, str] = field(default_factory=dict)
    logins: dict[str, str] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)
    failures: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    accepting: bool = True
    deaf: bool = False

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]

    def conversation_of(self, session: str | None = None) -> Conversation:
        owner = self.sessions[session] if session else next(reversed(self.conversations))
        return self.conversations[owner]

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame.get("type") == kind]


def create_app(double: Double) -> FastAPI:
    app = FastAPI()

    def page(path: str, media_type: str) -> FileResponse:
        return FileResponse(STATIC / path, media_type=media_type, headers={"Content-Security-Policy": POLICY})

    @app.get("/")
    def shop() -> Response:
        return page("shop.html", "text/html")

    @app.get("/shop.css")
    def shop_css() -> Response:
        return page("shop.css", "text/css")

    @app.get("/shop.js")
    def shop_js() -> Response:
        return page("shop.js", "text/javascript")

    @app.get("/widget.js")
    def widget() -> Response:
        return page("widget.js", "text/javascript")

    @app.get("/plain")
    def plain(language: str = "en", login: str = "") -> Response:
        tag = f'<script src="/widget.js" data-language="{language}" data-login="{login}" async></script>'
        head = f'<!doctype html><html lang="{language}"><title>Plain</title>'
        html = f'{head}<button id="outside">outside</button>{tag}</html>'
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    @app.get("/demo/shop.json")
    def products(language: str = "en") -> dict[str, Any]:
        keys = ("id", "name", "description", "price", "category")
        logins = [
            {
                "id": "c-ana",
                "name": "Ana Prado",
                "label": "12 orders, since 2023" if language == "en" else "12 pedidos, desde 2023",
                "tier_hint": "MVC",
            },
            {
                "id": "c-rui",
                "name": "Rui Tavares",
                "label": "2 orders, many returns" if language == "en" else "2 pedidos, muitas devoluções",
                "tier_hint": "BZ",
            },
        ]
        return {
            "company": "Serra Clara",
            "products": [dict(zip(keys, row, strict=True)) for row in PRODUCTS[language]],
            "logins": logins,
        }

    @app.post("/demo/login")
    def login(body: dict[str, str]) -> Response:
        if body.get("customer") not in NAMES:
            return JSONResponse(
                {"error": {"code": "unknown_customer", "message": "No such demo customer."}}, 404
            )
        token = secrets.token_hex(8)
        double.logins[token] = body["customer"]
        return JSONResponse({"login": token, "name": NAMES[body["customer"]]})

    @app.websocket("/chat")
    async def chat(socket: WebSocket) -> None:
        if not double.accepting:
            await socket.close(1013)
            return
        await socket.accept()
        try:
            conversation = await greet(double, socket, await socket.receive_json())
            if conversation is None:
                await socket.close(1008)
                return
            while True:
                await handle(double, socket, conversation, await socket.receive_json())
        except (WebSocketDisconnect, RuntimeError):
            return

    return app


async def greet(double: Double, socket: WebSocket, hello: dict[str, Any]) -> Conversation | None:
    double.frames.append(hello)
    session, login = hello["session"], hello["login"]
    if login and login not in double.logins:
        await socket.send_json({"type": "error", "code": "bad_login", "message": "This log-in is not valid."})
        return None
    if session and session not in double.sessions and not login:
        await socket.send_json(
            {"type": "error", "code": "bad_session", "message": "This session is not valid."}
        )
        return None
    owner = double.logins[login] if login else double.sessions[session] if session else secrets.token_hex(4)
    if session is None or double.sessions.get(session) != owner:
        session = secrets.token_hex(8)
        double.sessions[session] = owner
    conversation = double.conversations.setdefault(owner, Conversation(id=str(uuid.uuid4())))
    after = hello["after"]
    messages = (
        conversation.messages[-PAGE:]
        if after is None
        else [m for m in conversation.messages if m["seq"] > after][:PAGE]
    )
    welcome = {
        "type": "welcome",
        "session": session,
        "conversation": conversation.id if conversation.messages else None,
        "owner": conversation.owner,
        "agent": conversation.agent,
        "language": hello["language"],
        "customer": {"name": NAMES.get(owner), "known": owner in NAMES},
        "texts": {**TEXTS[hello["language"]], "bot": "Lia"},
        "messages": messages,
    }
    await socket.send_json(welcome)
    if conversation.messages:  # else there is nothing to follow yet, as on the real server
        conversation.sockets.append(socket)
    return conversation


async def handle(
    double: Double, socket: WebSocket, conversation: Conversation, frame: dict[str, Any]
) -> None:
    double.frames.append(frame)
    if double.deaf:
        return
    if frame["type"] == "ping":
        await socket.send_json({"type": "pong"})
    elif frame["type"] == "history":
        older = [message for message in conversation.messages if message["seq"] < frame["before"]]
        await socket.send_json({"type": "history", "messages": older[-PAGE:], "more": len(older) > PAGE})
    elif frame["type"] == "message":
        await take(double, socket, conversation, frame)


async def take(double: Double, socket: WebSocket, conversation: Conversation, frame: dict[str, Any]) -> None:
    text, identifier = frame["text"], frame["id"]
    known = next((message for message in conversation.messages if message["external_id"] == identifier), None)
    if known:
        await socket.send_json({"type": "ack", "id": identifier, "seq": known["seq"]})
        return
    double.failures[text] += 1
    if text == "busy" and double.failures[text] == 1:
        error = {
            "type": "error",
            "code": "too_fast",
            "message": "Too many messages.",
            "retry_after_s": 1,
            "id": identifier,
        }
        await socket.send_json(error)
        return
    if text == "refused":
        await socket.send_json(
            {"type": "error", "code": "too_long", "message": "This message is too long.", "id": identifier}
        )
        return
    message = await conversation.add("customer", text, announce=False, external_id=identifier)
    if (
        text == "cut" and double.failures[text] == 1
    ):  # stored, but the connection dies before the acknowledgement
        await socket.close(1011)
        return
    await socket.send_json({"type": "ack", "id": identifier, "seq": message["seq"]})
    if socket in conversation.sockets:
        await conversation.announce({"type": "message", "message": message})
    else:
        conversation.sockets.append(socket)
        for missed in conversation.messages:
            await socket.send_json({"type": "message", "message": missed})
    for asked in conversation.messages:  # shown in history only, as the real server does
        if frame.get("payload") in [button["payload"] for button in asked["buttons"]]:
            asked["chosen"] = asked["chosen"] or frame["payload"]
    if conversation.owner == "bot":
        await answer(conversation, text)


async def answer(conversation: Conversation, text: str) -> None:
    if text == "silent":
        return
    await conversation.announce({"type": "typing", "sender": "bot", "on": True})
    await asyncio.sleep(1.0 if text == "slow" else 0.03)
    if text == "buttons":
        buttons = [{"title": "Whole beans", "payload": "/beans"}, {"title": "Ground", "payload": "/ground"}]
        await conversation.add("bot", "Whole beans or ground?", buttons=buttons)
    elif text == "cards":
        card = {
            "title": "Serra Azul",
            "text": "Caramel and almonds.",
            "price": "R$ 42.00",
            "reason": "you asked for low acidity, for a paper filter",
            "image": "",
            "url": "/#product-p1",
            "product": "p1",
        }
        await conversation.add(
            "bot",
            "These two suit what you told me.",
            cards=[card, card | {"title": "Bad", "url": "javascript:alert(1)"}],
        )
    elif text == "html":
        await conversation.add(
            "bot",
            '<img src=x onerror="window.hacked=1"> see https://example.com/a_(b), or javascript:alert(1).',
        )
    elif text == "person":
        conversation.owner = "waiting"
        await conversation.announce({"type": "owner", "owner": "waiting", "agent": None})
        await conversation.add("bot", "You are number 2 in the queue. Somebody will answer here.")
    else:
        await conversation.add("bot", f"I heard: {text}")
    await conversation.announce({"type": "typing", "sender": "bot", "on": False})
