"""Little servers on the loopback that can go away, hang, hang up in the middle, and come back."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Handler = Callable[[socket.socket], None]


def until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for another thread."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.002)


class LittleServer:
    """Listens on a port of its own; each connection is handled in a thread."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.port = 0
        self.connections = 0
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the port it had before."""
        self._listener = listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._run(lambda: self._accept(listener))

    def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._threads = []

    def hang_up(self) -> None:
        """Close the present connections; go on listening."""
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.connections += 1
                self._open.add(connection)
                self._run(lambda connection=connection: self._handle(connection))  # type: ignore[misc]

    def _handle(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.handler(connection)
        self._open.discard(connection)


class Tower:
    """Takes frames of a fixed length and acknowledges them, or does what ``answer`` does instead."""

    def __init__(self, length: int = 12, answer: bytes = b"\x06") -> None:
        self.length = length
        self.answer = answer
        self.frames: list[bytes] = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_short = False
        self.delay_s = 0.0
        self.server = LittleServer(self._serve)

    @property
    def port(self) -> int:
        return self.server.port

    def _serve(self, connection: socket.socket) -> None:
        while frame := connection.recv(self.length, socket.MSG_WAITALL):
            self.frames.append(frame)
            self.gate.wait(10)
            time.sleep(self.delay_s)
            connection.sendall(self.answer)
            if self.is_short:
                return


class Web:
    """Keeps requests and answers them as told; keeps connections open unless told to close."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.gate = threading.Event()
        self.gate.set()
        self.closes = False
        self.delay_s = 0.0
        self.drip_s = 0.0
        self.server = LittleServer(self._serve)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def lines(self) -> list[str]:
        """First lines of the requests."""
        return [request.split(b"\r\n")[0].decode() for request in self.requests]

    @property
    def bodies(self) -> list[str]:
        return [request.partition(b"\r\n\r\n")[2].decode() for request in self.requests]

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while head := self._head(stream.readline):
                length = 0
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self.requests.append(head + stream.read(length))
                self.gate.wait(10)
                time.sleep(self.delay_s)
                self._say(connection)
                if self.closes:
                    return

    def _say(self, connection: socket.socket) -> None:
        if not self.drip_s:
            connection.sendall(self.answer)
            return
        for at in range(len(self.answer)):
            connection.sendall(self.answer[at : at + 1])
            time.sleep(self.drip_s)

    @staticmethod
    def _head(readline: Callable[[], bytes]) -> bytes:
        head = b""
        while line := readline():
            head += line
            if line == b"\r\n":
                return head
        return b""
