"""Who of several people is on duty: shifts that are handed over on the wall clock.

The n-th handover is ``begins`` plus n shifts, reckoned on the wall: it stays at the same time of day whatever
the clocks do, so a shift over a night in which they are changed is an hour longer or shorter.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from queue_alert.core.alerts import PersonName
from queue_alert.core.units import Instant

__all__ = ["Duty", "Rotation", "ShiftUnit", "duty_at", "instant_of"]


class ShiftUnit(StrEnum):
    """What the length of a shift is counted in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


_LENGTHS: Final = {
    ShiftUnit.HOUR: timedelta(hours=1),
    ShiftUnit.DAY: timedelta(days=1),
    ShiftUnit.WEEK: timedelta(weeks=1),
}


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """People who take turns.

    Raises:
        ValueError: Nobody takes part, a shift has no length, ``begins`` has an offset from UTC, or the zone
            is not known here.
    """

    name: str
    people: tuple[PersonName, ...]
    """In the order of their turns; who is named twice has two of them."""
    begins: datetime
    """When the first shift begins, on the wall of ``timezone``; without an offset."""
    timezone: str
    """IANA name."""
    every: int = 1
    """So many units is a shift long."""
    unit: ShiftUnit = ShiftUnit.WEEK
    hours: str = ""
    """Opening hours in which it is on duty at all; "": always."""

    def __post_init__(self) -> None:
        if not self.people or self.every < 1 or self.begins.tzinfo is not None:
            raise ValueError(
                "a rotation needs people, a shift of at least one unit and a local time to begin"
            )
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise ValueError(f"{self.timezone!r} is no time zone") from exc


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """One shift."""

    person: PersonName
    since: Instant
    until: Instant
    """The handover; does not belong to it any more."""


def duty_at(rotation: Rotation, at: Instant) -> Duty | None:
    """Return whose shift it is at ``at``, or ``None`` before the first; opening hours are not looked at."""
    zone = ZoneInfo(rotation.timezone)
    length = rotation.every * _LENGTHS[rotation.unit]

    def handover(number: int) -> Instant:
        return instant_of(rotation.begins + number * length, zone)

    wall = datetime.fromtimestamp(at, zone).replace(tzinfo=None)
    number = (wall - rotation.begins) // length
    # An hour that the wall shows twice may hold a handover: it happened the first time.
    while handover(number + 1) <= at:
        number += 1
    while handover(number) > at:
        number -= 1
    if number < 0:
        return None
    return Duty(
        person=rotation.people[number % len(rotation.people)],
        since=handover(number),
        until=handover(number + 1),
    )


def instant_of(wall: datetime, zone: ZoneInfo) -> Instant:
    """Return the first instant at which a wall clock shows ``wall`` or more.

    Args:
        wall: A local time in whole seconds, without an offset. One that comes twice is the first of the two;
            one that does not exist is the instant at which the clock jumps past it.
        zone: Where the clock hangs.
    """
    before, after = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    offset = before.utcoffset()
    # PEP 495: only in a gap is the offset of fold=1 the larger one, and the gap is between the two instants.
    low, high = int(after.timestamp()), int(before.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return float(high)
