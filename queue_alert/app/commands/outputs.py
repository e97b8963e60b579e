"""``queue-alert outputs``: what is configured, whether it can be had, a lamp test, and everything dark."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from queue_alert.app.commands._common import add_config_option
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.units import Seconds
from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.config import OutputPlan, Setup
    from queue_alert.app.config.places import ListenAddress
    from queue_alert.app.probing import Probe

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Look at the outputs without the telephone system. "list" says what is configured
and whether it can be had now, "test" lights every lamp in turn and plays the real
patterns, "off" makes every lamp dark. What a running monitor holds is left to it.

examples:
  queue-alert outputs list
  queue-alert outputs list --json
  sudo systemctl stop queue-alert && queue-alert outputs test tower
  in a unit of systemd, for the case that the monitor was killed:
    ExecStopPost=-/usr/bin/queue-alert outputs off
"""

_TIMEOUT_S: Final[Seconds] = 3.0
_LEAST_S: Final[Seconds] = 0.5
_MOST_S: Final[Seconds] = 600.0
_RED, _GREEN, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    listed = actions.add_parser("list", help="say what is configured and whether it can be had now")
    listed.add_argument("--json", action="store_true", help="print JSON")
    tested = actions.add_parser("test", help="light every lamp in turn, then play the real patterns")
    tested.add_argument("name", nargs="?", metavar="NAME", help="only this output")
    tested.add_argument(
        "--seconds",
        type=_seconds,
        default=6.0,
        metavar="N",
        help="show every pattern for so long, 0.5 to 600 (default: 6)",
    )
    off = actions.add_parser("off", help="make every lamp dark")
    for action, run in ((listed, _list), (tested, _test), (off, _off)):
        add_config_option(action)
        action.set_defaults(run_action=run)


def _seconds(text: str) -> Seconds:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _LEAST_S <= seconds <= _MOST_S:
        raise argparse.ArgumentTypeError(f'must be {_LEAST_S:g} to {_MOST_S:g} seconds, got "{text}"')
    return seconds


def _run(arguments: argparse.Namespace) -> int:
    code: int = arguments.run_action(arguments)
    return code


# ---- list


def _list(arguments: argparse.Namespace) -> int:
    from queue_alert.app.clock import SteadyClock
    from queue_alert.app.config import load_setup
    from queue_alert.app.probing import faults_of_running_monitor, probe_outputs
    from queue_alert.app.registry import Registry

    setup = load_setup(arguments.config, registry=Registry())
    held = faults_of_running_monitor(setup.listen)
    free = [plan for plan in setup.outputs if plan.name not in held]
    probes = {
        probe.name: probe
        for probe in probe_outputs(free, SteadyClock(), base=setup.base, timeout_s=_TIMEOUT_S)
    }
    rows = [_row(plan, probes.get(plan.name), held.get(plan.name, "")) for plan in setup.outputs]
    if arguments.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        print(_table(rows))
    return 1 if any(row["fault"] for row in rows) else 0


def _row(plan: "OutputPlan", probe: "Probe | None", fault: str) -> dict[str, Any]:
    """Return an output's row; without a probe the running monitor holds it."""
    if probe is None:
        lamps, state = tuple(getattr(plan.options, "lamps", ())), "running"
    else:
        lamps, fault = probe.lamps, probe.fault
        state = "failed" if fault else "ready"
    return {
        "name": plan.name,
        "driver": plan.driver_name,
        "lamps": list(lamps),
        "occupies": list(plan.driver.claims(plan.options)),
        "state": state,
        "fault": fault,
    }


def _table(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "no output is configured"
    cells = [("output", "driver", "lamps", "occupies")]
    for row in rows:
        lists = (", ".join(row["lamps"]) or "-", ", ".join(row["occupies"]) or "-")
        cells.append((row["name"], row["driver"], *lists))
    widths = [max(len(line[at]) for line in cells) for at in range(len(cells[0]))]
    last = ["now", *(_now(row) for row in rows)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=True)), now])
        for line, now in zip(cells, last, strict=True)
    )


def _now(row: dict[str, Any]) -> str:
    if row["state"] == "running":
        text = f"the running monitor holds it: {row['fault'] or 'works'}"
    else:
        text = row["fault"] or "ready"
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"{_RED if row['fault'] else _GREEN}{text}{_PLAIN}"


# ---- test


def _test(arguments: argparse.Namespace) -> int:
    import asyncio

    from queue_alert.app.clock import SteadyClock
    from queue_alert.app.config import load_setup
    from queue_alert.app.lamp_test import LampTest
    from queue_alert.app.outputs import OutputSide
    from queue_alert.app.process import single_error
    from queue_alert.app.registry import Registry

    registry = Registry()
    setup = load_setup(arguments.config, registry=registry)
    names = _names(setup, arguments.name)
    _refuse_while_running(setup.listen, names, "cannot be tested")
    side = OutputSide(setup, registry, SteadyClock(), names=names)
    test = LampTest(side, lambda line: print(line, flush=True), each_s=arguments.seconds)
    try:
        is_well = asyncio.run(_until_signal(test.run()))
    except BaseExceptionGroup as group:
        raise single_error(group) from group
    print("dark again" if is_well else "dark again; not every output worked")
    return 0 if is_well else 1


async def _until_signal(test: Any) -> bool:
    """Run a test; SIGTERM ends it as Ctrl-C does, with every lamp dark."""
    import asyncio
    import signal

    task: asyncio.Task[bool] = asyncio.ensure_future(test)
    ended: list[int] = []

    def end(number: int) -> None:
        ended.append(number)
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    try:
        return await task
    except asyncio.CancelledError:
        if ended:
            raise KeyboardInterrupt from None
        raise


def _names(setup: "Setup", name: str | None) -> list[str]:
    known = [plan.name for plan in setup.outputs]
    if name is None:
        return known
    if name not in known:
        raise QueueAlertError(f'no output "{name}" is configured; known are: {", ".join(known) or "none"}')
    return [name]


def _refuse_while_running(listen: "ListenAddress | None", names: Sequence[str], what: str) -> None:
    from queue_alert.app.probing import faults_of_running_monitor

    held = faults_of_running_monitor(listen)
    if any(name in held for name in names):
        raise QueueAlertError(
            f"the outputs {what} while the monitor runs and holds them; "
            "stop it first: systemctl stop queue-alert"
        )


# ---- off


def _off(arguments: argparse.Namespace) -> int:
    from queue_alert.app.clock import SteadyClock
    from queue_alert.app.probing import probe_outputs

    plans, is_sound = _plans(arguments)
    probes = probe_outputs(plans, SteadyClock(), base=arguments.config.resolve().parent, timeout_s=_TIMEOUT_S)
    for probe in probes:
        if probe.fault:
            print(f"queue-alert: outputs.{probe.name}: {probe.fault}", file=sys.stderr)
    failed = sum(1 for probe in probes if probe.fault)
    print(f"{len(probes) - failed} of {len(probes)} outputs are dark")
    return 0 if is_sound and not failed else 1


def _plans(arguments: argparse.Namespace) -> tuple[Sequence["OutputPlan"], bool]:
    """Return the outputs, and whether the configuration is sound.

    A mistake in it, which somebody may be making while the service ends, must leave no lamp lit that can
    still be made dark.
    """
    from queue_alert.app.config import ConfigurationError, load_setup
    from queue_alert.app.config.drivers import read_outputs
    from queue_alert.app.config.file import read_tables
    from queue_alert.app.registry import Registry

    registry = Registry()
    try:
        setup = load_setup(arguments.config, registry=registry)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        tables = read_tables(arguments.config)
        plans, _signals = read_outputs(
            tables.get("outputs", {}),
            base=arguments.config.resolve().parent,
            taken={},
            registry=registry,
            problems=[],
        )
        return plans, False
    _refuse_while_running(setup.listen, [plan.name for plan in setup.outputs], "must not be made dark")
    return setup.outputs, True


COMMAND = Command(
    summary="list the outputs, test their lamps, make them dark",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
