"""The list of customers: search, filters by tier and kind, pages; its state is in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from markupsafe import Markup
from nicegui import ui

from desk.badges import tier_badge
from desk.frame import button, frame, html
from desk.markup import tag
from desk.queries import counts_by_tier
from desk.visits import Visit
from desk.wording import Wording
from profiles.cards import CustomerRow, customer_rows
from profiles.tiers import TIERS

PAGE = 25
KINDS = ("prospect", "customer", "employee", "supplier", "partner", "former")
COLUMNS = ("name", "kind", "tier", "need", "language", "orders", "revenue", "seen")
NUMBERS = frozenset({"orders", "revenue"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which customers to list."""

    search: str = ""
    tier: str | None = None
    kind: str | None = None
    page: int = 1

    @property
    def address(self) -> str:
        """Return the address that asks for the same."""
        given = {"search": self.search, "tier": self.tier, "kind": self.kind}
        query = {name: value for name, value in given.items() if value}
        if self.page > 1:
            query["page"] = str(self.page)
        return f"/managers?{urlencode(query)}" if query else "/managers"


def asked(query: Mapping[str, str]) -> Asked:
    """Read what an address asks for; values there are not count as not given."""
    tier, kind, page = query.get("tier"), query.get("kind"), query.get("page", "1")
    return Asked(
        search=query.get("search", "").strip()[:100],
        tier=tier if tier in TIERS else None,
        kind=kind if kind in KINDS else None,
        page=min(int(page), 10_000_000) if page.isdecimal() and len(page) < 9 and int(page) > 0 else 1,
    )


def customers_table(rows: Sequence[CustomerRow], wording: Wording) -> Markup:
    """Return the table; each name leads to its page."""
    texts = wording.texts
    head = [
        tag(
            "th",
            texts(f"customers.column.{name}"),
            scope="col",
            class_="vn-number" if name in NUMBERS else None,
        )
        for name in COLUMNS
    ]
    lines = [
        tag(
            "tr",
            tag("td", tag("a", row.name or texts("queue.visitor"), href=f"/managers/customers/{row.id}")),
            tag("td", texts.word("kind", row.kind)),
            tag("td", tier_badge(texts, row.tier)),
            tag("td", wording.need(row.segment) or "–"),
            tag("td", texts.word("language", row.language) if row.language else "–"),
            tag("td", wording.number(row.orders), class_="vn-number"),
            tag("td", wording.money(row.revenue_cents) if row.orders else "–", class_="vn-number"),
            tag("td", wording.moment(row.last_seen_at)),
        )
        for row in rows
    ]
    return tag(
        "table",
        tag("thead", tag("tr", *head)),
        tag("tbody", *lines),
        class_="vn-table",
    )


class CustomersPage:
    """One open list."""

    def __init__(self, visit: Visit, wanted: Asked) -> None:
        self._visit = visit
        self._asked = wanted
        self._total = 0
        texts = visit.texts
        with (
            frame(visit, texts("customers.title"), "/managers"),
            ui.element("div").classes("vn-sheet"),
        ):
            with ui.element("div").classes("vn-sheet-head"):
                html(tag("h1", texts("customers.title")))
                self._found = html("", classes="vn-muted").props("role=status")
            with ui.element("div").classes("vn-filters"):
                self._field = ui.input(value=wanted.search, placeholder=texts("customers.search"))
                self._field.classes("vn-search").on_value_change(self._searched)
                self._field.props(
                    "outlined dense clearable debounce=250 input-class=vn-search-input "
                    f'aria-label="{texts("customers.search")}"'
                )
                kinds = {
                    "": texts("customers.all_kinds"),
                    **{kind: texts.word("kind", kind) for kind in KINDS},
                }
                self._kind = ui.select(kinds, value=wanted.kind or "")
                self._kind.props(
                    f'outlined dense options-dense aria-label="{texts("customers.kind")}"'
                ).classes("vn-kind")
                self._kind.on_value_change(self._kind_chosen)
            with (
                ui.element("div")
                .classes("vn-chips")
                .props(f'role=group aria-label="{texts("customers.tiers")}"')
            ):
                self._chips = {tier: self._chip(tier) for tier in (None, *TIERS)}
            self._table = html("", classes="vn-table-place")
            with ui.element("div").classes("vn-pager"):
                self._previous = button(texts("customers.previous")).on("click", lambda _: self._turn(-1))
                self._place = html("", classes="vn-muted")
                self._next = button(texts("customers.next")).on("click", lambda _: self._turn(1))

    async def draw(self) -> None:
        """Read the page that is asked for and show it."""
        wanted, wording, texts = self._asked, self._visit.wording, self._visit.texts
        async with self._visit.parts.database.reading() as session:
            rows, total = await customer_rows(
                session,
                search=wanted.search,
                tier=wanted.tier,
                kind=wanted.kind,
                limit=PAGE,
                offset=(wanted.page - 1) * PAGE,
            )
            counts = await counts_by_tier(session)
        self._total = total
        self._found.set_content(str(tag("span", texts.count("customers.found", total))))
        if rows:
            self._table.set_content(str(customers_table(rows, wording)))
        else:
            empty = texts("customers.none" if sum(counts.values()) else "customers.none_at_all")
            self._table.set_content(str(tag("p", empty, class_="vn-none vn-none-big")))
        for tier, chip in self._chips.items():
            number = tag("span", wording.number(counts.get(tier, 0) if tier else sum(counts.values())))
            label = tier_badge(texts, tier) if tier else tag("span", texts("customers.all"))
            chip.set_content(str(label + number))
            chip.props(f"aria-pressed={'true' if tier == wanted.tier else 'false'}")
        first = (wanted.page - 1) * PAGE
        several = total > PAGE or wanted.page > 1
        place = texts("customers.page", first=first + 1, last=first + len(rows), total=total)
        self._place.set_content(str(tag("span", place)) if several and rows else "")
        self._previous.set_visibility(wanted.page > 1)
        self._next.set_visibility(first + PAGE < total)

    def _chip(self, tier: str | None) -> ui.html:
        chip = html("", name="button", classes="vn-chip").props("type=button")

        async def choose() -> None:
            await self._go(replace(self._asked, tier=tier, page=1))

        chip.on("click", choose)
        return chip

    async def _searched(self) -> None:
        search = (self._field.value or "").strip()[:100]
        if search != self._asked.search:
            await self._go(replace(self._asked, search=search, page=1))

    async def _kind_chosen(self) -> None:
        await self._go(replace(self._asked, kind=self._kind.value or None, page=1))

    async def _turn(self, by: int) -> None:
        await self._go(replace(self._asked, page=max(1, self._asked.page + by)))

    async def _go(self, wanted: Asked) -> None:
        self._asked = wanted
        self._visit.address = wanted.address
        ui.navigate.history.replace(wanted.address)
        await self.draw()
