"""One output of the lamp scheduler: the cycle it plays and when it takes the newest level, pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from devices.hours import SiteHours, dimmed
from devices.kinds import Kind, kind_of
from devices.lamp_test import turns_of
from devices.own_flash import powered_for
from devices.patterns import (
    Pattern,
    PatternOptions,
    Rhythm,
    Tempo,
    beeps_for,
    dark_pattern,
    pattern_for,
    why_preempt,
)
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.core.units import Instant, Seconds

__all__ = ["UNKNOWN_LEVEL", "Grid", "Voice"]

UNKNOWN_LEVEL: Final = SignalLevel(stale=True)
"""What an output says before it was told anything: that nothing is known, not that nobody waits."""

_MINUTE_S: Final[Seconds] = 60.0
"""Spans of local time begin and end with a minute, and so do changes of the clock."""


class Grid:
    """Where the beats lie; all voices share it.

    Attributes:
        origin: The instant at which a beat began; what the voices call an instant is counted from it.
        calm_at: Nothing new begins before; on the steady line too.
    """

    __slots__ = ("calm_at", "origin")

    def __init__(self) -> None:
        self.origin: Instant = 0.0
        self.calm_at: Instant = -math.inf


class Voice:
    """One output: the cycle it plays and when it takes the newest level.

    A beat is a whole number; ``_start`` is the beat at which the running cycle began (or would have, where it
    was entered at its rest), ``_end`` the one at which it is over, ``_switch`` the one at which the newest
    level is taken. Instants are counted from the grid's origin.
    """

    __slots__ = (
        "_end",
        "_grid",
        "_hours",
        "_is_anew",
        "_is_dimmable",
        "_is_own",
        "_is_sounder",
        "_lamp_names",
        "_latched",
        "_options",
        "_pattern",
        "_start",
        "_step",
        "_switch",
        "_taken_at",
        "_tempo",
        "_turns",
        "_wanted",
        "lamps",
    )

    def __init__(
        self,
        lamps: Sequence[str],
        options: PatternOptions,
        grid: Grid,
        hours: SiteHours,
        *,
        flashes_itself: bool = False,
    ) -> None:
        kind = kind_of(lamps)
        self._lamp_names = tuple(lamps)
        self._options = options
        self._tempo = Tempo.of(options)
        self._grid = grid
        self._hours = hours
        self._is_sounder = kind is Kind.BUZZER
        self._is_own = flashes_itself
        self._is_dimmable = kind is Kind.RGB and hours.is_dimming
        self._wanted = self._latched = UNKNOWN_LEVEL
        self._taken_at: Instant | None = None  # since when the latched level is shown, on the steady line
        self._turns: list[Pattern] = []  # what is left of a lamp test
        self._pattern: Pattern = dark_pattern(lamps)
        self._start = 0
        self._end: int | None = None
        self._step = len(self._pattern.edges)
        self._switch: int | None = None
        self._is_anew = True  # nothing but the switch counts: before the beginning and after a break
        self.lamps: Mapping[str, str] = self._pattern.dark

    @property
    def is_critical(self) -> bool:
        """Whether somebody waits too long, as far as is known."""
        return self._wanted.severity is Severity.CRITICAL

    def begin(self, now: Instant) -> None:
        """Play from the next beat on; the output has just been opened and is dark."""
        self._pattern = dark_pattern(self._lamp_names)
        self._step = len(self._pattern.edges)
        self._end = None
        self._is_anew = True
        self._taken_at = None
        self._turns = []
        self._switch = self._beat_from(now)
        self.lamps = self._pattern.dark

    def show(self, level: SignalLevel, now: Instant) -> None:
        """Take a new level."""
        self._wanted = level
        escalation = why_preempt(self._latched, level)
        if escalation is not None:
            self._turns = []
        if self._is_anew:
            return
        if level == self._latched:
            self._switch = self._end
        elif not self._pattern.beats:
            self._switch = self._beat_for(level, now)
        elif escalation is not None and self._end is not None:
            self._switch = min(self._beat_for(level, now), self._end)
        else:
            self._switch = self._end

    def test(self, now: Instant) -> Seconds:
        """Light every lamp in turn once the running cycle is over; return in how many seconds that is done.

        Nothing happens to an output that is not open.
        """
        if self._is_anew and self._switch is None:
            return 0.0
        self._turns = turns_of(self._lamp_names, self._options)
        if not self._is_anew and not self._pattern.beats:
            self._switch = self._beat_from(now)
        beats = (self._switch or 0) + sum(turn.beats for turn in self._turns)
        return beats * self._tempo.beat_s - now

    def end_test(self, now: Instant) -> bool:
        """Break off a lamp test; return whether there was one."""
        is_testing = self._pattern.rhythm is Rhythm.TEST
        if is_testing and not self._is_anew and self._end is not None:
            self._switch = min(self._beat_from(now), self._end)
        is_testing |= bool(self._turns)
        self._turns = []
        return is_testing

    def is_settled(self) -> bool:
        """Return whether it has begun and will change no more by itself."""
        return not self._is_anew and self.due() is None

    def due(self) -> Instant | None:
        """Return when it has something to do, ``None`` for never."""
        switch = None if self._switch is None else self._switch * self._tempo.beat_s
        if self._step == len(self._pattern.edges):
            return switch
        edge = self._pattern.edges[self._step]
        edge_at = (self._start + edge.beat) * self._tempo.beat_s + edge.after_s
        return edge_at if switch is None else min(switch, edge_at)

    def play(self, now: Instant) -> bool:
        """Make every change that is due; return whether the lamps differ from before."""
        before = self.lamps
        while (due := self.due()) is not None and due <= now:
            if self._switch is not None and self._switch * self._tempo.beat_s <= due:
                self._take_newest(self._switch)
            else:
                is_lit = self._pattern.edges[self._step].is_lit
                self.lamps = self._lit(due) if is_lit else self._pattern.dark
                self._step += 1
        return self.lamps != before

    def begin_anew(self, now: Instant) -> None:
        """Break off what is played; an output that does nothing has nothing to break off."""
        if self._taken_at is not None:
            # A clock that was stepped back must not make a level last longer.
            self._taken_at = min(self._taken_at, self._grid.origin + now)
        if self.due() is None:
            return
        self._is_anew = True
        self._step = len(self._pattern.edges)
        self._switch = self._beat_from(now)

    def _beat_from(self, now: Instant) -> int:
        # An instant that is a beat but for the rounding of floats is that beat.
        return math.ceil(max(now, self._grid.calm_at - self._grid.origin) / self._tempo.beat_s - 1e-6)

    def _beat_for(self, level: SignalLevel, now: Instant) -> int:
        """Return the first beat at which ``level`` may take the place of what is shown."""
        return self._beat_from(max(now, self._held_until(level, now)))

    def _held_until(self, level: SignalLevel, now: Instant) -> Instant:
        if self._taken_at is None or self._is_sounder or not _says_less(self._latched, level):
            return now
        return min(self._taken_at - self._grid.origin, now) + self._options.min_on_s

    def _lit(self, at: Instant) -> Mapping[str, str]:
        if not self._is_dimmable:
            return self._pattern.lit
        return dimmed(self._pattern.lit, self._hours.percent(self._grid.origin + at))

    def _take_newest(self, beat: int) -> None:
        before, at = self._pattern, beat * self._tempo.beat_s
        is_whole = before.beats == 0 or (not self._is_anew and beat == self._start + before.beats)
        self._pattern = pattern = self._turn(at) or self._choose(beat)
        self._is_anew = False
        self._start, self._step = beat, 0
        if pattern.rest_beat is not None and pattern.needs_rest_after(before, is_whole=is_whole):
            self._start = beat - pattern.rest_beat
            self._step = len(pattern.edges)
            self.lamps = self._lit(at) if pattern.is_ground_lit else pattern.dark
        if pattern.beats:
            self._end = self._switch = self._start + pattern.beats
        else:
            self._end = self._next_look(beat)
            is_held = not self._is_sounder and self._latched != self._wanted
            self._switch = self._beat_for(self._wanted, at) if is_held else self._end

    def _next_look(self, beat: int) -> int | None:
        """Return the beat from which on a light that nothing else changes may have another brightness."""
        if not self._is_dimmable or self._pattern.rhythm is not Rhythm.STEADY:
            return None
        at = self._grid.origin + beat * self._tempo.beat_s
        minute = (at // _MINUTE_S + 1) * _MINUTE_S
        return max(self._beat_from(minute - self._grid.origin), beat + 1)

    def _turn(self, at: Instant) -> Pattern | None:
        """Return the next turn of a lamp test, if there is one."""
        if not self._turns:
            return None
        turn = self._turns.pop(0)
        return None if self._is_sounder and self._is_quiet(at, turn) else turn

    def _choose(self, beat: int) -> Pattern:
        latched, wanted, at = self._latched, self._wanted, beat * self._tempo.beat_s
        if self._is_sounder:
            # What the severity was before the feed was lost decides whether it has risen afterwards.
            severity = latched.severity if wanted.stale else wanted.severity
            self._latched = SignalLevel(wanted.depth, severity, wanted.stale, wanted.acknowledged)
            beeps = beeps_for(self._lamp_names, latched, wanted, self._options)
            return dark_pattern(self._lamp_names) if self._is_quiet(at, beeps) else beeps
        if self._beat_for(wanted, at) > beat:
            wanted = latched
        if wanted != latched or self._taken_at is None:
            self._latched = wanted
            self._taken_at = self._grid.origin + at
        elif self._pattern.beats and self._pattern.rhythm is not Rhythm.TEST:
            return self._pattern
        said = powered_for if self._is_own else pattern_for
        return said(self._lamp_names, wanted, self._options)

    def _is_quiet(self, at: Instant, beeps: Pattern) -> bool:
        begins_at = self._grid.origin + at
        ends_at = begins_at + beeps.beats * self._tempo.beat_s
        return self._hours.is_quiet(begins_at) or self._hours.is_quiet(ends_at)


def _says_less(before: SignalLevel, after: SignalLevel) -> bool:
    """Return whether ``after`` withdraws something that ``before`` said; bad news never does."""
    if after.stale or after.severity > before.severity:
        return False
    if before.stale:
        return after.severity is not Severity.CRITICAL
    return (after.severity, after.depth) < (before.severity, before.depth)
