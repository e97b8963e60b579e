"""Runs a monitor as this process: signals, and an end that is sure to come."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final

from queue_alert.app.runtime import Runtime
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Seconds

__all__ = ["run_until_signal", "single_error"]

_logger = logging.getLogger(__name__)

_SWITCH_S: Final[Seconds] = 0.0005
_STOP_WITHIN_S: Final[Seconds] = 1.6


def run_until_signal(runtime: Runtime, ready: Callable[[int], None]) -> int:
    """Run a monitor until SIGTERM or SIGINT and return the exit code.

    After a signal the process ends within two seconds, its lamps dark, even where a driver's thread hangs: a
    killed process would leave them lit.

    Args:
        runtime: The monitor.
        ready: See :meth:`Runtime.run`.

    Raises:
        QueueAlertError: It could not be started, such as when its port is taken.
        Exception: Our own fault.
    """
    is_done = threading.Event()

    def stop(signal_number: int) -> None:
        _logger.info("signal=%s stopping=true", signal.Signals(signal_number).name)
        _leave_later(runtime, is_done)
        runtime.stop()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, number)
        await runtime.run(started)

    def started(port: int) -> None:
        # What is there by now stays for good. To look through it again and again for garbage would hold up
        # the loop, and the lamps with it, for tens of milliseconds.
        gc.collect()
        gc.freeze()
        ready(port)

    # So long at most may a page that is rendered in its thread keep the interpreter from the loop.
    sys.setswitchinterval(_SWITCH_S)
    try:
        asyncio.run(run())
    except BaseExceptionGroup as group:
        raise single_error(group) from group
    finally:
        is_done.set()
    return 0


def single_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the one error meant for a person that a group holds, or the group where it holds any other."""
    errors: list[BaseException] = []
    rest = [group]
    while rest:
        for error in rest.pop().exceptions:
            if isinstance(error, BaseExceptionGroup):
                rest.append(error)
            else:
                errors.append(error)
    return errors[0] if all(isinstance(error, QueueAlertError) for error in errors) else group


def _leave_later(runtime: Runtime, is_done: threading.Event) -> None:
    """End the process soon, whatever may hang: a timer of the loop could hang with it."""

    def leave() -> None:
        was_done = is_done.is_set()
        if not was_done:
            _logger.error("stopping=stuck after_s=%.1f", _STOP_WITHIN_S)
            with contextlib.suppress(OSError, RuntimeError):
                runtime.darken()
        os._exit(0 if was_done else 1)

    timer = threading.Timer(_STOP_WITHIN_S, leave)
    timer.daemon = True
    timer.name = "leave"
    timer.start()
