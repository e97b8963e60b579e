"""What people say to us by a button: that they have seen it, or that they need help now.

An acknowledgement takes the urgency from what is bad in a group until it is normal again, or worse. An
emergency makes its group critical, whoever waits there, until it is acknowledged. Emergencies that an agent
calls at the ACD are for the ACD's supervisors; only those called here are ours to show.
"""

from fnmatch import fnmatchcase

from queue_alert.core.events import OUR_OWN, AlertAcknowledged, EscalationMode, EscalationRequested
from queue_alert.core.floor import Floor
from queue_alert.core.units import Instant

__all__ = ["acknowledge", "call_for_help"]


def acknowledge(floor: Floor, event: AlertAcknowledged, now: Instant) -> int:
    """Let somebody have seen how bad it is in the groups that the event names.

    Returns:
        In how many groups anything was bad.
    """
    seen = 0
    for group in floor.groups.values():
        if any(fnmatchcase(group.name, pattern) for pattern in event.groups) and group.severity:
            floor.board.acknowledge(group, now)
            floor.visits.judge(group, now)
            seen += 1
    return seen


def call_for_help(floor: Floor, event: EscalationRequested, now: Instant) -> None:
    """Take an emergency that was called here; a group that no feed has named yet is made for it."""
    if event.source != OUR_OWN or event.mode is not EscalationMode.EMERGENCY:
        return
    group = floor.groups.get(event.group) or floor.group(event.group, now)
    if group is not None:
        floor.board.call_emergency(group, now)
