"""How far an ACD's clock is off, estimated from when its words were written and when they came."""

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.clock_offset import ClockOffset

START = 1_800_000_000.0


def fed(differences: list[float], *, every_s: float = 10.0) -> tuple[ClockOffset, float]:
    offset, now = ClockOffset(), START
    for number, difference in enumerate(differences):
        now = START + number * every_s
        offset.add(difference, now)
    return offset, now


def test_nothing_is_known_before_anything_came() -> None:
    assert ClockOffset().estimate(START) is None


def test_the_least_difference_is_nearest_to_the_offset() -> None:
    offset, now = fed([5.31, 5.02, 5.9, 5.07])
    assert offset.estimate(now) == 5.02


def test_a_clock_behind_ours_is_not_told_from_a_slow_way_by_a_few_samples() -> None:
    offset, now = fed([5.0, 5.0, 5.0])
    assert offset.estimate(now) is None


def test_nor_by_many_samples_within_a_moment() -> None:
    offset, now = fed([5.0] * 20, every_s=1.0)
    assert offset.estimate(now) is None


def test_what_comes_from_the_future_cannot_be_slow() -> None:
    offset, now = fed([-3.0, -2.9])
    assert offset.estimate(now) == -3.0


def test_one_word_from_the_future_may_be_a_mistake() -> None:
    offset, now = fed([-3.0])
    assert offset.estimate(now) is None


def test_an_old_minimum_is_forgotten_when_the_clock_was_put_right() -> None:
    offset, _now = fed([-100.0] * 4)
    for number in range(100):
        offset.add(0.1, START + 40.0 + number * 10.0)
    assert offset.estimate(START + 1_040.0) == 0.1


def test_a_clock_that_was_put_right_is_followed_within_half_a_minute() -> None:
    offset, _now = fed([-30.0] * 6)
    for number in range(5):
        offset.add(0.1, START + 60.0 + number * 10.0)
    assert offset.estimate(START + 100.0) == 0.1


def test_a_way_that_becomes_slow_is_not_taken_for_a_clock_that_was_set() -> None:
    offset, _now = fed([0.1] * 6)
    for number, delay in enumerate((3.0, 5.0, 9.0, 4.0, 8.0, 7.0)):
        offset.add(delay, START + 60.0 + number * 10.0)
    assert offset.estimate(START + 110.0) == 0.1


def test_after_forgetting_nothing_is_known() -> None:
    offset, now = fed([5.0] * 4)
    offset.forget()
    assert offset.estimate(now) is None


@given(
    st.floats(-80_000.0, 80_000.0),
    st.lists(st.floats(0.0, 30.0), min_size=4, max_size=40),
    st.floats(10.0, 60.0),
)
def test_the_estimate_is_off_by_no_more_than_the_shortest_delay(
    true_offset: float, delays: list[float], every_s: float
) -> None:
    offset, now = fed([true_offset + delay for delay in delays], every_s=every_s)
    estimate = offset.estimate(now)
    assert estimate is not None
    # Of the last one or two generations only, so the shortest of those may be longer than that of all.
    assert min(delays) - 1e-6 <= estimate - true_offset <= max(delays) + 1e-6
