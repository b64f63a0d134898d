"""What is known of the customer at this moment, in the terms that reply variants are chosen by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from profiles.database import utc_now
from profiles.identities import is_proven
from profiles.models import Customer

NEW_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One customer in one conversation, now."""

    customer_id: str
    language: str
    tier: str
    relationship: str
    """new, returning or customer"""
    name: str | None
    need: str | None
    channel: str
    proof: str
    handed_back: bool = False
    queue_long: bool = False

    @property
    def logged_in(self) -> bool:
        """Whether the company has proven who this is."""
        return is_proven(self.proof, "verified")

    def conditions(self) -> dict[str, Any]:
        """Return the names and values that reply conditions are compared with."""
        return {
            "language": self.language,
            "tier": self.tier,
            "relationship": self.relationship,
            "name_known": self.name is not None,
            "name": self.name,
            "need": self.need,
            "handed_back": self.handed_back,
            "logged_in": self.logged_in,
            "queue_long": self.queue_long,
        }


def situation_of(
    customer: Customer, *, language: str, channel: str, proof: str, memory: Mapping[str, Any]
) -> Situation:
    """Return the situation of ``customer`` from what is in memory already (no query)."""
    if customer.kind == "customer":
        relationship = "customer"
    else:
        relationship = "new" if utc_now() - customer.created_at < NEW_FOR else "returning"
    return Situation(
        customer_id=customer.id,
        language=language,
        tier=customer.tier,
        relationship=relationship,
        name=first_name(customer.name),
        need=customer.segment,
        channel=channel,
        proof=proof,
        handed_back=bool(memory.get("handed_back")),
    )


def first_name(name: str | None) -> str | None:
    """Return how to address somebody: the first of his names."""
    return name.split()[0] if name and name.split() else None
