"""Facts about a customer: each with the words it came from; corrected, never overwritten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from profiles.database import new_id, utc_now
from profiles.models import Customer, Fact

ONE_OF_A_KIND = frozenset({"name", "language"})
MAX_QUOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Something heard, before it is kept."""

    kind: str
    value: str
    method: str
    confidence: float = 1.0
    purpose: str = "service"
    replaces: frozenset[str] = frozenset()
    """values of the same kind that cannot stand beside this one"""


async def held_facts(session: AsyncSession, customer_id: str, *, kind: str | None = None) -> list[Fact]:
    """Return what holds now of a customer, the newest first."""
    query = select(Fact).where(Fact.customer_id == customer_id, Fact.state == "held")
    if kind is not None:
        query = query.where(Fact.kind == kind)
    return list((await session.scalars(query.order_by(Fact.learned_at.desc(), Fact.id.desc()))).all())


async def do_learn(
    session: AsyncSession,
    customer: Customer,
    heard: Sequence[Learned],
    *,
    message_id: str | None,
    quote: str | None,
) -> list[Fact]:
    """Keep what was heard and return the facts that are new.

    A fact held already is confirmed, not doubled; one that contradicts is superseded and stays readable.
    Learning the same from the same message twice changes nothing.
    """
    if not heard:
        return []
    everything = list((await session.scalars(select(Fact).where(Fact.customer_id == customer.id))).all())
    new: list[Fact] = []
    for one in heard:
        if message_id and any(
            fact.message_id == message_id and fact.kind == one.kind and fact.value == one.value
            for fact in everything
        ):
            continue
        held = [fact for fact in everything if fact.kind == one.kind and fact.state == "held"]
        same = next((fact for fact in held if fact.value == one.value), None)
        if same is not None:
            same.confirmed_at = utc_now()
            same.confidence = max(same.confidence, one.confidence)
            continue
        fact = Fact(
            id=new_id(),
            customer_id=customer.id,
            kind=one.kind,
            value=one.value[:200],
            message_id=message_id,
            quote=quote[:MAX_QUOTE] if quote else None,
            method=one.method,
            confidence=one.confidence,
            purpose=one.purpose,
            state="held",
            learned_at=utc_now(),
        )
        _supersede(held, fact, one.replaces)
        session.add(fact)
        everything.append(fact)
        new.append(fact)
        _show_on_customer(customer, fact)
    customer.segment = strongest_need(everything)
    return new


async def do_drop(session: AsyncSession, customer: Customer, fact_id: str, *, by: str) -> Fact | None:
    """End a fact because the customer (or a person of the company) says it is wrong or not to be kept."""
    fact = await session.get(Fact, fact_id)
    if fact is None or fact.customer_id != customer.id or fact.state != "held":
        return None
    fact.state, fact.ended_at, fact.ended_by = "dropped", utc_now(), by
    await session.flush()
    remaining = await held_facts(session, customer.id)
    if fact.kind == "name":
        customer.name = next((other.value for other in remaining if other.kind == "name"), None)
    customer.segment = strongest_need(remaining)
    return fact


def strongest_need(facts: Collection[Fact]) -> str | None:
    """Return the need that is surest, the newest among equals; None where none is held."""
    needs = [fact for fact in facts if fact.kind == "need" and fact.state == "held"]
    best = max(needs, key=lambda fact: (round(fact.confidence, 1), fact.learned_at, fact.id), default=None)
    return best.value if best else None


def _supersede(held: Sequence[Fact], fact: Fact, replaces: frozenset[str]) -> None:
    for other in held:
        if other.kind in ONE_OF_A_KIND or other.value in replaces:
            other.state, other.ended_at, other.ended_by = "superseded", fact.learned_at, fact.id


def _show_on_customer(customer: Customer, fact: Fact) -> None:
    if fact.kind == "name":
        customer.name = fact.value
    elif fact.kind == "language":
        customer.language = fact.value
