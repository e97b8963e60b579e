"""A strip of LEDs on a UDP port."""

import socket
import threading
from contextlib import suppress


class Strip:
    """Takes packets."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.port = self.socket.getsockname()[1]
        self.is_over = False
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()

    def _take(self) -> None:
        while not self.is_over:
            with suppress(TimeoutError):
                self.packets.append(self.socket.recv(2_000))
        self.socket.close()

    def stop(self) -> None:
        self.is_over = True
        self.thread.join(5)
