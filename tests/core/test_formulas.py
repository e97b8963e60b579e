import pytest

from queue_alert.core import formulas


def test_the_worked_example_gives_the_published_service_levels() -> None:
    levels = formulas.service_levels(answered=1000, answered_within=860, abandoned=60, abandoned_within=20)
    shown = {name: None if level is None else f"{level:.1%}" for name, level in levels.items()}
    assert shown == {"answered": "86.0%", "asterisk2": "83.0%", "offered": "81.1%", "late_abandons": "82.7%"}


def test_nothing_counted_is_no_service_level_rather_than_a_perfect_one() -> None:
    levels = formulas.service_levels(answered=0, answered_within=0, abandoned=0, abandoned_within=0)
    assert levels == {"answered": None, "asterisk2": None, "offered": None, "late_abandons": None}


def test_only_early_abandons_leave_late_abandons_without_a_denominator() -> None:
    levels = formulas.service_levels(answered=0, answered_within=0, abandoned=3, abandoned_within=3)
    assert levels == {"answered": None, "asterisk2": 1.0, "offered": 0.0, "late_abandons": None}


@pytest.mark.parametrize(
    ("waiting", "average", "expected"), [(0, 30.0, 30.0), (3, 30.0, 120.0), (3, None, None)]
)
def test_expected_wait_by_moving_average_is_position_times_average(
    waiting: int, average: float | None, expected: float | None
) -> None:
    assert formulas.expected_wait_moving_average(waiting, average) == expected


@pytest.mark.parametrize(
    ("waiting", "talk", "agents", "expected"),
    [(0, 120.0, 4, 30.0), (3, 120.0, 4, 120.0), (3, 120.0, 0, None), (3, None, 4, None)],
)
def test_expected_wait_by_mitel_is_talk_times_position_over_agents(
    waiting: int, talk: float | None, agents: int, expected: float | None
) -> None:
    assert formulas.expected_wait_mitel(waiting, talk, agents) == expected
