"""A lamp test by hand: each lamp in turn, then the real patterns, on outputs that nobody else holds."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from queue_alert.app.outputs import OutputSide
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.core.units import Seconds
from queue_alert.ports import SelfHealingOutput

__all__ = ["LEVELS", "LampTest"]

LEVELS: Final = (
    ("3 waiting", SignalLevel(3)),
    ("3 waiting, warning", SignalLevel(3, Severity.WARNING)),
    ("3 waiting, critical", SignalLevel(3, Severity.CRITICAL)),
    ("stale: the feed is lost", SignalLevel(3, Severity.CRITICAL, stale=True)),
)
"""What is shown after the lamps were lit in turn, each with its heading."""

_EACH_S: Final[Seconds] = 6.0
_SETTLE_S: Final[Seconds] = 5.0
_LOOK_EVERY_S: Final[Seconds] = 0.05
_OFF: Final = "off"


class LampTest:
    """One lamp test.

    Args:
        side: The outputs, not started yet.
        say: Takes every line of what is shown.
        each_s: How long every level is shown.
        settle_s: How long is waited for outputs that look for their devices.
    """

    def __init__(
        self,
        side: OutputSide,
        say: Callable[[str], None],
        *,
        each_s: Seconds = _EACH_S,
        settle_s: Seconds = _SETTLE_S,
    ) -> None:
        self._side = side
        self._say = say
        self._each_s = each_s
        self._settle_s = settle_s
        self._faults = dict.fromkeys(side.outputs, "")
        self._failed: set[str] = set()
        self._said: set[tuple[str, str]] = set()

    async def run(self) -> bool:
        """Play it; return whether every output worked all the time. Every lamp is dark in the end.

        Raises:
            DriverError: An output cannot be had, and trying again would not help (in an exception group).
        """
        self._side.start(self._observe)
        for name in self._side.outputs:
            self._side.show(name, SignalLevel())
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(engine.run(), name=f"outputs-{name}")
                    for name, engine in self._side.engines.items()
                ]
                await self._play()
                for task in tasks:
                    task.cancel()
        finally:
            self._side.close()
        return not self._failed

    async def _play(self) -> None:
        await self._settle()
        for name in self._working():
            self._begin(f"{name}: every lamp in turn")
            await asyncio.sleep(self._side.test(name))
        for heading, level in LEVELS:
            if working := self._working():
                self._begin(heading)
                for name in working:
                    self._side.show(name, level)
                await asyncio.sleep(self._each_s)

    async def _settle(self) -> None:
        """Wait until every output works or has told why not."""
        await asyncio.sleep(0)  # let the engines open them
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._settle_s
        late = {
            name: output
            for name, output in self._side.outputs.items()
            if isinstance(output, SelfHealingOutput)
        }
        while late and loop.time() < ends_at:
            for name, output in tuple(late.items()):
                if (fault := output.settled()) is not None:
                    del late[name]
                    self._note(name, fault)
            await asyncio.sleep(_LOOK_EVERY_S)
        for name in late:
            self._note(name, f"does not answer within {self._settle_s:g} s")

    def _working(self) -> Iterable[str]:
        return [name for name, fault in self._faults.items() if not fault]

    def _note(self, output: str, fault: str) -> None:
        if fault and fault != self._faults[output]:
            self._failed.add(output)
            self._say(f"  {output}: failed: {fault.removeprefix(f'outputs.{output}: ')}")
        self._faults[output] = fault

    def _begin(self, heading: str) -> None:
        self._said.clear()
        self._say(heading)

    def _observe(self, output: str, lamps: Mapping[str, str], fault: str) -> None:
        self._note(output, fault)
        lit = ", ".join(f"{lamp} {shown}" for lamp, shown in lamps.items() if shown != _OFF)
        if lit and (output, lit) not in self._said:
            self._said.add((output, lit))
            self._say(f"  {output}: {lit}")
