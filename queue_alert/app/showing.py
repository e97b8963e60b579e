"""A recording on the wallboard: the monitor in this process, the wallboard program in the foreground."""

import asyncio
import contextlib
import logging
import math
import signal
import sys
from collections import deque
from pathlib import Path
from typing import Any, Final

from queue_alert.app.board import wallboard_command
from queue_alert.app.clock import SteadyClock
from queue_alert.app.config import Setup, build_setup
from queue_alert.app.config.file import read_tables
from queue_alert.app.process import single_error
from queue_alert.app.recordings import Recording
from queue_alert.app.registry import Registry
from queue_alert.app.runtime import Runtime

__all__ = ["recording_setup", "show_recording"]

_FEED: Final = "recording"
_KEPT_LINES: Final = 100


def show_recording(recording: Recording, *, config: Path | None, speed: float, registry: Registry) -> int:
    """Play a recording on the wallboard until it is left; return the wallboard's exit code.

    Args:
        recording: What to play.
        config: Configuration to take the groups' settings from. Its outputs stay dark and nothing is
            published: what happened then is no reason to alarm anybody now.
        speed: How many times as fast as it was, > 0; infinite: as fast as it can be read.
        registry: The installed drivers.
    """
    setup = recording_setup(recording, config=config, speed=speed, registry=registry)
    runtime = Runtime(setup, registry=registry, clock=SteadyClock())
    log = _KeptLog()
    logging.getLogger().handlers[:] = [log]
    try:
        return asyncio.run(_show(runtime))
    except BaseExceptionGroup as group:
        raise single_error(group) from group
    finally:
        for line in log.lines:
            print(line, file=sys.stderr)  # noqa: T201 (said only now, so as not to spoil the picture)


def recording_setup(recording: Recording, *, config: Path | None, speed: float, registry: Registry) -> Setup:
    """Return a configuration that plays ``recording``; see :func:`show_recording`."""
    tables: dict[str, Any] = {} if config is None else read_tables(config)
    tables["http"] = {"listen": "127.0.0.1:0"}
    # The driver's word for "as fast as it can be read" is 0.
    pace = speed if math.isfinite(speed) else 0.0
    tables["feeds"] = {_FEED: {"driver": _FEED, "path": str(recording.path.resolve()), "speed": pace}}
    tables["outputs"] = {"lamp": {"driver": "virtual"}}
    tables["publishers"] = {}
    file = str(recording.path) if config is None else str(config)
    return build_setup(tables, file=file, base=Path.cwd(), registry=registry)


async def _show(runtime: Runtime) -> int:
    loop = asyncio.get_running_loop()
    started: asyncio.Future[int] = loop.create_future()
    # Ctrl-C reaches the wallboard too, and its end is ours.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    async with asyncio.TaskGroup() as group:
        group.create_task(runtime.run(started.set_result), name="monitor")
        port = await started
        board = await asyncio.create_subprocess_exec(*wallboard_command(port))
        loop.add_signal_handler(signal.SIGTERM, board.terminate)
        try:
            code = await board.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                board.terminate()
            runtime.stop()
    return max(0, code)


class _KeptLog(logging.Handler):
    """Keeps the last warnings until the wallboard is gone from the screen."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record's line."""
        self.lines.append(self.format(record))
