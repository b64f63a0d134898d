"""What people of the company change about a customer: each change with its entry in the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from profiles.definitions import NeedsDefinition
from profiles.errors import Conflict, NotFound, VinculoError
from profiles.facts import Learned, do_drop, do_learn
from profiles.models import AuditEntry, Customer, Fact, StaffMember

MAX_VALUE = 200


async def do_drop_fact(session: AsyncSession, member: StaffMember, customer_id: str, fact_id: str) -> Fact:
    """End a fact that should not be kept. Raises ``Conflict`` when it is not held any more."""
    customer = await _customer(session, customer_id)
    fact = await do_drop(session, customer, fact_id, by=member.id)
    if fact is None:
        raise Conflict("This fact is not held any more.", code="gone_fact")
    _audit(session, member, "fact_dropped", customer, fact=fact.id, kind=fact.kind)
    return fact


async def do_correct_fact(
    session: AsyncSession,
    member: StaffMember,
    customer_id: str,
    fact_id: str,
    *,
    value: str,
    reason: str,
    needs: NeedsDefinition,
) -> list[Fact]:
    """Replace the value of a fact; ``reason`` is kept as its quote. Return what is new.

    Raises ``VinculoError`` 422 for an empty value or reason or a need that is not in the vocabulary,
    ``Conflict`` when the fact is not held any more.
    """
    value, reason = value.strip()[:MAX_VALUE], reason.strip()
    if not value or not reason:
        raise VinculoError("Write the right value and how you know it.", code="empty_text", status=422)
    customer = await _customer(session, customer_id)
    fact = await session.get(Fact, fact_id)
    if fact is None or fact.customer_id != customer.id or fact.state != "held":
        raise Conflict("This fact is not held any more.", code="gone_fact")
    if value == fact.value:
        return []
    replaces = frozenset({fact.value})
    if fact.kind == "need":
        _check_need(value, needs)
        replaces |= needs.excluded_by(value)
    heard = Learned(kind=fact.kind, value=value, method="corrected", replaces=replaces)
    learned = await do_learn(session, customer, [heard], message_id=None, quote=f"{member.name}: {reason}")
    if not learned:
        await do_drop(session, customer, fact.id, by=member.id)
    _audit(session, member, "fact_corrected", customer, fact=fact.id, kind=fact.kind)
    return learned


async def do_keep_told(
    session: AsyncSession,
    member: StaffMember,
    customer_id: str,
    *,
    notes: Sequence[str],
    need_ids: Sequence[str],
    message_id: str | None,
    quote: str | None,
    needs: NeedsDefinition,
) -> list[Fact]:
    """Keep what an agent was told, with the message it came from. Return the new facts."""
    for need_id in need_ids:
        _check_need(need_id, needs)
    heard = [
        Learned(kind="need", value=need_id, method="told_agent", replaces=needs.excluded_by(need_id))
        for need_id in need_ids
    ]
    wanted = dict.fromkeys(note.strip()[:MAX_VALUE] for note in notes)
    heard += [Learned(kind="note", value=note, method="told_agent") for note in wanted if note]
    if not heard:
        return []
    customer = await _customer(session, customer_id)
    learned = await do_learn(session, customer, heard, message_id=message_id, quote=quote)
    if learned:
        _audit(session, member, "facts_told", customer, facts=[fact.id for fact in learned])
    return learned


def _check_need(need_id: str, needs: NeedsDefinition) -> None:
    if needs.by_id(need_id) is None:
        raise VinculoError("There is no such need in the vocabulary.", code="unknown_need", status=422)


async def _customer(session: AsyncSession, customer_id: str) -> Customer:
    customer = await session.get(Customer, customer_id, with_for_update=True)
    if customer is None:
        raise NotFound("There is no such customer.", code="no_customer")
    return customer


def _audit(
    session: AsyncSession, member: StaffMember, what: str, customer: Customer, **details: object
) -> None:
    session.add(AuditEntry(staff_id=member.id, what=what, subject_id=customer.id, details=details))
