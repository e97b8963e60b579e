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

from devices.hours import SiteHours
from devices.limits import lateness
from devices.patterns import PatternOptions, Tempo
from devices.voice import UNKNOWN_LEVEL, Grid, Voice
from queue_alert.core.effects import SignalLevel
from queue_alert.core.units import Instant, Seconds

__all__ = ["UNKNOWN_LEVEL", "LampScheduler"]

_TEST_WITHIN_S: Final[Seconds] = 60.0
"""A lamp test that is later than this, because the clock was stepped, is left out."""

_QUIET_S: Final[Seconds] = 1.0
"""After longer than this without any change no flash can be too many: they are counted over a second."""


class LampScheduler:
    """Plays levels on outputs.

    Args:
        outputs: The lamps' names of every output, by the output's name.
        options: The patterns' options, without a mistake in them (:mod:`devices.limits`).
        timezone: IANA name of the site's time zone.

    Attributes:
        stumbles: How often everything began anew because a change was overdue or the clock was stepped.
        tests: How many of the daily lamp tests have been begun.
        tests_left_out: How many were not, because somebody waited at critical.
    """

    def __init__(
        self, outputs: Mapping[str, Sequence[str]], options: PatternOptions, *, timezone: str = "UTC"
    ) -> None:
        self._lateness = lateness(options)
        self._hours = SiteHours(options, timezone)
        self._grid = Grid()
        self._voices = {
            name: Voice(lamps, options, self._grid, self._hours, flashes_itself=name in options.own_flash_hz)
            for name, lamps in outputs.items()
        }
        self._reached: Instant | None = None
        self._changed_at: Instant = -math.inf
        self._beat_s = Tempo.of(options).beat_s
        self._test_at: Instant | None = None
        self._may_be_testing = False
        self.stumbles = 0
        self.tests = 0
        self.tests_left_out = 0

    def begin(self, output: str, now: Instant) -> None:
        """Start to play on an output that has just been opened and is dark.

        Until then it shows nothing, though :meth:`show` may be called.

        Raises:
            KeyError: There is no output of that name.
        """
        self._voices[output].begin(now - self._grid.origin)
        if self._test_at is None:
            self._test_at = self._hours.next_test(now)

    def show(self, output: str, level: SignalLevel, now: Instant) -> bool:
        """Take a new level; the newest wins.

        Returns:
            Whether :meth:`next_deadline` may have moved: most levels wait for the end of a cycle anyway.

        Raises:
            KeyError: There is no output of that name.
        """
        voice = self._voices[output]
        self._begin_grid_anew(now)
        due = voice.due()
        voice.show(level, now - self._grid.origin)
        is_moved = voice.due() != due
        if self._may_be_testing and voice.is_critical and not level.stale:
            self._may_be_testing = False
            for other in self._voices.values():
                is_moved |= other.end_test(now - self._grid.origin)
        return is_moved

    def test(self, output: str, now: Instant) -> Seconds:
        """Light every lamp of an output in turn for a second, when its cycle is over; then its level again.

        Whatever gets worse on it meanwhile, and anything critical anywhere, breaks it off.

        Returns:
            In how many seconds it is over; 0.0 where the output is not open.

        Raises:
            KeyError: There is no output of that name.
        """
        voice = self._voices[output]
        self._begin_grid_anew(now)
        self._may_be_testing = True
        return voice.test(now - self._grid.origin)

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
        due = self._due()
        is_overdue = due is not None and now - due > self._lateness
        is_stepped_back = self._reached is not None and now < self._reached - self._lateness
        if is_overdue or is_stepped_back:
            self.stumbles += 1
            # Beats of a stepped clock lie elsewhere: after more than one, flashes are surely a beat apart.
            self._grid.calm_at = now + 2 * self._beat_s
            for voice in self._voices.values():
                voice.begin_anew(now - self._grid.origin)
        self._test_daily(now, is_stepped_back=is_stepped_back)
        self._reached = now
        changes = [
            (name, voice.lamps) for name, voice in self._voices.items() if voice.play(now - self._grid.origin)
        ]
        if changes:
            self._changed_at = now
        return changes

    def next_deadline(self) -> Instant | None:
        """Return the instant at which :meth:`advance` has something to do, ``None`` for never.

        One that is far away is a time of day: whoever waits for it must look again meanwhile, because the
        clock may be stepped.
        """
        due = self._due()
        return self._test_at if due is None else due if self._test_at is None else min(due, self._test_at)

    def _due(self) -> Instant | None:
        dues = [due for voice in self._voices.values() if (due := voice.due()) is not None]
        return self._grid.origin + min(dues) if dues else None

    def _begin_grid_anew(self, now: Instant) -> None:
        """Let a beat begin now if nothing has changed for a while and nothing is about to."""
        if now - self._changed_at > _QUIET_S and all(voice.is_settled() for voice in self._voices.values()):
            self._grid.origin = now

    def _test_daily(self, now: Instant, *, is_stepped_back: bool) -> None:
        test_at = self._test_at
        if test_at is None or (now < test_at and not is_stepped_back):
            return
        self._test_at = self._hours.next_test(now)
        if not test_at <= now <= test_at + _TEST_WITHIN_S:
            return
        if any(voice.is_critical for voice in self._voices.values()):
            self.tests_left_out += 1
            return
        self.tests += 1
        for name in self._voices:
            self.test(name, now)
