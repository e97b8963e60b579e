"""From groups to what the lamps say: depth added up, the worst severity, whether it is known at all."""

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
        is_stale: Whether the figures are held, not known.
    """

    def __init__(self, policy: Policy) -> None:
        self._patterns = [signal.groups for signal in policy.signals]
        self._signals = [Signal(signal.name) for signal in policy.signals]
        self._groups: list[list[Group]] = [[] for _ in policy.signals]
        self.is_stale = bool(policy.feeds)
        self.effects: list[Effect] = []

    def attach(self, group: Group) -> None:
        """Let a new group speak through the signals that name it."""
        for index, patterns in enumerate(self._patterns):
            if any(fnmatchcase(group.name, pattern) for pattern in patterns):
                group.signals.append(self._signals[index])
                self._groups[index].append(group)

    def deepened(self, group: Group, now: Instant) -> Instant:
        """Follow one contact more in a group; return what :meth:`judge` returns."""
        wakes_at = NEVER
        # Who joins behind others crosses no limit of time before they do.
        if len(group.waiting) in group.turning_points:
            wakes_at = self.judge(group, now)
        effects, is_stale = self.effects, self.is_stale
        for signal in group.signals:
            signal.depth = depth = signal.depth + 1
            effects.append(ShowSignal(signal.name, depth, signal.severity, is_stale))
        return wakes_at

    def lessened(self, group: Group, now: Instant) -> Instant:
        """Follow one contact fewer in a group; return what :meth:`judge` returns."""
        wakes_at = NEVER
        if group.timed_severity or len(group.waiting) + 1 in group.turning_points:
            wakes_at = self.judge(group, now)
        effects, is_stale = self.effects, self.is_stale
        for signal in group.signals:
            signal.depth = depth = signal.depth - 1
            effects.append(ShowSignal(signal.name, depth, signal.severity, is_stale))
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
            group.cached_view = None
            for signal in group.signals:
                self._pass_on(signal, severity, show=show)
        if wakes_at >= group.wakes_at:
            return NEVER
        group.wakes_at = wakes_at
        return wakes_at

    def set_stale(self, *, is_stale: bool) -> None:
        """Mark all signals as held (or as known again)."""
        if is_stale is not self.is_stale:
            self.is_stale = is_stale
            for signal in self._signals:
                self._show(signal)

    def levels(self) -> tuple[SignalView, ...]:
        """Return what every signal says now."""
        return tuple(
            SignalView(signal.name, SignalLevel(signal.depth, signal.severity, self.is_stale))
            for signal in self._signals
        )

    def _pass_on(self, signal: Signal, severity: Severity, *, show: bool) -> None:
        worst = severity
        if severity < signal.severity:
            index = self._signals.index(signal)
            worst = max(group.severity for group in self._groups[index])
        if worst is not signal.severity:
            signal.severity = worst
            if show:
                self._show(signal)

    def _show(self, signal: Signal) -> None:
        self.effects.append(ShowSignal(signal.name, signal.depth, signal.severity, self.is_stale))
