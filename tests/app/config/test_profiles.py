"""``[profiles]``: what is read, what is said of mistakes, and whether anybody is there."""

import tomllib
from pathlib import Path

import pytest

from queue_alert.app.config import ConfigurationError, Setup, build_setup
from queue_alert.core.profiles import Profile, Step, Target, TargetKind
from tests.app.fakes import registry

FLOOR = (
    'timezone = "UTC"\n[feeds.pbx]\ndriver = "script"\nhost = "pbx1"\n'
    '[outputs.beacon]\ndriver = "pin"\npin = 17\n'
    '[staff.anna]\ntier = "lead"\nphone = "sip:201"\n'
    '[staff.ben]\ntier = "supervisor"\nphone = "sip:202"\nemail = "ben@example.org"\n'
    '[lists.plan]\nlevels = [["anna"], ["ben"]]\n'
)
MONDAY = 1_767_571_200.0


def setup(text: str) -> Setup:
    tables = tomllib.loads(FLOOR + text)
    return build_setup(tables, file="config.toml", base=Path(), registry=registry(), now=MONDAY)


def person(name: str, *methods: str) -> Target:
    return Target(kind=TargetKind.PERSON, name=name, methods=methods)


def test_a_profile_says_all_that_it_can() -> None:
    profiles = setup(
        """
        [profiles.floor]
        repeat = 3
        urgent_only = true
        finally = ["tier:supervisor"]
        acknowledged_for = "off"
        steps = [{ tell = ["anna"], by = ["phone", "email"], timeout = "0s" }, { tell = ["ben"] }]
        """
    ).policy.profiles
    assert profiles == {
        "floor": Profile(
            name="floor",
            steps=(
                Step(targets=(person("anna", "phone", "email"),), timeout_s=0.0),
                Step(targets=(person("ben"),), timeout_s=120.0),
            ),
            repeat=3,
            urgent_only=True,
            finally_tell=(Target(kind=TargetKind.TIER, name="supervisor"),),
            acknowledged_for_s=None,
        )
    }


def test_a_prioritised_list_is_a_step_a_level() -> None:
    profile = setup('[profiles.p]\nsteps = [{ tell = ["plan"], timeout = "1m" }]\n').policy.profiles["p"]
    assert [step.timeout_s for step in profile.steps] == [60.0, 60.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles = 5\n", ["profiles: must be a table, got 5"]),
        ("[profiles]\na = 5\n", ["profiles.a: must be a table, got 5"]),
        ("[profiles.a]\nsteps = []\n", ["profiles.a.steps: must hold 1 to 100 entries, got 0"]),
        (
            '[profiles.a]\nsteps = [{ tell = ["annna"] }]\nrepeat = 201\n',
            ["profiles.a.repeat: must be 0 to 200, got 201"],
        ),
        (
            '[profiles.a]\nsteps = [{ tell = ["annna"] }]\nfinally = ["tier:manager"]\n',
            [
                'profiles.a.steps[0].tell: nobody is called "annna"; did you mean "anna"?',
                'profiles.a.finally: nobody stands behind "manager"',
            ],
        ),
        (
            '[profiles.a]\nsteps = [{ tell = ["anna"], by = ["email"] }]\n',
            ['profiles.a.steps[0].tell: nobody behind "anna" has a method of the kind email'],
        ),
        (
            "[profiles.a]\nsteps = [" + ", ".join(['{ tell = ["plan"] }'] * 60) + "]\n",
            [
                "profiles.a.steps: must come to at most 100 steps with the levels of its lists, got 120",
            ],
        ),
        (
            (
                '[rules.a]\nwhen = { waiting = 5 }\nprofile = "flooor"\n[store]\n'
                '[profiles.floor]\nsteps = [{ tell = ["anna"] }]\n'
            ),
            ['rules.a.profile: "flooor" is none of [profiles]; did you mean "floor"?'],
        ),
        (
            "[profiles." + "x" * 101 + ']\nsteps = [{ tell = ["anna"] }]\n',
            [f"profiles.{'x' * 101}: the name must be 1 to 100 characters long, got 101"],
        ),
    ],
)
def test_what_is_said_of_mistakes(text: str, said: list[str]) -> None:
    tables = tomllib.loads(text + FLOOR if text.startswith("profiles") else FLOOR + text)
    with pytest.raises(ConfigurationError) as told:
        build_setup(tables, file="config.toml", base=Path(), registry=registry(), now=MONDAY)
    assert [f"{problem.path}: {problem.message}" for problem in told.value.problems] == said


def test_hours_in_which_nobody_would_be_reached_are_a_warning() -> None:
    text = """
    [hours.office]
    weekdays = ["09:00-17:00"]
    [staff.carol]
    methods = [{ name = "phone", kind = "phone", address = "203", hours = "office" }]
    [profiles.day]
    steps = [{ tell = ["carol"] }]
    [profiles.night]
    steps = [{ tell = ["carol"] }, { tell = ["anna"] }]
    [profiles.whose]
    steps = [{ tell = ["owner"] }]
    """
    (warning,) = setup(text).warnings
    assert (warning.path, warning.message) == (
        "profiles.day",
        "in 128 of the 168 hours of a week nobody would be reached; queue-alert who --at … says why",
    )


def test_people_who_are_told_without_a_store_are_a_warning() -> None:
    text = '[rules.a]\nwhen = { waiting = 5 }\nprofile = "p"\n[profiles.p]\nsteps = [{ tell = ["anna"] }]\n'
    assert [f"{warning.path}: {warning.message}" for warning in setup(text).warnings] == [
        "store: is missing: alerts and whom one tried to reach are forgotten at a restart; write [store]"
    ]
    assert setup(text + '[store]\npath = "store.db"\n').warnings == ()


def test_there_is_a_bound_on_profiles() -> None:
    text = "".join(f'[profiles.p{number}]\nsteps = [{{ tell = ["anna"] }}]\n' for number in range(101))
    with pytest.raises(ConfigurationError) as told:
        setup(text)
    assert [problem.message for problem in told.value.problems] == ["must hold at most 100 entries, got 101"]
