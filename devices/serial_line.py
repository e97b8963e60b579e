"""A serial port with everything that hangs on it: a tower and its buzzer, relays for several lamps, a bus.

Only one can be spoken to at a time, so all of them have one thread (:class:`~devices.worker.Worker`), and the
port is opened once. When it is gone it is gone for all of them.
"""

from collections.abc import Callable
from typing import Final, Protocol, TypeVar
from weakref import WeakValueDictionary

from devices.serial_port import SerialPort, find_by_serial_number
from devices.worker import Worker
from queue_alert.ports import DriverError

__all__ = ["LineOptions", "SerialLine", "line_of"]

Told = TypeVar("Told")


class LineOptions(Protocol):
    """Where a port is."""

    @property
    def port(self) -> str:
        """Its path, or ""."""

    @property
    def serial_number(self) -> str:
        """Of the USB adapter, or ""."""


class SerialLine:
    """A port that is open while somebody is on it. All but the worker is for the worker's thread.

    Args:
        options: Where it is.
        baud: Bits a second.

    Attributes:
        worker: Who serves everybody on it.
    """

    def __init__(self, options: LineOptions, baud: int) -> None:
        self.worker = Worker(options.port or options.serial_number)
        self._options = options
        self._baud = baud
        self._port: SerialPort | None = None
        self._members: set[object] = set()
        self._fault = "the port is not open"

    def join(self, member: object) -> None:
        """Be on it from now on; it is opened for the first.

        Raises:
            DriverError: The port cannot be had.
        """
        if self._port is None:
            path = self._options.port or find_by_serial_number(self._options.serial_number)
            self._port = SerialPort(path, self._baud)
        self._members.add(member)

    def leave(self, member: object) -> None:
        """Be on it no more; it is closed behind the last."""
        self._members.discard(member)
        if not self._members:
            self._close()

    def has_others(self, member: object) -> bool:
        """Return whether somebody else is on it."""
        return bool(self._members - {member})

    def exchange(self, member: object, data: bytes, answer_length: int) -> bytes:
        """Write and return what answers, as :meth:`SerialPort.exchange`.

        Raises:
            DriverError: The port is gone, for all who are on it.
        """
        return self._with_port(member, lambda port: port.exchange(data, answer_length))

    def look(self, member: object) -> None:
        """Find out whether the port is still there, as :meth:`SerialPort.look`.

        Raises:
            DriverError: It is not, for all who are on it.
        """
        self._with_port(member, SerialPort.look)

    def _with_port(self, member: object, do: Callable[[SerialPort], Told]) -> Told:
        if self._port is None or member not in self._members:
            raise DriverError(self._fault)
        try:
            return do(self._port)
        except DriverError as error:
            self._fault = error.reason
            self._members.clear()
            self._close()
            raise

    def _close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None


_lines: Final[WeakValueDictionary[tuple[str, str, int], SerialLine]] = WeakValueDictionary()


def line_of(options: LineOptions, baud: int) -> SerialLine:
    """Return the line at a port; the same for everybody who names it so, while anybody has it."""
    key = (options.port, options.serial_number, baud)
    line = _lines.get(key)
    if line is None:
        line = _lines[key] = SerialLine(options, baud)
    return line
