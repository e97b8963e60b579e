"""Scenario files: what is right is read, and every mistake is told with its place."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import EscalationMode
from queue_alert.core.units import AgentId, GroupName
from simulator.acd import Simulation
from simulator.faults import Fault, FaultKind
from simulator.floors import ScenarioError, load_scenario, read_scenario, scenario_names
from simulator.habits import AgentScenario, BreakHabits, EscalationHabits, PauseReason, Shift
from simulator.profile import HourlyProfile, office_hours
from simulator.scenario import DEMO, GroupScenario, Scenario
from simulator.tables import convert_table, read_fault
from tests.simulator.helpers import START, all_day

SHIPPED = Path(__file__).parents[2] / "simulator" / "scenarios"
SMALL = """
summary = "a small floor"
time_of_day = "09:15"
faults = [{ kind = "skew", offset = "-90s", begins = "1m" }]
shifts = [{ name = "early", begins = "08:00", ends = "16:30" }]

[breaks]
mean_between = "2h"
reasons = [{ reason = "Tea", mean = "7m30s" }]

[[groups]]
name = "sales"
arrivals = { busiest_hour = 60 }
agents = ["Ann", "Bob"]
mean_handling = "2m"
mean_patience = "90s"
answers_after = [0, 0.5]
escalations = { ratio = 0.1, modes = ["consult", "hold"] }

[[groups]]
name = "support"
arrivals = 12
mean_handling = "250ms"

[[agents]]
name = "Cem"
skills = { sales = 2, support = 1 }
shift = "early"
"""


def test_a_file_is_read_to_the_last_detail() -> None:
    assert read_scenario(SMALL, file="small.toml") == Scenario(
        name="small",
        summary="a small floor",
        time_of_day_s=33_300.0,
        faults=(Fault(kind=FaultKind.SKEW, offset_s=-90.0, begins_s=60.0),),
        shifts=(Shift(name="early", begins_s=28_800.0, ends_s=59_400.0),),
        breaks=BreakHabits(mean_between_s=7_200.0, reasons=(PauseReason("Tea", 450.0),)),
        groups=(
            GroupScenario(
                name=GroupName("sales"),
                arrivals=office_hours(60.0),
                agents=(AgentId("Ann"), AgentId("Bob")),
                mean_handling_s=120.0,
                mean_patience_s=90.0,
                answers_after=(0.0, 0.5),
                escalations=EscalationHabits(ratio=0.1, modes=(EscalationMode.CONSULT, EscalationMode.HOLD)),
            ),
            GroupScenario(name=GroupName("support"), arrivals=all_day(12.0), mean_handling_s=0.25),
        ),
        agents=(
            AgentScenario(name="Cem", skills={GroupName("sales"): 2, GroupName("support"): 1}, shift="early"),
        ),
    )


def problems(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, file="x.toml")
    return str(caught.value).splitlines()


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    text = """
speed = 2
time_of_day = "25:00"
warm_up = 90

[breaks]
reasons = [{ reason = "Tea" }]

[[groups]]
name = "sales"
arrivals = { busy = 3 }
agents = "Ann"
mean_handling = "0s"
hold_ratio = "often"
answers_after = [0.1]
waiting_at_start = 1.5

[[groups]]
name = "the office"
arrival = 3
arrivals = [1, 2]
mean_handling = 60
max_wait = "60"
callbacks = 3
transfers = [{ to = "sales", ratio = 0.1, kind = "warm" }]

[[groups]]
arrivals = -1
mean_handling = "ten minutes"

[[agents]]
name = "Cem"
skills = { sales = "good" }

[[faults]]
kind = "drop"
"""
    assert problems(text) == [
        (
            "x.toml: speed: is no key of a scenario; known are name, summary, groups, agents, shifts, "
            "breaks, faults, time_of_day, warm_up"
        ),
        'x.toml: time_of_day: must be a time of day such as "10:30", got "25:00"',
        'x.toml: warm_up: must be a duration such as "90s", in quotes, got 90',
        "x.toml: breaks.reasons[0].mean: is missing",
        (
            "x.toml: groups.sales.arrivals: must be a number an hour, a list of 24, or { busiest_hour = "
            "60 }, got a table"
        ),
        'x.toml: groups.sales.agents: must be a list, got "Ann"',
        'x.toml: groups.sales.hold_ratio: must be a number, got "often"',
        "x.toml: groups.sales.answers_after: must be a list of 2 numbers, got [0.1]",
        "x.toml: groups.sales.waiting_at_start: must be a whole number, got 1.5",
        'x.toml: groups."the office".arrival: is no key of a scenario; did you mean "arrivals"?',
        'x.toml: groups."the office".arrivals: must have 24 rates, got 2',
        'x.toml: groups."the office".mean_handling: must be a duration such as "90s", in quotes, got 60',
        'x.toml: groups."the office".max_wait: must have a unit, such as "60s", got "60"',
        'x.toml: groups."the office".callbacks: must be a table, got 3',
        (
            'x.toml: groups."the office".transfers[0].kind: must be one of blind, consult, conference, '
            'got "warm"'
        ),
        "x.toml: groups[2].arrivals: must be a number >= 0, got -1.0",
        (
            'x.toml: groups[2].mean_handling: must be a duration such as "90s", "10m" or "1h30m", '
            'got "ten minutes"'
        ),
        "x.toml: groups[2].name: is missing",
        'x.toml: agents.Cem.skills.sales: must be a whole number, got "good"',
        'x.toml: faults[0].ratio: is needed with the kind "drop"',
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("groups = 3", "x.toml: groups: must be a list, got 3"),
        ("groups = [3]", "x.toml: groups[0]: must be a table, got 3"),
        ("", "x.toml: groups: is missing"),
        (f"groups = [{'0,' * 10_001}]", "x.toml: groups: must have at most 10000 entries, got 10001"),
        (
            "groups = [{ name = 'a', mean_handling = '1s', arrivals = { busiest_hour = 'ten' } }]",
            (
                "x.toml: groups.a.arrivals: must be a number an hour, a list of 24, or { busiest_hour = "
                "60 }, got a table"
            ),
        ),
        (
            "groups = [{ name = 'a', mean_handling = '1s', arrivals = -1 }]",
            "x.toml: groups.a.arrivals: must be a number >= 0, got -1.0",
        ),
        ("groups = []\nsummary = true", "x.toml: summary: must be a text in quotes, got true"),
        (
            "groups = []\nagents = [{ name = 'A', skills = 3 }]",
            "x.toml: agents.A.skills: must be a table, got 3",
        ),
        (
            "groups = []\nagents = [{ name = 'A', skills = { a = 0 } }]",
            "x.toml: agents.A.skills.a: must be 1 to 100, got 0",
        ),
        (
            "groups = []\nagents = [{ name = 'A', skills = { a = 1 } }]",
            'x.toml: agents: "A" serves "a", which is no group',
        ),
        ("groups = []\nwarm_up = '2d'", "x.toml: warm_up: must be 0 to 86400, got 172800.0"),
        ("groups = [\n", "x.toml: is no TOML: invalid value (at end of document)"),
    ],
)
def test_a_mistake_is_a_sentence(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_arrivals_may_be_one_number_or_one_an_hour() -> None:
    def arrivals(text: str) -> HourlyProfile:
        group = f'[[groups]]\nname = "g"\nmean_handling = "1m"\narrivals = {text}'
        return read_scenario(group, file="x.toml").groups[0].arrivals

    assert arrivals("7") == all_day(7.0)
    assert arrivals(str(list(range(24)))) == HourlyProfile(tuple(map(float, range(24))))
    assert arrivals("{ busiest_hour = 10.5 }") == office_hours(10.5)


def test_what_ships_is_listed_and_sound() -> None:
    assert scenario_names() == ["demo", "monday-peak", "outage", "quiet-morning", "understaffed"]
    assert load_scenario("demo") is DEMO
    for name in scenario_names():
        scenario = load_scenario(name)
        assert scenario.name == name
        assert 20 < len(scenario.summary) < 100
        simulation = Simulation(scenario, seed=1, start=START)
        assert len(simulation.advance(START + 1_800)) > 100


def test_a_file_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SMALL, encoding="utf-8")
    assert load_scenario("mine.toml", base=tmp_path).name == "mine"
    assert load_scenario(str(tmp_path / "mine.toml")).summary == "a small floor"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "mine.toml: cannot be read: no such file or directory"),
        (b"\xff", "mine.toml: must be UTF-8, got other bytes at 0"),
        (b"#" * 1_000_001, "mine.toml: must be at most 1 MB, got more"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load_scenario("mine.toml", base=tmp_path)
    assert str(caught.value) == message


def test_a_name_that_is_none_is_told_the_names() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("moon")
    assert str(caught.value) == (
        "must be one of demo, monday-peak, outage, quiet-morning, understaffed or a file that ends in .toml, "
        'got "moon"'
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "name",
    "groups",
    "arrivals",
    "mean_handling",
    "agents",
    "skills",
    "faults",
    "kind",
    "breaks",
    "shifts",
]


@given(st.dictionaries(st.sampled_from(KEYS), values | st.dictionaries(st.sampled_from(KEYS), values)))
def test_no_table_whatever_raises(table: dict[str, Any]) -> None:
    found: list[str] = []
    made = convert_table(table, Scenario, path="", problems=found)
    assert (made is None) is bool(found)


@given(st.data())
def test_a_shipped_file_with_one_value_broken_is_told_or_taken(data: st.DataObject) -> None:
    table = tomllib.loads((SHIPPED / "monday-peak.toml").read_text(encoding="utf-8"))
    group = data.draw(st.sampled_from(table["groups"]))
    group[data.draw(st.sampled_from(sorted(group)))] = data.draw(values)
    found: list[str] = []
    made = convert_table({"name": "x", **table}, Scenario, path="", problems=found)
    assert (made is None) is bool(found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop=0.01", Fault(kind=FaultKind.DROP, ratio=0.01)),
        (
            "delay=0.05,mean=3s,begins=1m,ends=2m",
            Fault(kind=FaultKind.DELAY, ratio=0.05, mean_s=3.0, begins_s=60.0, ends_s=120.0),
        ),
        ("restart=20m", Fault(kind=FaultKind.RESTART, every_s=1_200.0)),
        ("restart,begins=20m", Fault(kind=FaultKind.RESTART, begins_s=1_200.0)),
        ("skew=-90s,drift_ppm=50", Fault(kind=FaultKind.SKEW, offset_s=-90.0, drift_ppm=50.0)),
    ],
)
def test_a_fault_is_read_from_one_word(text: str, fault: Fault) -> None:
    assert read_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "lose=1",
            (
                'must be one of drop, duplicate, reorder, delay, disconnect, restart, skew with "=" and '
                'a value, got "lose=1"'
            ),
        ),
        ("drop", 'ratio: is needed with the kind "drop", in "drop"'),
        ("drop=2", 'ratio: must be 0 to 1, got 2.0, in "drop=2"'),
        (
            "restart=soon",
            'every: must be a duration such as "90s", "10m" or "1h30m", got "soon", in "restart=soon"',
        ),
        (
            "drop=0.1,form=1m",
            (
                "form: is no key of a scenario; known are kind, ratio, mean, every, offset, drift_ppm, "
                'begins, ends, in "drop=0.1,form=1m"'
            ),
        ),
    ],
)
def test_a_fault_that_is_none_is_a_sentence(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        read_fault(text)
    assert str(caught.value) == message


def served(name: str, hours: float = 2.0) -> tuple[float, float]:
    """Return the shares of answered and of called back, over all groups and a few seeds."""
    outcomes: Counter[str] = Counter()
    scenario = load_scenario(name)
    for seed in range(3):
        simulation = Simulation(scenario, seed=seed, start=START)
        simulation.advance(START + hours * 3_600)
        for group in simulation.groups:
            outcomes.update(simulation.counters(group).outcomes)
    return outcomes["answered"] / outcomes.total(), outcomes["callback"] / outcomes.total()


def test_the_shipped_floors_are_what_they_say() -> None:
    assert served("quiet-morning")[0] > 0.93
    answered, called_back = served("understaffed")
    assert answered < 0.75
    assert called_back > 0.02
    answered, called_back = served("monday-peak", hours=1.0)
    assert answered < 0.75
    assert called_back > 0.05
    assert served("outage", hours=1.0)[0] < 0.6
    assert 0.7 < served("demo")[0] < 0.95
