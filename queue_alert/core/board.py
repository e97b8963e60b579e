"""From groups to what the lamps say: depth added up, the worst severity, whether it is known at all."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from queue_alert.core.deadlines import NEVER
from queue_alert.core.effects import Effect, Severity, ShowSignal, SignalLevel
from queue_alert.core.group import Group
from queue_alert.core.policy import Policy
from queue_alert.core.signals import Signal
from queue_alert.core.units import Instant
from queue_alert.core.view import SignalView

__all__ = ["SignalBoard"]


class SignalBoard:
    """All signals.

    Args:
        policy: Names the signals and the groups that each speaks for.

    Attributes:
        effects: Every new level is appended here; whoever reads it empties it.
    """

    def __init__(self, policy: Policy) -> None:
        self._patterns = [signal.groups for signal in policy.signals]
        self._signals = [Signal(signal.name) for signal in policy.signals]
        self._groups: list[list[Group]] = [[] for _ in policy.signals]
        self._unknown: Sequence[tuple[str, ...]] = ()
        self.effects: list[Effect] = []
        self.hold([feed.groups for feed in policy.feeds])
        self.effects.clear()

    def attach(self, group: Group) -> None:
        """Let a new group speak through the signals that name it."""
        group.is_stale = any(_names(patterns, group.name) for patterns in self._unknown)
        for index, patterns in enumerate(self._patterns):
            if _names(patterns, group.name):
                group.signals.append(self._signals[index])
                self._groups[index].append(group)

    def deepened(self, group: Group, now: Instant) -> Instant:
        """Follow one contact more in a group; return what :meth:`judge` returns."""
        wakes_at = NEVER
        # Who joins behind others crosses no limit of time before they do.
        if len(group.waiting) in group.turning_points:
            wakes_at = self.judge(group, now)
        effects = self.effects
        for signal in group.signals:
            signal.depth = depth = signal.depth + 1
            effects.append(ShowSignal(signal.name, depth, signal.severity, signal.stale, signal.acknowledged))
        return wakes_at

    def lessened(self, group: Group, now: Instant) -> Instant:
        """Follow one contact fewer in a group; return what :meth:`judge` returns."""
        wakes_at = NEVER
        if group.timed_severity or len(group.waiting) + 1 in group.turning_points:
            wakes_at = self.judge(group, now)
        effects = self.effects
        for signal in group.signals:
            signal.depth = depth = signal.depth - 1
            effects.append(ShowSignal(signal.name, depth, signal.severity, signal.stale, signal.acknowledged))
        return wakes_at

    def judge(self, group: Group, now: Instant, *, show: bool = False) -> Instant:
        """Work out a group's severity anew and pass it on.

        Args:
            group: The group.
            now: The present.
            show: Whether a new severity is told at once; ``False`` where the caller tells the level anyway.

        Returns:
            An instant at which time alone raises the severity and that is not on the heap yet, or never.
        """
        severity, wakes_at = group.judge(now)
        if severity is not group.severity:
            group.severity = severity
            if severity is Severity.NORMAL:
                group.acknowledged = severity
            group.cached_view = None
            for signal in group.signals:
                self._pass_on(signal, severity, show=show)
        if wakes_at >= group.wakes_at:
            return NEVER
        group.wakes_at = wakes_at
        return wakes_at

    def acknowledge(self, group: Group, now: Instant) -> None:
        """Let somebody have seen how bad it is in a group; its severity is to be judged anew afterwards."""
        group.acknowledge(now)
        self._look_again(group)

    def call_emergency(self, group: Group, now: Instant) -> None:
        """Take an emergency in a group."""
        group.call_emergency(now)
        self.judge(group, now, show=True)
        self._look_again(group)

    def hold(self, unknown: Sequence[tuple[str, ...]], groups: Iterable[Group] = ()) -> None:
        """Mark as held what is not known at present, and as known all else.

        Args:
            unknown: Of every feed that is not live, the patterns of the groups it may speak of.
            groups: All groups.
        """
        self._unknown = unknown
        names = []
        for group in groups:
            names.append(group.name)
            is_stale = any(_names(patterns, group.name) for patterns in unknown)
            if is_stale is not group.is_stale:
                group.is_stale = is_stale
                group.cached_view = None
        for signal, patterns in zip(self._signals, self._patterns, strict=True):
            is_stale = any(_may_meet(patterns, others, names) for others in unknown)
            if is_stale is not signal.stale:
                signal.stale = is_stale
                self._show(signal)

    def levels(self) -> tuple[SignalView, ...]:
        """Return what every signal says now."""
        return tuple(
            SignalView(
                signal.name,
                SignalLevel(signal.depth, signal.severity, signal.stale, signal.acknowledged),
            )
            for signal in self._signals
        )

    def _look_again(self, group: Group) -> None:
        """Tell the signals of a group whose severity may be the same as before, but seen or no more."""
        for signal in group.signals:
            self._pass_on(signal, group.severity, show=True)

    def _pass_on(self, signal: Signal, severity: Severity, *, show: bool) -> None:
        worst = severity
        groups = self._groups[self._signals.index(signal)]
        if severity < signal.severity:
            worst = max(group.severity for group in groups)
        acknowledged = worst is not Severity.NORMAL and all(
            group.is_acknowledged for group in groups if group.severity is worst
        )
        if worst is not signal.severity or acknowledged is not signal.acknowledged:
            signal.severity = worst
            signal.acknowledged = acknowledged
            if show:
                self._show(signal)

    def _show(self, signal: Signal) -> None:
        self.effects.append(
            ShowSignal(signal.name, signal.depth, signal.severity, signal.stale, signal.acknowledged)
        )


def _names(patterns: tuple[str, ...], group: str) -> bool:
    return any(fnmatchcase(group, pattern) for pattern in patterns)


def _may_meet(ours: tuple[str, ...], theirs: tuple[str, ...], groups: Sequence[str]) -> bool:
    """Return whether two sets of patterns may name the same group, known or not yet.

    In doubt they do: a lamp that is called stale without need is better than one that is wrong.
    """
    for mine in ours:
        for other in theirs:
            if fnmatchcase(mine, other) or fnmatchcase(other, mine):
                return True
            if _is_pattern(mine) and _is_pattern(other):
                return True
    return any(_names(ours, group) and _names(theirs, group) for group in groups)


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")
