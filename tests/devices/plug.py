"""A serial device that can be plugged in and out: a pseudo terminal behind a link."""

import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path


class Plug:
    """A device at ``link``, whatever its node is called this time.

    Args:
        link: The path by which it is known, like those under ``/dev/serial/by-id``.
        answers: What it answers to what it is told.
    """

    def __init__(self, link: Path, answers: Callable[[bytes], bytes] = lambda _told: b"") -> None:
        self.link = link
        self.told = b""
        self._answers = answers
        self._fds: tuple[int, int] | None = None
        self._reader: threading.Thread | None = None
        self._stop, self._stopped = os.pipe()
        self.plug_in()

    def plug_in(self) -> None:
        """Appear; what was told before is forgotten, as by any device without power."""
        self.told = b""
        self._fds = master, node = os.openpty()
        tty.setraw(node)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(node))
        self._reader = threading.Thread(target=self._read, args=(master,), name="plug")
        self._reader.start()

    def unplug(self) -> None:
        """Vanish."""
        if self._fds is not None and self._reader is not None:
            os.write(self._stopped, b"x")
            self._reader.join()
            os.read(self._stop, 1)
            for fd in self._fds:
                os.close(fd)
            self._fds = None
            self.link.unlink()

    def throw_away(self) -> None:
        """Leave nothing open."""
        self.unplug()
        os.close(self._stop)
        os.close(self._stopped)

    def _read(self, master: int) -> None:
        while True:
            ready, _, _ = select.select([master, self._stop], [], [])
            if self._stop in ready:
                return
            data = os.read(master, 4096)
            self.told += data
            answer = self._answers(data)
            if answer:
                os.write(master, answer)
