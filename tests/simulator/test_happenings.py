"""What is planned happens in its order."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from simulator.happenings import Schedule


def test_at_one_instant_what_was_planned_first_happens_first() -> None:
    schedule = Schedule()
    said: list[tuple[str, float]] = []

    def say(name: str, at: float) -> None:
        said.append((name, at))

    for name in "abc":
        schedule.plan(2.0, partial(say, name))
    schedule.plan(1.0, partial(say, "early"))
    schedule.run_until(2.0)
    assert said == [("early", 1.0), ("a", 2.0), ("b", 2.0), ("c", 2.0)]


def test_what_was_cancelled_does_not_happen_and_is_not_waited_for() -> None:
    schedule = Schedule()
    said: list[float] = []
    first = schedule.plan(1.0, said.append)
    schedule.plan(2.0, said.append)
    first.cancel()
    assert schedule.next_at() == 2.0
    schedule.run_until(5.0)
    first.cancel()
    assert said == [2.0]
    assert schedule.next_at() is None


def test_what_is_planned_meanwhile_happens_too_if_it_is_due() -> None:
    schedule = Schedule()
    said: list[float] = []

    def act(at: float) -> None:
        said.append(at)
        schedule.plan(at + 1.0, act)

    schedule.plan(1.0, act)
    schedule.run_until(3.0)
    assert said == [1.0, 2.0, 3.0]
    assert schedule.next_at() == 4.0


def test_instants_are_whole_milliseconds() -> None:
    schedule = Schedule()
    assert schedule.plan(1.23456, print).at == 1.235


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())))
def test_the_heap_agrees_with_a_sorted_list(plans: list[tuple[int, bool]]) -> None:
    schedule = Schedule()
    said: list[tuple[float, int]] = []
    happenings = [
        schedule.plan(at, partial(lambda order, at: said.append((at, order)), order))
        for order, (at, _) in enumerate(plans)
    ]
    for happening, (_, is_cancelled) in zip(happenings, plans, strict=True):
        if is_cancelled:
            happening.cancel()
    schedule.run_until(20.0)
    assert said == sorted((at, order) for order, (at, is_cancelled) in enumerate(plans) if not is_cancelled)


def test_what_the_acd_had_in_mind_is_forgotten_and_the_world_goes_on() -> None:
    schedule = Schedule()
    said: list[float] = []
    schedule.plan(1.0, said.append)
    schedule.plan(3.0, said.append, outlives=True)
    schedule.plan(2.0, said.append, outlives=True)
    schedule.forget()
    schedule.run_until(5.0)
    assert said == [2.0, 3.0]
