"""Things with lamps, and what plays levels on them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import msgspec

from queue_alert.core.effects import SignalLevel
from queue_alert.core.units import Seconds
from queue_alert.ports.common import Clock, ConfigProblem

__all__ = [
    "LampObserver",
    "Output",
    "OutputContext",
    "OutputDriver",
    "OutputEngine",
    "OutputSetup",
    "SelfHealingOutput",
]


class Output(Protocol):
    """A thing with lamps: one beacon, a tower of three, an RGB light, a sounder.

    ``write`` is called only when something changed, from the engine, on the loop; a device that can block
    hands it to its own worker thread.
    """

    lamps: Sequence[str]
    """Names of its lamps, the most severe first: ``("lamp",)``, ``("red", "yellow", "green")``."""

    def open(self) -> None:
        """Claim the device and make it dark.

        Raises:
            DriverError: It cannot be had; the reason says what to do.
        """

    def write(self, lamps: Mapping[str, str]) -> None:
        """Make every lamp show what is said: ``"off"`` or a colour ``"#rrggbb"``; all lamps are named.

        Raises:
            DriverError: The write failed.
        """

    def close(self) -> None:
        """Make it dark and let go of it; may be called twice, never raises."""


@runtime_checkable
class SelfHealingOutput(Output, Protocol):
    """One that looks for its device by itself, in a thread or task of its own.

    Its ``open`` returns at once and its ``write`` fails only for a mistake of ours; what becomes of the
    device it reports.
    """

    def listen(self, report: Callable[[str], None]) -> None:
        """Have ``report`` called, from any thread, with every new fault, and with "" when it is over."""

    def settled(self) -> str | None:
        """Return the fault, "" if the device shows what was written last, ``None`` if neither is so yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputContext:
    """What an output gets from the shell.

    Attributes:
        name: Its name in the configuration.
        clock: The steady line.
        base: Folder that relative paths in the configuration start from.
    """

    name: str
    clock: Clock
    base: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDriver:
    """A kind of output.

    Attributes:
        summary: One line for ``queue-alert drivers``.
        options: Struct of its options.
        create: Make an output from checked options; must not touch the device.
        check: Further mistakes; paths relative to the output's table.
        check_place: Mistakes in what the options name beside themselves, such as a secret that is missing;
            called with the options, the output's name and the folder that relative paths start from.
        claims: What it occupies alone (``("gpio17",)``), so that two outputs on one pin are found.
        shares: What it shares with other outputs, and how it treats it: ``("/dev/ttyUSB0", "at 9600 baud")``.
            All outputs that share one thing must treat it alike.
        engine: Entry-point name of the engine that plays it.
        packages: Import names of optional packages it needs.
        extra: The extra that brings them.
    """

    summary: str
    options: type[msgspec.Struct]
    create: Callable[[Any, OutputContext], Output]
    check: Callable[[Any], list[ConfigProblem]] = field(default=lambda _options: [])
    check_place: Callable[[Any, str, Path], list[ConfigProblem]] = field(
        default=lambda _options, _name, _base: []
    )
    claims: Callable[[Any], tuple[str, ...]] = field(default=lambda _options: ())
    shares: Callable[[Any], tuple[str, str] | None] = field(default=lambda _options: None)
    engine: str = "lamps"
    packages: tuple[str, ...] = ()
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSetup:
    """One configured output, as its engine gets it."""

    name: str
    driver: OutputDriver
    options: Any
    output: Output


LampObserver = Callable[[str, Mapping[str, str], str], None]
"""Called with output name, its lamps as now lit, and its fault ("" while it works)."""


class OutputEngine(Protocol):
    """Plays levels as flashes on outputs, all in phase."""

    options: ClassVar[type[msgspec.Struct]]
    """Its own options: the configuration's table ``[patterns]``."""

    def __init__(
        self,
        outputs: Sequence[OutputSetup],
        options: Any,
        clock: Clock,
        observer: LampObserver,
        *,
        timezone: str,
    ) -> None:
        """Take the outputs; touch nothing yet.

        Args:
            outputs: The outputs, each name once.
            options: Its own, checked.
            clock: The steady line.
            observer: Told of every change and fault.
            timezone: The site's, an IANA name, for options that speak of the time of day.
        """

    @classmethod
    def check(cls, outputs: Sequence[tuple[str, OutputDriver, Any]], options: Any) -> list[ConfigProblem]:
        """Return the mistakes of all outputs (name, driver, options) together, such as too fast a flash."""

    def show(self, output: str, level: SignalLevel) -> None:
        """Take a new level; the newest wins. Never blocks, never raises for a device's fault."""

    def test(self, output: str) -> Seconds:
        """Light every lamp of an output in turn, then show its level again; return how long that takes."""

    async def run(self) -> None:
        """Open the outputs and play until cancelled; every lamp is dark when it returns, however it ends."""

    def close(self) -> None:
        """Make every lamp dark, now; may be called at any time, also after ``run``."""
