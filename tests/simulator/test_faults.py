"""What goes wrong on the way goes wrong as often as it says, and not a moment longer."""

import math
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_alert.core.events import FeedEvent, FeedHeartbeat
from queue_alert.core.units import FeedName
from simulator.faults import Fault, FaultKind, Faults, Strike
from tests.simulator.helpers import START


def events(count: int, *, apart_s: float = 1.0) -> list[FeedEvent]:
    return [
        FeedHeartbeat(id=f"{number}", source=FeedName("f"), time=START + apart_s * number, seq=number)
        for number in range(1, count + 1)
    ]


def heard(faults: Faults, said: list[FeedEvent]) -> list[tuple[float, int]]:
    """Return when what came, everything being said at its own time."""
    came: list[tuple[float, int]] = []
    for event in said:
        while (at := faults.next_at()) < event.time:
            came += [(at - START, late.seq) for late in faults.pass_on([], at)]
        came += [(event.time - START, passed.seq) for passed in faults.pass_on([event], event.time)]
    while (at := faults.next_at()) < math.inf:
        came += [(at - START, late.seq) for late in faults.pass_on([], at)]
    return came


SHIFTS = [FaultKind.DELAY, FaultKind.REORDER]


def of(kind: FaultKind, *, seed: int = 1, **options: Any) -> Faults:
    return Faults([Fault(kind=kind, **options)], seed=seed, start=START)


def test_without_faults_everything_comes_as_it_is_said() -> None:
    assert heard(Faults([], seed=1, start=START), events(10)) == [(float(n), n) for n in range(1, 11)]


def test_so_many_are_dropped_and_the_others_come_in_order() -> None:
    came = [seq for _, seq in heard(of(FaultKind.DROP, ratio=0.2), events(5_000))]
    assert came == sorted(set(came))
    assert abs(5_000 - len(came) - 1_000) < 5 * math.sqrt(800)


def test_so_many_come_twice_at_once() -> None:
    came = Counter(heard(of(FaultKind.DUPLICATE, ratio=0.2), events(5_000)))
    assert len(came) == 5_000
    twice = sum(count == 2 for count in came.values())
    assert twice + sum(count == 1 for count in came.values()) == 5_000
    assert abs(twice - 1_000) < 5 * math.sqrt(800)


def test_so_many_come_late_and_by_so_much_on_average() -> None:
    came = heard(of(FaultKind.DELAY, ratio=0.2, mean_s=10.0), events(5_000))
    assert sorted(seq for _, seq in came) == list(range(1, 5_001))
    late = [at - seq for at, seq in came if at > seq]
    assert abs(len(late) - 1_000) < 5 * math.sqrt(800)
    assert sum(late) / len(late) == pytest.approx(10.0, rel=0.15)


def test_what_is_out_of_order_is_passed_by_up_to_four() -> None:
    came = [seq for _, seq in heard(of(FaultKind.REORDER, ratio=0.2), events(5_000))]
    assert sorted(came) == list(range(1, 5_001))
    assert came != sorted(came)
    passed_by = [index + 1 - seq for index, seq in enumerate(came) if index + 1 > seq]
    assert 900 < len(passed_by) < 1_100
    assert set(passed_by) <= {1, 2, 3, 4}


@given(
    seed=st.integers(0, 10_000), ratio=st.sampled_from([0.05, 0.3]), kinds=st.sets(st.sampled_from(SHIFTS))
)
def test_in_one_stream_what_is_late_holds_up_all_behind_it(
    seed: int, ratio: float, kinds: set[FaultKind]
) -> None:
    mixture = [Fault(kind=kind, ratio=ratio, mean_s=10.0) for kind in sorted(kinds)]
    faults = Faults(mixture, seed=seed, start=START, in_order=True)
    came = heard(faults, events(300))
    assert [seq for _, seq in came] == list(range(1, 301))
    assert [at for at, _ in came] == sorted(at for at, _ in came)
    assert all(at >= seq for at, seq in came)
    assert (max(at - seq for at, seq in came) > 0.0) is bool(kinds)


def test_in_one_stream_a_copy_comes_beside_what_it_is_a_copy_of() -> None:
    mixture = [
        Fault(kind=FaultKind.DUPLICATE, ratio=1.0),
        Fault(kind=FaultKind.DELAY, ratio=0.2, mean_s=10.0),
    ]
    came = heard(Faults(mixture, seed=1, start=START, in_order=True), events(100))
    assert came[::2] == came[1::2]
    assert [seq for _, seq in came[::2]] == list(range(1, 101))


def test_what_is_asked_in_a_stream_that_is_held_up_is_told_when_its_answer_can_come() -> None:
    faults = Faults([Fault(kind=FaultKind.DELAY, ratio=1.0, mean_s=10.0)], seed=1, start=START, in_order=True)
    assert faults.held_until() is None
    first, second = events(2)
    assert faults.pass_on([first], first.time) == []
    told_at = faults.held_until()
    assert told_at is not None
    faults.pass_on([second], second.time)
    behind = faults.held_until()
    assert behind is not None
    assert behind > told_at
    assert faults.pass_on([], told_at) == [first]


def test_in_a_quiet_hour_it_comes_after_five_seconds() -> None:
    came = heard(of(FaultKind.REORDER, ratio=1.0), events(3, apart_s=60.0))
    assert came == [(65.0, 1), (125.0, 2), (185.0, 3)]


@given(st.sampled_from(sorted({"drop", "duplicate", "reorder", "delay"})), st.integers(0, 1_000))
@settings(max_examples=40)
def test_before_its_beginning_and_after_its_end_nothing_is_tampered_with(kind: str, seed: int) -> None:
    faults = of(FaultKind(kind), seed=seed, ratio=0.9, begins_s=50.0, ends_s=100.0)
    came = heard(faults, events(200))
    assert came[:49] == [(float(n), n) for n in range(1, 50)]
    assert all(at <= 100.0 for at, seq in came if seq < 100)
    assert came[-101:] == [(float(n), n) for n in range(100, 201)]


def test_the_same_seed_gives_the_same_trouble() -> None:
    def came(seed: int) -> list[tuple[float, int]]:
        mixed = [Fault(kind=FaultKind.DROP, ratio=0.1), Fault(kind=FaultKind.DELAY, ratio=0.1)]
        return heard(Faults(mixed, seed=seed, start=START), events(500))

    assert came(3) == came(3)
    assert came(3) != came(4)


def test_connections_break_and_the_acd_is_started_anew_as_often_as_they_say() -> None:
    faults = Faults(
        [
            Fault(kind=FaultKind.DISCONNECT, every_s=60.0, ends_s=36_000.0),
            Fault(kind=FaultKind.RESTART, begins_s=500.0),
        ],
        seed=1,
        start=START,
    )
    struck: list[Strike] = []
    while (at := faults.next_at()) < math.inf:
        struck += faults.strikes(at)
        assert struck[-1].at == at
    assert struck == sorted(struck)
    assert [strike for strike in struck if strike.kind is FaultKind.RESTART] == [
        Strike(START + 500.0, FaultKind.RESTART)
    ]
    assert abs(len(struck) - 601) < 5 * math.sqrt(600)
    assert struck[-1].at < START + 36_000.0


def test_what_is_on_its_way_is_lost_with_the_connection() -> None:
    faults = of(FaultKind.DELAY, ratio=1.0)
    assert faults.pass_on(events(3), START) == []
    assert faults.next_at() < math.inf
    faults.lose()
    assert faults.next_at() == math.inf


def test_a_clock_may_be_ahead_and_drift_further_for_a_while() -> None:
    faults = of(FaultKind.SKEW, offset_s=90.0, drift_ppm=1_000.0, begins_s=100.0, ends_s=1_100.0)
    shown = [faults.clock(START + at) - START for at in (99.0, 100.0, 600.0, 1_099.0, 1_100.0)]
    assert shown == pytest.approx([99.0, 190.0, 690.5, 1_189.999, 1_100.0], abs=0.001)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "drop"}, 'ratio: is needed with the kind "drop"'),
        ({"kind": "restart", "ratio": 0.1}, 'ratio: is of no use with the kind "restart"'),
        ({"kind": "drop", "ratio": 1.1}, "ratio: must be 0 to 1, got 1.1"),
        ({"kind": "drop", "ratio": 0.1, "every_s": 5.0}, 'every_s: is of no use with the kind "drop"'),
        ({"kind": "restart", "offset_s": 5.0}, 'offset_s: is of no use with "restart"'),
        ({"kind": "restart", "drift_ppm": 5.0}, 'drift_ppm: is of no use with "restart"'),
        ({"kind": "delay", "ratio": 0.1, "mean_s": 0.0}, "mean_s: must be > 0 s and at most 1 h, got 0.0 s"),
        ({"kind": "restart", "every_s": 0.5}, "every_s: must be >= 1 s, got 0.5 s"),
        ({"kind": "skew", "offset_s": math.inf}, "offset_s: must be at most a day, got inf s"),
        ({"kind": "skew", "drift_ppm": math.nan}, "drift_ppm: must be at most 100000, got nan"),
        ({"kind": "skew", "begins_s": -1.0}, "begins_s: must be >= 0 s, got -1.0 s"),
        (
            {"kind": "skew", "begins_s": 9.0, "ends_s": 9.0},
            "ends_s: must be later than its beginning, got 9.0 s",
        ),
    ],
)
def test_an_impossible_fault_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Fault(**(options | {"kind": FaultKind(options["kind"])}))
