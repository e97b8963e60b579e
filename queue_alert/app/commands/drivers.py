"""``queue-alert drivers``: what can be connected, and how it is configured."""

import argparse
import json
from typing import Any, Final

from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import Command

__all__ = ["COMMAND"]

_DESCRIPTION = """\
List the drivers that are installed: feeds, outputs, buttons and publishers with
their options, and pages. An option's default is what holds where the configuration does not
say otherwise.

examples:
  queue-alert drivers
  queue-alert drivers gpio-lamp
  queue-alert drivers --json
"""

_EXAMPLES: Final = {"feed": "pbx", "output": "beacon", "button": "desk", "publisher": "hub"}
"""What one of a kind could be called."""
_AS_THE_DRIVER_HAS_IT: Final = {"stale_after", "debounce"}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="say everything about this one")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.catalogue import describe_drivers
    from queue_alert.app.registry import Registry

    drivers = describe_drivers(Registry())
    if arguments.name is not None:
        known = sorted({driver["name"] for driver in drivers})
        drivers = [driver for driver in drivers if driver["name"] == arguments.name]
        if not drivers:
            raise QueueAlertError(f'no driver "{arguments.name}" is installed; known are: {", ".join(known)}')
    if arguments.json:
        print(json.dumps(drivers, indent=2, ensure_ascii=False))
    elif arguments.name is not None:
        print("\n\n".join(_details(driver) for driver in drivers))
    else:
        print(_overview(drivers))
    return 0


def _overview(drivers: list[dict[str, Any]]) -> str:
    width = max((len(driver["name"]) for driver in drivers), default=0)
    blocks = []
    for kind in dict.fromkeys(driver["kind"] for driver in drivers):
        lines = [f"{kind}s"]
        common = next(driver["common"] for driver in drivers if driver["kind"] == kind)
        lines += [
            f"  every one has {_option(option, has_default=option['name'] not in _AS_THE_DRIVER_HAS_IT)}"
            for option in common
        ]
        for driver in drivers:
            if driver["kind"] == kind:
                missing = "" if driver["installed"] else "  (not installed)"
                lines.append(f"  {driver['name']:<{width}}  {driver['summary']}{missing}")
                lines += [f"  {'':<{width}}    {_option(option)}" for option in driver["options"]]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, "queue-alert drivers NAME says how one is configured"])


def _details(driver: dict[str, Any]) -> str:
    lines = [f"{driver['kind']} {driver['name']}: {driver['summary']}"]
    if driver["problem"]:
        lines += ["", driver["problem"]]
    if driver["kind"] in _EXAMPLES:
        options = [*driver["common"], *driver["options"]]
        lines += ["", f"[{driver['kind']}s.{_EXAMPLES[driver['kind']]}]", f'driver = "{driver["name"]}"']
        width = max((len(_assignment(option)) for option in options), default=0)
        lines += [f"{_assignment(option):<{width}}  # {_remark(option)}" for option in options]
    return "\n".join(lines)


def _option(option: dict[str, Any], *, has_default: bool = True) -> str:
    default = f"default {option['default']}" if has_default else "default as its driver has it"
    return f"{option['name']}: {option['type']}, " + ("required" if option["required"] else default)


def _assignment(option: dict[str, Any]) -> str:
    is_left_out = option["default"] == "none"
    return f"{'# ' if is_left_out else ''}{option['name']} = {option['example']}"


def _remark(option: dict[str, Any]) -> str:
    if option["required"]:
        return f"{option['type']}, required"
    return f"{option['type']}, " + ("optional" if option["default"] == "none" else "the default")


COMMAND = Command(
    summary="list what can be connected and how it is configured",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
