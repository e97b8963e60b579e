"""The one scheduler of all lamps: levels in, changes out, pure.

All outputs share one beat (:mod:`devices.patterns`), counted in whole numbers from one common instant, so
nothing drifts and everything is in phase. That instant is the epoch of the steady line, until a room in which
nothing has changed for more than a second is to show something: then the beat begins anew, at once, so that
the first contact is not shown up to a beat late. A cycle shows the level that was newest when it began;
only an escalation breaks off a cycle, at the next beat. A change that is overdue, because the program was
held up or the clock was stepped, is not made up for: every output that was about to do something stays as it
is, lets a whole beat pass and begins anew, with a rest first. So neither is the limit of flashes exceeded nor
a number misread.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from devices.kinds import Kind, kind_of
from devices.limits import lateness
from devices.patterns import (
    Pattern,
    PatternOptions,
    Tempo,
    beeps_for,
    dark_pattern,
    pattern_for,
    why_preempt,
)
from queue_alert.core.effects import SignalLevel
from queue_alert.core.units import Instant, Seconds

__all__ = ["UNKNOWN_LEVEL", "LampScheduler"]

UNKNOWN_LEVEL: Final = SignalLevel(stale=True)
"""What an output says before it was told anything: that nothing is known, not that nobody waits."""


_QUIET_S: Final[Seconds] = 1.0
"""After longer than this without any change no flash can be too many: they are counted over a second."""


class LampScheduler:
    """Plays levels on outputs.

    Args:
        outputs: The lamps' names of every output, by the output's name.
        options: The patterns' options, without a mistake in them (:mod:`devices.limits`).

    Attributes:
        stumbles: How often everything began anew because a change was overdue or the clock was stepped.
    """

    def __init__(self, outputs: Mapping[str, Sequence[str]], options: PatternOptions) -> None:
        self._lateness = lateness(options)
        self._voices = {name: _Voice(lamps, options) for name, lamps in outputs.items()}
        self._reached: Instant | None = None
        self._grid: Instant = 0.0
        """The instant at which a beat began; what the voices call an instant is counted from it."""
        self._changed_at: Instant = -math.inf
        self.stumbles = 0

    def begin(self, output: str, now: Instant) -> None:
        """Start to play on an output that has just been opened and is dark.

        Until then it shows nothing, though :meth:`show` may be called.

        Raises:
            KeyError: There is no output of that name.
        """
        self._voices[output].begin(now - self._grid)

    def show(self, output: str, level: SignalLevel, now: Instant) -> bool:
        """Take a new level; the newest wins.

        Returns:
            Whether :meth:`next_deadline` may have moved: most levels wait for the end of a cycle anyway.

        Raises:
            KeyError: There is no output of that name.
        """
        voice = self._voices[output]
        if now - self._changed_at > _QUIET_S and all(other.is_settled() for other in self._voices.values()):
            self._grid = now
        due = voice.due()
        voice.show(level, now - self._grid)
        return voice.due() != due

    def lamps(self, output: str) -> Mapping[str, str]:
        """Return the lamps of an output as :meth:`advance` last made them.

        Raises:
            KeyError: There is no output of that name.
        """
        return self._voices[output].lamps

    def advance(self, now: Instant) -> list[tuple[str, Mapping[str, str]]]:
        """Let time pass until ``now``.

        Returns:
            Every output that has changed, with all its lamps as they must be from now on.
        """
        deadline = self.next_deadline()
        is_overdue = deadline is not None and now - deadline > self._lateness
        if is_overdue or (self._reached is not None and now < self._reached - self._lateness):
            self.stumbles += 1
            for voice in self._voices.values():
                voice.begin_anew(now - self._grid)
        self._reached = now
        changes = [
            (name, voice.lamps) for name, voice in self._voices.items() if voice.play(now - self._grid)
        ]
        if changes:
            self._changed_at = now
        return changes

    def next_deadline(self) -> Instant | None:
        """Return the instant at which :meth:`advance` has something to do, ``None`` while nothing flashes."""
        dues = [due for voice in self._voices.values() if (due := voice.due()) is not None]
        return self._grid + min(dues) if dues else None


class _Voice:
    """One output: the cycle it plays and when it takes the newest level.

    A beat is a whole number; ``_start`` is the beat at which the running cycle began (or would have, where it
    was entered at its rest), ``_switch`` the one at which the newest level is taken.
    """

    __slots__ = (
        "_is_anew",
        "_is_sounder",
        "_lamp_names",
        "_latched",
        "_options",
        "_pattern",
        "_start",
        "_step",
        "_switch",
        "_tempo",
        "_wanted",
        "lamps",
    )

    def __init__(self, lamps: Sequence[str], options: PatternOptions) -> None:
        self._lamp_names = tuple(lamps)
        self._options = options
        self._tempo = Tempo.of(options)
        self._is_sounder = kind_of(lamps) is Kind.BUZZER
        self._wanted = self._latched = UNKNOWN_LEVEL
        self._pattern: Pattern = dark_pattern(lamps)
        self._start = 0
        self._step = len(self._pattern.edges)
        self._switch: int | None = None
        self._is_anew = True  # nothing but the switch counts: before the beginning and after a break
        self.lamps: Mapping[str, str] = self._pattern.dark

    def begin(self, now: Instant) -> None:
        self._pattern = dark_pattern(self._lamp_names)
        self._step = len(self._pattern.edges)
        self._is_anew = True
        self._switch = self._beat_from(now)
        self.lamps = self._pattern.dark

    def show(self, level: SignalLevel, now: Instant) -> None:
        self._wanted = level
        if self._is_anew:
            return
        end = self._start + self._pattern.beats if self._pattern.beats else None
        if level == self._latched:
            self._switch = end
        elif end is None:
            self._switch = self._beat_from(now)
        elif why_preempt(self._latched, level) is not None:
            self._switch = min(self._beat_from(now), end)
        else:
            self._switch = end

    def is_settled(self) -> bool:
        """Return whether it has begun and will change no more by itself."""
        return not self._is_anew and self.due() is None

    def due(self) -> Instant | None:
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
                self.lamps = self._pattern.lit if is_lit else self._pattern.dark
                self._step += 1
        return self.lamps != before

    def begin_anew(self, now: Instant) -> None:
        """Break off what is played; an output that does nothing has nothing to break off."""
        if self.due() is None:
            return
        self._is_anew = True
        self._step = len(self._pattern.edges)
        # Beats of a stepped clock lie elsewhere: after more than one, flashes are surely a beat apart.
        self._switch = self._beat_from(now) + 2

    def _beat_from(self, now: Instant) -> int:
        # An instant that is a beat but for the rounding of floats is that beat.
        return math.ceil(now / self._tempo.beat_s - 1e-6)

    def _take_newest(self, beat: int) -> None:
        before = self._pattern
        is_whole = before.beats == 0 or (not self._is_anew and beat == self._start + before.beats)
        self._pattern = pattern = self._choose()
        self._is_anew = False
        self._start, self._step = beat, 0
        if pattern.rest_beat is not None and pattern.needs_rest_after(before, is_whole=is_whole):
            self._start = beat - pattern.rest_beat
            self._step = len(pattern.edges)
            self.lamps = pattern.lit if pattern.is_ground_lit else pattern.dark
        self._switch = self._start + pattern.beats if pattern.beats else None

    def _choose(self) -> Pattern:
        latched, wanted = self._latched, self._wanted
        if self._is_sounder:
            # What the severity was before the feed was lost decides whether it has risen afterwards.
            severity = latched.severity if wanted.stale else wanted.severity
            self._latched = SignalLevel(wanted.depth, severity, wanted.stale)
            return beeps_for(self._lamp_names, latched, wanted, self._options)
        self._latched = wanted
        if wanted == latched and self._pattern.beats:
            return self._pattern
        return pattern_for(self._lamp_names, wanted, self._options)
