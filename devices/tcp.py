"""Connections that no device can hold up: every step is bounded in time and size."""

import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

from devices.addresses import shown
from queue_alert.core.units import Seconds
from queue_alert.ports import DriverError

__all__ = ["Deadline", "TcpLink", "connect", "reason_of"]

_MOST: Final = 64
"""Bytes that a reply can be long at most."""


class Deadline:
    """An instant by which all of something must be over.

    Args:
        seconds: From now, > 0.
    """

    __slots__ = ("_at", "seconds")

    def __init__(self, seconds: Seconds) -> None:
        self.seconds = seconds
        self._at = monotonic() + seconds

    def left(self) -> Seconds:
        """Return the seconds left, > 0.

        Raises:
            TimeoutError: There are none.
        """
        left = self._at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connection; its time-outs are the caller's business.

    Looking up a name is the one step without a bound: the system's resolver takes its own time.

    Raises:
        OSError: There is none; of several addresses the last one's fault.
        TimeoutError: It took too long.
    """
    fault: OSError | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a part of the name is too long
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from error
    for family, kind, protocol, _name, address in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.left())
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            fault = error
        else:
            return connection
    raise fault or OSError("the name has no address")


def reason_of(where: str, error: OSError, deadline: Deadline) -> str:
    """Return what is wrong and what to do, for people.

    Args:
        where: ``host:port``.
        error: What was raised.
        deadline: What bounded it.
    """
    if isinstance(error, TimeoutError):
        return (
            f"{where} has not answered within {deadline.seconds:g} s; is it switched on and in the network?"
        )
    if isinstance(error, socket.gaierror):
        return f"{where}: the name is not known; write the device's address as host"
    if isinstance(error, ConnectionRefusedError):
        return f"{where} refuses connections; is the port right, and its network control switched on?"
    if isinstance(error, ConnectionError):
        return f"{where} has closed the connection before it answered"
    return f"{where} cannot be reached: {error.strerror or error.__class__.__name__}"


class TcpLink:
    """Asks one question after another on a connection that is kept open.

    Args:
        host: Name or address.
        port: TCP port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._where = shown(host, port)
        self._connection: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection on which nothing has failed."""
        return self._connection is not None

    def ask(self, question: bytes, is_whole: Callable[[bytes], bool], deadline: Deadline) -> bytes:
        """Send a question and return the reply: connects where there is no connection.

        A connection that the device has closed while nothing was said is made anew.

        Args:
            question: All its bytes.
            is_whole: Tells whether these bytes are all of a reply.
            deadline: For everything together.

        Returns:
            The reply, or its first 64 bytes if it was not whole by then.

        Raises:
            DriverError: There was none; the connection is closed then.
        """
        try:
            connection = self._usable() or self._connect(deadline)
            connection.settimeout(deadline.left())
            connection.sendall(question)
            return self._reply(connection, is_whole, deadline)
        except OSError as error:
            self.close()
            raise DriverError(reason_of(self._where, error, deadline)) from error

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _usable(self) -> socket.socket | None:
        """Return the connection if it can be used: still open, and nothing on it that nobody asked for."""
        connection = self._connection
        if connection is None:
            return None
        connection.settimeout(0)
        with suppress(BlockingIOError):
            # Closed, or a reply too many, which would be taken for the next one's.
            connection.recv(1, socket.MSG_PEEK)
            self.close()
        return self._connection

    def _connect(self, deadline: Deadline) -> socket.socket:
        self._connection = connect(*self._address, deadline)
        return self._connection

    def _reply(
        self, connection: socket.socket, is_whole: Callable[[bytes], bool], deadline: Deadline
    ) -> bytes:
        reply = b""
        while len(reply) < _MOST and not (reply and is_whole(reply)):
            connection.settimeout(deadline.left())
            more = connection.recv(_MOST - len(reply))
            if not more:
                raise ConnectionResetError
            reply += more
        return reply
