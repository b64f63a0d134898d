"""Web sessions: a token holds the visitor alone, and two people never share a thread."""

from __future__ import annotations

import pytest
from itsdangerous import URLSafeTimedSerializer

from bot.channels.web import sessions as sessions_module
from bot.channels.web.sessions import WebSessions
from profiles.database import Database
from profiles.errors import BadToken
from profiles.identities import LoginClaim, find_customer, make_login_token, proof_level, recognise
from profiles.models import Customer, Identity
from tests.factories import rows

pytestmark = pytest.mark.anyio
SECRET, LOGIN_KEY = "s" * 32, "l" * 32


@pytest.fixture
def sessions(database: Database) -> WebSessions:
    return WebSessions(database, SECRET, LOGIN_KEY)


def login(number: str, name: str | None = None) -> str:
    return make_login_token(LOGIN_KEY, LoginClaim(number, name))


async def test_a_new_visitor_gets_a_token_that_brings_him_back(sessions: WebSessions) -> None:
    new = await sessions.open(None, None)
    assert await sessions.open(new.token, None) == new
    assert (await sessions.open(None, None)).visitor != new.visitor


async def test_the_token_holds_the_visitor_and_nothing_else(sessions: WebSessions) -> None:
    new = await sessions.open(None, login("c-1", "Ana"))
    content = URLSafeTimedSerializer("x").loads_unsafe(new.token)[1]
    assert content == new.visitor


@pytest.mark.parametrize(
    "token",
    [
        "forged",
        "",
        "a.b.c",
        URLSafeTimedSerializer(SECRET, salt="web-session").dumps("somebody"),
        URLSafeTimedSerializer("another secret", salt="web-session").dumps("somebody"),
    ],
)
async def test_a_token_that_we_did_not_sign_opens_nothing(sessions: WebSessions, token: str) -> None:
    if not token:
        assert (await sessions.open(token, None)).visitor
        return
    with pytest.raises(BadToken) as refused:
        await sessions.open(token, None)
    assert refused.value.code == "bad_session"


async def test_a_changed_token_is_forged(sessions: WebSessions) -> None:
    mine, other = await sessions.open(None, None), await sessions.open(None, None)
    swapped = other.token.split(".")[0] + "." + mine.token.split(".", 1)[1]
    with pytest.raises(BadToken):
        await sessions.open(swapped, None)


async def test_another_installations_token_is_forged(sessions: WebSessions, database: Database) -> None:
    elsewhere = await WebSessions(database, "t" * 32, LOGIN_KEY).open(None, None)
    with pytest.raises(BadToken):
        await sessions.open(elsewhere.token, None)


async def test_a_session_ends_some_day(sessions: WebSessions, monkeypatch: pytest.MonkeyPatch) -> None:
    new = await sessions.open(None, None)
    monkeypatch.setattr(sessions_module, "SESSION_LIFETIME_S", -1)
    with pytest.raises(BadToken):
        await sessions.open(new.token, None)


async def test_a_log_in_proves_who_it_is(sessions: WebSessions, database: Database) -> None:
    session = await sessions.open(None, login("c-1", "Ana"))
    async with database.reading() as reading:
        customer = await find_customer(reading, "web", session.visitor)
        assert customer is not None
        assert (customer.name, customer.kind) == ("Ana", "customer")
        assert await proof_level(reading, "web", session.visitor) == "verified"


async def test_logging_in_again_is_the_same_customer_and_session(
    sessions: WebSessions, database: Database
) -> None:
    first = await sessions.open(None, login("c-1"))
    assert await sessions.open(first.token, login("c-1")) == first
    second = await sessions.open(None, login("c-1"))
    assert second.visitor != first.visitor
    assert len(await rows(database, Customer)) == 1


async def test_a_session_that_never_spoke_is_kept_at_the_log_in(sessions: WebSessions) -> None:
    new = await sessions.open(None, None)
    assert (await sessions.open(new.token, login("c-1"))).visitor == new.visitor


async def test_the_session_of_somebody_else_gets_a_new_one(sessions: WebSessions, database: Database) -> None:
    first = await sessions.open(None, login("c-1"))
    second = await sessions.open(first.token, login("c-2"))
    assert second.visitor != first.visitor
    assert second.token != first.token
    async with database.reading() as reading:
        ana = await find_customer(reading, "web", first.visitor)
        ben = await find_customer(reading, "web", second.visitor)
    assert ana is not None
    assert ben is not None
    assert ana.id != ben.id


async def test_what_a_visitor_said_before_is_not_given_to_who_logs_in(
    sessions: WebSessions, database: Database
) -> None:
    visitor = await sessions.open(None, None)
    async with database.transaction() as session:
        prospect = await recognise(session, "web", visitor.visitor, language=None)
    logged_in = await sessions.open(visitor.token, login("c-1"))
    assert logged_in.visitor != visitor.visitor
    async with database.reading() as reading:
        known = await find_customer(reading, "web", logged_in.visitor)
    assert known is not None
    assert known.id != prospect.id


async def test_a_forged_log_in_opens_nothing_and_writes_nothing(
    sessions: WebSessions, database: Database
) -> None:
    forged = make_login_token("k" * 32, LoginClaim("c-1"))
    with pytest.raises(BadToken):
        await sessions.open(None, forged)
    assert await rows(database, Identity) == []
