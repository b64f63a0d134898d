"""The situation: what variants are chosen by, from what is in memory already."""

from __future__ import annotations

from datetime import timedelta

import pytest

from personalization.situations import first_name, situation_of
from profiles.database import utc_now
from profiles.models import Customer
from tests.factories import situation


def customer(**fields: object) -> Customer:
    return Customer(**{"id": "c-1", "kind": "prospect", "tier": "unknown", "created_at": utc_now(), **fields})


def of(one: Customer, **fields: object):  # type: ignore[no-untyped-def]
    given = {"language": "pt", "channel": "web", "proof": "anonymous", "memory": {}, **fields}
    return situation_of(one, **given)  # type: ignore[arg-type]


def test_somebody_new_is_new_and_nothing_is_invented() -> None:
    known = of(customer()).conditions()
    assert known == {
        "language": "pt", "tier": "unknown", "relationship": "new", "name_known": False, "name": None,
        "need": None, "handed_back": False, "logged_in": False, "queue_long": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "age", "relationship"),
    [
        ("prospect", timedelta(minutes=59), "new"),
        ("prospect", timedelta(minutes=61), "returning"),
        ("customer", timedelta(0), "customer"),
        ("customer", timedelta(days=900), "customer"),
    ],
)
def test_the_relationship_follows_from_purchase_and_acquaintance(
    kind: str, age: timedelta, relationship: str
) -> None:
    assert of(customer(kind=kind, created_at=utc_now() - age)).relationship == relationship


@pytest.mark.parametrize(
    ("proof", "logged_in"), [("anonymous", False), ("claimed", False), ("channel", False), ("verified", True)]
)
def test_only_the_companys_word_is_a_log_in(proof: str, logged_in: bool) -> None:
    assert of(customer(), proof=proof).logged_in is logged_in


@pytest.mark.parametrize(
    ("name", "first"), [("Ana Prado", "Ana"), ("Zé", "Zé"), ("  ", None), ("", None), (None, None)]
)
def test_people_are_called_by_their_first_name(name: str | None, first: str | None) -> None:
    assert first_name(name) == first
    assert of(customer(name=name)).name == first
    assert of(customer(name=name)).conditions()["name_known"] is (first is not None)


def test_a_hand_back_is_remembered() -> None:
    assert of(customer(), memory={"handed_back": {"agent": "Ana"}}).handed_back
    assert not of(customer(), memory={"handed_back": None}).handed_back


def test_the_strongest_need_is_the_segment() -> None:
    assert of(customer(segment="decaf")).conditions()["need"] == "decaf"
    assert situation(need="decaf").conditions()["need"] == "decaf"
