"""``queue-alert test-rules``: do the rules fire when they should?"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from queue_alert.ports import Command

if TYPE_CHECKING:
    from queue_alert.app.rule_tests import Failure, RuleTest
    from queue_alert.core.policy import Policy

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Tell a short story of a floor to the real rules, in simulated time, and say
whether the alerts fire that the file expects. Nothing is connected.

a file:
  config = "config.toml"          # whose rules are tested; beside this file

  [[tests]]
  name = "five who wait for half a minute"
  group = "sales"
  steps = [
    { at = "0s", join = ["a", "b", "c", "d", "e"] },
    { at = "45s", answer = { a = "ann" }, abandon = ["b"] },
  ]
  expect = [
    { at = "29s" },                           # nothing fires
    { at = "30s", firing = ["too-many-waiting"] },
    { at = "46s" },
  ]

  a step may also have: complete, agents = { ann = "available" },
  feed = "down", acknowledge = ["sales"], group

examples:
  queue-alert test-rules rules-test.toml
  queue-alert test-rules tests/*.toml && systemctl reload queue-alert

exit codes: 0 all as expected, 1 some not, 2 a mistake in a file
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file of tests (TOML)")


def _run(arguments: argparse.Namespace) -> int:
    failed = count = 0
    for file in arguments.files:
        policy, tests = _read(file)
        for test in tests:
            count += 1
            failed += not _is_well(file, test, policy)
    print(f"{count - failed} of {count} tests as expected")
    return 1 if failed else 0


def _read(file: Path) -> "tuple[Policy, tuple[RuleTest, ...]]":
    from queue_alert.app.config import ConfigurationError, load_setup
    from queue_alert.app.config.file import read_tables
    from queue_alert.app.registry import Registry
    from queue_alert.app.rule_tests import read_tests
    from queue_alert.ports import ConfigProblem

    problems: list[ConfigProblem] = []
    config, tests = read_tests(read_tables(file), problems)
    if not problems and not config:
        message = 'is missing; write config = "config.toml", the file whose rules are tested'
        problems.append(ConfigProblem(path="config", message=message))
    if problems:
        raise ConfigurationError(str(file), problems)
    return load_setup(file.parent / config, registry=Registry()).policy, tests


def _is_well(file: Path, test: "RuleTest", policy: "Policy") -> bool:
    from queue_alert.app.rule_tests import run_test

    failures = run_test(test, policy)
    if not failures:
        print(f"ok      {file}: {test.name}")
        return True
    print(f"FAILED  {file}: {test.name}")
    for failure in failures:
        print(f"        {_said(failure)}")
    return False


def _said(failure: "Failure") -> str:
    from queue_alert.app.config.durations import format_duration

    expected = ", ".join(failure.expected) or "nothing"
    found = ", ".join(failure.found) or "nothing"
    return f"at {format_duration(failure.at_s)}: expected {expected}; fires {found}"


COMMAND = Command(
    summary="tell the rules a story and see whether they fire as they should",
    description=_DESCRIPTION,
    arguments=_arguments,
    run=_run,
)
