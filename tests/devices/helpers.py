"""Clocks and readers of timelines for the tests of devices."""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from devices.patterns import PatternOptions
from devices.recording import DRIVER, RecordingOptions, RecordingOutput
from devices.scheduler import LampScheduler
from queue_alert.core.effects import SignalLevel
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import OutputSetup

EPOCH: Instant = 1_800_000_000.0
"""A beat of every tempo used in tests, and as large as instants really are."""

Change = tuple[Seconds, Mapping[str, str]]


async def soon(condition: Callable[[], bool]) -> None:
    """Wait until it is so, on a real loop; five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (a thread or the kernel brings it about)
            await asyncio.sleep(0.001)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: Instant = EPOCH) -> None:
        self.instant = now

    def now(self) -> Instant:
        return self.instant


class LoopClock:
    """Follows the running loop, so that simulated time moves it; may be stepped."""

    def __init__(self, start: Instant = EPOCH) -> None:
        self._offset = start

    def now(self) -> Instant:
        return self._offset + asyncio.get_running_loop().time()

    def step(self, seconds: Seconds) -> None:
        self._offset += seconds


class Stage:
    """A scheduler and its clock, played exactly on its deadlines; keeps what every output showed."""

    def __init__(
        self,
        outputs: Mapping[str, Sequence[str]],
        options: PatternOptions | None = None,
        *,
        now: Instant = EPOCH,
    ) -> None:
        self.scheduler = LampScheduler(outputs, options or PatternOptions())
        self.names = tuple(outputs)
        self.now = now
        self.stepped: Seconds = 0.0
        self.changes: list[tuple[Instant, str, Mapping[str, str]]] = []

    def begin(self, levels: Mapping[str, SignalLevel]) -> "Stage":
        for name, level in levels.items():
            self.scheduler.show(name, level, self.now)
            self.scheduler.begin(name, self.now)
        return self

    def show(self, output: str, level: SignalLevel) -> None:
        self.scheduler.show(output, level, self.now)

    def reopen(self, output: str) -> None:
        """Have an output fail, which leaves it dark, and be opened again at once."""
        dark = dict.fromkeys(self.scheduler.lamps(output), "off")
        self.changes.append((self.now - self.stepped, output, dark))
        self.scheduler.begin(output, self.now)

    def play(self, seconds: Seconds) -> "Stage":
        """Play for ``seconds``, the end included."""
        end = self.now + seconds
        while (deadline := self.scheduler.next_deadline()) is not None and deadline <= end:
            self.advance(max(deadline, self.now))
        self.now = end
        return self

    def advance(self, now: Instant) -> None:
        self.now = now
        self.changes += [(now - self.stepped, name, lamps) for name, lamps in self.scheduler.advance(now)]

    def step_clock(self, seconds: Seconds) -> None:
        """Step the clock; what changes from now on is kept at its true instant, not at the clock's."""
        self.stepped += seconds
        self.now += seconds

    def history(self, output: str, *, since: Instant = EPOCH) -> list[Change]:
        """Return the changes of one output, in seconds from ``since``, rounded to the millisecond."""
        return [(round(at - since, 3), lamps) for at, name, lamps in self.changes if name == output]


def lit_spans(history: Iterable[Change], lamp: str) -> list[tuple[Seconds, Seconds]]:
    """Return when a lamp was lit: pairs of instant and length; a span that has not ended is infinite."""
    spans: list[tuple[Seconds, Seconds]] = []
    since: Seconds | None = None
    for at, lamps in history:
        is_lit = lamps[lamp] != "off"
        if is_lit and since is None:
            since = at
        elif not is_lit and since is not None:
            spans.append((since, round(at - since, 3)))
            since = None
    return [*spans, (since, math.inf)] if since is not None else spans


def flash_starts(histories: Iterable[Sequence[tuple[Instant, Mapping[str, str]]]]) -> list[Instant]:
    """Return the instants, each once, at which any lamp lit up or changed from one colour to another."""
    starts: set[Instant] = set()
    for history in histories:
        before: Mapping[str, str] = {}
        for at, lamps in history:
            if any(shown not in {"off", before.get(lamp, "off")} for lamp, shown in lamps.items()):
                starts.add(at)
            before = lamps
    return sorted(starts)


def worst_second(starts: Sequence[Instant]) -> int:
    """Return the most starts within any one second, both ends included."""
    return max((sum(start <= other <= start + 1.0 for other in starts) for start in starts), default=0)


def setup_of(name: str, output: RecordingOutput) -> OutputSetup:
    """Return a recording output as an engine gets it."""
    return OutputSetup(name=name, driver=DRIVER, options=RecordingOptions(), output=output)


def shown_since(output: RecordingOutput, start: Instant = EPOCH) -> list[Change]:
    """Return the timeline of an output, in seconds from ``start``, rounded to the millisecond."""
    return [(round(shown.at - start, 3), shown.lamps) for shown in output.timeline]
