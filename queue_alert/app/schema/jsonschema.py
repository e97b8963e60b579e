"""The neutral feed's events as JSON Schema."""

from typing import Any, Final

import msgspec

from queue_alert.app.schema.kinds import ALL, EVENTS
from queue_alert.app.schema.words import described
from queue_alert.core.events import FeedEvent

__all__ = ["event_schema"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/{name}"


def event_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one event of the neutral feed, in JSON's types."""
    _, components = msgspec.json.schema_components([FeedEvent], ref_template=_REFERENCE)
    return {
        "$schema": _DIALECT,
        "title": "An event of the neutral feed",
        "description": "What an ACD says: one JSON object. Unknown fields are passed over.",
        "oneOf": [{"$ref": _REFERENCE.format(name=kind.__name__)} for kind in EVENTS],
        "$defs": described(components, ALL),
    }
