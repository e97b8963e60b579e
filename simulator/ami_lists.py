"""What an Asterisk answers when it is asked for its queues.

List items have no ``Privilege`` and no time, name an agent otherwise than events do, and end with the
``ActionID`` of who asked, which is not added here.

Source: Asterisk 22, apps/app_queue.c (``manager_queues_status``, ``manager_queues_summary``); the recordings
in tests/golden/asterisk.
"""

from collections.abc import Iterator
from typing import Final

from queue_alert.core.units import Instant
from simulator.ami_floor import SERVICE_LEVEL_S, AmiFloor, Member, Queue
from simulator.ami_words import Headers

__all__ = ["queue_status", "queue_summary"]

_NOBODY: Final = "unknown"
_GONE: Final = frozenset({4, 5})
_FREE: Final = frozenset({0, 1})


def queue_status(floor: AmiFloor, now: Instant, *, queue: str = "", member: str = "") -> list[Headers]:
    """Return the items that answer ``QueueStatus``.

    Args:
        floor: As it stands.
        now: The present by the exchange's clock.
        queue: Only this one; "": all.
        member: Only this one, by name or interface, of the agents; "": all.
    """
    items: list[Headers] = []
    for one in floor.queues.values():
        if queue in {"", one.name}:
            items.append(_params(one))
            items += [
                _member(one, other)
                for other in one.members.values()
                if member in {"", other.name, other.interface}
            ]
            items += _entries(one, now)
    return items


def queue_summary(floor: AmiFloor, now: Instant, *, queue: str = "") -> list[Headers]:
    """Return the items that answer ``QueueSummary``, of ``queue`` only or, where that is "", of all."""
    return [_summary(one, now) for one in floor.queues.values() if queue in {"", one.name}]


def _params(queue: Queue) -> Headers:
    counts = queue.counts
    ended = counts.completed + counts.abandoned
    in_time = counts.completed_in_time + counts.abandoned_in_time
    return (
        ("Event", "QueueParams"),
        ("Queue", queue.name),
        ("Max", "0"),
        ("Strategy", "leastrecent"),
        ("Calls", str(len(queue.waiting))),
        ("Holdtime", str(counts.hold_s)),
        ("TalkTime", str(counts.talk_s)),
        ("Completed", str(counts.completed)),
        ("Abandoned", str(counts.abandoned)),
        ("ServiceLevel", str(SERVICE_LEVEL_S)),
        ("ServicelevelPerf", _percent(counts.completed_in_time, counts.completed)),
        ("ServicelevelPerf2", _percent(in_time, ended)),
        ("Weight", "0"),
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * min(part / whole, 1.0) if whole else 0.0:.1f}"


def _member(queue: Queue, member: Member) -> Headers:
    return (
        ("Event", "QueueMember"),
        ("Queue", queue.name),
        ("Name", member.name),
        ("Location", member.interface),
        ("StateInterface", member.interface),
        ("Membership", member.membership),
        ("Penalty", "0"),
        ("CallsTaken", str(member.calls_taken)),
        ("LastCall", str(member.last_call)),
        ("LastPause", str(member.last_pause)),
        ("LoginTime", str(int(member.login_at))),
        ("InCall", str(int(member.is_in_call))),
        ("Status", str(member.status)),
        ("Paused", str(int(member.is_paused))),
        ("PausedReason", member.reason),
        ("Wrapuptime", str(member.wrapup_s)),
    )


def _entries(queue: Queue, now: Instant) -> Iterator[Headers]:
    for call in queue.waiting.values():
        channel = call.channel
        number, name = channel.connected
        yield (
            ("Event", "QueueEntry"),
            ("Queue", queue.name),
            ("Position", str(call.position)),
            ("Channel", channel.name),
            ("Uniqueid", channel.uniqueid),
            ("CallerIDNum", channel.number or _NOBODY),
            ("CallerIDName", channel.caller or _NOBODY),
            ("ConnectedLineNum", number or _NOBODY),
            ("ConnectedLineName", name or _NOBODY),
            ("Wait", str(_waited(call.joined_at, now))),
            ("Priority", str(call.priority)),
        )


def _summary(queue: Queue, now: Instant) -> Headers:
    members = queue.members.values()
    free = sum(member.status in _FREE and not member.is_paused for member in members)
    waits = [_waited(call.joined_at, now) for call in queue.waiting.values()]
    return (
        ("Event", "QueueSummary"),
        ("Queue", queue.name),
        ("LoggedIn", str(sum(member.status not in _GONE for member in members))),
        ("Available", str(free)),
        ("Callers", str(len(waits))),
        ("HoldTime", str(queue.counts.hold_s)),
        ("TalkTime", str(queue.counts.talk_s)),
        ("LongestHoldTime", str(max(waits, default=0))),
    )


def _waited(joined_at: Instant, now: Instant) -> int:
    return max(int(now) - int(joined_at), 0)
