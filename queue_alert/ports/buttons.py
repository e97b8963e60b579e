"""Things with keys that people press: a push-button, a foot switch, a keypad."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from queue_alert.core.units import Seconds
from queue_alert.ports.common import Clock, ConfigProblem

__all__ = ["ONE_KEY", "Button", "ButtonContext", "ButtonDriver"]

ONE_KEY: Final = ("button",)
"""The keys of a device that has only one."""


class Button(Protocol):
    """A thing with keys, each of which is up or down."""

    async def run(self, moved: Callable[[str, bool], None]) -> None:
        """Open the device once and say of its keys, by name, whether they are down, until it is lost.

        All the keys it has are said at once when it was opened, as they are then; from then on those that
        move. To say the same of a key again does no harm. ``moved`` is to be called on the loop's thread.
        The supervisor calls this again after a :class:`DriverError`, with a growing pause. It returns never;
        when it is cancelled it lets go of the device.

        Raises:
            DriverError: The device cannot be had or was lost; the reason says what to do.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonContext:
    """What a button gets from the shell.

    Attributes:
        name: Its name in the configuration.
        clock: The steady line.
        base: Folder that relative paths in the configuration start from.
    """

    name: str
    clock: Clock
    base: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonDriver:
    """A kind of button.

    Attributes:
        summary: One line for ``queue-alert drivers``.
        options: Struct of its options.
        create: Make a button from checked options; must not touch the device.
        keys: Names of the keys that such a device may have; one name for a device with one key.
        debounce_s: A move counts once it has lasted so long, unless the configuration says otherwise; 0 for
            devices whose keys do not bounce, or that see to it themselves.
        check: Further mistakes; paths relative to the button's table.
        check_place: Mistakes in what the options name beside themselves, such as a device that is not
            plugged in (a warning); called with the options, the button's name and the folder that relative
            paths start from.
        claims: What it occupies alone (``("gpio17",)``), so that two things on one pin are found.
        packages: Import names of optional packages it needs.
        extra: The extra that brings them.
    """

    summary: str
    options: type[msgspec.Struct]
    create: Callable[[Any, ButtonContext], Button]
    keys: tuple[str, ...] = ONE_KEY
    debounce_s: Seconds = 0.03
    check: Callable[[Any], list[ConfigProblem]] = field(default=lambda _options: [])
    check_place: Callable[[Any, str, Path], list[ConfigProblem]] = field(
        default=lambda _options, _name, _base: []
    )
    claims: Callable[[Any], tuple[str, ...]] = field(default=lambda _options: ())
    packages: tuple[str, ...] = ()
    extra: str = ""
