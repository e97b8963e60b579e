"""What a feed says, as the floor is to know it: in our time, and not mistaken for another feed's."""

from typing import Any

import msgspec

from queue_alert.core.events import AcdEvent, ContactQueued, GroupSnapshotTaken
from queue_alert.core.units import ContactId, Seconds

__all__ = ["at_home"]


def at_home(event: AcdEvent, prefix: str, offset_s: Seconds) -> AcdEvent:
    """Return ``event`` with its contacts' ids prefixed and its instants moved.

    Args:
        event: As the feed said it.
        prefix: Put before every contact's id: two PBXs number their calls alike.
        offset_s: Our clock minus the feed's.
    """
    changes: dict[str, Any] = {"time": event.time + offset_s}
    if isinstance(event, GroupSnapshotTaken):
        changes["waiting"] = tuple(
            msgspec.structs.replace(
                entry,
                contact=ContactId(prefix + entry.contact),
                queued_at=None if entry.queued_at is None else entry.queued_at + offset_s,
            )
            for entry in event.waiting
        )
    elif isinstance(event, ContactQueued):
        changes["contact"] = prefix + event.contact
        if event.queued_at is not None:
            changes["queued_at"] = event.queued_at + offset_s
    elif "contact" in event.__struct_fields__ and (contact := getattr(event, "contact", "")):
        changes["contact"] = prefix + contact
    return msgspec.structs.replace(event, **changes)
