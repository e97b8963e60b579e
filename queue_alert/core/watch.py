"""One rule in one group: when its conditions hold, when it fires, when it is over. Time is a parameter.

It fires at its instant: when an age crosses a limit is known beforehand, and what it says of itself is that
instant, however late anybody looked. While the group's figures are held and not known it stands still.
"""

import math

from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertId, AlertState, Move, PersonName
from queue_alert.core.deadlines import NEVER
from queue_alert.core.figures import AGES, Figure
from queue_alert.core.readings import Readings
from queue_alert.core.rules import Comparison, Condition, Operator, Rule, in_words
from queue_alert.core.transitions import AlertEvent, fire, new_alert, next_state, resolved, shifted
from queue_alert.core.units import GroupName, Instant, Seconds

__all__ = ["Watch"]

_ACTIVE = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED})


class Watch:
    """Watches one rule in one group.

    Args:
        rule: The rule.
        group: The group's name.
        now: The present.
    """

    __slots__ = ("_raised_at", "alert", "bears_silence", "next_at", "rule", "told")

    def __init__(self, rule: Rule, group: GroupName, now: Instant) -> None:
        self.rule = rule
        self.alert = new_alert(AlertId(rule.name, group), rule.severity, now)
        """The alert as it stands."""
        self.told: tuple[PersonName, ...] = ()
        """Who was told last of the present firing; after a restart nobody until the next step."""
        self.next_at: Instant = NEVER
        """When time alone may move it."""
        self.bears_silence = all(condition.figure is Figure.FEED_AGE for condition in rule.conditions)
        """Whether it is about the feed itself, and so looks on while a feed is lost."""
        self._raised_at: list[Instant | None] = [None] * len(rule.conditions)
        """Since when each condition holds."""

    @property
    def is_active(self) -> bool:
        """Whether it fires, seen or not."""
        return self.alert.state in _ACTIVE

    def restore(self, alert: Alert) -> None:
        """Go on with what is known of an alert from before; the limits for clearing count if it fires."""
        self.alert = alert
        since = alert.condition_since if alert.keep_until is None else None
        raised = since if alert.state in _ACTIVE or alert.state is AlertState.PENDING else None
        self._raised_at = [raised] * len(self._raised_at)
        self.next_at = -math.inf

    def look(self, readings: Readings, now: Instant) -> list[Move]:
        """Hold the rule against the group's figures, and return what follows, in this order."""
        since, wakes_at = self._since(readings, now)
        moves = self._holds(readings, since, now) if since is not None else self._holds_not(now)
        self.next_at = min(wakes_at, self._own_deadline())
        return moves

    def shift(self, delta: Seconds) -> None:
        """Move every instant by ``delta``, because the clock was set."""
        self.alert = shifted(self.alert, delta)
        self._raised_at = [None if at is None else at + delta for at in self._raised_at]
        self.next_at += delta

    # ---- the conditions

    def _since(self, readings: Readings, now: Instant) -> tuple[Instant | None, Instant]:
        """Return since when all conditions hold (``None``: they do not), and when time may change that."""
        wakes_at = NEVER
        latest = -math.inf
        raised_at = self._raised_at
        for at, condition in enumerate(self.rule.conditions):
            since, changes_at = self._condition(condition, raised_at[at], readings, now)
            raised_at[at] = since
            wakes_at = min(wakes_at, changes_at)
            if since is None:
                latest = NEVER
            elif since > latest:
                latest = since
        return (None if latest == NEVER else latest), wakes_at

    def _condition(
        self, condition: Condition, raised_at: Instant | None, readings: Readings, now: Instant
    ) -> tuple[Instant | None, Instant]:
        """Return since when a condition holds, and when time may change that."""
        figure = condition.figure
        if figure in AGES:
            return _of_age(condition, raised_at, readings.since(figure), now)
        changes_at = readings.changes_at(figure)
        wakes_at = NEVER if changes_at is None else changes_at
        value = readings.value(figure)
        if value is None:
            return None, wakes_at
        if raised_at is not None and not _is_cleared(condition, value):
            return raised_at, wakes_at
        return (now if condition.raise_at.holds(value) else None), wakes_at

    # ---- the alert

    def _holds(self, readings: Readings, since: Instant, now: Instant) -> list[Move]:
        alert = self.alert
        match alert.state:
            case AlertState.INACTIVE | AlertState.RESOLVED:
                self.alert = replace(
                    alert,
                    state=next_state(alert.state, AlertEvent.CONDITION_TRUE),
                    state_since=since,
                    condition_since=since,
                    reason=self._reason(readings),
                )
                return self._fire(readings, since, now) or [Move.PENDING]
            case AlertState.PENDING:
                # It may have held since an earlier instant than was known: a late event said so.
                return self._fire(readings, min(since, alert.condition_since or since), now)
            case AlertState.FIRING | AlertState.ACKNOWLEDGED:
                if alert.keep_until is not None:
                    next_state(alert.state, AlertEvent.CONDITION_TRUE)
                    self.alert = replace(alert, condition_since=since, keep_until=None)
                return []

    def _fire(self, readings: Readings, since: Instant, now: Instant) -> list[Move]:
        """Fire if it has held since ``since`` for long enough."""
        at = since + self.rule.for_s
        if now < at:
            return []
        fired = fire(self.alert, at, reason=self._reason(readings), event=AlertEvent.DWELL_OVER)
        self.alert = replace(fired, condition_since=since, severity=self.rule.severity)
        self.told = ()
        return [Move.FIRED]

    def _holds_not(self, now: Instant) -> list[Move]:
        alert = self.alert
        match alert.state:
            case AlertState.INACTIVE | AlertState.RESOLVED:
                return []
            case AlertState.PENDING:
                state = next_state(alert.state, AlertEvent.CONDITION_FALSE)
                self.alert = replace(alert, state=state, state_since=now, condition_since=None, reason="")
                return [Move.DROPPED]
            case AlertState.FIRING | AlertState.ACKNOWLEDGED:
                keep_until = alert.keep_until
                if keep_until is None:
                    next_state(alert.state, AlertEvent.CONDITION_FALSE)
                    keep_until = now + self.rule.keep_firing_s
                    self.alert = replace(alert, condition_since=None, keep_until=keep_until)
                if now < keep_until:
                    return []
                self.alert = resolved(self.alert, keep_until)
                return [Move.RESOLVED]

    def _own_deadline(self) -> Instant:
        alert = self.alert
        if alert.state is AlertState.PENDING:
            return (alert.condition_since or 0.0) + self.rule.for_s
        return NEVER if alert.keep_until is None else alert.keep_until

    def _reason(self, readings: Readings) -> str:
        return ", ".join(
            in_words(condition.figure, readings.value(condition.figure), condition.raise_at)
            for condition in self.rule.conditions
        )


def _of_age(
    condition: Condition, raised_at: Instant | None, since: Instant | None, now: Instant
) -> tuple[Instant | None, Instant]:
    """Return since when an age is beyond its limit, and when it crosses one."""
    if since is None:
        # The age is nought.
        is_on = raised_at is not None and not _is_cleared(condition, 0.0)
        return (raised_at if is_on else now if condition.raise_at.holds(0.0) else None), NEVER
    crosses_at = _crosses_at(condition.raise_at, since)
    if condition.raise_at.operator.rises:
        if now >= crosses_at:
            return crosses_at, NEVER
        if (
            raised_at is not None
            and condition.clear_at is not None
            and not _is_cleared(condition, now - since)
        ):
            return raised_at, crosses_at
        return None, crosses_at
    # An age that is bad while it is low: it is good once it has crossed.
    return (raised_at or since, crosses_at) if now < crosses_at else (None, NEVER)


def _crosses_at(comparison: Comparison, since: Instant) -> Instant:
    at = since + comparison.limit
    # Met at the instant itself, exceeded at the next one that can be told.
    return (
        at if comparison.operator in {Operator.AT_LEAST, Operator.LESS_THAN} else math.nextafter(at, math.inf)
    )


def _is_cleared(condition: Condition, value: float) -> bool:
    if condition.clear_at is None:
        return not condition.raise_at.holds(value)
    return condition.clear_at.holds(value)
