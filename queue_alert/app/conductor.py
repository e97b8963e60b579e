"""Brings events and time to the core, its effects to the world, and keeps the one timer."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import assert_never

from queue_alert.core.effects import AlertMoved, CallPeople, Effect, ReportAnomaly, ShowSignal, SignalLevel
from queue_alert.core.events import AcdEvent, ClockStepped
from queue_alert.core.monitor import Monitor
from queue_alert.core.units import FeedName, Instant, Seconds
from queue_alert.ports import Clock

__all__ = ["Conductor"]

_logger = logging.getLogger(__name__)

_CLOCK = FeedName("clock")


class Conductor:
    """The one door to the core: there is no queue, so every event is taken as it is read.

    Must be made and called on the event loop's thread. An exception of the core goes to the caller, or out of
    the timer to the loop's exception handler.

    Args:
        monitor: The core.
        clock: The steady line.
        show: Called with an output's name and its new level.
        report: Called with every anomaly and the feed whose event showed it ("" if time alone did).
        changed: Called after the core was told something; must be cheap.
        alerted: Called with every alert that moved, and with whom to call.
    """

    def __init__(
        self,
        monitor: Monitor,
        *,
        clock: Clock,
        show: Callable[[str, SignalLevel], None],
        report: Callable[[ReportAnomaly, str], None],
        changed: Callable[[], None],
        alerted: Callable[[AlertMoved | CallPeople], None],
    ) -> None:
        self._monitor = monitor
        self._clock = clock
        self._show = show
        self._report = report
        self._changed = changed
        self._alerted = alerted
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: Instant = 0.0
        self._steps = 0

    def start(self) -> None:
        """Show every signal as it stands and set the timer."""
        for signal in self._monitor.levels():
            self._show(signal.name, signal.level)
        self._arm()

    def submit(self, event: AcdEvent) -> None:
        """Take an event and do at once what follows from it."""
        self._deliver(self._monitor.handle(event, self._clock.now()), event.source)
        self._arm()
        self._changed()

    def clock_stepped(self, delta_s: Seconds) -> None:
        """Tell the core that the clock has just been moved by ``delta_s``, and set the timer anew."""
        self._steps += 1
        _logger.warning("clock_step_s=%.3f", delta_s)
        now = self._clock.now()
        self._disarm()  # its instant may still be right, but the loop's time for it is not
        self.submit(ClockStepped(id=f"step-{self._steps}", source=_CLOCK, time=now, delta_s=delta_s))

    def stop(self) -> None:
        """Set no timer any more."""
        self._disarm()

    def _deliver(self, effects: Iterable[Effect], source: str) -> None:
        for effect in effects:
            match effect:
                case ShowSignal():
                    self._show(effect.signal, effect.level)
                case ReportAnomaly():
                    self._report(effect, source)
                case AlertMoved() | CallPeople():
                    self._alerted(effect)
                case _:
                    assert_never(effect)

    def _arm(self) -> None:
        deadline = self._monitor.next_deadline()
        if self._timer is not None and deadline == self._timer_at:
            return
        self._disarm()
        if deadline is not None:
            delay = max(0.0, deadline - self._clock.now())
            self._timer_at = deadline
            self._timer = self._loop.call_at(self._loop.time() + delay, self._on_timer)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        # A loop may wake a hair early; without max() nothing would be due yet and the timer would spin.
        now = max(self._timer_at, self._clock.now())
        self._deliver(self._monitor.advance(now), "")
        self._arm()
        self._changed()
