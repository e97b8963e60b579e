"""The sliding window, today and the totals, against a list of everything that was counted."""

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import Outcome
from queue_alert.core.policy import GroupPolicy
from queue_alert.core.statistics import DurationCounts, GroupStatistics
from queue_alert.core.view import Histogram
from tests.core.events_made import START

POLICY = GroupPolicy(window_s=300.0, histogram_edges_s=(10.0, 60.0))
BUCKET_S = 10.0
counted = st.lists(
    st.tuples(
        st.floats(0.0, 120.0),
        st.sampled_from([Outcome.ANSWERED, Outcome.ABANDONED, Outcome.TIMEOUT]),
        st.floats(0, 90),
    ),
    max_size=50,
)


def begin_of_window(now: float) -> float:
    """The window is as long as asked for and reaches back to the beginning of the bucket it starts in."""
    return (now - POLICY.window_s) // BUCKET_S * BUCKET_S


@given(counted, st.floats(0.0, 700.0))
def test_the_window_counts_what_a_walk_over_everything_counts(
    history: list[tuple[float, Outcome, float]], silence: float
) -> None:
    statistics = GroupStatistics(POLICY, START)
    log, now = [], START
    for pause, outcome, wait in history:
        now += pause
        if now >= statistics.bucket_ends_at:
            statistics.rotate(now)
        statistics.totals.offered += 1
        if outcome is Outcome.ANSWERED:
            statistics.count_answered(wait)
        else:
            statistics.count_left(outcome, wait)
        log.append((now, outcome, wait))
        window = statistics.window(now)
        inside = [entry for entry in log if entry[0] >= begin_of_window(now)]
        assert window.offered == len(inside)
    now += silence
    inside = [entry for entry in log if entry[0] >= begin_of_window(now)]
    expected: dict[str, int] = {}
    for _, outcome, _ in inside:
        expected[outcome] = expected.get(outcome, 0) + 1
    assert statistics.window(now).outcomes == expected
    answers = [wait for _, outcome, wait in inside if outcome is Outcome.ANSWERED]
    level = statistics.window(now).service_level["answered"]
    assert level == (sum(wait <= 20.0 for wait in answers) / len(answers) if answers else None)


@given(counted)
def test_the_window_changes_by_itself_exactly_when_it_says(
    history: list[tuple[float, Outcome, float]],
) -> None:
    statistics = GroupStatistics(POLICY, START)
    now = START
    for pause, outcome, wait in history:
        now += pause
        if now >= statistics.bucket_ends_at:
            statistics.rotate(now)
        statistics.count_left(outcome if outcome is not Outcome.ANSWERED else Outcome.UNKNOWN, wait)
    while (at := statistics.window_changes_at()) is not None:
        before = statistics.window(at - 0.001)
        after = statistics.window(at)
        assert before != after
    assert statistics.window(now + 10_000).outcomes == {}


def test_a_new_day_begins_at_zero_and_the_totals_go_on() -> None:
    statistics = GroupStatistics(POLICY, START)
    statistics.totals.offered += 2
    statistics.count_answered(5.0)
    statistics.count_left(Outcome.ABANDONED, 4.0)
    statistics.reset_today()
    statistics.totals.offered += 1
    statistics.count_answered(30.0)
    today = statistics.today()
    assert (today.offered, today.answered, today.abandoned, today.average_speed_of_answer_s) == (
        1,
        1,
        0,
        30.0,
    )
    assert statistics.left_total() == {"answered": 2, "abandoned": 1}


def test_edges_lie_exactly_at_the_threshold_and_at_the_short_abandon_limit() -> None:
    statistics = GroupStatistics(
        GroupPolicy(service_level_threshold_s=17.0, short_abandon_s=3.5, histogram_edges_s=(10.0, 60.0)),
        START,
    )
    statistics.count_answered(17.0)
    statistics.count_answered(17.1)
    assert statistics.answered_wait.view() == Histogram((3.5, 10.0, 17.0, 60.0), (0, 0, 1, 1, 0), 34.1)


def test_an_outcome_taken_back_leaves_the_figures_and_stays_in_what_never_falls() -> None:
    statistics = GroupStatistics(POLICY, START)
    statistics.count_left(Outcome.ABANDONED, 2.0)
    statistics.take_back(Outcome.ABANDONED, 2.0)
    statistics.count_left(Outcome.TIMEOUT, 2.0)
    assert statistics.today().outcomes == {"timeout": 1}
    assert statistics.today().short_abandoned == 0
    assert statistics.left_total() == {"abandoned": 1, "timeout": 1}


def test_an_answer_whose_wait_is_unknown_counts_as_late_and_not_into_the_average() -> None:
    statistics = GroupStatistics(POLICY, START)
    statistics.count_answered(None)
    statistics.count_answered(8.0)
    today = statistics.today()
    assert (today.answered, today.service_level["answered"], today.average_speed_of_answer_s) == (2, 0.5, 8.0)


def test_the_moving_average_of_waits_weighs_the_new_one_a_tenth() -> None:
    statistics = GroupStatistics(POLICY, START)
    statistics.count_answered(10.0)
    statistics.count_answered(20.0)
    assert statistics.average_wait_s == 11.0


def test_a_step_of_the_clock_moves_the_window_along() -> None:
    statistics = GroupStatistics(POLICY, START)
    statistics.rotate(START)
    statistics.count_left(Outcome.ABANDONED, 1.0)
    statistics.shift(86_400.5)
    now = START + 86_400.5
    assert statistics.window(now + 299.0).abandoned == 1
    assert statistics.window(now + 311.0).abandoned == 0


@given(st.lists(st.floats(0, 1000), max_size=40))
def test_durations_fall_into_the_first_bucket_whose_edge_they_do_not_exceed(durations: list[float]) -> None:
    edges = (1.0, 20.0, 300.0)
    counts = DurationCounts(edges)
    for duration in durations:
        counts.add(duration)
    expected = [
        sum(low < d <= high for d in durations)
        for low, high in zip((-1.0, *edges), (*edges, 1e9), strict=True)
    ]
    assert counts.counts == expected
