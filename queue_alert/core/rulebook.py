"""All rules on all groups: who is looked at when, what is suppressed by what.

An event costs what the rules of its own group cost; what only time moves is on one heap.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from queue_alert.core.alerts import Alert, AlertId, AlertState, Move
from queue_alert.core.behind import Behind
from queue_alert.core.deadlines import NEVER, Deadlines
from queue_alert.core.effects import AlertMoved, CallPeople, Effect
from queue_alert.core.escalation import Reason, advance, begin, is_urgent_enough, next_due
from queue_alert.core.events import AlertAcknowledged
from queue_alert.core.group import Group
from queue_alert.core.handling import Handled, acknowledge
from queue_alert.core.policy import Policy
from queue_alert.core.readings import Readings
from queue_alert.core.units import GroupName, Instant, Seconds
from queue_alert.core.view import AlertView
from queue_alert.core.watch import Watch

__all__ = ["RuleBook"]


class _Watched:
    """One group with its rules."""

    __slots__ = ("behind", "group", "on_heap", "stale_since", "watches")

    def __init__(self, group: Group, watches: Sequence[Watch], behind: Behind) -> None:
        self.group = group
        self.watches = watches
        self.behind = behind
        self.stale_since: Instant | None = None
        self.on_heap: Instant = NEVER
        """The earliest instant of its that is on the heap."""


class RuleBook:
    """Watches every rule in every group that it names.

    Args:
        policy: Rules in the order in which they are configured; hours, people and profiles by name.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rules = policy.rules
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

    def attach(self, group: Group, now: Instant) -> list[Effect]:
        """Watch a new group and return what moved at once; one that no rule names costs nothing."""
        watches = [
            Watch(rule, group.name, now)
            for rule in self._rules
            if any(fnmatchcase(group.name, pattern) for pattern in rule.groups)
        ]
        if not watches:
            return []
        watched = self._watched[group.name] = _Watched(
            group, watches, Behind(self._policy.roster, self._policy.hours, group.name)
        )
        for watch in watches:
            if (alert := self._restored.pop(watch.alert.id, None)) is not None:
                watch.restore(alert)
        return self._look(watched, now)

    def look(self, name: GroupName, now: Instant) -> list[Effect]:
        """Hold the rules of a group against its figures and return what moved."""
        watched = self._watched.get(name)
        return [] if watched is None else self._look(watched, now)

    def look_at_all(self, now: Instant) -> list[Effect]:
        """Hold all rules against the figures: after what concerns every group, which is rare."""
        return [moved for watched in self._watched.values() for moved in self._look(watched, now)]

    def advance(self, now: Instant) -> list[Effect]:
        """Do what is due by time alone."""
        moved: list[Effect] = []
        while (watched := self._deadlines.pop_due(now)) is not None:
            watched.on_heap = NEVER
            moved += self._look(watched, now)
        return moved

    def next_at(self) -> Instant:
        """Return when :meth:`advance` has something to do, or never."""
        return self._deadlines.next_at()

    def acknowledge(self, event: AlertAcknowledged, now: Instant) -> list[Effect]:
        """Let somebody have taken on all that fires in the groups of an event, or the one it means."""
        effects: list[Effect] = []
        for watched in self._watched.values():
            if any(fnmatchcase(watched.group.name, pattern) for pattern in event.groups):
                for watch in watched.watches:
                    if event.rule in {"", watch.rule.name}:
                        effects += _acknowledged(watch, event, now)
                effects += self._look(watched, now)
        return effects

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

    def find(self, which: AlertId, now: Instant) -> tuple[Alert | None, str]:
        """Return an alert as it stands and what it is suppressed by ("": nothing)."""
        watched = self._watched.get(which.group)
        watch = self._watch(which)
        if watched is None or watch is None:
            return None, ""
        return watch.alert, self._suppressed_by(watch, watched, now)

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

    def _look(self, watched: _Watched, now: Instant) -> list[Effect]:
        group = watched.group
        if not group.is_stale:
            watched.stale_since = None
        elif watched.stale_since is None:
            watched.stale_since = now
        readings = Readings(group, watched.stale_since, now)
        effects: list[Effect] = []
        for watch in watched.watches:
            # What is held and not known proves nothing, neither that it is bad nor that it is over.
            if not group.is_stale or watch.bears_silence:
                moves = watch.look(readings, now)
                if moves:
                    self._begin(watch)
                    effects += [AlertMoved(watch.alert, move) for move in moves]
        for watch in watched.watches:
            if watch.is_active:
                effects += self._escalate(watch, watched, now)
        self._push(watched, now)
        return effects

    def _begin(self, watch: Watch) -> None:
        """Begin to escalate an alert that has just fired."""
        alert = watch.alert
        profile = self._policy.profiles.get(watch.rule.profile)
        if profile is not None and alert.state is AlertState.FIRING and alert.cursor is None:
            watch.alert = begin(alert, profile)

    def _escalate(self, watch: Watch, watched: _Watched, now: Instant) -> list[Effect]:
        """Do what is due for an alert that fires, whoever is lost: people must be told all the same."""
        alert = watch.alert
        suppressed_by = self._suppressed_by(watch, watched, now)
        due = next_due(alert)
        is_held = alert.cursor is not None and alert.cursor.is_held
        is_quiet = bool(suppressed_by) or not is_urgent_enough(alert)
        is_turned = alert.state is AlertState.FIRING and alert.cursor is not None and is_held is not is_quiet
        if not is_turned and (due is None or now < due):
            return []
        done = advance(alert, now, watched.behind, suppressed_by=suppressed_by)
        if done.alert == alert:
            return []
        watch.alert = done.alert
        has_expired = any(note.reason is Reason.ACKNOWLEDGEMENT_EXPIRED for note in done.notes)
        effects: list[Effect] = [AlertMoved(done.alert, Move.EXPIRED if has_expired else Move.ESCALATED)]
        if done.attempts:
            watch.told = tuple(dict.fromkeys(key.person for key in done.attempts))
            notes = tuple(f"{note.reason.value}: {note.detail}".rstrip(": ") for note in done.notes)
            effects.append(CallPeople(done.alert, done.attempts, notes))
        return effects

    def _push(self, watched: _Watched, now: Instant) -> None:
        is_stale = watched.group.is_stale
        next_at = NEVER
        for watch in watched.watches:
            if watch.next_at < next_at and (watch.bears_silence or not is_stale):
                next_at = watch.next_at
            if watch.is_active:
                due, turns_at = next_due(watch.alert), self._turns_at(watch, now)
                next_at = min(next_at, NEVER if due is None else due, turns_at)
        if next_at < watched.on_heap:
            watched.on_heap = next_at
            self._deadlines.push(next_at, watched)

    def _turns_at(self, watch: Watch, now: Instant) -> Instant:
        """Return when hours begin or end outside of which nobody is told of a rule."""
        hours = self._policy.hours.get(watch.rule.hours)
        change = None if hours is None else hours.next_change(now)
        return NEVER if change is None else change

    def _suppressed_by(self, watch: Watch, watched: _Watched, now: Instant) -> str:
        hours = self._policy.hours.get(watch.rule.hours)
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


def _acknowledged(watch: Watch, event: AlertAcknowledged, now: Instant) -> list[Effect]:
    generation = event.generation or watch.alert.generation
    answer = acknowledge(watch.alert, now, generation=generation, person=event.by)
    if answer.reason is not Handled.DONE:
        return []
    watch.alert = answer.alert
    return [AlertMoved(watch.alert, Move.ACKNOWLEDGED)]


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
        told=watch.told,
        next_at=None if alert.cursor is None else alert.cursor.next_at,
        is_exhausted=alert.cursor is not None and alert.cursor.exhausted_at is not None,
    )
