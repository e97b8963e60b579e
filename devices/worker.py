"""Devices that can block: each has a thread, which always shows the newest state.

The engine hands over what the lamps are to show and goes on. The thread opens the device, writes, notices
when the device is gone, looks for it again every half second, and shows the *present* state as soon as it is
back. So a device that hangs, or was pulled out in the middle of a write, blocks nobody and owes nothing.
Devices on one line, which can only be spoken to one after the other, share a thread.

Nothing here waits for the thread, not even its end: only the program as a whole waits for all of them, a
second at most, before it goes.
"""

import atexit
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from time import monotonic
from typing import Final, Protocol

from devices.kinds import OFF
from devices.output import CheckedOutput
from queue_alert.core.units import Seconds
from queue_alert.ports import DriverError

__all__ = ["AGAIN_S", "HANGS_AFTER_S", "Device", "Worker", "WorkerOutput"]

logger = logging.getLogger(__name__)

AGAIN_S: Final[Seconds] = 0.5
"""So often a device that is gone is looked for."""

HANGS_AFTER_S: Final[Seconds] = 3.0
"""A device that takes longer over one write hangs."""

_LAST_WRITE_S: Final[Seconds] = 1.0
"""So long the end of the program waits for a device to become dark."""


class Device(Protocol):
    """What the thread drives. Every method runs in that thread and may block, but not for ever."""

    def open(self) -> None:
        """Find the device, open it and make it dark. What was open before has been closed.

        Raises:
            DriverError: It cannot be had now, or (not ``recoverable``) never.
        """

    def show(self, lamps: Mapping[str, str]) -> None:
        """Make every lamp show what is said.

        Raises:
            DriverError: It failed, or is gone.
        """

    def close(self) -> None:
        """Make it dark if that can be, and let go of it; may be called twice, never raises."""


class Worker:
    """A thread, there while an output is open that it serves.

    Args:
        name: Whose it is, for lists of threads.

    Attributes:
        thread: The one that is at work, or the last that was.
        busy_since: When the device that it is busy with was turned to (``time.monotonic``).
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.thread: Thread | None = None
        self.busy_since: float | None = None
        # Whoever comes must find the thread at work or start one: it must not go in between.
        self._lock = Lock()
        self._is_at_work = False
        self._news: SimpleQueue[_Term] = SimpleQueue()

    def look(self, term: "_Term") -> None:
        """Have the thread look at what is new; never blocks for long."""
        with self._lock:
            self._news.put(term)
            if not self._is_at_work:
                self._is_at_work = True
                self.thread = Thread(target=self._work, name=f"output-{self._name}", daemon=True)
                self.thread.start()
                _threads.add(self.thread)

    # ---- in the thread

    def _work(self) -> None:
        terms: list[_Term] = []
        while self._is_wanted(terms):
            for term in self._next(terms):
                self.busy_since = monotonic()
                term.serve(self.busy_since)
                self.busy_since = None
                terms = [known for known in terms if known is not term]
                if not term.is_done:
                    terms.append(term)

    def _is_wanted(self, terms: Sequence["_Term"]) -> bool:
        with self._lock:
            self._is_at_work = bool(terms) or not self._news.empty()
            if not self._is_at_work:
                _threads.discard(current_thread())
            return self._is_at_work

    def _next(self, terms: Iterable["_Term"]) -> list["_Term"]:
        """Wait until there is something to do; return with whom, each once."""
        due_at = min((term.due_at for term in terms), default=math.inf)
        found: dict[_Term, None] = {}
        with suppress(Empty):
            found[self._news.get(timeout=_from_now(due_at))] = None
            while True:
                found[self._news.get_nowait()] = None
        now = monotonic()
        return list(found | {term: None for term in terms if term.due_at <= now})


class WorkerOutput(CheckedOutput):
    """An output whose device blocks.

    Args:
        name: The output's name in the configuration.
        lamps: Names of its lamps, the most severe first.
        device: Driven by the worker's thread.
        again_s: How often a device that is gone is looked for.
        keepalive_s: The present state is said again after so long, ``None``: never. For devices that go dark
            by themselves, and for those whose going would not be noticed otherwise.
        worker: Left out: one of its own.

    Attributes:
        worker: Who serves it.
    """

    def __init__(
        self,
        name: str,
        lamps: Sequence[str],
        device: Device,
        *,
        again_s: Seconds = AGAIN_S,
        keepalive_s: Seconds | None = None,
        worker: Worker | None = None,
    ) -> None:
        super().__init__(name, lamps)
        self._device = device
        self._again_s = again_s
        self._keepalive_s = math.inf if keepalive_s is None else keepalive_s
        self.worker = worker or Worker(name)
        self._term = _Term(self)
        self._wanted: Mapping[str, str] = dict.fromkeys(self.lamps, OFF)
        self._shown: Mapping[str, str] | None = None
        self._fault = ""
        self._report: Callable[[str], None] = _nobody_listens

    def listen(self, report: Callable[[str], None]) -> None:
        """Have ``report`` called, from any thread, with every new fault, and with "" when it is over."""
        self._report = report

    def settled(self) -> str | None:
        """Return the fault, "" if the device shows what was written last, ``None`` if neither is so yet."""
        return self._fault or ("" if self._shown is self._wanted else None)

    def _claim(self) -> None:
        self._wanted = dict.fromkeys(self.lamps, OFF)
        self._shown = None
        self._fault = ""
        self._term = _Term(self)
        self.worker.look(self._term)

    def _set(self, lamps: Mapping[str, str]) -> None:
        self._wanted = dict(lamps)
        if not self._term.is_done:
            self.worker.look(self._term)
        since = self.worker.busy_since
        if since is not None and monotonic() - since > HANGS_AFTER_S:
            self._tell("the device hangs, a write has taken seconds; switch it off and on again")

    def _release(self) -> None:
        self._term.is_over = True
        self.worker.look(self._term)

    # ---- in the thread

    def _open(self) -> None:
        self._shown = None
        self._device.open()
        self._tell("")

    def _show(self) -> None:
        lamps = self._wanted
        self._device.show(lamps)
        self._tell("")
        self._shown = lamps

    def _tell(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            self._report(fault)


class _Term:
    """From an opening of an output to its closing.

    Attributes:
        is_over: Whether it was closed.
        is_done: Whether nothing will be done with its device any more.
        due_at: When it is to be served although nothing is new (``time.monotonic``).
    """

    def __init__(self, output: WorkerOutput) -> None:
        self._output = output
        self._is_open = False
        self.is_over = False
        self.is_done = False
        self.due_at = -math.inf

    def serve(self, now: Seconds) -> None:
        """Do what is due with the device; in the thread, and never raises."""
        output = self._output
        try:
            if self.is_done:
                return
            if self.is_over:
                self._end()
            elif self._is_open or now >= self.due_at:
                self._show()
        except DriverError as error:
            self._is_open = False
            output._device.close()  # noqa: SLF001 - its other half
            output._tell(error.reason)  # noqa: SLF001
            self.is_done = not error.recoverable
            self.due_at = monotonic() + output._again_s  # noqa: SLF001
        except Exception:
            # A thread dies in silence otherwise; and the lamp with it.
            logger.exception("output broke output=%s", output._name)  # noqa: SLF001
            output._tell("the driver broke; see the log")  # noqa: SLF001
            self._end()

    def _show(self) -> None:
        output = self._output
        if not self._is_open:
            output._open()  # noqa: SLF001
            self._is_open = True
        output._show()  # noqa: SLF001
        self.due_at = monotonic() + output._keepalive_s  # noqa: SLF001

    def _end(self) -> None:
        self.is_done = True
        self._output._device.close()  # noqa: SLF001


_threads: set[Thread] = set()


@atexit.register
def _wait_for_all() -> None:
    """Let every device become dark; whoever hangs is left behind."""
    end = monotonic() + _LAST_WRITE_S
    for thread in tuple(_threads):
        thread.join(max(end - monotonic(), 0.0))


def _from_now(at: Seconds) -> Seconds | None:
    """Return how long it is until ``at``, ``None``: for ever."""
    return None if at == math.inf else max(at - monotonic(), 0.0)


def _nobody_listens(_fault: str) -> None:
    """Take a fault that nobody asked for."""
