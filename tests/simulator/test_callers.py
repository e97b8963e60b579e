"""Callers who are nobody."""

import re
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.units import GroupName
from simulator.callers import fictional_number, plan_caller
from simulator.scenario import GroupScenario
from tests.simulator.helpers import all_day

NOBODYS = re.compile(r"(\+442079460\d{3}|\+441614960\d{3}|\+447700900\d{3}|\+1(212|415)55501\d\d)?")


@given(st.integers())
def test_every_number_is_reserved_for_fiction_or_withheld(seed: int) -> None:
    assert NOBODYS.fullmatch(fictional_number(Random(seed)))


def test_some_callers_withhold_their_number() -> None:
    random = Random(1)
    withheld = sum(fictional_number(random) == "" for _ in range(2_000))
    assert 60 < withheld < 200


def test_the_same_callers_come_whatever_the_group_makes_of_them() -> None:
    """The length of a call does not move where the next caller's luck is drawn from."""
    hasty = GroupScenario(
        name=GroupName("a"), arrivals=all_day(1.0), mean_handling_s=10.0, mean_patience_s=20.0
    )
    thorough = GroupScenario(name=GroupName("b"), arrivals=all_day(1.0), mean_handling_s=30.0, hold_ratio=1.0)
    quick, slow = Random(5), Random(5)
    for _ in range(50):
        short, long = plan_caller(hasty, quick), plan_caller(thorough, slow)
        assert long.number == short.number
        assert abs(long.handling_s - 3 * short.handling_s) < 1e-9
        assert short.hold_after_s is None
        assert long.hold_after_s is not None
        assert long.hold_after_s + long.hold_s < long.handling_s
        assert short.patience_s is not None
        assert long.patience_s is None
