"""All rules on all groups: who is looked at when, what is suppressed by what.

An event costs what the rules of its own group cost; what only time moves is on one heap.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from queue_alert.core.alerts import Alert, AlertId, Move
from queue_alert.core.deadlines import NEVER, Deadlines
from queue_alert.core.effects import AlertMoved
from queue_alert.core.group import Group
from queue_alert.core.hours import OpeningHours
from queue_alert.core.readings import Readings
from queue_alert.core.rules import Rule
from queue_alert.core.units import GroupName, Instant, Seconds
from queue_alert.core.view import AlertView
from queue_alert.core.watch import Watch

__all__ = ["RuleBook"]


class _Watched:
    """One group with its rules."""

    __slots__ = ("group", "on_heap", "stale_since", "watches")

    def __init__(self, group: Group, watches: Sequence[Watch]) -> None:
        self.group = group
        self.watches = watches
        self.stale_since: Instant | None = None
        self.on_heap: Instant = NEVER
        """The earliest instant of its that is on the heap."""


class RuleBook:
    """Watches every rule in every group that it names.

    Args:
        rules: In the order in which they are configured.
        hours: Opening hours by name; of a name that is not there nothing is ever closed.
    """

    def __init__(self, rules: Sequence[Rule], hours: Mapping[str, OpeningHours]) -> None:
        self._rules = tuple(rules)
        self._hours = hours
        self._watched: dict[GroupName, _Watched] = {}
        self._deadlines: Deadlines[_Watched] = Deadlines()
        self._restored: dict[AlertId, Alert] = {}
        self.is_empty = not self._rules

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Go on with alerts from before; those whose rule or group is not there (yet) wait for it."""
        for alert in alerts:
            watch = self._watch(alert.id)
            if watch is None:
                self._restored[alert.id] = alert
            else:
                watch.restore(alert)

    def attach(self, group: Group, now: Instant) -> list[AlertMoved]:
        """Watch a new group and return what moved at once; one that no rule names costs nothing."""
        watches = [
            Watch(rule, group.name, now)
            for rule in self._rules
            if any(fnmatchcase(group.name, pattern) for pattern in rule.groups)
        ]
        if not watches:
            return []
        watched = self._watched[group.name] = _Watched(group, watches)
        for watch in watches:
            if (alert := self._restored.pop(watch.alert.id, None)) is not None:
                watch.restore(alert)
        return self._look(watched, now)

    def look(self, name: GroupName, now: Instant) -> list[AlertMoved]:
        """Hold the rules of a group against its figures and return what moved."""
        watched = self._watched.get(name)
        return [] if watched is None else self._look(watched, now)

    def look_at_all(self, now: Instant) -> list[AlertMoved]:
        """Hold all rules against the figures: after what concerns every group, which is rare."""
        return [moved for watched in self._watched.values() for moved in self._look(watched, now)]

    def advance(self, now: Instant) -> list[AlertMoved]:
        """Do what is due by time alone."""
        moved: list[AlertMoved] = []
        while (watched := self._deadlines.pop_due(now)) is not None:
            watched.on_heap = NEVER
            moved += self._look(watched, now)
        return moved

    def next_at(self) -> Instant:
        """Return when :meth:`advance` has something to do, or never."""
        return self._deadlines.next_at()

    def acknowledge(
        self, groups: Sequence[str], by: str, until: Instant | None, now: Instant
    ) -> list[AlertMoved]:
        """Let somebody have taken on all that fires in the groups of these names or patterns."""
        moved: list[AlertMoved] = []
        for watched in self._watched.values():
            if any(fnmatchcase(watched.group.name, pattern) for pattern in groups):
                seen = [watch for watch in watched.watches if watch.acknowledge(by, until, now)]
                moved += [AlertMoved(watch.alert, Move.ACKNOWLEDGED) for watch in seen]
                moved += self._look(watched, now)
        return moved

    def view(self, now: Instant) -> tuple[AlertView, ...]:
        """Return all alerts that fire, seen or not: the most severe first, then the latest."""
        active = [
            _view(watch, self._suppressed_by(watch, watched, now))
            for watched in self._watched.values()
            for watch in watched.watches
            if watch.is_active
        ]
        return tuple(
            sorted(active, key=lambda alert: (-alert.severity, -alert.fired_at, alert.rule, alert.group))
        )

    def alerts(self) -> list[Alert]:
        """Return every alert that has ever moved, to be written down."""
        return [
            watch.alert
            for watched in self._watched.values()
            for watch in watched.watches
            if watch.alert.generation or watch.alert.condition_since is not None
        ]

    def shift(self, delta: Seconds) -> None:
        """Move every stored instant by ``delta``, because the clock was set."""
        self._deadlines.shift(delta)
        for watched in self._watched.values():
            watched.on_heap += delta
            if watched.stale_since is not None:
                watched.stale_since += delta
            for watch in watched.watches:
                watch.shift(delta)

    def _look(self, watched: _Watched, now: Instant) -> list[AlertMoved]:
        group = watched.group
        if not group.is_stale:
            watched.stale_since = None
        elif watched.stale_since is None:
            watched.stale_since = now
        readings = Readings(group, watched.stale_since, now)
        moved: list[AlertMoved] = []
        for watch in watched.watches:
            # What is held and not known proves nothing, neither that it is bad nor that it is over.
            if group.is_stale and not watch.bears_silence:
                continue
            moved += [AlertMoved(watch.alert, move) for move in watch.look(readings, now)]
        self._push(watched)
        return moved

    def _push(self, watched: _Watched) -> None:
        is_stale = watched.group.is_stale
        next_at = NEVER
        for watch in watched.watches:
            if watch.next_at < next_at and (watch.bears_silence or not is_stale):
                next_at = watch.next_at
        if next_at < watched.on_heap:
            watched.on_heap = next_at
            self._deadlines.push(next_at, watched)

    def _suppressed_by(self, watch: Watch, watched: _Watched, now: Instant) -> str:
        hours = self._hours.get(watch.rule.hours)
        if hours is not None and not hours.is_open(now):
            return f"out of hours ({watch.rule.hours})"
        for other in watched.watches:
            if other.rule.name in watch.rule.inhibited_by and other.is_active:
                return f"rule {other.rule.name} explains it"
        return ""

    def _watch(self, alert: AlertId) -> Watch | None:
        watched = self._watched.get(alert.group)
        if watched is None:
            return None
        return next((watch for watch in watched.watches if watch.rule.name == alert.rule), None)


def _view(watch: Watch, suppressed_by: str) -> AlertView:
    alert = watch.alert
    return AlertView(
        rule=alert.id.rule,
        group=alert.id.group,
        generation=alert.generation,
        state=alert.state.value,
        severity=alert.severity,
        fired_at=alert.state_since if alert.fired_at is None else alert.fired_at,
        reason=alert.reason,
        text=watch.rule.text,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_until=alert.acknowledged_until,
        suppressed_by=suppressed_by,
    )
