"""The roster's tables, and every mistake in them."""

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest

from queue_alert.app.config.roster import read_roster
from queue_alert.core.alerts import PersonName
from queue_alert.core.lists import ContactList
from queue_alert.core.roster import (
    ContactMethod,
    Hours,
    MethodKind,
    Mode,
    ModePolicy,
    Override,
    Person,
    Region,
    Roster,
    Tier,
)
from queue_alert.core.rotations import Rotation, ShiftUnit
from queue_alert.core.units import AgentId
from queue_alert.ports import ConfigProblem
from tests.core.roster_model import Always

ANNA, BEN = PersonName("anna"), PersonName("ben")
HOURS: dict[str, Hours] = {"day": Always(is_it=True), "shut": Always(is_it=False)}
NO_METHOD = "must be one of the person's methods, got"
STAFF = '[staff.anna]\nphone = "201"\n[staff.ben]\nphone = "202"\n'


def read(text: str, **more: Any) -> tuple[Roster, list[str]]:
    """Return the roster of a file, and its mistakes as lines."""
    problems: list[ConfigProblem] = []
    arguments = {"hours": HOURS, "default_timezone": "Europe/London", **more}
    roster = read_roster(tomllib.loads(text), problems=problems, **arguments)
    return roster, [f"{problem.path}: {problem.message}" for problem in problems]


def mistakes(text: str, **more: Any) -> list[str]:
    return read(text, **more)[1]


def method(name: str, kind: str, address: str, hours: str = "") -> ContactMethod:
    return ContactMethod(name=name, kind=MethodKind(kind), address=address, hours=hours)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_no_tables_are_an_empty_roster() -> None:
    assert read("") == (Roster(), [])


def test_everything_is_read() -> None:
    text = """
        [staff.anna]
        tier = "lead"
        region = "north"
        language = "en-GB"
        agent = "SIP/201"
        email = "anna@example.org"
        phone = "sip:201"
        methods = [{ name = "mobile", kind = "phone", address = "+44 7700 900123", hours = "day" }]
        pager = "4711"
        modes.out-of-office = { methods = ["email"], profile = "night" }
        modes.extended-absence.methods = []
        modes.in-a-meeting = {}
        [staff.ben]
        phone = "202"
        sip = "sip:202@pbx"
        push = "ntfy://topic"
        [lists.floor]
        people = ["anna", "on-call"]
        [lists.plan]
        levels = [["anna"], ["floor", "ben"]]
        [rotations.on-call]
        people = ["anna", "ben"]
        from = "2026-01-05 08:00"
        hours = "day"
        [rotations.night]
        people = ["ben"]
        from = 2026-03-29
        every = "12 hours"
        timezone = "Europe/Paris"
        [regions.north]
        groups = ["sales-*"]
        lead = "anna"
        supervisor = ["ben", "plan"]
        [[overrides]]
        cover = "ben"
        for = "anna"
        from = 2026-03-29T01:30:00
        until = "2026-04-01"
        [[overrides]]
        cover = "anna"
        for = "on-call"
        from = "2026-07-01T08:00:30"
        until = "2026-07-02 08:00"
    """
    anna = Person(
        name=ANNA,
        tier=Tier.LEAD,
        region="north",
        language="en-GB",
        agent=AgentId("SIP/201"),
        methods=(
            method("email", "email", "anna@example.org"),
            method("phone", "sip", "sip:201"),
            method("mobile", "phone", "+44 7700 900123", "day"),
            method("pager", "pager", "4711"),
        ),
        modes={
            Mode.OUT_OF_OFFICE: ModePolicy(methods=("email",), profile="night"),
            Mode.EXTENDED_ABSENCE: ModePolicy(methods=()),
            Mode.IN_A_MEETING: ModePolicy(),
        },
    )
    ben = Person(
        name=BEN,
        methods=(
            method("phone", "phone", "202"),
            method("sip", "sip", "sip:202@pbx"),
            method("push", "push", "ntfy://topic"),
        ),
    )
    assert read(text, profiles=["night"]) == (
        Roster(
            people={ANNA: anna, BEN: ben},
            lists={
                "floor": ContactList(name="floor", levels=(("anna", "on-call"),)),
                "plan": ContactList(name="plan", levels=(("anna",), ("floor", "ben"))),
            },
            rotations={
                "on-call": Rotation(
                    name="on-call",
                    people=(ANNA, BEN),
                    begins=datetime.fromisoformat("2026-01-05 08:00"),
                    timezone="Europe/London",
                    hours="day",
                ),
                "night": Rotation(
                    name="night",
                    people=(BEN,),
                    begins=datetime.fromisoformat("2026-03-29 00:00"),
                    timezone="Europe/Paris",
                    every=12,
                    unit=ShiftUnit.HOUR,
                ),
            },
            regions={
                "north": Region(
                    name="north",
                    groups=("sales-*",),
                    dials={Tier.LEAD: ("anna",), Tier.SUPERVISOR: ("ben", "plan")},
                )
            },
            overrides=(
                Override(
                    cover=BEN,
                    covered="anna",
                    begins_at=at("2026-03-29 01:00"),
                    ends_at=at("2026-03-31 23:00"),
                ),
                Override(
                    cover=ANNA,
                    covered="on-call",
                    is_rotation=True,
                    begins_at=at("2026-07-01 07:00:30"),
                    ends_at=at("2026-07-02 07:00"),
                ),
            ),
        ),
        [],
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            'phone = "12ab34"',
            'phone: must be a telephone number such as "+44 20 7946 0123", or "sip:201", got "1***"',
        ),
        (
            'email = "anna at example"',
            'email: must be an email address such as "anna@example.org", got "a***"',
        ),
        ('sip = "201"', 'sip: must be a SIP address such as "sip:201", got "***"'),
        ('push = "ntfy://secret "', "push: must be one line without spaces around it"),
        ("phone = 447700900123", 'phone: must be text, got 447700900123 (write "447700900123")'),
        ('fone = "201"', 'fone: is not an option; did you mean "phone"?'),
        (
            'phone = "1"\ntier = "boss"',
            'tier: must be "agent", "lead", "supervisor" or "manager", got "boss"',
        ),
        (
            'phone = "1"\nlanguage = "english"',
            'language: must match ^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$, got "english"',
        ),
        (
            'phone = "1"\nmodes.out-of-offise = {}',
            'modes.out-of-offise: is not an option; did you mean "out-of-office"?',
        ),
        (
            'phone = "1"\nmodes.custom.methods = ["phone", "phon", "x"]',
            (
                f'modes.custom.methods[1]: {NO_METHOD} "phon"; did you mean "phone"?\n'
                f'modes.custom.methods[2]: {NO_METHOD} "x"; there are: phone'
            ),
        ),
        (
            'methods = [{ name = "a", kind = "email", address = "x", hours = "dya" }]',
            (
                'methods[0].address: must be an email address such as "anna@example.org", got "x***"\n'
                'methods[0].hours: must be a name in [hours], got "dya"; did you mean "day"?'
            ),
        ),
        (
            'phone = "1"\nmethods = [{ name = "phone", kind = "phone", address = "1" }]',
            'methods[0]: the name "phone" is that of phone already; choose another',
        ),
        (
            'phone = "1"\nmethods = [{ name = "desk", kind = "phone", address = "1" }]',
            'methods[0]: has the address of "phone"; one of them is enough',
        ),
        (
            'methods = [{ name = "a", kind = "pager", address = "1", hours = "shut" }]',
            'methods[0].hours: the hours "shut" never open; give them a day or leave this out',
        ),
    ],
)
def test_mistakes_of_a_person(table: str, expected: str) -> None:
    lines = mistakes(f"[staff.anna]\n{table}\n")
    assert lines == [f"staff.anna.{line}" for line in expected.split("\n")]


def test_who_cannot_be_reached_at_all_is_a_mistake() -> None:
    assert mistakes('[staff.anna]\nmodes.custom.methods = ["phone"]') == [
        'staff.anna: has no way to be reached; write phone = "…" or email = "…"',
        f'staff.anna.modes.custom.methods[0]: {NO_METHOD} "phone"; there are: none',
    ]


def test_hours_with_a_mistake_of_their_own_are_not_called_unknown() -> None:
    text = (
        '[hours.late]\n[staff.anna]\nmethods = [{ name = "a", kind = "pager", address = "1", hours = "%s" }]'
    )
    assert [mistakes(text % hours) for hours in ("late", "always", "lathe")] == [
        [],
        [],
        [
            'staff.anna.methods[0].hours: must be a name in [hours], got "lathe"; did you mean "late"?',
        ],
    ]
    assert mistakes(text % "zzz")[0].endswith("; known are: always, day, late, shut")


def test_a_profile_is_judged_where_the_profiles_are_known() -> None:
    text = '[staff.anna]\nphone = "1"\nmodes.custom.profile = "nihgt"\n'
    where = "staff.anna.modes.custom.profile: must be an escalation profile, got"
    assert mistakes(text) == []
    assert mistakes(text, profiles=["night"]) == [f'{where} "nihgt"; did you mean "night"?']
    assert mistakes(text, profiles=[]) == [f'{where} "nihgt"; known are: none']


def test_a_region_must_have_a_table_if_any_has() -> None:
    text = '[staff.anna]\nphone = "1"\nregion = "nroth"\n'
    where = 'staff.anna.region: must be a name in [regions], got "nroth"'
    assert mistakes(text) == []
    assert mistakes(text + "[regions.north]") == [f'{where}; did you mean "north"?']
    assert mistakes(text + "[regions.a]\n[regions.b]") == [f"{where}; known are: a, b"]


def test_a_name_stands_for_one_thing_and_an_agent_for_one_person() -> None:
    text = """
        [staff.anna]
        phone = "1"
        agent = "a"
        [staff.ben]
        phone = "2"
        agent = "a"
        [lists.anna]
        people = ["ben"]
        [rotations.anna]
        people = ["ben"]
        from = "2026-01-05"
    """
    assert mistakes(text) == [
        "lists.anna: the name is that of staff.anna too; choose another",
        "rotations.anna: the name is that of staff.anna too; choose another",
        'staff.ben.agent: "a" is staff.anna already; an agent is one person',
    ]


NO_TIME = 'must be a local date and time such as "2026-01-05 08:00", got'
NO_NAME = "must be the name of a person or a list or a rotation, got"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", ': is empty; write people = ["…"], or levels = [["…"], ["…"]]'),
        ("people = []", '.people: is empty; write people = ["…"]'),
        ("levels = []", '.levels: is empty; write levels = [["…"], ["…"]]'),
        ('levels = [["anna"], []]', '.levels[1]: is empty; write ["…"] or take it out'),
        ('levels = ["anna"]', '.levels[0]: must be a list of text, got "anna" (write ["anna"])'),
        (
            'people = ["anna"]\nlevels = [["ben"]]',
            ": has both people and levels; people is for everybody at once, levels for one after another",
        ),
        ('people = ["anna", "bne"]', f'.people[1]: {NO_NAME} "bne"; did you mean "ben"?'),
        (
            'levels = [["anna"], ["ben", "zoe"]]',
            f'.levels[1][1]: {NO_NAME} "zoe"; write one of [staff] or [lists] or [rotations]',
        ),
        ('people = ["a"]', ": goes round in a circle: a → a; take one of them out"),
    ],
)
def test_mistakes_of_a_list(table: str, expected: str) -> None:
    assert mistakes(f"{STAFF}[lists.a]\n{table}\n") == [f"lists.a{expected}"]


def test_every_loop_is_named() -> None:
    text = """
        [lists.day]
        levels = [["anna"], ["night"]]
        [lists.night]
        people = ["late"]
        [lists.late]
        people = ["ben", "day"]
        [lists.fine]
        people = ["day"]
    """
    assert mistakes(STAFF + text) == [
        "lists.day: goes round in a circle: day → night → late → day; take one of them out"
    ]


def test_lists_may_be_neither_too_deep_nor_have_too_many_levels() -> None:
    chain = "".join(f'[lists.l{at}]\npeople = ["l{at + 1}"]\n' for at in range(20))
    assert mistakes(f'{STAFF}{chain}[lists.l20]\npeople = ["anna"]\n') == [
        "lists.l0: lists within it must be at most 20 deep"
    ]
    double = "".join(f'[lists.l{at}]\nlevels = [["l{at + 1}"], ["l{at + 1}"]]\n' for at in range(7))
    assert mistakes(f'{STAFF}{double}[lists.l7]\npeople = ["anna"]\n') == [
        "lists.l0: must come to at most 100 levels with the lists in it, got 128"
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("people = []", '.people: is a rotation of nobody; write people = ["…", "…"]'),
        (
            'people = ["anna", "floor"]',
            '.people[1]: must be the name of a person, got "floor"; write one of [staff]',
        ),
        (
            'from = "5 January"',
            '.from: must be a local date and time such as "2026-01-05 08:00", got "5 January"',
        ),
        (
            'from = "2026-02-30 08:00"',
            '.from: must be a local date and time such as "2026-01-05 08:00", got "2026-02-30 08:00"',
        ),
        (
            "from = 2026-01-05T08:00:00Z",
            f'.from: {NO_TIME} "2026-01-05 08:00:00+00:00"',
        ),
        (
            'every = "fortnight"',
            '.every: must be a number of hours, days or weeks such as "1 week", got "fortnight"',
        ),
        ('every = "54 weeks"', '.every: must be 1 to 53 weeks, got "54 weeks"'),
        ('every = "0 hours"', '.every: must be 1 to 8784 hours, got "0 hours"'),
        (
            'timezone = "Europe/Lodnon"',
            (
                '.timezone: must be a time zone such as "Europe/London", got "Europe/Lodnon"; '
                'did you mean "Europe/London"?'
            ),
        ),
        ('hours = "shut"', '.hours: the hours "shut" never open; give them a day or leave this out'),
    ],
)
def test_mistakes_of_a_rotation(table: str, expected: str) -> None:
    own = {"people": '["anna"]', "from": '"2026-01-05"'} | dict([table.split(" = ")])
    text = "".join(f"{key} = {value}\n" for key, value in own.items())
    assert mistakes(f'{STAFF}[lists.floor]\npeople = ["anna"]\n[rotations.r]\n{text}') == [
        f"rotations.r{expected}"
    ]


def test_a_rotation_must_say_since_when() -> None:
    assert mistakes(f'{STAFF}[rotations.r]\npeople = ["anna"]\n') == [
        'rotations.r.from: is missing; write from = "…"'
    ]


def test_mistakes_of_a_region() -> None:
    text = f'{STAFF}[regions.north]\nlead = "ana"\nmanager = ["ben", "x"]\n'
    assert mistakes(text) == [
        f'regions.north.lead: {NO_NAME} "ana"; did you mean "anna"?',
        f'regions.north.manager[1]: {NO_NAME} "x"; write one of [staff] or [lists] or [rotations]',
    ]
    assert mistakes(f"{STAFF}[regions.north]\nlead = []\n") == [
        "regions.north.lead: must hold 1 to 100 entries, got 0"
    ]


def test_mistakes_of_an_override() -> None:
    override = '[[overrides]]\ncover = "%s"\nfor = "%s"\nfrom = "2026-01-05"\nuntil = "%s"\n'
    text = STAFF + override % ("ana", "bem", "2026-01-05 00:00") + override % ("ben", "ben", "later")
    assert mistakes(text) == [
        'overrides[0].cover: must be the name of a person, got "ana"; did you mean "anna"?',
        'overrides[0].for: must be the name of a person or a rotation, got "bem"; did you mean "ben"?',
        'overrides[0].until: must be after from ("2026-01-05"), got "2026-01-05 00:00"',
        'overrides[1].cover: nobody covers for themselves, got "ben" twice',
        'overrides[1].until: must be a local date and time such as "2026-01-05 08:00", got "later"',
    ]
    assert mistakes(f'{STAFF}[[overrides]]\ncover = "ben"\nfor = "anna"\nuntil = "2026-01-05"\n') == [
        'overrides[0].from: is missing; write from = "…"'
    ]


def test_tables_that_are_none_are_told() -> None:
    text = 'staff = 1\nlists = "x"\nrotations = []\noverrides = {}\n[regions]\nnorth = 2\n"a\\u0000" = {}\n'
    assert mistakes(text) == [
        "regions.north: must be a table, got 2",
        'regions."a\\u0000": the name must not hold control characters',
        "staff: must be a table, got 1",
        'lists: must be a table, got "x"',
        "rotations: must be a table, got []",
        "overrides: must be a list, got a table; write [[overrides]]",
    ]
    assert mistakes("overrides = [3]") == ["overrides[0]: must be a table, got 3"]


def test_there_is_a_limit_to_everything() -> None:
    many = "".join(f"[rotations.r{at}]\n" for at in range(101))
    assert mistakes(many)[0] == "rotations: must hold at most 100 entries, got 101"
    assert (
        mistakes("overrides = [" + "{}," * 1001 + "]")[0]
        == "overrides: must hold at most 1000 entries, got 1001"
    )


def test_an_unknown_site_time_zone_is_told_elsewhere() -> None:
    text = f'{STAFF}[rotations.r]\npeople = ["anna"]\nfrom = "2026-01-05"\n'
    roster, lines = read(text, default_timezone="Nowhere")
    assert (roster.rotations["r"].timezone, lines) == ("UTC", [])
