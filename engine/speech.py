"""The engine names replies and does not word them: the app renders each key for its customer."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig


class ReplyKeys(TemplatedNaturalLanguageGenerator):
    """Gives the first unconditional variant of a response as it is written, buttons and all.

    Rasa's generator fills in slots, and logs a stack trace for each placeholder that only the app knows.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        super().__init__(domain.responses if domain else {})

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Return the reply of a key, never None: a key without variants is still a reply for the app."""
        variants = self.responses.get(utter_action) or [{}]
        variant = next((v for v in variants if not v.get("condition")), variants[0])
        return {
            "text": variant.get("text") or utter_action,
            "buttons": [dict(button) for button in variant.get("buttons") or []],
            "image": variant.get("image"),
            "custom": variant.get("custom"),
        }
