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


STYLESHEET = versioned("desk.css")
SCRIPT = versioned("desk.js")
