"""Long runs of the simulator, and whether the theory's values lie within their confidence intervals.

``python -m tests.simulator.theory_runs erlang_c 8.0 1`` prints the answers as JSON: the tests run it as a
program of its own, because a long run that is traced for coverage takes five times as long.
"""

import json
import sys
from collections.abc import Callable

from queue_alert.core.events import ContactAnswered, ContactLeft, ContactQueued
from queue_alert.core.units import GroupName
from simulator.acd import Simulation
from simulator.scenario import GroupScenario, Scenario
from simulator.theory import BATCHES, ErlangA, ErlangC, Interval, batch_means
from tests.simulator.helpers import START, agents, all_day

AGENTS = 10
HANDLING_S = 60.0
WARM_UP = 1_000
A_BATCH = 2_000
"""Callers in a batch, the same at every load: nothing is chosen to suit one. At all loads of the tests
batches are then nearly independent (neighbours correlate by 0.02 at most) and skewed by less than 2, which is
what :func:`~simulator.theory.batch_means` is sound for; and a run takes two or three seconds."""
AN_HOUR_S = 3_600.0
GROUP = GroupName("theory")


def batches_of(load: float, *, patience_s: float | None, seed: int) -> list[list[tuple[float, bool]]]:
    """Return 20 batches of callers, by when they came: how long each waited, and whether for an answer."""
    per_hour = load * 3_600 / HANDLING_S
    group = GroupScenario(
        name=GROUP,
        arrivals=all_day(per_hour),
        agents=agents(AGENTS),
        mean_handling_s=HANDLING_S,
        mean_patience_s=patience_s,
        answers_after=(0.0, 0.0),
    )
    scenario = Scenario(name="theory", groups=(group,), warm_up_s=0.0)
    simulation = Simulation(scenario, seed=seed, start=START)
    wanted = WARM_UP + BATCHES * A_BATCH
    order: list[str] = []
    ended: dict[str, tuple[float, bool]] = {}
    now = START
    have_come = False
    while not have_come:
        # One hour more than it takes them to come, so that the last of them are gone, too.
        have_come = len(order) >= wanted
        now += AN_HOUR_S
        for event in simulation.advance(now):
            if isinstance(event, ContactQueued):
                order.append(event.contact)
            elif isinstance(event, ContactAnswered | ContactLeft):
                assert event.queue_s is not None
                ended[event.contact] = event.queue_s, isinstance(event, ContactAnswered)
    callers = [ended[contact] for contact in order[WARM_UP:wanted]]
    return [callers[at : at + A_BATCH] for at in range(0, len(callers), A_BATCH)]


def share(batches: list[list[tuple[float, bool]]], counts: Callable[[float, bool], bool]) -> Interval:
    return batch_means([sum(counts(*caller) for caller in batch) / len(batch) for batch in batches])


def answered_wait(batches: list[list[tuple[float, bool]]]) -> Interval:
    waits = [[wait for wait, is_answered in batch if is_answered] for batch in batches]
    return batch_means([sum(batch) / len(batch) for batch in waits])


def agrees_with_erlang_c(load: float, seed: int) -> dict[str, bool]:
    theory = ErlangC(AGENTS, load / HANDLING_S, HANDLING_S)
    batches = batches_of(load, patience_s=None, seed=seed)
    return {
        "wait probability": theory.wait_probability in share(batches, lambda wait, _: wait > 0),
        "mean wait": theory.mean_wait_s in answered_wait(batches),
    }


def agrees_with_erlang_a(load: float, seed: int) -> dict[str, bool]:
    theory = ErlangA(AGENTS, load / HANDLING_S, HANDLING_S, 90.0)
    batches = batches_of(load, patience_s=90.0, seed=seed)
    everybody = batch_means([sum(wait for wait, _ in batch) / len(batch) for batch in batches])
    return {
        "abandon ratio": theory.abandon_ratio in share(batches, lambda _, is_answered: not is_answered),
        "mean wait of answered": theory.mean_answered_wait_s in answered_wait(batches),
        "mean wait": theory.mean_wait_s in everybody,
    }


if __name__ == "__main__":
    formula, load, seed = sys.argv[1:]
    agrees = {"erlang_c": agrees_with_erlang_c, "erlang_a": agrees_with_erlang_a}[formula]
    sys.stdout.write(json.dumps(agrees(float(load), int(seed))))
