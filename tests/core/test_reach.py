"""Who is reached, and why; and who is not, and why not."""

from datetime import datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.alerts import PersonName
from queue_alert.core.lists import MOST_LEVELS, ContactList
from queue_alert.core.profiles import Target, TargetKind
from queue_alert.core.reach import (
    PassedOver,
    PassReason,
    Reach,
    ReachReason,
    Resolution,
    Situation,
    resolve,
)
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
from queue_alert.core.units import AgentId, GroupName
from tests.core.roster_model import Always, Model, at, method

ANNA, BEN, CAROL, DAN = (PersonName(name) for name in ("anna", "ben", "carol", "dan"))
MONDAY = at("2026-01-05 09:00")
HOURS: dict[str, Hours] = {"day": Always(is_it=True), "night": Always(is_it=False)}
PHONE, EMAIL = method("phone", MethodKind.SIP), method("email", MethodKind.EMAIL)
MOBILE = method("mobile", MethodKind.PHONE)


def person(name: PersonName, *methods: ContactMethod, **more: Any) -> Person:
    return Person(name=name, methods=methods or (PHONE,), **more)


def roster(*people: Person, **more: Any) -> Roster:
    return Roster(people={each.name: each for each in people}, **more)


def target(kind: str, name: str = "", *methods: str) -> Target:
    return Target(kind=TargetKind(kind), name=name, methods=methods)


def listed(name: str, *levels: tuple[str, ...]) -> dict[str, ContactList]:
    return {name: ContactList(name=name, levels=levels)}


def reached(who: PersonName, why: str, words: str, level: int = 1, by: ContactMethod = PHONE) -> Reach:
    return Reach(person=who, method=by, reason=ReachReason(why), words=words, level=level)


def passed(who: str, why: str, words: str, by: str = "") -> PassedOver:
    return PassedOver(person=who, reason=PassReason(why), words=words, method=by)


def ask(roster: Roster, *targets: Target, **more: Any) -> Resolution:
    situation = Situation(**{"at": MONDAY, **more})
    return resolve(targets, roster=roster, hours=HOURS, situation=situation)


def cover(who: PersonName, covered: str, *, is_rotation: bool = False) -> Override:
    return Override(
        cover=who,
        covered=covered,
        is_rotation=is_rotation,
        begins_at=at("2026-01-05 00:00"),
        ends_at=at("2026-01-12 00:00"),
    )


ON_CALL = Rotation(
    name="on-call",
    people=(ANNA, BEN),
    begins=datetime.fromisoformat("2026-01-05 08:00"),
    timezone="Europe/London",
)
DUTY = "on duty in on-call until 2026-01-12 08:00"


def test_a_person_is_reached_in_their_own_order_or_in_that_asked_for() -> None:
    staff = roster(person(ANNA, PHONE, EMAIL, MOBILE))
    assert ask(staff, target("person", "anna")) == Resolution(
        reaches=tuple(reached(ANNA, "named", "named", by=way) for way in (PHONE, EMAIL, MOBILE))
    )
    assert ask(staff, target("person", "anna", "email", "phone")) == Resolution(
        reaches=tuple(reached(ANNA, "named", "named", by=way) for way in (EMAIL, PHONE, MOBILE))
    )
    assert ask(staff, target("person", "anna", "sip", "phone")) == Resolution(
        reaches=tuple(reached(ANNA, "named", "named", by=way) for way in (PHONE, MOBILE))
    )


def test_a_mode_says_how_somebody_may_be_reached_if_at_all() -> None:
    modes = {
        Mode.OUT_OF_OFFICE: ModePolicy(methods=("email",), profile="night"),
        Mode.EXTENDED_ABSENCE: ModePolicy(methods=()),
        Mode.CUSTOM: ModePolicy(methods=("email", "gone", "phone")),
        Mode.IN_A_MEETING: ModePolicy(profile="slow"),
    }
    staff = roster(person(ANNA, PHONE, EMAIL, modes=modes))
    answers = {
        mode: ask(staff, target("person", "anna"), modes={ANNA: mode})
        for mode in (Mode.OUT_OF_OFFICE, Mode.EXTENDED_ABSENCE, Mode.CUSTOM, Mode.IN_A_MEETING)
    }
    both = (reached(ANNA, "named", "named"), reached(ANNA, "named", "named", by=EMAIL))
    assert answers == {
        Mode.OUT_OF_OFFICE: Resolution(reaches=both[1:]),
        Mode.EXTENDED_ABSENCE: Resolution(passed_over=(passed("anna", "absent", "is away for long"),)),
        Mode.CUSTOM: Resolution(reaches=both[::-1]),
        Mode.IN_A_MEETING: Resolution(reaches=both),
    }
    assert ask(staff, target("person", "anna", "phone"), modes={ANNA: Mode.OUT_OF_OFFICE}) == Resolution(
        passed_over=(passed("anna", "no-method", "is out of office, where no phone is allowed"),)
    )
    assert [staff.profile_of(ANNA, {ANNA: mode}) for mode in Mode] == ["", "slow", "night", "", ""]
    assert staff.profile_of(BEN, {BEN: Mode.CUSTOM}) == ""


def test_who_has_no_method_or_only_closed_ones_is_passed_over() -> None:
    at_night, by_day = method("home", MethodKind.PHONE, "night"), method("desk", MethodKind.PHONE, "day")
    lost = method("lost", MethodKind.PAGER, "gone")
    staff = roster(person(ANNA, at_night, by_day, lost), Person(name=BEN, methods=()))
    assert ask(staff, target("person", "anna"), target("person", "anna", "email", "push")) == Resolution(
        reaches=(reached(ANNA, "named", "named", by=by_day), reached(ANNA, "named", "named", by=lost)),
        passed_over=(
            passed("anna", "method-closed", "is not to be reached this way at this hour (night)", "home"),
            passed("anna", "no-method", "has no email or push"),
        ),
    )
    assert ask(staff, target("person", "ben")) == Resolution(
        passed_over=(passed("ben", "no-method", "has no way to be reached"),)
    )


def test_names_that_nobody_bears_are_told() -> None:
    staff = roster(person(ANNA), lists=listed("floor", ("anna", "bne")))
    answer = ask(
        staff,
        target("person", "floor"),
        target("list", "anna"),
        target("rotation", "anna"),
        target("tier", "boss"),
        target("tier", "manager"),
        target("owner"),
        target("list", "floor"),
    )
    assert answer == Resolution(
        reaches=(reached(ANNA, "listed", "in the list floor"),),
        passed_over=(
            passed("floor", "unknown", "is nobody of the staff"),
            passed("anna", "unknown", "is no list"),
            passed("anna", "unknown", "is no rotation"),
            passed("boss", "unknown", "is no tier"),
            passed("manager", "nobody", "is nobody's tier"),
            passed("", "unknown", "is known to nobody"),
            passed("bne", "unknown", "is nobody of the staff"),
        ),
    )


def test_the_owner_is_reached_if_known() -> None:
    staff = roster(person(ANNA), person(BEN, agent=AgentId("SIP/201")))
    assert [staff.person_of(AgentId(agent)) for agent in ("SIP/201", "SIP/202", "")] == [BEN, None, None]
    assert ask(staff, target("owner"), owner=BEN) == Resolution(reaches=(reached(BEN, "owner", "owner"),))


def test_a_prioritised_list_has_levels_and_a_list_within_it_has_its_own() -> None:
    lists = {
        **listed("leads", ("anna", "ben"), ("dan",)),
        **listed("plan", ("leads", "on-call"), ("carol",), ("ben", "nobodys"), ("carol",)),
        **listed("nobodys", ()),
    }
    staff = roster(
        *(person(name) for name in (ANNA, BEN, CAROL, DAN)), lists=lists, rotations={"on-call": ON_CALL}
    )
    assert ask(staff, target("list", "plan"), target("person", "ben")) == Resolution(
        reaches=(
            reached(ANNA, "listed", "in the list leads"),
            reached(BEN, "listed", "in the list leads"),
            reached(DAN, "listed", "in the list leads", 2),
            reached(CAROL, "listed", "in the list plan", 3),
        ),
        passed_over=(
            passed("nobodys", "nobody", "has nobody in it now"),
            passed("anna", "duplicate", "is in one level of the list plan more than once"),
            passed("ben", "duplicate", "is to be reached this way already", "phone"),
            passed("carol", "duplicate", "is to be reached this way already", "phone"),
        ),
    )


def test_one_level_of_a_list_can_be_asked_for() -> None:
    lists = {**listed("plan", ("anna",), ("anna", "ben"), ("none",)), **listed("none", ())}
    staff = roster(person(ANNA), person(BEN), lists=lists)
    assert ask(staff, target("list", "plan/L2")) == Resolution(
        reaches=(
            reached(ANNA, "listed", "in the list plan", 2),
            reached(BEN, "listed", "in the list plan", 2),
        ),
        passed_over=(passed("none", "nobody", "has nobody in it now"),),
    )
    assert ask(staff, target("list", "plan/L1")).reaches == (reached(ANNA, "listed", "in the list plan"),)
    assert [ask(staff, target("list", name)) for name in ("plan/L3", "plan/L4", "floor/L1", "plan/L0")] == [
        Resolution(
            passed_over=(
                passed("none", "nobody", "has nobody in it now"),
                passed("plan/L3", "nobody", "has nobody in it now"),
            )
        ),
        Resolution(
            passed_over=(
                passed("none", "nobody", "has nobody in it now"),
                passed("plan/L4", "unknown", "is no level of the list"),
            )
        ),
        Resolution(passed_over=(passed("floor/L1", "unknown", "is no list"),)),
        Resolution(passed_over=(passed("plan/L0", "unknown", "is no list"),)),
    ]


def test_lists_in_a_loop_end() -> None:
    lists = {**listed("a", ("b",), ("anna",)), **listed("b", ("a",), ("ben",))}
    staff = roster(person(ANNA), person(BEN), lists=lists)
    assert ask(staff, target("list", "a"), target("list", "b")) == Resolution(
        reaches=(
            reached(BEN, "listed", "in the list b", 2),
            reached(ANNA, "listed", "in the list a", 3),
        ),
        passed_over=(
            passed("a", "endless", "is a list within itself, or nested too deeply"),
            passed("ben", "duplicate", "is to be reached this way already", "phone"),
        ),
    )


def test_lists_that_double_at_every_level_end_soon() -> None:
    lists: dict[str, ContactList] = {}
    for number in range(18):
        lists |= listed(f"l{number}", (f"l{number + 1}",), (f"l{number + 1}",))
    lists |= listed("l18", ("anna",))
    answer = ask(roster(person(ANNA), lists=lists), target("list", "l0"))
    assert answer.reaches == (reached(ANNA, "listed", "in the list l18"),)
    assert passed("l0", "endless", f"is followed for {MOST_LEVELS} levels only") in answer.passed_over


def test_a_list_may_have_a_hundred_levels() -> None:
    staff = roster(person(ANNA), lists=listed("a", *[("anna",)] * MOST_LEVELS))
    assert {each.reason for each in ask(staff, target("list", "a")).passed_over} == {PassReason.DUPLICATE}


def test_lists_nested_too_deeply_end() -> None:
    lists: dict[str, ContactList] = {}
    for number in range(2_000):
        lists |= listed(f"l{number}", (f"l{number + 1}",))
    answer = ask(roster(person(ANNA), lists=lists), target("list", "l0"))
    assert answer.reaches == ()
    assert answer.passed_over[:2] == (
        passed("l20", "endless", "is a list within itself, or nested too deeply"),
        passed("l19", "nobody", "has nobody in it now"),
    )


def test_a_tier_is_chosen_by_region_and_nobody_is_left_alone_for_its_sake() -> None:
    people = (
        person(ANNA, tier=Tier.LEAD, region="north"),
        person(BEN, tier=Tier.LEAD, region="south"),
        person(CAROL, tier=Tier.LEAD),
        person(DAN, tier=Tier.SUPERVISOR, region="south"),
    )
    regions = {
        "south": Region(name="south", groups=("south-*",), dials={Tier.LEAD: ("ben",)}),
        "north": Region(name="north", groups=("*",)),
    }
    staff = roster(*people, regions=regions)
    north = "lead for the region north"
    assert ask(staff, target("tier", "lead"), region="north").reaches == (
        reached(ANNA, "tier", north),
        reached(CAROL, "tier", north),
    )
    assert ask(staff, target("tier", "lead"), group=GroupName("south-3")).reaches == (
        reached(BEN, "speed-dial", "speed-dial for a lead of the region south"),
    )
    assert ask(staff, target("tier", "supervisor"), group=GroupName("sales")).reaches == (
        reached(DAN, "tier", "supervisor, there being none for the region north"),
    )
    everybody = roster(*people)
    assert everybody.region_of(GroupName("sales")) == ""
    assert [each.person for each in ask(everybody, target("tier", "lead")).reaches] == [ANNA, BEN, CAROL]


def test_who_is_on_duty_is_reached_in_the_hours_of_the_rotation() -> None:
    staff = roster(person(ANNA), person(BEN), rotations={"on-call": ON_CALL})
    on_call = target("rotation", "on-call")
    assert ask(staff, on_call) == Resolution(reaches=(reached(ANNA, "on-duty", DUTY),))
    assert ask(staff, on_call, at=at("2026-01-05 07:59")) == Resolution(
        passed_over=(passed("on-call", "off-duty", "does not begin before 2026-01-05 08:00 Europe/London"),)
    )
    at_night = Rotation(name="on-call", people=(ANNA,), begins=ON_CALL.begins, timezone="UTC", hours="night")
    assert ask(roster(person(ANNA), rotations={"on-call": at_night}), on_call) == Resolution(
        passed_over=(passed("on-call", "off-duty", "is off duty at this hour (night)"),)
    )


def test_a_duty_ends_with_the_shift_or_the_hours_whichever_is_first() -> None:
    by_day = Rotation(
        name="on-call", people=(ANNA, BEN), begins=ON_CALL.begins, timezone="Europe/London", hours="day"
    )
    staff = roster(person(ANNA), rotations={"on-call": by_day})
    words = []
    for closes in ("2026-01-05 17:00", "2026-02-01 00:00"):
        hours: dict[str, Hours] = {"day": Always(is_it=True, changes_at=at(closes))}
        answer = resolve(
            [target("rotation", "on-call")], roster=staff, hours=hours, situation=Situation(at=MONDAY)
        )
        words += [reach.words for reach in answer.reaches]
    assert words == ["on duty in on-call until 2026-01-05 17:00", DUTY]


def test_a_cover_is_reached_in_place_of_the_covered() -> None:
    overrides = (cover(BEN, "anna"), cover(CAROL, "ben"), cover(DAN, "on-call", is_rotation=True))
    staff = roster(
        *(person(name) for name in (ANNA, BEN, CAROL, DAN)),
        rotations={"on-call": ON_CALL},
        overrides=overrides[:2],
    )
    assert ask(staff, target("person", "anna"), target("rotation", "on-call"), overrides=overrides[2:]) == (
        Resolution(
            reaches=(
                reached(CAROL, "covers", "covers for anna, named"),
                reached(DAN, "covers", f"covers for anna, {DUTY}"),
            ),
            passed_over=(
                passed("anna", "covered", "is covered by dan in on-call"),
                passed("anna", "covered", "is covered by carol"),
            ),
        )
    )
    after = at("2026-01-12 00:00")
    assert ask(staff, target("person", "anna"), at=after) == Resolution(
        reaches=(reached(ANNA, "named", "named"),)
    )
    back = cover(ANNA, "anna")
    assert ask(staff, target("person", "anna"), overrides=(back,)).reaches == (
        reached(ANNA, "named", "named"),
    )


def test_an_override_begins_and_ends_at_its_instants() -> None:
    begins, ends = at("2026-01-06 00:00"), at("2026-01-07 00:00")
    week = roster(person(ANNA), person(BEN), person(CAROL), rotations={"on-call": ON_CALL})
    for covered, asked in (("on-call", target("rotation", "on-call")), ("anna", target("person", "anna"))):
        override = Override(
            cover=CAROL,
            covered=covered,
            is_rotation=covered == "on-call",
            begins_at=begins,
            ends_at=ends,
        )
        found = [
            [each.person for each in ask(week, asked, at=instant, overrides=(override,)).reaches]
            for instant in (begins - 1.0, begins, ends - 1.0, ends)
        ]
        assert found == [[ANNA], [CAROL], [CAROL], [ANNA]]


def test_an_override_of_a_person_is_none_of_a_rotation_of_that_name() -> None:
    staff = roster(person(ANNA), person(BEN), rotations={"on-call": ON_CALL})
    overrides = (cover(BEN, "on-call"), cover(BEN, "anna", is_rotation=True))
    for asked in (target("rotation", "on-call"), target("person", "anna")):
        assert [each.person for each in ask(staff, asked, overrides=overrides).reaches] == [ANNA]


def test_two_who_cover_for_each_other_have_changed_places() -> None:
    staff = roster(person(ANNA), person(BEN), overrides=(cover(BEN, "anna"), cover(ANNA, "ben")))
    assert [each.person for each in ask(staff, target("person", "anna")).reaches] == [BEN]
    assert [each.person for each in ask(staff, target("person", "ben")).reaches] == [ANNA]


def test_a_cover_whom_nobody_knows_leaves_the_covered_in_place() -> None:
    eve = PersonName("eve")
    staff = roster(person(ANNA), rotations={"on-call": ON_CALL})
    covers = (cover(eve, "anna"), cover(eve, "on-call", is_rotation=True))
    assert ask(staff, target("rotation", "on-call"), overrides=covers) == Resolution(
        reaches=(reached(ANNA, "on-duty", DUTY),),
        passed_over=(
            passed("eve", "unknown", "covers for on-call, but is nobody of the staff"),
            passed("eve", "unknown", "covers for anna, but is nobody of the staff"),
        ),
    )


PEOPLE = st.sampled_from([ANNA, BEN, CAROL, DAN])
GONE = PersonName("gone")
REGIONS = st.sampled_from(["", "north", "south"])
WAYS = {
    way.name: way
    for way in (
        PHONE,
        EMAIL,
        MOBILE,
        method("desk", MethodKind.SIP, "night"),
        method("beep", MethodKind.PAGER, "day"),
    )
}
WAY_NAMES = st.lists(st.sampled_from(sorted(WAYS)), unique=True, max_size=4).map(tuple)
POLICIES = st.builds(ModePolicy, methods=st.none() | WAY_NAMES)
STAFF = st.fixed_dictionaries(
    {
        name: st.builds(
            Person,
            name=st.just(name),
            tier=st.sampled_from(Tier),
            region=REGIONS,
            methods=WAY_NAMES.map(lambda names: tuple(WAYS[name] for name in names)),
            modes=st.dictionaries(st.sampled_from(Mode), POLICIES, max_size=2),
        )
        for name in (ANNA, BEN, CAROL, DAN)
    }
)
LISTS = ["l0", "l1", "l2", "l3"]
ROTATIONS = ["r0", "r1"]
NAMES = st.sampled_from([ANNA, BEN, CAROL, DAN, GONE, *ROTATIONS])
SOME_LISTS = st.fixed_dictionaries(
    {
        name: st.builds(
            ContactList,
            name=st.just(name),
            levels=st.lists(
                st.lists(NAMES | st.sampled_from([*LISTS[number + 1 :], ANNA]), max_size=3).map(tuple),
                max_size=3,
            ).map(tuple),
        )
        for number, name in enumerate(LISTS)
    }
)
SOME_ROTATIONS = st.fixed_dictionaries(
    {
        name: st.builds(
            Rotation,
            name=st.just(name),
            people=st.lists(PEOPLE, min_size=1, max_size=3).map(tuple),
            begins=st.datetimes(
                datetime.fromisoformat("2025-11-01"), datetime.fromisoformat("2026-06-01")
            ).map(lambda begins: begins.replace(hour=8, minute=0, second=0, microsecond=0)),
            timezone=st.sampled_from(["Europe/London", "America/New_York"]),
            every=st.integers(min_value=1, max_value=3),
            unit=st.sampled_from([ShiftUnit.DAY, ShiftUnit.WEEK]),
            hours=st.sampled_from(["", "day", "night"]),
        )
        for name in ROTATIONS
    }
)
SOME_REGIONS = st.dictionaries(
    st.sampled_from(["north", "south"]),
    st.dictionaries(
        st.sampled_from(Tier), st.lists(NAMES | st.just("l2"), min_size=1, max_size=2).map(tuple), max_size=2
    ),
).map(
    lambda dials: {name: Region(name=name, groups=(f"g-{name}",), dials=own) for name, own in dials.items()}
)
DAYS = st.integers(min_value=-30, max_value=200).map(lambda days: MONDAY + days * 86_400.0)
OVERRIDES = st.lists(
    st.builds(
        lambda who, covered, begins_at, days: Override(
            cover=who,
            covered=covered,
            is_rotation=covered in ROTATIONS,
            begins_at=begins_at,
            ends_at=begins_at + days * 86_400.0,
        ),
        PEOPLE | st.just(GONE),
        PEOPLE | st.sampled_from(ROTATIONS),
        st.sampled_from([MONDAY - 7 * 86_400.0, MONDAY]),
        st.sampled_from([1, 200]),
    ),
    max_size=4,
).map(tuple)
TARGETS = st.lists(
    st.builds(
        Target,
        kind=st.sampled_from([kind for kind in TargetKind if kind is not TargetKind.TIER]),
        name=NAMES | st.sampled_from(LISTS),
        methods=st.lists(st.sampled_from(MethodKind), unique=True, max_size=2).map(tuple),
    )
    | st.builds(Target, kind=st.just(TargetKind.TIER), name=st.sampled_from(Tier)),
    max_size=4,
)
ROSTERS = st.builds(
    Roster,
    people=STAFF,
    lists=SOME_LISTS,
    rotations=SOME_ROTATIONS,
    regions=SOME_REGIONS,
    overrides=OVERRIDES,
)
SITUATIONS = st.builds(
    Situation,
    at=DAYS,
    group=st.sampled_from(["", "g-north", "g-south", "g-east"]).map(GroupName),
    region=REGIONS,
    owner=PEOPLE | st.just(GONE) | st.just(PersonName("")),
    modes=st.dictionaries(PEOPLE, st.sampled_from(Mode)),
    overrides=OVERRIDES,
)


@given(staff=ROSTERS, targets=TARGETS, situation=SITUATIONS)
def test_the_answer_is_that_of_somebody_with_much_time(
    staff: Roster, targets: list[Target], situation: Situation
) -> None:
    answer = resolve(targets, roster=staff, hours=HOURS, situation=situation)
    model = Model(staff, HOURS, situation)
    found = [(each.person, each.method.name, each.reason, each.level) for each in answer.reaches]
    assert found == model.answer(targets)
    assert len({(each.person, each.method.name) for each in answer.reaches}) == len(answer.reaches)
    heard_of = {each.person for each in answer.reaches} | {each.person for each in answer.passed_over}
    assert model.everybody(targets) <= heard_of
    assert len(set(answer.passed_over)) == len(answer.passed_over)
    for whole in (staff, situation, answer):
        assert msgspec.json.decode(msgspec.json.encode(whole), type=type(whole)) == whole


@given(
    staff=ROSTERS,
    names=st.lists(st.lists(st.sampled_from([*LISTS, ANNA]), max_size=4).map(tuple), max_size=4),
    situation=SITUATIONS,
)
def test_lists_in_whatever_loops_end(
    staff: Roster, names: list[tuple[str, ...]], situation: Situation
) -> None:
    lists = {name: ContactList(name=name, levels=tuple(names)) for name in LISTS}
    tangled = Roster(people=staff.people, lists=lists)
    answer = resolve(
        [target("list", name) for name in LISTS], roster=tangled, hours=HOURS, situation=situation
    )
    assert len(answer.reaches) <= len(staff.people[ANNA].methods) + len(WAYS)
    assert bool(answer.reaches or answer.passed_over)
