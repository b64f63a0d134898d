"""Making one synthetic customer: who he is, what he bought, how often he called. Pure and repeatable."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from bot.business import Business
from bot.demo_customers import DemoContact, DemoCustomer, DemoLine, DemoOrder
from bot.demo_definitions import Behaviour, DemoDefinition
from personalization.catalogue import Product

GOLDEN = 0.6180339887498949
NEED_PULL = 4.0
"""how much likelier a product is bought for each need of the customer that it serves"""
PERSON_CHANNELS = ("phone", "email", "store")
BOT_CHANNELS = ("web", "email")
RETURN_WINDOW = timedelta(days=14)


def make_customer(
    business: Business, demo: DemoDefinition, *, seed: int, number: int, now: datetime
) -> DemoCustomer:
    """Return customer ``number``: the same for the same seed, however many others there are."""
    # Repeatable on purpose; nothing secret comes from it.
    rng = Random(f"{seed}/{number}")  # noqa: S311
    behaviour = _behaviour(demo, number)
    language = rng.choices(list(demo.languages), weights=list(demo.languages.values()))[0]
    first, last = rng.choice(demo.names[language].first), rng.choice(demo.names[language].last)
    needs = _needs(business, rng)
    joined_days = behaviour.joined_days_ago.draw(rng)
    quiet_days = min(behaviour.last_active_days_ago.draw(rng), joined_days)
    shelf = _shelf(business, demo, behaviour, needs, rng)
    days_ago = _order_days(behaviour, joined_days, quiet_days, rng)
    orders = tuple(
        _order(
            business, demo, behaviour, shelf, f"{demo.order_prefix}{number:04d}-{count:02d}", now, days, rng
        )
        for count, days in enumerate(days_ago, start=1)
    )
    return DemoCustomer(
        number=number,
        external_id=f"demo-{number:04d}",
        name=f"{first} {last}",
        email=f"{_ascii(first)}.{_ascii(last)}.{number}@{rng.choice(demo.email_domains)}",
        language=language,
        behaviour=behaviour.id,
        joined_at=now - timedelta(days=joined_days),
        needs=needs,
        told_needs=needs if rng.random() < demo.need_chance else (),
        orders=orders,
        contacts=_contacts(behaviour, now, joined_days, quiet_days, rng),
    )


def _behaviour(demo: DemoDefinition, number: int) -> Behaviour:
    """Return the behaviour of ``number``; any run of customers holds each one close to its share."""
    position = (number * GOLDEN) % 1 * sum(behaviour.share for behaviour in demo.behaviours)
    for behaviour in demo.behaviours:
        position -= behaviour.share
        if position < 0:
            return behaviour
    return demo.behaviours[-1]


def _needs(business: Business, rng: Random) -> tuple[str, ...]:
    vocabulary = business.definitions.needs
    chosen: list[str] = []
    for need in rng.sample(vocabulary.needs, k=min(len(vocabulary.needs), rng.randint(1, 3))):
        if not vocabulary.excluded_by(need.id) & set(chosen):
            chosen.append(need.id)
    return tuple(chosen)


def _shelf(
    business: Business, demo: DemoDefinition, behaviour: Behaviour, needs: Sequence[str], rng: Random
) -> Mapping[str, float]:
    """Return the weight of each product that this customer may buy."""
    pull = {
        product.id: demo.categories.get(product.category, 1.0)
        * NEED_PULL ** len(set(product.needs) & set(needs))
        * (1.0 if product.in_stock else 0.1)
        for product in business.catalogue.products
    }
    by_category: dict[str, float] = {}
    for product in business.catalogue.products:
        by_category[product.category] = by_category.get(product.category, 0.0) + pull[product.id]
    kept = set(_pick_distinct(by_category, behaviour.breadth.draw_whole(rng), rng))
    return {
        product.id: pull[product.id] for product in business.catalogue.products if product.category in kept
    }


def _pick_distinct(weights: Mapping[str, float], count: int, rng: Random) -> list[str]:
    left = dict(weights)
    picked: list[str] = []
    while left and len(picked) < count:
        picked.append(rng.choices(list(left), weights=list(left.values()))[0])
        del left[picked[-1]]
    return picked


def _order_days(behaviour: Behaviour, joined_days: float, quiet_days: float, rng: Random) -> list[float]:
    """Return how many days ago each order was placed, oldest first; the pace changes by ``growth``."""
    span = joined_days - quiet_days
    if behaviour.orders is not None:
        days = [joined_days - rng.random() * span for _ in range(behaviour.orders.draw_whole(rng))]
    else:
        assert behaviour.orders_per_year is not None  # noqa: S101 -- demo.yml gives one of the two
        count = max(2, round(behaviour.orders_per_year.draw(rng) * span / 365))
        days = [
            joined_days - _paced((place + rng.random()) / count, behaviour.growth) * span
            for place in range(count)
        ]
    if behaviour.open_order_chance > rng.random():
        days.append(rng.uniform(0.2, 6.0))
    return sorted(days, reverse=True)


def _paced(share: float, growth: float) -> float:
    """Return the time (0 to 1) by which ``share`` of the orders are placed, at a pace of growth ** time."""
    return share if growth == 1 else math.log1p(share * (growth - 1)) / math.log(growth)


def _order(
    business: Business,
    demo: DemoDefinition,
    behaviour: Behaviour,
    shelf: Mapping[str, float],
    number: str,
    now: datetime,
    days_ago: float,
    rng: Random,
) -> DemoOrder:
    placed_at = (now - timedelta(days=days_ago)).replace(microsecond=0)
    percent = round(behaviour.discount_percent.draw(rng)) if rng.random() < behaviour.discount_chance else 0
    products = [
        business.catalogue.product(name)
        for name in _pick_distinct(shelf, behaviour.lines.draw_whole(rng), rng)
    ]
    cancelled = rng.random() < demo.cancel_chance
    may_return = now - placed_at > RETURN_WINDOW and not cancelled
    full, lines = 0, []
    for product in products:
        if product is not None:
            quantity = behaviour.quantity.draw_whole(rng)
            full += product.price_cents * quantity
            lines.append(
                _line(product, quantity, percent, behaviour.return_chance if may_return else 0.0, rng)
            )
    sent_back = all(line.returned == line.quantity for line in lines)
    status, status_at, expected_at = _status(placed_at, now, cancelled=cancelled, sent_back=sent_back)
    return DemoOrder(
        number=number,
        placed_at=placed_at,
        status=status,
        status_at=status_at,
        expected_at=expected_at,
        discount_cents=full - sum(line.price_cents for line in lines),
        lines=tuple(lines),
    )


def _line(product: Product, quantity: int, percent: int, return_chance: float, rng: Random) -> DemoLine:
    returned = rng.randint(1, quantity) if rng.random() < return_chance else 0
    return DemoLine(
        product_id=product.id,
        category=product.category,
        quantity=quantity,
        price_cents=product.price_cents * quantity * (100 - percent) // 100,
        cost_cents=product.cost_cents * quantity,
        returned=returned,
    )


def _status(
    placed_at: datetime, now: datetime, *, cancelled: bool, sent_back: bool
) -> tuple[str, datetime, datetime | None]:
    """Return status, since when, and when it is expected (open orders only), from the age of the order."""
    if cancelled:
        return "cancelled", min(now, placed_at + timedelta(hours=3)), None
    age = now - placed_at
    if age < timedelta(days=1):
        return "paid", placed_at, placed_at + timedelta(days=6)
    if age < timedelta(days=2):
        return "packing", placed_at + timedelta(days=1), placed_at + timedelta(days=6)
    if age < timedelta(days=6):
        return "shipped", placed_at + timedelta(days=2), placed_at + timedelta(days=7)
    if sent_back:
        return "returned", placed_at + timedelta(days=12), None
    return "delivered", placed_at + timedelta(days=6), None


def _contacts(
    behaviour: Behaviour, now: datetime, joined_days: float, quiet_days: float, rng: Random
) -> tuple[DemoContact, ...]:
    span = joined_days - quiet_days
    count = round(behaviour.contacts_per_year.draw(rng) * span / 365)
    contacts = []
    for _ in range(count):
        by_person = rng.random() < behaviour.person_share
        channel = rng.choice(PERSON_CHANNELS if by_person else BOT_CHANNELS)
        at = (now - timedelta(days=joined_days - rng.random() * span)).replace(microsecond=0)
        contacts.append(DemoContact(at=at, channel=channel, handler="person" if by_person else "bot"))
    return tuple(sorted(contacts, key=lambda contact: contact.at))


def _ascii(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in folded.lower() if letter.isalnum())
