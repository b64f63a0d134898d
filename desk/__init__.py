"""The pages of the people of the company: support desk and managers."""

from desk.mounting import mount
from desk.parts import DeskParts

__all__ = ["DeskParts", "mount"]
