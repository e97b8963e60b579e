"""A stand-in for the package lgpio, as far as gpiozero asks for it: a chip with lines that can be busy."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace

__all__ = ["FakeLgpio", "LgpioError"]


class LgpioError(Exception):
    """What lgpio raises: of no family, told by its text."""


class FakeLgpio(ModuleType):
    """Lines of one chip.

    Attributes:
        levels: Level of every line that is an output.
        busy: Lines that another program has.
        may_open: Whether the chip can be opened.
        is_dead: Whether every read and write fails.
        inputs: Level of every line that is driven from outside.
        listeners: Whom the change of a line is told.
    """

    error = LgpioError
    SET_PULL_NONE = SET_PULL_UP = SET_PULL_DOWN = 0
    SET_BIAS_DISABLE = SET_BIAS_PULL_UP = SET_BIAS_PULL_DOWN = 0
    RISING_EDGE = FALLING_EDGE = BOTH_EDGES = 0

    def __init__(self) -> None:
        super().__init__("lgpio")
        self.levels: dict[int, int] = {}
        self.busy: set[int] = set()
        self.may_open = True
        self.is_dead = False
        self.inputs: dict[int, int] = {}
        self.listeners: dict[int, Callable[[int, int, int, int], None]] = {}

    def gpiochip_open(self, _chip: int) -> int:
        if not self.may_open:
            raise LgpioError("can not open gpiochip")
        return 0

    def gpiochip_close(self, _handle: int) -> int:
        return 0

    def gpio_claim_input(self, _handle: int, line: int, _flags: int = 0) -> int:
        self._claim(line)
        self.levels.pop(line, None)
        return 0

    def gpio_claim_output(self, _handle: int, line: int, level: int = 0, _flags: int = 0) -> int:
        self._claim(line)
        self.levels[line] = level
        return 0

    def gpio_get_mode(self, _handle: int, line: int) -> int:
        return 2 if line in self.levels else 0

    def gpio_read(self, _handle: int, line: int) -> int:
        if self.is_dead:
            raise LgpioError("bad handle")
        return self.levels.get(line, self.inputs.get(line, 0))

    def gpio_free(self, _handle: int, line: int) -> int:
        self.levels.pop(line, None)
        return 0

    def gpio_claim_alert(self, _handle: int, line: int, _edges: int, _flags: int = 0) -> int:
        self._claim(line)
        return 0

    def callback(
        self, _handle: int, line: int, _edges: int, told: Callable[[int, int, int, int], None]
    ) -> SimpleNamespace:
        self.listeners[line] = told
        return SimpleNamespace(cancel=lambda: self.listeners.pop(line))

    def drive(self, line: int, level: int) -> None:
        """Have a line driven from outside, and its change told."""
        self.inputs[line] = level
        self.listeners[line](0, line, level, 0)

    def gpio_write(self, _handle: int, line: int, level: int) -> int:
        if self.is_dead:
            raise LgpioError("bad handle")
        self.levels[line] = int(level)
        return 0

    def _claim(self, line: int) -> None:
        if line in self.busy:
            raise LgpioError("GPIO busy")
