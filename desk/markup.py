"""HTML made of escaped text: the only place where the pages turn words into tags."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Child = str | Markup | None
VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Markup:
    """Return one element; text and attributes are escaped, ``None`` children and false attributes left out.

    ``class_`` and ``for_`` lose their underscore at the end, others become hyphens (``aria_label``).
    """
    written = join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), "" if value is True else value)
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Markup("<{}{}>").format(name, written)
    return Markup("<{}{}>{}</{}>").format(name, written, join(children), name)


def join(parts: Iterable[Child], by: str = "") -> Markup:
    """Return the parts escaped, one after the other."""
    return escape(by).join(part for part in parts if part is not None)


def quote(text: str | None) -> Markup | None:
    """Return somebody's words as a quotation, None where there are none."""
    return tag("q", text, class_="vn-quote") if text else None
