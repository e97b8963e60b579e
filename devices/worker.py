"""Devices that can block: each has a thread of its own, which always shows the newest state.

The engine hands over what the lamps are to show and goes on. The thread opens the device, writes, notices
when the device is gone, looks for it again every half second, and shows the *present* state as soon as it is
back. So a device that hangs, or was pulled out in the middle of a write, blocks nobody and owes nothing.

Nothing here waits for the thread, not even its end: only the program as a whole waits for all of them, a
second at most, before it goes.
"""

import atexit
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread, current_thread
from time import monotonic
from typing import Final, Protocol

from devices.kinds import OFF
from devices.output import CheckedOutput
from queue_alert.core.units import Seconds
from queue_alert.ports import DriverError

__all__ = ["AGAIN_S", "HANGS_AFTER_S", "Device", "WorkerOutput"]

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


class WorkerOutput(CheckedOutput):
    """An output whose device blocks.

    Args:
        name: The output's name in the configuration.
        lamps: Names of its lamps, the most severe first.
        device: Driven by the output's own thread.
        again_s: How often a device that is gone is looked for.
        keepalive_s: The present state is said again after so long, ``None``: never. For devices that go dark
            by themselves, and for those whose going would not be noticed otherwise.
    """

    def __init__(
        self,
        name: str,
        lamps: Sequence[str],
        device: Device,
        *,
        again_s: Seconds = AGAIN_S,
        keepalive_s: Seconds | None = None,
    ) -> None:
        super().__init__(name, lamps)
        self._device = device
        self._again_s = again_s
        self._keepalive_s = keepalive_s
        self._term = _Term()
        self._wanted: Mapping[str, str] = dict.fromkeys(self.lamps, OFF)
        self._shown: Mapping[str, str] | None = None
        self._busy_since: float | None = None
        self._thread: Thread | None = None
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
        self._busy_since = None
        self._term = _Term()
        self._thread = Thread(
            target=self._work,
            args=(self._term, self._thread),
            name=f"output-{self._name}",
            daemon=True,
        )
        _threads.add(self._thread)
        self._thread.start()

    def _set(self, lamps: Mapping[str, str]) -> None:
        self._wanted = dict(lamps)
        self._term.news.put(None)
        since = self._busy_since
        if since is not None and monotonic() - since > HANGS_AFTER_S:
            self._tell("the device hangs, a write has taken seconds; switch it off and on again")

    def _release(self) -> None:
        self._term.is_over = True
        self._term.news.put(None)

    # ---- in the thread

    def _work(self, term: "_Term", before: Thread | None) -> None:
        if before is not None:
            before.join()  # the device is still in its hands
        try:
            while not term.is_over:
                try:
                    self._serve(term)
                except DriverError as error:
                    self._device.close()
                    self._tell(error.reason)
                    if not error.recoverable:
                        return
                    self._pause(term)
        except Exception:
            # A thread dies in silence otherwise; and the lamp with it.
            logger.exception("output broke output=%s", self._name)
            self._tell("the driver broke; see the log")
        finally:
            self._device.close()
            _threads.discard(current_thread())

    def _serve(self, term: "_Term") -> None:
        """Open the device and show what is wanted until it fails or the end has come."""
        with self._timed():
            self._device.open()
        self._tell("")
        term.news.put(None)  # whatever was shown before it was gone
        while (lamps := self._next(term)) is not None:
            with self._timed():
                self._device.show(lamps)
            self._tell("")
            self._shown = lamps

    def _next(self, term: "_Term") -> Mapping[str, str] | None:
        """Wait for what is to be shown next; ``None``: nothing any more."""
        with suppress(Empty):
            term.news.get(timeout=self._keepalive_s)
            while not term.is_over:
                term.news.get_nowait()
        return None if term.is_over else self._wanted

    def _pause(self, term: "_Term") -> None:
        until = monotonic() + self._again_s
        with suppress(Empty):
            while not term.is_over:
                term.news.get(timeout=max(until - monotonic(), 0.0))

    def _timed(self) -> "_Timed":
        return _Timed(self)

    def _tell(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            self._report(fault)


class _Term:
    """From an opening to its closing; the thread of each has its own.

    Attributes:
        news: Something for each reason to look: at what is wanted, or at the end.
        is_over: Whether it was closed.
    """

    __slots__ = ("is_over", "news")

    def __init__(self) -> None:
        self.news: SimpleQueue[None] = SimpleQueue()
        self.is_over = False


class _Timed:
    """Lets others see how long the device has been busy."""

    __slots__ = ("_output",)

    def __init__(self, output: WorkerOutput) -> None:
        self._output = output

    def __enter__(self) -> None:
        self._output._busy_since = monotonic()  # noqa: SLF001 - its other half

    def __exit__(self, *_error: object) -> None:
        self._output._busy_since = None  # noqa: SLF001


_threads: set[Thread] = set()


@atexit.register
def _wait_for_all() -> None:
    """Let every device become dark; whoever hangs is left behind."""
    end = monotonic() + _LAST_WRITE_S
    for thread in tuple(_threads):
        thread.join(max(end - monotonic(), 0.0))


def _nobody_listens(_fault: str) -> None:
    """Take a fault that nobody asked for."""
