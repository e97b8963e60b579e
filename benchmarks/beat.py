"""How far every change of several flashing lamps is from its ideal instant, on the real clock.

The engine plays on the running loop what three lamps, a tower, an RGB light and a lamp on a mock pin have to
say; the same levels are played by a scheduler of its own that is called exactly on its deadlines. Both count
from the epoch of the steady line, so the difference between the two is the whole error, and one that grows is
drift.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from devices import gpio
from devices.engine import LampEngine
from devices.kinds import Kind
from devices.patterns import PatternOptions
from devices.recording import DRIVER, RecordingOptions, RecordingOutput, Shown
from devices.scheduler import LampScheduler
from queue_alert.app.clock import SteadyClock
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.core.units import Instant
from queue_alert.ports import OutputContext, OutputSetup

__all__ = ["Errors", "errors_of_every_change"]

_WITHIN_A_BEAT_S = 0.1
"""Lamps are opened so long after a beat began: nowhere near the next."""

_LEVELS = {
    "three": (Kind.LAMP, SignalLevel(3)),
    "warning": (Kind.LAMP, SignalLevel(12, Severity.WARNING)),
    "critical": (Kind.LAMP, SignalLevel(5, Severity.CRITICAL)),
    "tower": (Kind.TOWER, SignalLevel(7, Severity.CRITICAL)),
    "rgb": (Kind.RGB, SignalLevel(4, Severity.CRITICAL)),
}


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds that each change came after its ideal instant, in the order of time."""

    seconds: list[float]

    def at_percentile(self, percent: float) -> float:
        """Return the error that so many per cent of the changes do not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]

    @property
    def drift_s(self) -> float:
        """How much larger the median error of the last quarter is than that of the first."""
        quarter = len(self.seconds) // 4
        return median(self.seconds[-quarter:]) - median(self.seconds[:quarter])


def errors_of_every_change(seconds: float = 20.0) -> Errors:
    """Play for so many seconds and return the error of every change of every lamp."""
    return asyncio.run(_play(seconds))


async def _play(seconds: float) -> Errors:
    options, clock = PatternOptions(), SteadyClock()
    outputs = {
        name: RecordingOutput(clock, name=name, lamps=kind.lamps) for name, (kind, _level) in _LEVELS.items()
    }
    setups = [
        OutputSetup(name=name, driver=DRIVER, options=RecordingOptions(), output=output)
        for name, output in outputs.items()
    ]
    engine = LampEngine([*setups, _pin(clock)], options, clock, _nobody_looks)
    for name in [*outputs, "pin"]:
        engine.show(name, _LEVELS.get(name, _LEVELS["critical"])[1])
    await asyncio.sleep(_until_a_beat(clock.now(), options) + _WITHIN_A_BEAT_S)
    task = asyncio.create_task(engine.run(), name="engine")
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])
    errors: list[tuple[Instant, float]] = []
    for name, output in outputs.items():
        # The first entry is the opening, the last the darkness at the end, and neither waits for anything.
        opened, *changes, _closed = output.timeline
        ideal = _ideal(name, options, opened.at, changes[-1].at)
        assert [shown.lamps for shown in ideal] == [shown.lamps for shown in changes], name
        errors += [(wanted.at, shown.at - wanted.at) for wanted, shown in zip(ideal, changes, strict=True)]
    return Errors([error for _at, error in sorted(errors)])


def _pin(clock: SteadyClock) -> OutputSetup:
    options = gpio.LampOptions(pin=17, factory="mock")
    output = gpio.LAMP.create(options, OutputContext(name="pin", clock=clock))
    return OutputSetup(name="pin", driver=gpio.LAMP, options=options, output=output)


def _until_a_beat(now: Instant, options: PatternOptions) -> float:
    beat_s = options.on_s + options.off_s
    return beat_s - now % beat_s


def _ideal(name: str, options: PatternOptions, begin: Instant, end: Instant) -> list[Shown]:
    """Return what an output is to show from ``begin`` to ``end``, each change exactly when it is due."""
    kind, level = _LEVELS[name]
    scheduler = LampScheduler({name: kind.lamps}, options)
    scheduler.show(name, level, begin)
    scheduler.begin(name, begin)
    shown: list[Shown] = []
    while (deadline := scheduler.next_deadline()) is not None and deadline <= end:
        shown += [Shown(deadline, lamps) for _name, lamps in scheduler.advance(deadline)]
    return shown


def _nobody_looks(_name: str, _lamps: Mapping[str, str], _fault: str) -> None:
    """Look away."""


if __name__ == "__main__":
    began = time.monotonic()
    found = errors_of_every_change()
    print(
        f"{len(found.seconds)} changes in {time.monotonic() - began:.0f} s: "
        f"p50 {found.at_percentile(50) * 1000:.2f} ms, p99 {found.at_percentile(99) * 1000:.2f} ms, "
        f"max {found.at_percentile(100) * 1000:.2f} ms, drift {found.drift_s * 1000:.3f} ms"
    )
