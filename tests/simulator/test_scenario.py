"""Scenarios and the built-in ones."""

import re
from typing import Any

import msgspec
import pytest

from queue_alert.core.units import AgentId, GroupName
from simulator.scenario import DEMO, SCENARIOS, BreakHabits, GroupScenario, PauseReason, Scenario
from tests.simulator.helpers import agents, all_day

GROUP: dict[str, Any] = {"name": GroupName("sales"), "arrivals": all_day(1.0), "mean_handling_s": 60.0}


def test_demo_is_a_floor_of_five_groups_and_twenty_agents() -> None:
    assert [group.name for group in DEMO.groups] == ["sales", "support", "billing", "service-desk", "returns"]
    names = [agent for group in DEMO.groups for agent in group.agents]
    assert len(names) == 20
    assert AgentId("Jürgen Weiß") in names
    assert SCENARIOS == {"demo": DEMO}


def test_demo_never_stands_quite_still_and_is_never_hopeless() -> None:
    """At its busiest each group's agents have work for 60 to 100 % of their time."""
    for group in DEMO.groups:
        busiest = max(group.arrivals.per_hour) / 3_600
        load = busiest * (group.mean_handling_s + group.wrapup_s + 0.35 * group.ring_s) / len(group.agents)
        assert 0.6 < load < 1.0, group.name
        assert min(group.arrivals.per_hour) > 0, group.name


def test_a_scenario_survives_being_written_and_read() -> None:
    assert msgspec.json.decode(msgspec.json.encode(DEMO), type=Scenario) == DEMO


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("mean_handling_s", 0.0, "mean_handling_s: must be > 0 s, got 0.0"),
        ("ring_s", -1.0, "ring_s: must be > 0 s, got -1.0"),
        ("mean_away_s", float("nan"), "mean_away_s: must be > 0 s, got nan"),
        ("mean_patience_s", 0.0, "mean_patience_s: must be > 0 s, got 0.0"),
        ("max_wait_s", float("inf"), "max_wait_s: must be > 0 s, got inf"),
        ("wrapup_s", -0.5, "wrapup_s: must be >= 0 s, got -0.5"),
        ("hold_ratio", 1.5, "hold_ratio: must be 0 to 1, got 1.5"),
        ("waiting_at_start", 1_001, "waiting_at_start: must be 0 to 1000, got 1001"),
        ("agents", ("Ann", "Ann"), "agents: each must be named once, got Ann, Ann"),
    ],
)
def test_an_impossible_group_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        GroupScenario(**(GROUP | {field: value}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"groups": (GroupScenario(**GROUP), GroupScenario(**GROUP))},
            "groups: each must be named once, got sales, sales",
        ),
        (
            {
                "groups": (
                    GroupScenario(**GROUP, agents=agents(1)),
                    GroupScenario(**(GROUP | {"name": "support"}), agents=agents(1)),
                )
            },
            "agents: each must serve one group, got Agent 1, Agent 1",
        ),
        ({"time_of_day_s": 86_400.0}, "time_of_day_s: must be 0 to 86399, got 86400.0"),
        ({"warm_up_s": -1.0}, "warm_up_s: must be 0 to 86400, got -1.0"),
    ],
)
def test_an_impossible_floor_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Scenario(**({"name": "odd", "summary": "odd", "groups": ()} | changes))


def test_impossible_breaks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^mean_s: must be > 0 s, got 0.0$"):
        PauseReason("Tea", 0.0)
    with pytest.raises(ValueError, match=r"^mean_between_s: must be > 0 s, got 0.0$"):
        BreakHabits(mean_between_s=0.0)
    with pytest.raises(ValueError, match=r"^reasons: must name at least one reason, got none$"):
        BreakHabits(reasons=())
