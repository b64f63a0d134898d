"""Recognising people, and how far each is proven."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import update

from profiles.database import Database, utc_now
from profiles.errors import BadToken
from profiles.identities import (
    LEVELS,
    LOGIN_AUDIENCE,
    LoginClaim,
    customer_proof_level,
    do_log_in,
    find_customer,
    is_proven,
    make_login_token,
    proof_level,
    read_login_token,
    recognise,
)
from profiles.models import Customer, Identity
from tests.factories import add_customer, rows, statements

pytestmark = pytest.mark.anyio
KEY = "k" * 32


def signed(key: Any = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    now = int(time.time())
    content = {"sub": "c-1", "aud": LOGIN_AUDIENCE, "iat": now, "exp": now + 60, **changes}
    return jwt.encode({k: v for k, v in content.items() if v is not None}, key, algorithm=algorithm)


def unsigned(header: dict[str, Any]) -> str:
    content = {"sub": "c-1", "aud": LOGIN_AUDIENCE, "exp": int(time.time()) + 60}
    parts = [json.dumps(part).encode() for part in (header, content)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


# --- log-in tokens ---
def test_a_log_in_says_who_it_is() -> None:
    claim = LoginClaim("c-1", "Ana Prado")
    assert read_login_token(KEY, make_login_token(KEY, claim)) == claim
    assert read_login_token(KEY, make_login_token(KEY, LoginClaim("c-1"))) == LoginClaim("c-1")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "forged",
        "a.b.c",
        signed("x" * 32),
        signed(exp=int(time.time()) - 1),
        signed(exp=None),
        signed(aud="another-use"),
        signed(aud=None),
        signed(sub=None),
        jwt.encode({"sub": 5, "aud": LOGIN_AUDIENCE, "exp": int(time.time()) + 60}, KEY, algorithm="HS256"),
        signed(nbf=int(time.time()) + 3600),
        signed("h" * 64, "HS512"),
        unsigned({"alg": "none", "typ": "JWT"}),
        unsigned({"alg": "None", "typ": "JWT"}),
        unsigned({"alg": "HS256", "typ": "JWT"}),
        unsigned({"alg": "RS256", "jku": "https://example.org/keys"}),
        signed()[:-2] + "AA",
    ],
    ids=[
        "empty", "forged", "parts", "another key", "expired", "for ever", "another use", "no use", "nobody",
        "a number",
        "not yet", "another algorithm", "none", "None", "no signature", "another kind", "changed",
    ],
)  # fmt: skip
def test_a_log_in_that_the_company_did_not_sign_for_us_now_is_refused(token: str) -> None:
    with pytest.raises(BadToken) as refused:
        read_login_token(KEY, token)
    assert refused.value.code == "bad_login"
    assert refused.value.status == 401


@pytest.mark.parametrize("sub", ["", " ", "\x00", "a\x00b", "9" * 201])
def test_a_log_in_without_a_usable_number_is_refused(sub: str) -> None:
    with pytest.raises(BadToken):
        read_login_token(KEY, signed(sub=sub))


@pytest.mark.parametrize("name", [5, ["Ana"], {"a": 1}, "", "  ", "\x00"])
def test_a_name_that_is_none_is_left_out(name: Any) -> None:
    assert read_login_token(KEY, signed(name=name)).name is None


def test_a_very_long_name_is_cut_to_what_fits() -> None:
    assert read_login_token(KEY, signed(name="A" * 5000)).name == "A" * 120


# --- proof ---
def test_levels_are_a_ladder() -> None:
    assert LEVELS == ("anonymous", "claimed", "channel", "verified")
    for low, level in enumerate(LEVELS):
        for high, needed in enumerate(LEVELS):
            assert is_proven(level, needed) == (low >= high)


@pytest.mark.parametrize(
    ("channel", "level"), [("web", "anonymous"), ("rest", "claimed"), ("telegram", "channel")]
)
async def test_each_channel_proves_so_much(database: Database, channel: str, level: str) -> None:
    async with database.transaction() as session:
        customer = await recognise(session, channel, "account", language="en")
        await session.flush()
        assert await proof_level(session, channel, "account") == level
        assert await customer_proof_level(session, customer.id, channel) == level


async def test_a_stranger_has_no_proof(database: Database) -> None:
    async with database.reading() as session:
        assert await proof_level(session, "web", "nobody") == "anonymous"
        assert await customer_proof_level(session, "nobody", "web") == "anonymous"
        assert await find_customer(session, "web", "nobody") is None


async def test_the_best_proof_on_the_channel_counts_and_no_other_channels(database: Database) -> None:
    customer = await add_customer(database)
    async with database.transaction() as session:
        for kind, value, level in (
            ("web", "a", "anonymous"), ("web", "b", "verified"), ("rest", "c", "claimed"),
        ):  # fmt: skip
            session.add(Identity(customer_id=customer.id, kind=kind, value=value, level=level))
    async with database.reading() as session:
        assert await customer_proof_level(session, customer.id, "web") == "verified"
        assert await customer_proof_level(session, customer.id, "rest") == "claimed"


async def test_a_revoked_identity_opens_nothing(database: Database) -> None:
    customer = await add_customer(database, account="visitor", level="verified")
    async with database.transaction() as session:
        await session.execute(update(Identity).values(revoked_at=utc_now()))
    async with database.reading() as session:
        assert await find_customer(session, "web", "visitor") is None
        assert await proof_level(session, "web", "visitor") == "anonymous"
        assert await customer_proof_level(session, customer.id, "web") == "anonymous"


# --- recognising ---
async def test_a_new_account_is_a_prospect_and_is_known_the_next_time(database: Database) -> None:
    async with database.transaction() as session:
        first = await recognise(session, "web", "visitor", language="pt")
    async with database.transaction() as session:
        again = await recognise(session, "web", "visitor", language="en")
    assert again.id == first.id
    assert (again.kind, again.language) == ("prospect", "pt")


async def test_when_somebody_was_last_seen_is_kept_to_the_minute(database: Database) -> None:
    long_ago = utc_now() - timedelta(days=3)
    await add_customer(database, account="visitor", last_seen_at=long_ago)
    for _ in range(2):
        async with database.transaction() as session:
            seen = await recognise(session, "web", "visitor", language=None)
        assert utc_now() - seen.last_seen_at < timedelta(minutes=1)


async def test_recognising_a_known_account_costs_one_query(database: Database) -> None:
    await add_customer(database, account="visitor")
    async with database.transaction() as session:
        with statements(database) as seen:
            await recognise(session, "web", "visitor", language=None)
    assert len(seen) == 1


# --- logging in ---
async def test_a_log_in_ties_the_account_to_the_companys_customer(database: Database) -> None:
    customer = await add_customer(database, name="Ana", kind="customer")
    async with database.transaction() as session:
        session.add(Identity(customer_id=customer.id, kind="company", value="c-1", level="verified"))
    async with database.transaction() as session:
        logged_in = await do_log_in(session, "web", "visitor", LoginClaim("c-1", "Another Name"))
    assert logged_in.id == customer.id
    assert logged_in.name == "Ana"
    async with database.reading() as session:
        assert await proof_level(session, "web", "visitor") == "verified"


async def test_somebody_the_company_knows_and_we_do_not_becomes_a_customer(database: Database) -> None:
    async with database.transaction() as session:
        await do_log_in(session, "web", "visitor", LoginClaim("c-9", "Kim"))
    (customer,) = await rows(database, Customer)
    assert (customer.kind, customer.name, customer.tier) == ("customer", "Kim", "unknown")
    kinds = {identity.kind: identity.value for identity in await rows(database, Identity)}
    assert kinds == {"company": "c-9", "web": "visitor"}


async def test_the_account_of_somebody_else_is_not_taken_over(database: Database) -> None:
    other = await add_customer(database, account="visitor")
    async with database.transaction() as session:
        with pytest.raises(BadToken) as refused:
            await do_log_in(session, "web", "visitor", LoginClaim("c-1"))
    assert refused.value.code == "session_taken"
    async with database.reading() as session:
        known = await find_customer(session, "web", "visitor")
    assert known is not None
    assert known.id == other.id
