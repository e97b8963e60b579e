"""The feed driver ``simulator``: a floor that is not there, live."""

import asyncio
from collections.abc import Callable

import msgspec

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import FeedName, Seconds
from queue_alert.ports import ConfigProblem, DriverError, FeedContext, FeedDriver
from simulator.acd import Simulation
from simulator.announcer import SNAPSHOT_EVERY_S, Announcer
from simulator.floors import ScenarioError, load_scenario
from simulator.pace import Moment, at_pace
from simulator.reading import read_time_of_day

__all__ = ["DRIVER", "SimulatorFeed", "SimulatorOptions"]

_SLOWEST = 0.1
_FASTEST = 1_000.0
_MOST_LATE_S: Seconds = 1.0


class SimulatorOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a ``simulator`` feed."""

    seed: int = 1
    """The same seed gives the same floor."""
    speed: float = 1.0
    """Simulated seconds in one real second, 0.1 to 1000; waits, calls and breaks are that much shorter."""
    scenario: str = "demo"
    """Which floor: a name of ``queue-alert simulate --list``, or a file that ends in ``.toml``."""
    time_of_day: str = ""
    """The simulated time of day at the start, ``"10:30"``; empty: the scenario's."""


class SimulatorFeed:
    """Runs a simulation in real time and hands over what it says.

    The simulated clock follows the loop's monotonic time, so that a step of the wall clock moves the events'
    times but makes nothing happen early. After a stop of the whole process it does not catch up: the
    floor stands still while nobody runs it.
    """

    def __init__(self, options: SimulatorOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._announcer: Announcer | None = None
        self._simulated = 0.0

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        """Announce the floor and hand over its events, for ever.

        Called again, it goes on with the same floor where it stopped.

        Raises:
            DriverError: The scenario's file cannot be read or has mistakes.
        """
        announcer = self._announcer or await self._build()
        self._submit(announcer.begin(self._simulated), submit)
        ran_at = asyncio.get_running_loop().time()
        while True:
            pause_s = max(0.0, (announcer.next_at() - self._simulated) / self._options.speed)
            await asyncio.sleep(pause_s)
            now = asyncio.get_running_loop().time()
            self._simulated += min(now - ran_at, pause_s + _MOST_LATE_S) * self._options.speed
            ran_at = now
            self._submit(announcer.advance(self._simulated), submit)

    async def _build(self) -> Announcer:
        options = self._options
        try:
            scenario = await asyncio.to_thread(load_scenario, options.scenario, base=self._context.base)
        except ScenarioError as exc:
            raise DriverError(str(exc), recoverable=False) from exc
        self._simulated = self._context.clock.now()
        simulation = Simulation(
            scenario,
            seed=options.seed,
            start=self._simulated,
            source=FeedName(self._context.name),
            time_of_day_s=read_time_of_day(options.time_of_day) if options.time_of_day else None,
        )
        self._announcer = Announcer(simulation, snapshot_every_s=SNAPSHOT_EVERY_S * options.speed)
        return self._announcer

    def _submit(self, events: list[AcdEvent], submit: Callable[[AcdEvent], None]) -> None:
        moment = Moment(simulated=self._simulated, real=self._context.clock.now(), speed=self._options.speed)
        for event in events:
            submit(at_pace(event, moment))


def _check(options: SimulatorOptions) -> list[ConfigProblem]:
    problems: list[ConfigProblem] = []
    # Written so that a speed that is no number (TOML has nan) is refused too.
    if not _SLOWEST <= options.speed <= _FASTEST:
        problems.append(ConfigProblem(path="speed", message=f"must be 0.1 to 1000, got {options.speed:g}"))
    # Where a relative file is, only the feed itself knows; it says so when it begins.
    if not options.scenario.endswith(".toml"):
        try:
            load_scenario(options.scenario)
        except ScenarioError as exc:
            problems.append(ConfigProblem(path="scenario", message=str(exc)))
    if options.time_of_day:
        try:
            read_time_of_day(options.time_of_day)
        except ValueError as exc:
            problems.append(ConfigProblem(path="time_of_day", message=str(exc)))
    return problems


DRIVER = FeedDriver(
    summary="a call centre that is not there, for demonstrations and trials",
    options=SimulatorOptions,
    create=SimulatorFeed,
    check=_check,
)
