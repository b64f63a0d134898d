"""The look of the pages: where the style sheet and the script are, and their versions."""

from __future__ import annotations

import hashlib
from pathlib import Path

STATIC = Path(__file__).parent / "static"
STATIC_PATH = "/staff/static"


def versioned(name: str) -> str:
    """Return the address of a file of ours, which changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"{STATIC_PATH}/{name}?v={digest}"


ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="#0d5c63"/>'
    '<path d="M8 9l8 15 8-15" fill="none" stroke="#fff" stroke-width="3.6" stroke-linecap="round" '
    'stroke-linejoin="round"/></svg>'
)
STYLESHEET = versioned("desk.css")
SCRIPT = versioned("desk.js")
