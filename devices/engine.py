"""Plays levels on outputs: the shell around the one lamp scheduler."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, ClassVar, Final

import msgspec

from devices.kinds import OFF
from devices.limits import check_options, check_rate, lateness
from devices.own_flash import check_own
from devices.patterns import PatternOptions
from devices.scheduler import LampScheduler
from queue_alert.core.effects import SignalLevel
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import (
    Clock,
    ConfigProblem,
    DriverError,
    LampObserver,
    OutputDriver,
    OutputSetup,
    SelfHealingOutput,
)

__all__ = ["FIRST_PAUSE_S", "LONGEST_PAUSE_S", "LampEngine"]

logger = logging.getLogger(__name__)

FIRST_PAUSE_S: Final[Seconds] = 1.0
LONGEST_PAUSE_S: Final[Seconds] = 30.0
"""A failed output is opened again after the first pause, then after twice as long, up to the longest."""

_LOOK_AGAIN_S: Final[Seconds] = 60.0
"""So long at most is slept towards a time of day: the clock may be stepped meanwhile."""

_HEALTHY_AFTER_S: Final[Seconds] = 60.0
"""An output that has worked so long begins with the first pause again."""


class LampEngine:
    """All outputs of light and sound, in phase.

    An output that fails is closed, reported to the observer and opened again after a growing pause, unless it
    looks after its device itself (:class:`~queue_alert.ports.SelfHealingOutput`); the others are not
    disturbed. Before the first level, outputs say that nothing is known.

    Args:
        outputs: The outputs, each name once.
        options: A :class:`~devices.patterns.PatternOptions`.
        clock: The steady line.
        observer: Told of every change and fault.
        timezone: IANA name of the site's time zone.
    """

    options: ClassVar[type[msgspec.Struct]] = PatternOptions

    def __init__(
        self,
        outputs: Sequence[OutputSetup],
        options: Any,
        clock: Clock,
        observer: LampObserver,
        *,
        timezone: str = "UTC",
    ) -> None:
        self._players = {setup.name: _Player(setup) for setup in outputs}
        self._options: PatternOptions = options
        lamps = {setup.name: setup.output.lamps for setup in outputs}
        self._scheduler = LampScheduler(lamps, options, timezone=timezone)
        self._lateness = lateness(options)
        self._clock = clock
        self._observer = observer
        self._wake = asyncio.Event()
        self._rung_for: Instant | None = None
        self._is_closed = False

    @classmethod
    def check(cls, outputs: Sequence[tuple[str, OutputDriver, Any]], options: Any) -> list[ConfigProblem]:
        """Return the mistakes in the options, and whether the outputs together could flash too often.

        Args:
            outputs: Name, driver and options of every output. Options with an attribute ``lamps`` (the lamps'
                names) are asked for it; an output without counts as one that flashes.
            options: A :class:`~devices.patterns.PatternOptions`.

        Returns:
            Problems whose paths start at the configuration's root: ``patterns.off_s``.
        """
        lamps = {
            name: getattr(output_options, "lamps", ("lamp",)) for name, _driver, output_options in outputs
        }
        problems = [*check_options(options), *check_own(lamps, options)]
        is_sound = all(problem.is_warning for problem in problems)
        return [*problems, *check_rate(lamps, options)] if is_sound else problems

    def show(self, output: str, level: SignalLevel) -> None:
        """Take a new level; the newest wins. To be called on the loop's thread.

        Raises:
            KeyError: There is no output of that name.
        """
        if self._scheduler.show(output, level, self._clock.now()):
            self._wake.set()

    def test(self, output: str) -> Seconds:
        """Light every lamp of an output in turn for a second, then show its level again.

        Returns:
            In how many seconds it is over; 0.0 where the output is not open.

        Raises:
            KeyError: There is no output of that name.
        """
        seconds = self._scheduler.test(output, self._clock.now())
        self._wake.set()
        return seconds

    async def run(self) -> None:
        """Open the outputs and play until cancelled; every lamp is dark when it returns, however it ends.

        Raises:
            DriverError: The options allow too fast a flash, or an output cannot be opened and trying again
                would not help.
        """
        try:
            self._refuse_too_fast()
            self._open_all()
            while True:
                self._play()
                await self._sleep()
        finally:
            self.close()

    def close(self) -> None:
        """Make every lamp dark and let go of the devices; may be called at any time and again."""
        if self._is_closed:
            return
        self._is_closed = True
        self._wake.set()
        # The stack goes on with the other outputs if one of another maker breaks its promise never to raise.
        with ExitStack() as stack:
            for player in self._players.values():
                player.is_open, player.retry_at = False, None
                stack.callback(self._report, player, player.dark)
                stack.callback(player.output.close)

    def _refuse_too_fast(self) -> None:
        lamps = {name: player.output.lamps for name, player in self._players.items()}
        problems = check_rate(lamps, self._options)
        if problems:
            raise DriverError(f"{problems[0].path}: {problems[0].message}", recoverable=False)

    def _open_all(self) -> None:
        for player in self._players.values():
            if self._is_closed:
                return
            if isinstance(player.output, SelfHealingOutput):
                player.output.listen(partial(self._told, asyncio.get_running_loop(), player))
            try:
                self._open(player)
            except DriverError as error:
                if not error.recoverable:
                    raise
                self._fail(player, error)

    def _open(self, player: "_Player") -> None:
        player.retry_at = None
        player.output.open()
        player.is_open = True
        player.opened_at = asyncio.get_running_loop().time()
        player.fault = ""
        self._scheduler.begin(player.name, self._clock.now())
        self._report(player, player.dark)

    def _play(self) -> None:
        if self._is_closed:
            return
        self._reopen()
        stumbles, tests = self._scheduler.stumbles, self._scheduler.tests
        left_out = self._scheduler.tests_left_out
        for name, lamps in self._scheduler.advance(self._now()):
            player = self._players[name]
            if player.is_open:
                self._write(player, lamps)
        if self._scheduler.stumbles != stumbles:
            level = logging.DEBUG if stumbles else logging.WARNING
            logger.log(
                level, "lamps were late or the clock was stepped, they begin anew count=%d", stumbles + 1
            )
        if self._scheduler.tests != tests:
            logger.info("lamp_test=begun")
        if self._scheduler.tests_left_out != left_out:
            logger.info("lamp_test=left_out reason=somebody waits at critical")

    def _write(self, player: "_Player", lamps: Mapping[str, str]) -> None:
        try:
            player.output.write(lamps)
        except DriverError as error:
            self._fail(player, error)
        else:
            self._report(player, player.dark if player.fault else lamps)

    def _reopen(self) -> None:
        now = asyncio.get_running_loop().time()
        for player in self._players.values():
            if player.retry_at is not None and player.retry_at <= now:
                try:
                    self._open(player)
                except DriverError as error:
                    self._fail(player, error)
                else:
                    player.is_logged = False
                    logger.info("output recovered output=%s", player.name)

    def _fail(self, player: "_Player", error: DriverError) -> None:
        now = asyncio.get_running_loop().time()
        player.output.close()
        if player.is_open and now - player.opened_at >= _HEALTHY_AFTER_S:
            player.pause = FIRST_PAUSE_S
        player.is_open = False
        player.fault = error.reason
        player.retry_at = now + player.pause if error.recoverable else None
        level = logging.DEBUG if player.is_logged else logging.WARNING
        again = f"{player.pause:g}s" if error.recoverable else "never"
        logger.log(level, "output failed output=%s again_in=%s reason=%s", player.name, again, error.reason)
        player.is_logged = True
        player.pause = min(player.pause * 2, LONGEST_PAUSE_S)
        self._report(player, player.dark)

    def _told(self, loop: asyncio.AbstractEventLoop, player: "_Player", fault: str) -> None:
        """Take a fault from an output's own thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody cares any more
            loop.call_soon_threadsafe(self._heard, player, fault)

    def _heard(self, player: "_Player", fault: str) -> None:
        if not player.is_open:
            return
        if fault and not player.fault:
            logger.warning("output failed output=%s reason=%s", player.name, fault)
        elif player.fault and not fault:
            logger.info("output recovered output=%s", player.name)
        player.fault = fault
        self._report(player, player.dark if fault else self._scheduler.lamps(player.name))

    def _report(self, player: "_Player", lamps: Mapping[str, str]) -> None:
        self._observer(player.name, lamps, player.fault)

    def _now(self) -> Instant:
        """Return the present, or the deadline that has just been waited for, whichever is later.

        The loop may wake a hair before the deadline; without this it would be armed and wake again and again.
        A clock that lies further back was stepped, and then it is right.
        """
        now = self._clock.now()
        due = self._rung_for
        self._rung_for = None
        return due if due is not None and due - self._lateness < now < due else now

    async def _sleep(self) -> None:
        self._wake.clear()
        timer = self._arm()
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()

    def _arm(self) -> asyncio.TimerHandle | None:
        if self._is_closed:
            return None
        loop = asyncio.get_running_loop()
        retries = [player.retry_at for player in self._players.values() if player.retry_at is not None]
        deadline = self._scheduler.next_deadline()
        if deadline is not None:
            wait = max(deadline - self._clock.now(), 0.0)
            deadline_at = loop.time() + wait
            if wait > _LOOK_AGAIN_S:
                retries.append(loop.time() + _LOOK_AGAIN_S)
            if deadline_at <= min(retries, default=deadline_at):
                return loop.call_at(deadline_at, self._ring, deadline)
        return loop.call_at(min(retries), self._wake.set) if retries else None

    def _ring(self, deadline: Instant) -> None:
        self._rung_for = deadline
        self._wake.set()


class _Player:
    """One output and how it fares; instants here are the loop's."""

    __slots__ = ("fault", "is_logged", "is_open", "name", "opened_at", "output", "pause", "retry_at")

    def __init__(self, setup: OutputSetup) -> None:
        self.name = setup.name
        self.output = setup.output
        self.is_open = False
        self.is_logged = False
        self.fault = ""
        self.opened_at = 0.0
        self.retry_at: float | None = None
        self.pause = FIRST_PAUSE_S

    @property
    def dark(self) -> Mapping[str, str]:
        """All its lamps, off."""
        return dict.fromkeys(self.output.lamps, OFF)
