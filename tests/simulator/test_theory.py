"""The formulas agree with what is published, and the simulator agrees with the formulas."""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.theory import BATCHES, ErlangA, ErlangC, Interval, batch_means, erlang_b

ROOT = Path(__file__).parents[2]

# ---- the formulas


@pytest.mark.parametrize(
    ("servers", "load", "blocked"),
    [(0, 3.0, 1.0), (1, 1.0, 0.5), (2, 1.0, 0.2), (5, 3.0, 0.1101), (10, 8.0, 0.1217), (100, 84.064, 0.01)],
)
def test_erlang_b_agrees_with_the_tables(servers: int, load: float, blocked: float) -> None:
    """Source: any table of Erlang B; 100 lines carry 84.06 Erlangs at 1 % blocking."""
    assert erlang_b(servers, load) == pytest.approx(blocked, rel=0.001)


@pytest.mark.parametrize(
    ("servers", "load", "waiting"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (5, 4.0, 0.5541), (10, 8.0, 0.4092), (20, 16.0, 0.2561)],
)
def test_erlang_c_agrees_with_the_tables(servers: int, load: float, waiting: float) -> None:
    """Source: Gross and Harris, "Fundamentals of Queueing Theory"; M/M/1 waits with probability rho."""
    assert ErlangC(servers, load / 60, 60.0).wait_probability == pytest.approx(waiting, abs=0.00005)


def test_erlang_c_of_one_agent_is_the_simplest_queue() -> None:
    """M/M/1: mean wait rho / (mu - lambda), and P(wait > t) = rho exp(-(mu - lambda) t)."""
    queue = ErlangC(1, 0.5 / 60, 60.0)
    assert queue.mean_wait_s == pytest.approx(60.0)
    assert queue.service_level(30.0) == pytest.approx(1 - 0.5 * math.exp(-0.25))


def test_without_and_with_patience_a_call_centre_is_another_one() -> None:
    """Source: Garnett, Mandelbaum, Reiman, 2002, table 1: 50 agents, 48 calls a minute, 2 min patience."""
    never = ErlangC(50, 48 / 60, 60.0)
    assert never.mean_wait_s == pytest.approx(20.8, abs=0.05)
    assert never.arrivals_per_s * never.mean_wait_s == pytest.approx(17, abs=0.5)
    sometimes = ErlangA(50, 48 / 60, 60.0, 120.0)
    assert sometimes.abandon_ratio == pytest.approx(0.031, abs=0.0005)
    assert sometimes.mean_wait_s == pytest.approx(3.7, abs=0.05)
    assert sometimes.mean_waiting == pytest.approx(3, abs=0.05)


def test_who_is_endlessly_patient_makes_erlang_a_erlang_c() -> None:
    patient, never = ErlangA(10, 8 / 60, 60.0, 1e9), ErlangC(10, 8 / 60, 60.0)
    assert patient.wait_probability == pytest.approx(never.wait_probability, rel=1e-5)
    assert patient.mean_answered_wait_s == pytest.approx(never.mean_wait_s, rel=1e-5)
    assert patient.abandon_ratio == pytest.approx(0.0, abs=1e-7)


def test_who_is_as_patient_as_a_call_is_long_makes_the_line_a_poisson_count() -> None:
    """With theta = mu everybody leaves at one rate, waiting or talking: M/M/infinity."""
    queue = ErlangA(10, 12 / 60, 60.0, 60.0)
    free = math.fsum(math.exp(-12) * 12**number / math.factorial(number) for number in range(10))
    assert queue.wait_probability == pytest.approx(1 - free)


@given(st.integers(1, 300), st.floats(0.01, 400.0), st.floats(30.0, 600.0), st.floats(5.0, 900.0))
def test_erlang_a_is_sound_at_any_size(count: int, load: float, handling_s: float, patience_s: float) -> None:
    queue = ErlangA(count, load / handling_s, handling_s, patience_s)
    assert 0 <= queue.wait_probability <= 1 + 1e-12
    assert 0 <= queue.abandon_ratio <= 1
    # Whoever is not lost keeps agents busy, and no more of them than there are.
    assert load * (1 - queue.abandon_ratio) <= count * (1 + 1e-9)
    assert queue.mean_answered_wait_s >= 0
    if load < count:
        assert queue.mean_wait_s <= ErlangC(count, load / handling_s, handling_s).mean_wait_s * (1 + 1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: erlang_b(-1, 1.0), "agents: must be >= 0, got -1"),
        (lambda: erlang_b(1, math.inf), "load: must be a number >= 0, got inf"),
        (lambda: ErlangC(0, 1.0, 1.0), "agents: must be >= 1, got 0"),
        (lambda: ErlangC(1, 0.1, 0.0), "mean_handling_s: must be > 0 s, got 0.0"),
        (lambda: ErlangC(2, 2.0, 1.0), "load: must be 0 to less than 2 Erlangs, got 2"),
        (lambda: ErlangA(0, 1.0, 1.0, 1.0), "agents: must be >= 1, got 0"),
        (lambda: ErlangA(1, 1.0, 1.0, 0.0), "mean_patience_s: must be a number > 0, got 0.0"),
        (lambda: batch_means([1.0]), "batches: must be 20, got 1"),
    ],
)
def test_what_has_no_answer_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()


def test_the_interval_of_a_mean_is_as_wide_as_its_batches_differ() -> None:
    same = batch_means([3.0] * BATCHES)
    assert (same, 3.0 in same, 3.1 in same) == (Interval(3.0, 3.0, 3.0), True, False)
    different = batch_means([0.0, 2.0] * (BATCHES // 2))
    half_width = 2.8609 * math.sqrt(20 / 19 / 20)
    assert different.mean == 1.0
    assert (different.low, different.high) == pytest.approx((1 - half_width, 1 + half_width))


def test_the_interval_reaches_further_to_where_the_batches_do() -> None:
    skewed = batch_means([0.0] * (BATCHES - 1) + [20.0])
    assert skewed.high - skewed.mean > 3 * (skewed.mean - skewed.low)
    mirrored = batch_means([0.0] * (BATCHES - 1) + [-20.0])
    assert (mirrored.low, mirrored.high) == pytest.approx((-skewed.high, -skewed.low))


def test_the_interval_of_hardly_skewed_batches_joins_that_of_those_not_skewed_at_all() -> None:
    even = [0.0, 2.0] * (BATCHES // 2)
    nearly = batch_means([*even[:-1], 2.0001])
    assert (nearly.low, nearly.high) == pytest.approx(
        (batch_means(even).low, batch_means(even).high), abs=1e-4
    )


def by_student(batches: list[float]) -> Interval:
    mean, error = statistics.fmean(batches), statistics.stdev(batches) / math.sqrt(BATCHES)
    return Interval(mean, mean - 2.8609 * error, mean + 2.8609 * error)


def test_the_interval_holds_the_mean_of_skewed_batches_where_students_does_not() -> None:
    """Each batch has ten waits; one wait in ten is ten times as long as the others: a skewness of 2."""
    random = Random(1)

    def batch() -> float:
        return sum(random.expovariate(1.0) * (10 if random.random() < 0.1 else 1) for _ in range(10))

    runs = [[batch() for _ in range(BATCHES)] for _ in range(1_000)]
    held, held_by_student = (
        sum(19.0 in way(run) for run in runs) / 1_000 for way in (batch_means, by_student)
    )
    assert held >= 0.98
    assert held_by_student < 0.975


def test_the_interval_of_batches_that_are_not_skewed_holds_the_mean_as_often() -> None:
    random = Random(1)
    runs = [[random.gauss(1.0, 1.0) for _ in range(BATCHES)] for _ in range(1_000)]
    assert sum(1.0 in batch_means(run) for run in runs) / 1_000 >= 0.98


# ---- the simulator


def agreement(formula: str, load: float) -> dict[str, bool]:
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulator.theory_runs", formula, str(load), "1"],
        cwd=ROOT,
        env=untraced,
        capture_output=True,
        check=True,
        timeout=100,
    )
    found: dict[str, bool] = json.loads(done.stdout)
    return found


@pytest.mark.process
@pytest.mark.timeout(120)
@pytest.mark.parametrize("load", [5.0, 6.5, 8.0])
def test_without_abandonment_the_simulator_agrees_with_erlang_c(load: float) -> None:
    """Wait probability and mean wait lie within the run's own 99 % confidence interval."""
    assert agreement("erlang_c", load) == {"wait probability": True, "mean wait": True}


@pytest.mark.process
@pytest.mark.timeout(120)
@pytest.mark.parametrize("load", [8.0, 10.0, 13.0])
def test_with_an_exponential_patience_the_simulator_agrees_with_erlang_a(load: float) -> None:
    """Abandon ratio and mean wait lie within the run's own 99 % confidence interval."""
    found = agreement("erlang_a", load)
    assert found == {"abandon ratio": True, "mean wait of answered": True, "mean wait": True}
