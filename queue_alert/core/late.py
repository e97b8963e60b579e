"""What happened before a list was taken and is told after it.

The list has the last word on all it says: who waits, what the agents do and, where it carries counts, these
too. So a late event may still tell how long somebody waited and how it ended, but it moves nobody into
the line, no agent, and no count.
"""

from collections.abc import Callable
from typing import Any

from queue_alert.core.events import AgentRemoved, AgentStateChanged, ContactQueued
from queue_alert.core.floor import Floor
from queue_alert.core.group import Group
from queue_alert.core.ledger import adjust_flow_outs, counts_of
from queue_alert.core.units import Instant

__all__ = ["take_late"]

_COUNTS = ("offered", "answered", "abandoned", "unknown", "completed")


def take_late(floor: Floor, handler: Callable[[Any, Instant], None], event: Any, now: Instant) -> None:
    """Take an event that came behind a later one of its feed.

    Args:
        floor: The floor.
        handler: Takes an event in its turn.
        event: Of one group, with ``seq`` > 0.
        now: The present.
    """
    group = floor.groups.get(event.group)
    if group is None or event.seq > group.synced.get(event.source, 0):
        handler(event, now)
        return
    if isinstance(event, AgentStateChanged | AgentRemoved):
        if event.seq > group.agents_listed.get(event.source, 0):
            handler(event, now)
        return
    if isinstance(event, ContactQueued):
        handler = floor.queued_before_a_list
    if event.seq <= (group.counted_to or 0):
        _take_uncounted(floor, group, handler, event, now)
    else:
        handler(event, now)


def _take_uncounted(
    floor: Floor, group: Group, handler: Callable[[Any, Instant], None], event: Any, now: Instant
) -> None:
    statistics = group.statistics
    before = counts_of(statistics, floor.visits.pending(group))
    handler(event, now)
    after = counts_of(statistics, floor.visits.pending(group))
    for name in _COUNTS:
        statistics.restore(name, getattr(before, name) - getattr(after, name))
    adjust_flow_outs(statistics.count_of, statistics.restore, before.rerouted - after.rerouted)
