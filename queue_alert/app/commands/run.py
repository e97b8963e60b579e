"""``queue-alert run``: the monitor."""

import argparse
import logging

from queue_alert.app.commands._common import add_config_option
from queue_alert.ports import Command

__all__ = ["COMMAND"]

_logger = logging.getLogger(__name__)

_DESCRIPTION = """\
Run the monitor: connect the feeds, light the outputs, serve the pages.

It runs until it is told to stop (SIGTERM or Ctrl-C) and makes every lamp dark
before it ends. What it has to say goes to stderr. Under systemd it says when
it is ready (Type=notify) and feeds the watchdog (WatchdogSec=).

examples:
  queue-alert run
  queue-alert run --config config.toml
  queue-alert --verbose run --config config.toml
"""


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.clock import SteadyClock
    from queue_alert.app.config import load_setup, problem_lines
    from queue_alert.app.process import run_until_signal
    from queue_alert.app.registry import Registry
    from queue_alert.app.runtime import Runtime

    registry = Registry()
    setup = load_setup(arguments.config, registry=registry)
    for line in problem_lines(str(arguments.config), setup.warnings):
        _logger.warning("%s", line)
    runtime = Runtime(setup, registry=registry, clock=SteadyClock())
    return run_until_signal(runtime, lambda _port: _logger.info("state=started"))


COMMAND = Command(
    summary="run the monitor",
    description=_DESCRIPTION,
    arguments=add_config_option,
    run=_run,
)
