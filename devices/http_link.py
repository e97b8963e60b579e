"""HTTP to a device: one connection kept open, every reply bounded in size and time, nothing followed.

A redirect is a reply like any other, and never the expected one: a lamp is where the configuration says.
"""

import io
import socket
import ssl
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, Final

from devices.http_codec import MOST_BODY, Origin, Reply, Request, encode, read_reply
from devices.tcp import Deadline, connect, reason_of
from queue_alert.ports import DriverError

__all__ = ["HttpLink"]

_MOST_BYTES: Final = MOST_BODY + 65_536
"""Of one reply, head and all."""
_REDIRECTS: Final = range(300, 400)


class HttpLink:
    """Asks one request after another of one device.

    Args:
        origin: Where it is.
        tls: Returns how to speak TLS, for ``https``; called for each connection.
        server_name: Name its certificate must bear; "": the host.
    """

    def __init__(
        self, origin: Origin, *, tls: Callable[[], ssl.SSLContext] | None = None, server_name: str = ""
    ) -> None:
        self._origin = origin
        self._tls = tls or ssl.create_default_context
        self._server_name = server_name or origin.host
        self._connection: socket.socket | None = None

    def ask(self, request: Request, expected: tuple[int, ...], deadline: Deadline) -> Reply:
        """Return the reply to a request.

        A kept connection that the device has closed meanwhile is made anew, once.

        Args:
            request: What is asked; its parts have been checked.
            expected: Status codes that mean that it was done.
            deadline: For everything together.

        Raises:
            DriverError: There was no reply, or none that was expected; no secret is in the reason.
        """
        where = self._origin.where
        try:
            reply = self._ask_again_if_closed(encode(self._origin, request), request.method, deadline)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise DriverError(
                f"{where}: its certificate is not trusted ({error.verify_message}); "
                "set ca_file and server_name"
            ) from error
        except OSError as error:
            self.close()
            raise DriverError(reason_of(where, error, deadline)) from error
        except HTTPException as error:
            self.close()
            raise DriverError(
                f"{where} has not answered in whole HTTP ({error.__class__.__name__}); is it the right port?"
            ) from error
        if not reply.is_kept:
            self.close()
        if reply.status not in expected:
            self.close()
            raise DriverError(_unexpected(where, reply.status, expected))
        return reply

    @property
    def is_open(self) -> bool:
        """Whether there is a connection on which nothing has failed."""
        return self._connection is not None

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask_again_if_closed(self, question: bytes, method: str, deadline: Deadline) -> Reply:
        if self._connection is not None:
            source = _Bounded(self._connection, deadline)
            try:
                return self._exchange(self._connection, source, question, method, deadline)
            except ConnectionError:
                # A device closes what was idle just as it is asked again. Nothing is lost: a lamp that is
                # told twice to be lit is lit.
                self.close()
                if source.has_read:
                    raise
        self._connection = connection = self._connect(deadline)
        return self._exchange(connection, _Bounded(connection, deadline), question, method, deadline)

    def _connect(self, deadline: Deadline) -> socket.socket:
        connection = connect(self._origin.host, self._origin.port, deadline)
        if self._origin.scheme != "https":
            return connection
        try:
            connection.settimeout(deadline.left())
            return self._tls().wrap_socket(connection, server_hostname=self._server_name)
        except BaseException:
            connection.close()
            raise

    @staticmethod
    def _exchange(
        connection: socket.socket, source: "_Bounded", question: bytes, method: str, deadline: Deadline
    ) -> Reply:
        connection.settimeout(deadline.left())
        connection.sendall(question)
        return read_reply(source, method)


def _unexpected(where: str, status: int, expected: tuple[int, ...]) -> str:
    wanted = " or ".join(map(str, expected))
    if status in _REDIRECTS:
        return f"{where} answers {status}, a redirect, which is never followed; write the address it leads to"
    if status in {401, 403}:
        return f"{where} answers {status}, not {wanted}; are the secret and its header right?"
    return f"{where} answers {status}, not {wanted}; is the address right?"


class _Bounded(io.RawIOBase):
    """Reads a reply from a connection until a deadline, and no more than its share."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._left = _MOST_BYTES
        self.has_read = False
        """Whether anything has come."""

    def makefile(self, _mode: str) -> io.BufferedIOBase:
        """Return itself, buffered."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is.

        Raises:
            OSError: It failed.
            TimeoutError: The time is over.
            HTTPException: It is too long.
        """
        if self._left <= 0:
            raise HTTPException("longer than allowed")
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        self.has_read = self.has_read or count > 0
        return count
