"""Reads a vendor's JSON without believing its shape. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.webhook.cloudevents import RefusedError
from adapters.webhook.moments import instant_of
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["LONGEST_NAME", "mapping", "moment", "name", "number", "span", "text"]

LONGEST_NAME: Final = 200
"""No id and no name has more characters; what has is refused."""

_MOST: Final = 2**53
_UNSET_BEFORE: Final[Instant] = 946_684_800.0  # 2000-01-01


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def text(source: Mapping[str, Any], key: str) -> str:
    """Return a text of at most :data:`LONGEST_NAME` characters, the rest cut off; "" where there is none."""
    value = source.get(key)
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def name(source: Mapping[str, Any], *keys: str) -> str:
    """Return the first id or name there is.

    Raises:
        RefusedError: There is none, or it is too long.
    """
    for key in keys:
        value = source.get(key)
        if isinstance(value, str) and value:
            if len(value) > LONGEST_NAME:
                raise RefusedError(Skipped.TOO_LONG, f"{key} has more than {LONGEST_NAME} characters")
            return value
    raise RefusedError(Skipped.MISSING_FIELD, f"{keys[0]} is missing")


def number(source: Mapping[str, Any], key: str) -> int:
    """Return a whole number; 0 where there is none that can be meant."""
    value = source.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST else 0


def span(source: Mapping[str, Any], key: str) -> Seconds | None:
    """Return a span of seconds from 0 on; ``None`` where there is none."""
    value = source.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= _MOST else None


def moment(source: Mapping[str, Any], key: str) -> Instant | None:
    """Return an instant; ``None`` where there is none, or one that stands for none.

    A field without a value may be 1970-01-01T00:00:00.001Z (Amazon Connect, "Sample event for when contact
    properties are updated").
    """
    value = source.get(key)
    at = instant_of(value) if isinstance(value, str) else None
    return at if at is not None and at >= _UNSET_BEFORE else None
