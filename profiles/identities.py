"""Recognising people: identities by channel and by the company's word, and how far each is proven."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import jwt
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from profiles.database import new_id, utc_now
from profiles.errors import BadToken
from profiles.models import Customer, Identity

LEVELS = ("anonymous", "claimed", "channel", "verified")
CHANNEL_LEVEL = {"web": "anonymous", "rest": "claimed", "telegram": "channel"}
LOGIN_AUDIENCE = "vinculo-login"
LOGIN_LIFETIME_S = 900
MAX_NUMBER, MAX_NAME = 200, 120
SEEN_EVERY = timedelta(minutes=1)
"""how exact the time is at which somebody was last seen"""


def is_proven(level: str, needed: str) -> bool:
    """Return whether a proof of ``level`` is enough where ``needed`` is asked for."""
    return LEVELS.index(level) >= LEVELS.index(needed)


# Built once: these run in every turn, and building a statement costs as much as running it.
_CUSTOMER_BY_IDENTITY = (
    select(Customer)
    .join(Identity, Identity.customer_id == Customer.id)
    .where(
        Identity.kind == bindparam("kind"),
        Identity.value == bindparam("value"),
        Identity.revoked_at.is_(None),
    )
)
_LEVELS = select(Identity.level).where(
    Identity.customer_id == bindparam("customer_id"),
    Identity.kind == bindparam("kind"),
    Identity.revoked_at.is_(None),
)


async def find_customer(session: AsyncSession, kind: str, value: str) -> Customer | None:
    """Return the customer whom this identity stands for, or None (one query)."""
    found: Customer | None = await session.scalar(_CUSTOMER_BY_IDENTITY, {"kind": kind, "value": value})
    return found


async def recognise(session: AsyncSession, channel: str, account: str, *, language: str | None) -> Customer:
    """Return the customer behind a channel account; a new person becomes a prospect with a profile."""
    customer = await find_customer(session, channel, account)
    if customer is None:
        now = utc_now()
        customer = Customer(id=new_id(), kind="prospect", language=language, tier="unknown", joined_at=now)
        session.add(customer)
        await session.flush()
        session.add(
            Identity(
                customer_id=customer.id,
                kind=channel,
                value=account,
                level=CHANNEL_LEVEL.get(channel, "anonymous"),
                method="channel",
            )
        )
    if utc_now() - customer.last_seen_at > SEEN_EVERY:
        customer.last_seen_at = utc_now()
    return customer


async def proof_level(session: AsyncSession, channel: str, account: str) -> str:
    """Return how far the person writing on this channel account is proven."""
    level = await session.scalar(
        select(Identity.level).where(
            Identity.kind == channel, Identity.value == account, Identity.revoked_at.is_(None)
        )
    )
    return level or "anonymous"


async def customer_proof_level(session: AsyncSession, customer_id: str, channel: str) -> str:
    """Return the best proof that this customer has given on ``channel``."""
    levels = await session.scalars(_LEVELS, {"customer_id": customer_id, "kind": channel})
    return max(levels.all(), key=LEVELS.index, default="anonymous")


@dataclass(frozen=True, slots=True)
class LoginClaim:
    """What the company's site says of the person: its own customer number, and a name if it knows one."""

    number: str
    name: str | None = None


def make_login_token(key: str, claim: LoginClaim, *, lifetime_s: int = LOGIN_LIFETIME_S) -> str:
    """Return a signed log-in (JWT, HS256) as the company's own site would make it."""
    now = int(time.time())
    content = {"sub": claim.number, "aud": LOGIN_AUDIENCE, "iat": now, "exp": now + lifetime_s}
    if claim.name:
        content["name"] = claim.name
    return jwt.encode(content, key, algorithm="HS256")


def read_login_token(key: str, token: str) -> LoginClaim:
    """Return what a log-in token says. Raises ``BadToken`` if it is forged, expired or for another use."""
    try:
        content = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=LOGIN_AUDIENCE,
            options={"require": ["exp", "sub", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise BadToken("This log-in is not valid or has expired: log in again.", code="bad_login") from error
    number, name = str(content["sub"]).strip(), content.get("name")
    if not number or not number.isprintable() or len(number) > MAX_NUMBER:
        # Everybody whom a site signs without a number would be one and the same customer.
        raise BadToken("This log-in does not say who it is for: tell the shop.", code="bad_login")
    if not isinstance(name, str) or not name.isprintable():
        name = None
    return LoginClaim(number=number, name=name.strip()[:MAX_NAME] or None if name else None)


async def do_log_in(session: AsyncSession, channel: str, account: str, claim: LoginClaim) -> Customer:
    """Tie a channel account to the customer whom the company has proven, with level ``verified``.

    The account must be new: a visitor who was somebody else before gets a new account from the caller,
    so that two people at one computer never share a thread. Raises ``BadToken`` if it is taken.
    """
    customer = await find_customer(session, "company", claim.number)
    if customer is None:
        customer = Customer(id=new_id(), kind="customer", name=claim.name)
        session.add(customer)
        await session.flush()
        session.add(
            Identity(
                customer_id=customer.id,
                kind="company",
                value=claim.number,
                level="verified",
                method="login",
                proven_at=utc_now(),
            )
        )
    known = await find_customer(session, channel, account)
    if known is not None and known.id != customer.id:
        raise BadToken("This session belongs to another person: start a new one.", code="session_taken")
    if known is None:
        session.add(
            Identity(
                customer_id=customer.id,
                kind=channel,
                value=account,
                level="verified",
                method="login",
                proven_at=utc_now(),
            )
        )
    customer.last_seen_at = utc_now()
    return customer
