"""Whom a step names, and what is wrong with it."""

import tomllib

from queue_alert.app.config.roster import read_roster
from queue_alert.app.config.targets import parse_target, target_mistakes
from queue_alert.core.profiles import Target, TargetKind
from queue_alert.core.roster import Roster
from queue_alert.ports import ConfigProblem

FILE = """
    [staff.anna]
    phone = "sip:201"
    [staff.ben]
    tier = "lead"
    email = "ben@example.org"
    [lists.all]
    levels = [["inner"], ["anna"]]
    [lists.inner]
    people = ["on-call", "anna"]
    [rotations.on-call]
    people = ["ben"]
    from = "2026-01-05"
    [regions.north]
    manager = "inner"
"""


def made() -> Roster:
    problems: list[ConfigProblem] = []
    roster = read_roster(tomllib.loads(FILE), hours={}, default_timezone="UTC", problems=problems)
    assert problems == []
    return roster


ROSTER = made()


def mistakes(kind: str, name: str, *methods: str) -> list[str]:
    target = Target(kind=TargetKind(kind), name=name, methods=methods)
    problems = target_mistakes([target], ROSTER, "steps[0]")
    assert all(problem.path == "steps[0]" for problem in problems)
    return [problem.message for problem in problems]


def test_a_name_is_looked_up_among_all_that_have_names() -> None:
    assert {
        text: parse_target(text, ROSTER) for text in ("anna", "all", "all/L2", "lead", "tier:lead", "owner")
    } == {
        "anna": Target(kind=TargetKind.PERSON, name="anna"),
        "all": Target(kind=TargetKind.LIST, name="all"),
        "all/L2": Target(kind=TargetKind.LIST, name="all/L2"),
        "lead": Target(kind=TargetKind.TIER, name="lead"),
        "tier:lead": Target(kind=TargetKind.TIER, name="lead"),
        "owner": Target(kind=TargetKind.OWNER, name=""),
    }
    assert parse_target("anan", ROSTER) == 'nobody is called "anan"; did you mean "anna"?'
    assert parse_target("list:zzz", ROSTER) == 'nobody is called "zzz"; known are: all, inner'
    assert parse_target("a:b", ROSTER) == (
        'nobody is called "a:b"; known are: anna, ben, all, inner, on-call, agent, lead, supervisor, '
        "manager, owner"
    )


def test_of_many_names_a_few_are_shown() -> None:
    many = "".join(f'[staff.a{at}]\npager = "1"\n' for at in range(20))
    roster = read_roster(tomllib.loads(many), hours={}, default_timezone="UTC", problems=[])
    shown = ", ".join(f"a{at}" for at in range(12))
    assert parse_target("zzz", roster) == f'nobody is called "zzz"; known are: {shown}, …'


def test_somebody_must_stand_behind_a_target() -> None:
    assert [mistakes("tier", tier) for tier in ("agent", "lead", "manager", "supervisor")] == [
        [],
        [],
        [],
        ['nobody stands behind "supervisor"'],
    ]
    assert mistakes("person", "gone") == ['nobody stands behind "gone"']
    assert target_mistakes([Target(kind=TargetKind.OWNER, name="")], Roster(), "steps[0]") == [
        ConfigProblem(path="steps[0]", message='nobody stands behind "owner"')
    ]


def test_somebody_must_have_a_method_of_the_kinds_asked_for() -> None:
    assert mistakes("list", "all", "email", "phone") == []
    assert mistakes("list", "all/L1", "email") == []
    assert mistakes("tier", "manager", "email") == []
    assert mistakes("person", "anna", "phone") == []
    assert mistakes("owner", "", "push") == ['nobody behind "owner" has a method of the kind push']
    assert mistakes("rotation", "on-call", "phone", "sip") == [
        'nobody behind "on-call" has a method of the kind phone or sip'
    ]
    assert mistakes("person", "anna", "fone") == [
        'must be a kind of method, got "fone"; did you mean "phone"?'
    ]
    assert mistakes("person", "anna", "x") == [
        'must be a kind of method, got "x"; known are: phone, sip, email, pager, push'
    ]
