"""``queue-alert who``: who would be called, now or at another time, in which order, how and why."""

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from queue_alert.app.commands._common import add_config_option
from queue_alert.core.errors import QueueAlertError
from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.core.alerts import PersonName
    from queue_alert.core.roster import Mode, Roster
    from queue_alert.core.units import Instant

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Say who would be called for a person, a list, a rotation or a tier, in which
order, how and why, and who would be passed over and why. Nobody is called.
Addresses are masked.

examples:
  queue-alert who on-call
  queue-alert who --at "2026-12-25 03:00" escalation
  queue-alert who --region north tier:lead
  queue-alert who --mode anna=out-of-office escalation
"""

_TIME: Final = re.compile(r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?", re.ASCII)


class _WrongQuestionError(QueueAlertError, ValueError):
    """It cannot be answered as it was asked."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config_option(parser)
    parser.add_argument("target", metavar="TARGET", help="a name, tier:NAME, or owner")
    parser.add_argument("--at", metavar="TIME", help='local time, such as "2026-12-25 03:00" (default: now)')
    parser.add_argument("--group", default="", metavar="NAME", help="for an alert of this group")
    parser.add_argument("--region", default="", metavar="NAME", help="in this region")
    parser.add_argument("--owner", default="", metavar="PERSON", help="whose contact it is")
    parser.add_argument(
        "--mode", action="append", default=[], metavar="PERSON=MODE", help="as if somebody were in this mode"
    )
    parser.add_argument("--show-addresses", action="store_true", help="write addresses in full")


def _run(arguments: argparse.Namespace) -> int:
    from queue_alert.app.config import ConfigurationError
    from queue_alert.app.config.file import read_tables
    from queue_alert.app.config.hours import read_hours
    from queue_alert.app.config.places import system_timezone, timezone_mistake
    from queue_alert.app.config.roster import read_roster
    from queue_alert.app.config.targets import parse_target
    from queue_alert.app.who import who_lines
    from queue_alert.core.alerts import PersonName
    from queue_alert.core.reach import Situation, resolve
    from queue_alert.core.units import GroupName
    from queue_alert.ports import ConfigProblem

    path: Path = arguments.config
    tables = read_tables(path)
    timezone = tables.get("timezone", system_timezone())
    if not isinstance(timezone, str) or timezone_mistake(timezone):
        timezone = "UTC"
    problems: list[ConfigProblem] = []
    hours = read_hours(
        tables.get("hours", {}),
        default_timezone=timezone,
        today=datetime.now(tz=UTC).date(),
        problems=problems,
    )
    roster = read_roster(tables, hours=hours, default_timezone=timezone, problems=problems)
    if not all(problem.is_warning for problem in problems):
        raise ConfigurationError(str(path), problems)
    target = parse_target(arguments.target, roster)
    if isinstance(target, str):
        raise _WrongQuestionError(target)
    at = _instant(arguments.at, timezone)
    situation = Situation(
        at=at,
        group=GroupName(arguments.group),
        region=arguments.region,
        owner=PersonName(arguments.owner),
        modes=_modes(arguments.mode, roster),
    )
    resolution = resolve([target], roster=roster, hours=hours, situation=situation)
    for line in who_lines(
        arguments.target, resolution, at=at, timezone=timezone, show_addresses=arguments.show_addresses
    ):
        print(line)
    return 0 if resolution.reaches else 1


def _instant(text: str | None, timezone: str) -> "Instant":
    from zoneinfo import ZoneInfo

    from queue_alert.app.clock import SteadyClock
    from queue_alert.app.config.problems import found
    from queue_alert.core.rotations import instant_of

    if text is None:
        return SteadyClock().now()
    try:
        if _TIME.fullmatch(text):
            return instant_of(datetime.fromisoformat(text), ZoneInfo(timezone))
    except ValueError:
        pass
    raise _WrongQuestionError(f'--at must be a local time such as "2026-12-25 03:00", got {found(text)}')


def _modes(texts: list[str], roster: "Roster") -> "dict[PersonName, Mode]":
    from queue_alert.app.config.problems import did_you_mean, found
    from queue_alert.core.alerts import PersonName
    from queue_alert.core.roster import Mode

    modes: dict[PersonName, Mode] = {}
    for text in texts:
        name, _, mode = text.rpartition("=")
        word, known = (mode, [*Mode]) if name in roster.people else (name, [*roster.people])
        if name not in roster.people or mode not in set(Mode):
            hint = did_you_mean(word, known) or f"; known are: {', '.join(known)}"
            raise _WrongQuestionError(
                f'--mode must be a person and a mode such as "anna=out-of-office", got {found(text)}{hint}'
            )
        modes[PersonName(name)] = Mode(mode)
    return modes


COMMAND = Command(
    summary="say who would be called, how and why",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
