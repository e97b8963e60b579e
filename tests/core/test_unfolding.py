"""Prioritised lists become steps."""

import pytest
from hypothesis import given

from queue_alert.core.lists import ContactList, level_name, level_of
from queue_alert.core.profiles import Profile, Step, Target, TargetKind
from queue_alert.core.reach import Situation, resolve
from queue_alert.core.roster import Roster
from queue_alert.core.unfolding import unfold
from tests.core.test_reach import HOURS, LISTS, ROSTERS, SITUATIONS, target


def listed(name: str, *levels: tuple[str, ...]) -> dict[str, ContactList]:
    return {name: ContactList(name=name, levels=levels)}


def step(*targets: Target, timeout_s: float = 60.0) -> Step:
    return Step(targets=targets, timeout_s=timeout_s)


LEADS = listed("leads", ("anna",), ("ben",))
ALL = LEADS | listed("plan", ("leads",), ("carol",)) | listed("floor", ("anna", "ben")) | listed("none")


def test_every_level_becomes_a_step_with_the_time_out_of_its_own() -> None:
    plan = Target(kind=TargetKind.LIST, name="plan", methods=("phone",))
    profile = Profile(
        name="p",
        steps=(step(target("tier", "lead")), step(plan, target("list", "leads"), target("person", "dan"))),
        repeat=2,
        finally_tell=(plan,),
    )
    levels = [Target(kind=TargetKind.LIST, name=f"plan/L{level}", methods=("phone",)) for level in (1, 2, 3)]
    assert unfold(profile, ALL) == Profile(
        name="p",
        steps=(
            step(target("tier", "lead")),
            step(levels[0], target("list", "leads/L1"), target("person", "dan")),
            step(levels[1], target("list", "leads/L2")),
            step(levels[2]),
        ),
        repeat=2,
        finally_tell=(plan,),
    )


def test_what_has_no_levels_stays_as_it_is() -> None:
    names = ("floor", "none", "gone")
    targets = (*(target("list", name) for name in names), target("person", "leads"), target("owner"))
    profile = Profile(name="p", steps=(step(*targets), step(timeout_s=0.0)))
    assert unfold(profile, ALL) == profile


def test_more_steps_than_a_profile_may_have_are_refused() -> None:
    most = Profile(name="p", steps=(step(target("list", "leads")),) * 50)
    assert len(unfold(most, ALL).steps) == 100
    profile = Profile(name="p", steps=(step(target("list", "leads")),) * 51)
    words = "must come to at most 100 steps with the levels of its lists, got 102"
    with pytest.raises(ValueError, match=f"^{words}$"):
        unfold(profile, ALL)


def test_a_level_has_a_name_that_can_be_read_back() -> None:
    assert level_of(level_name("a/L2", 13)) == ("a/L2", 13)
    assert [level_of(name) for name in ("plan", "plan/L", "/L1", "plan/L0", "plan/L1000")] == [("", 0)] * 5


@given(staff=ROSTERS, situation=SITUATIONS)
def test_the_steps_together_reach_whom_the_list_reaches(staff: Roster, situation: Situation) -> None:
    for name in LISTS:
        profile = Profile(name="p", steps=(step(target("list", name)),))
        seen: dict[tuple[str, str], object] = {}
        for part in unfold(profile, staff.lists).steps:
            answer = resolve(part.targets, roster=staff, hours=HOURS, situation=situation)
            for reach in answer.reaches:
                seen.setdefault((reach.person, reach.method.name), reach)
        whole = resolve([target("list", name)], roster=staff, hours=HOURS, situation=situation)
        assert list(seen.values()) == list(whole.reaches)
