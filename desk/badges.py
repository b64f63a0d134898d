"""Small pieces that say what somebody is at a glance: in words, never by colour alone."""

from __future__ import annotations

from markupsafe import Markup

from desk.markup import tag
from desk.texts import Texts

CROWN = Markup(
    '<svg class="vn-crown" viewBox="0 0 16 12" width="13" height="10" aria-hidden="true">'
    '<path fill="currentColor" d="M1 11h14l1-8-4.2 3L8 0 4.2 6 0 3z"/></svg>'
)


def tier_badge(texts: Texts, tier: str) -> Markup:
    """Return the tier in words, with a crown for the most valuable."""
    crown = CROWN if tier == "MVC" else None
    return tag(
        "span",
        crown,
        texts.word("tier", tier),
        class_=f"vn-badge vn-tier-{tier.lower()}",
        title=texts.word("tier_long", tier),
    )


def pill(text: str, kind: str = "") -> Markup:
    """Return a small neutral label."""
    return tag("span", text, class_=f"vn-pill {kind}".strip())
