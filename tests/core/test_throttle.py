"""How often one person is called: nothing above the limits, and nothing dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.alerts import AlertId, AttemptKey, PersonName, RuleName
from queue_alert.core.throttle import DEFAULT_LIMITS, Bundle, Limit, Plan, Throttle, Waiting
from queue_alert.core.units import GroupName

NOW = 1_700_000_000.0
ANN, BOB = PersonName("ann"), PersonName("bob")
MINUTE, QUARTER, HOUR = DEFAULT_LIMITS


def key(rule: str, who: PersonName = ANN, method: str = "phone", step: int = 0) -> AttemptKey:
    alert = AlertId(RuleName(rule), GroupName("sales"))
    return AttemptKey(alert=alert, generation=1, cycle=0, step=step, person=who, method=method)


def test_a_first_call_may_be_made_now() -> None:
    assert Throttle().plan([key("wait")], NOW) == Plan(now=(Bundle((key("wait"),)),))


def test_several_alerts_for_one_person_become_one_call_that_names_all() -> None:
    keys = [key("wait"), key("abandons"), key("wait", step=1), key("wait", BOB)]
    plan = Throttle().plan(keys, NOW)
    assert plan == Plan(now=(Bundle((keys[0], keys[1], keys[2])), Bundle((keys[3],))))
    assert plan.now[0].lead == keys[0]
    assert [alert.rule for alert in plan.now[0].alerts] == ["wait", "abandons"]


def test_who_was_just_called_is_called_again_a_minute_later_with_all_that_came_meanwhile() -> None:
    throttle = Throttle()
    throttle.called(ANN, NOW)
    late = [key("wait"), key("abandons")]
    waiting = Waiting(Bundle(tuple(late)), NOW + 60, MINUTE)
    assert throttle.plan(late, NOW + 59.9) == Plan(later=(waiting,))
    assert throttle.plan([*late, key("wait", BOB)], NOW + 60).later == ()


def test_several_ways_to_one_person_are_called_in_turn() -> None:
    keys = [key("wait"), key("wait", method="mobile"), key("wait", method="home")]
    assert Throttle().plan(keys, NOW) == Plan(
        now=(Bundle((keys[0],)),),
        later=(
            Waiting(Bundle((keys[1],)), NOW + 60, MINUTE),
            Waiting(Bundle((keys[2],)), NOW + 120, MINUTE),
        ),
    )


@pytest.mark.parametrize(
    ("called", "until", "limit"),
    [
        ((0, 60, 120), 900, QUARTER),
        ((0, 60, 120, 900, 960, 1_020, 1_800), 3_600, HOUR),
        ((0, 60, 890), 950, MINUTE),
    ],
)
def test_the_limit_that_stands_longest_counts(called: tuple[float, ...], until: float, limit: Limit) -> None:
    throttle = Throttle()
    for at in called:
        throttle.called(ANN, NOW + at)
    (waiting,) = throttle.plan([key("wait")], NOW + called[-1]).later
    assert waiting == Waiting(Bundle((key("wait"),)), NOW + until, limit)
    assert throttle.plan([key("wait")], NOW + until).later == ()


def test_a_person_who_waits_holds_nobody_else_up() -> None:
    throttle = Throttle()
    throttle.called(ANN, NOW)
    plan = throttle.plan([key("wait"), key("wait", BOB)], NOW)
    assert [bundle.lead.person for bundle in plan.now] == [BOB]


def test_the_limits_can_be_others_or_none() -> None:
    throttle = Throttle([Limit(2, 10.0)])
    throttle.called(ANN, NOW)
    assert throttle.plan([key("wait")], NOW).later == ()
    throttle.called(ANN, NOW)
    assert [one.until for one in throttle.plan([key("wait")], NOW).later] == [NOW + 10]
    free = Throttle([])
    free.called(ANN, NOW)
    assert (len(free), free.plan([key("wait")], NOW).later) == (0, ())


@pytest.mark.parametrize(("calls", "within_s"), [(0, 60.0), (1, 0.0), (1, float("nan"))])
def test_a_limit_that_lets_nobody_be_called_is_refused(calls: int, within_s: float) -> None:
    with pytest.raises(ValueError, match="a limit must be at least 1 call in more than 0 s, got"):
        Limit(calls, within_s)


def test_a_limit_says_itself_in_words() -> None:
    assert list(map(str, DEFAULT_LIMITS)) == ["1 in 60 s", "3 in 900 s", "7 in 3600 s"]


def test_its_memory_ends_where_the_limits_end() -> None:
    throttle = Throttle()
    for number in range(1_000):
        throttle.called(PersonName(f"p{number}"), NOW + number)
        throttle.called(ANN, NOW + number)
    assert len(throttle) == 1_001
    assert len(throttle._calls[ANN]) == 7
    throttle.called(BOB, NOW + 3_600 + 499)
    assert len(throttle) == 500 + 2
    throttle.called(BOB, NOW + 1e6)
    assert len(throttle) == 1


def test_a_step_of_the_clock_moves_what_it_remembers() -> None:
    throttle = Throttle()
    throttle.called(ANN, NOW)
    throttle.shift(1_000.0)
    assert [one.until for one in throttle.plan([key("wait")], NOW + 1_000).later] == [NOW + 1_060]


ARRIVALS = st.lists(
    st.tuples(
        st.floats(0, 900),
        st.sampled_from(["wait", "abandons", "lost"]),
        st.sampled_from([ANN, BOB]),
        st.sampled_from(["phone", "mobile"]),
    ),
    max_size=30,
)
LIMITS = st.lists(st.builds(Limit, st.integers(1, 4), st.floats(1, 1_000)), max_size=3)


@given(ARRIVALS, LIMITS)
def test_no_window_ever_holds_more_calls_than_its_limit_and_every_attempt_is_made_once(
    arrivals: list[tuple[float, str, PersonName, str]], limits: list[Limit]
) -> None:
    throttle, now = Throttle(limits), NOW
    made: list[AttemptKey] = []
    calls: list[tuple[PersonName, float]] = []
    open_keys: list[AttemptKey] = []
    todo = [(pause, key(rule, who, method, step)) for step, (pause, rule, who, method) in enumerate(arrivals)]
    while todo or open_keys:
        plan = throttle.plan(open_keys, now)
        assert sorted(
            one for bundle in (*plan.now, *(late.bundle for late in plan.later)) for one in bundle.keys
        ) == sorted(open_keys)
        for bundle in plan.now:
            throttle.called(bundle.lead.person, now)
            calls.append((bundle.lead.person, now))
            made += bundle.keys
            open_keys = [one for one in open_keys if one not in bundle.keys]
        first = min((late.until for late in plan.later), default=None)
        if todo and (first is None or now + todo[0][0] < first):
            pause, new = todo.pop(0)
            now += pause
            open_keys.append(new)
        elif first is not None:
            assert first > now
            now = first
    assert sorted(made) == sorted(
        key(rule, who, method, step) for step, (_, rule, who, method) in enumerate(arrivals)
    )
    for limit in limits:
        for who, since in calls:
            within = [at for one, at in calls if one == who and since <= at < since + limit.within_s]
            assert len(within) <= limit.calls
