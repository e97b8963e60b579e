"""A serial port: found by its path or its USB serial number, had alone, and what its complaints mean.

pyserial is imported when a port is opened, so that the drivers can be listed without it.

Source: pyserial 3.5, serial/serialposix.py. It tells an unplugged adapter in three ways (``SerialException``,
``OSError``, ``termios.error``) and goes on to call the port open.
"""

import errno
import grp
import os
import stat
import termios
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from queue_alert.core.units import Seconds
from queue_alert.ports import DriverError

__all__ = ["SerialPort", "find_by_serial_number", "why_not_openable"]

_READ_WITHIN_S: Final[Seconds] = 0.5
_WRITE_WITHIN_S: Final[Seconds] = 0.5
_DRAINED_WITHIN_S: Final[Seconds] = 0.3
_DRAIN_LOOK_S: Final[Seconds] = 0.005
_MOST_ECHO: Final = 4096


def find_by_serial_number(serial_number: str) -> str:
    """Return the path of the USB adapter with this serial number.

    Raises:
        DriverError: There is none, or there are several; the ones there are are named.
    """
    from serial.tools import list_ports

    ports = [port for port in list_ports.comports() if port.serial_number]
    found = sorted(port.device for port in ports if port.serial_number == serial_number)
    if len(found) == 1:
        return str(found[0])
    if found:
        raise DriverError(
            f"serial number {serial_number} is that of {', '.join(found)}; write port = with a path under "
            "/dev/serial/by-path"
        )
    known = ", ".join(sorted(f"{port.serial_number} ({port.device})" for port in ports))
    raise DriverError(
        f"no USB adapter with serial number {serial_number} is plugged in; there are: {known or 'none'}"
    )


def why_not_openable(path: str) -> tuple[str, bool]:
    """Return why a port cannot be opened and whether that may change by itself; ``("", False)``: it can."""
    try:
        node = Path(path).stat()
    except FileNotFoundError:
        return f"{path} is not there; is it plugged in? ls -l /dev/serial/by-id shows what is", True
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}", False
    if not stat.S_ISCHR(node.st_mode):
        return f"{path} is no serial port; ls -l /dev/serial/by-id shows those there are", False
    if not os.access(path, os.R_OK | os.W_OK):
        # By another user it may be; and udev gives a node to its group a moment after it has appeared.
        return f"{path} may not be opened; {_advice_on_permission(node)}", True
    return "", False


class SerialPort:
    """An open port, for one thread.

    Args:
        path: Its device node, or a link to it.
        baud: Bits a second.

    Raises:
        DriverError: It cannot be had.
    """

    def __init__(self, path: str, baud: int) -> None:
        import serial

        self._path = path
        self._timeout: type[Exception] = serial.SerialTimeoutException
        self._errors: tuple[type[Exception], ...] = (serial.SerialException, OSError, termios.error)
        try:
            self._port: Any = serial.Serial(
                path, baud, timeout=_READ_WITHIN_S, write_timeout=_WRITE_WITHIN_S, exclusive=True
            )
            self._node = Path(path).stat().st_rdev
        except self._errors as error:
            raise DriverError(_why_not_opened(path, error)) from error

    def exchange(self, data: bytes, answer_length: int) -> bytes:
        """Write ``data`` and return what answers: ``answer_length`` bytes, or fewer where it stops.

        Raises:
            DriverError: The port is gone, or takes nothing.
        """
        try:
            self._pass_over_echo()
            self._port.write(data)
            return bytes(self._port.read(answer_length)) if answer_length else b""
        except self._timeout as error:
            raise DriverError(
                f"{self._path} has not taken {len(data)} bytes within {_WRITE_WITHIN_S:g} s; "
                "unplug it and plug it in again"
            ) from error
        except self._errors as error:
            raise self._gone(error) from error

    def look(self) -> None:
        """Find out without a write whether the port is still there, and is the same.

        Raises:
            DriverError: It is not.
        """
        try:
            self._pass_over_echo()
            is_same = Path(self._path).stat().st_rdev == self._node
        except self._errors as error:
            raise self._gone(error) from error
        if not is_same:
            raise DriverError(f"{self._path} is another device now")

    def close(self) -> None:
        """Let go of it; never raises.

        The last bytes, which make a lamp dark, get their time to leave. What the device has not taken by then
        is thrown away, or the end would wait for it.
        """
        if not self._port.is_open:
            return
        with suppress(*self._errors):
            if not self._has_drained():
                self._port.reset_output_buffer()
        with suppress(*self._errors):
            self._port.close()

    def _has_drained(self) -> bool:
        end = monotonic() + _DRAINED_WITHIN_S
        while self._port.out_waiting:
            if monotonic() >= end:
                return False
            sleep(_DRAIN_LOOK_S)
        return True

    def _pass_over_echo(self) -> None:
        waiting = self._port.in_waiting
        if waiting:
            self._port.read(min(waiting, _MOST_ECHO))

    def _gone(self, error: Exception) -> DriverError:
        return DriverError(f"{self._path} is gone ({_said(error)}); is it plugged in?")


def _why_not_opened(path: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in {errno.EAGAIN, errno.EBUSY} or "exclusively lock" in str(error):
        return f"{path} is in use by another program; fuser -v {path} shows which"
    reason, _may_change = why_not_openable(path)
    return reason or f"{path} cannot be opened: {_said(error)}"


def _advice_on_permission(node: os.stat_result) -> str:
    try:
        group = grp.getgrgid(node.st_gid).gr_name
    except KeyError:
        group = "dialout"
    if group == "root" or not node.st_mode & stat.S_IRGRP:
        return f"its group {group} may not either; give it to the group dialout by a udev rule"
    return f"add the user to the group {group}: sudo usermod -aG {group} <user>, then log in anew"


def _said(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return str(text) or type(error).__name__
