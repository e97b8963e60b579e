"""Who is behind a step's targets, as an escalation asks it: the roster's answer for one group."""

from collections.abc import Mapping

from queue_alert.core.escalation import PassedOver, Reached, Way
from queue_alert.core.hours import OpeningHours
from queue_alert.core.profiles import Target
from queue_alert.core.reach import Situation, resolve
from queue_alert.core.roster import Roster
from queue_alert.core.units import GroupName, Instant

__all__ = ["Behind"]


class Behind:
    """Answers for the alerts of one group.

    Args:
        roster: The staff.
        hours: Opening hours by name.
        group: Where it happens.
    """

    def __init__(self, roster: Roster, hours: Mapping[str, OpeningHours], group: GroupName) -> None:
        self._roster = roster
        self._hours = hours
        self._group = group

    def __call__(self, target: Target, now: Instant, /) -> Reached:
        """Return who is to be reached, in order, and who is not and why."""
        found = resolve(
            (target,),
            roster=self._roster,
            hours=self._hours,
            situation=Situation(at=now, group=self._group),
        )
        return Reached(
            ways=tuple(Way(reach.person, reach.method.name) for reach in found.reaches),
            passed_over=tuple(PassedOver(passed.person, passed.words) for passed in found.passed_over),
        )
