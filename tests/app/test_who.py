"""Who would be called, in lines of text."""

import argparse
import re
from pathlib import Path

import pytest

from queue_alert.app.commands.who import COMMAND
from queue_alert.app.config import ConfigurationError
from queue_alert.app.config.targets import parse_target
from queue_alert.app.who import who_lines
from queue_alert.core.alerts import PersonName
from queue_alert.core.errors import QueueAlertError
from queue_alert.core.lists import ContactList
from queue_alert.core.profiles import Target
from queue_alert.core.reach import Resolution, Situation, resolve
from queue_alert.core.roster import ContactMethod, MethodKind, Mode, Person, Roster
from tests.core.roster_model import Always, at

ANNA, BEN = PersonName("anna"), PersonName("ben")
ROSTER = Roster(
    people={
        ANNA: Person(
            name=ANNA,
            methods=(
                ContactMethod(name="phone", kind=MethodKind.PHONE, address="+44 7700 900123"),
                ContactMethod(name="desk", kind=MethodKind.SIP, address="sip:anna@pbx"),
                ContactMethod(name="chat", kind=MethodKind.PUSH, address="tgram://secret@more/secret"),
                ContactMethod(name="night", kind=MethodKind.PAGER, address="4711", hours="night"),
            ),
        ),
        BEN: Person(
            name=BEN, methods=(ContactMethod(name="email", kind=MethodKind.EMAIL, address="ben@example.org"),)
        ),
    },
    lists={"all": ContactList(name="all", levels=(("anna", "anna"), ("ben",)))},
)
NO_MODE = '--mode must be a person and a mode such as "anna=out-of-office", got'
FILE = """
    timezone = "Europe/London"
    [staff.anna]
    tier = "lead"
    phone = "+44 7700 900123"
    modes.out-of-office.methods = []
    [staff.ben]
    tier = "lead"
    region = "south"
    email = "ben@example.org"
    [regions.south]
    groups = ["s-*"]
    lead = "ben"
"""


def lines(asked: str, *, show_addresses: bool = False) -> list[str]:
    target = parse_target(asked, ROSTER)
    assert isinstance(target, Target)
    situation = Situation(at=at("2026-07-06 08:00"))
    resolution = resolve([target], roster=ROSTER, hours={"night": Always(is_it=False)}, situation=situation)
    return who_lines(
        asked, resolution, at=situation.at, timezone="Europe/London", show_addresses=show_addresses
    )


def ask(tmp_path: Path, *words: str, file: str = FILE) -> int:
    path = tmp_path / "config.toml"
    path.write_text(file)
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    return COMMAND.run(parser.parse_args(["--config", str(path), *words]))


def test_everybody_is_listed_by_level_with_masked_addresses() -> None:
    assert lines("all") == [
        "all, Mon 2026-07-06 09:00 BST:",
        "  1.  L1  anna  phone        *********123      in the list all",
        "  2.  L1  anna  desk (sip)   sip:a***@pbx      in the list all",
        "  3.  L1  anna  chat (push)  tgram:***         in the list all",
        "  4.  L2  ben   email        b***@example.org  in the list all",
        "passed over:",
        "  anna: is in one level of the list all more than once",
        "  anna, night: is not to be reached this way at this hour (night)",
    ]


def test_one_level_is_not_numbered_and_addresses_are_shown_if_asked_for() -> None:
    assert lines("ben", show_addresses=True) == [
        "ben, Mon 2026-07-06 09:00 BST:",
        "  1.  ben  email  ben@example.org  named",
    ]


def test_nobody_is_told_with_the_reason() -> None:
    assert lines("owner") == [
        "owner, Mon 2026-07-06 09:00 BST: nobody would be reached",
        "passed over:",
        "  owner: is known to nobody",
    ]
    assert who_lines("x", Resolution(), at=0.0, timezone="UTC") == [
        "x, Thu 1970-01-01 00:00 UTC: nobody would be reached"
    ]


def test_a_push_without_a_scheme_shows_nothing() -> None:
    assert ContactMethod(name="p", kind=MethodKind.PUSH, address="token").masked == "***"


def test_the_command_answers_for_a_time_a_group_and_modes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path, "--at", "2026-01-05 09:00", "--mode", "anna=out-of-office", "lead") == 0
    assert capsys.readouterr().out.splitlines() == [
        "lead, Mon 2026-01-05 09:00 GMT:",
        "  1.  ben  email  b***@example.org  lead",
        "passed over:",
        "  anna: is out of office",
    ]
    assert ask(tmp_path, "--at", "2026-07-05T09:00", "--group", "s-1", "lead") == 0
    assert capsys.readouterr().out.splitlines() == [
        "lead, Sun 2026-07-05 09:00 BST:",
        "  1.  ben  email  b***@example.org  speed-dial for a lead of the region south",
    ]
    assert ask(tmp_path, "--owner", "anna", "--show-addresses", "owner") == 0
    assert re.fullmatch(
        r"owner, .* (GMT|BST):\n  1\.  anna  phone  \+44 7700 900123  owner\n", capsys.readouterr().out
    )


def test_the_command_says_that_nobody_would_be_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path, "manager", "--at", "2026-01-05 09:00", file='timezone = "Nowhere"') == 1
    assert capsys.readouterr().out.splitlines() == [
        "manager, Mon 2026-01-05 09:00 UTC: nobody would be reached",
        "passed over:",
        "  manager: is nobody's tier",
    ]


def test_the_command_looks_at_opening_hours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = """
    timezone = "UTC"
    [hours.day]
    monday = ["09:00-17:00"]
    [staff.anna]
    methods = [{ name = "phone", kind = "phone", address = "201", hours = "day" }]
    """
    assert ask(tmp_path, "anna", "--at", "2026-01-05 10:00", file=file) == 0
    assert ask(tmp_path, "anna", "--at", "2026-01-05 18:00", file=file) == 1
    assert "is not to be reached this way at this hour (day)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["anan"], 'nobody is called "anan"; did you mean "anna"?'),
        (
            ["anna", "--at", "tomorrow"],
            '--at must be a local time such as "2026-12-25 03:00", got "tomorrow"',
        ),
        (
            ["anna", "--at", "2026-02-30 10:00"],
            '--at must be a local time such as "2026-12-25 03:00", got "2026-02-30 10:00"',
        ),
        (
            ["anna", "--mode", "anna=offline"],
            f'{NO_MODE} "anna=offline"; known are: {", ".join(Mode)}',
        ),
        (
            ["anna", "--mode", "anna=out-of-offise"],
            f'{NO_MODE} "anna=out-of-offise"; did you mean "out-of-office"?',
        ),
        (["anna", "--mode", "ann=custom"], f'{NO_MODE} "ann=custom"; did you mean "anna"?'),
    ],
)
def test_a_question_that_cannot_be_answered(tmp_path: Path, words: list[str], sentence: str) -> None:
    with pytest.raises(QueueAlertError, match=f"^{re.escape(sentence)}$") as caught:
        ask(tmp_path, *words)
    assert isinstance(caught.value, ValueError)


def test_mistakes_in_the_roster_come_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"config.toml: staff.anna: has no way to be reached"):
        ask(tmp_path, "anna", file="[staff.anna]")
