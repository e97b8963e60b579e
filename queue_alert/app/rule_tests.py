"""Tests of rules: a short story of a floor, and which alerts must fire when.

The story is told to the real core in simulated time; what fires is compared at the instants that the file
names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from queue_alert.app.config.convert import Invalid, convert_table
from queue_alert.core.alerts import AlertState
from queue_alert.core.events import (
    OUR_OWN,
    AcdEvent,
    AgentState,
    AgentStateChanged,
    AlertAcknowledged,
    ContactAnswered,
    ContactCompleted,
    ContactLeft,
    ContactQueued,
    FeedState,
    FeedStatusChanged,
    Outcome,
)
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant, Seconds
from queue_alert.ports import ConfigProblem, Duration

__all__ = ["Failure", "RuleTest", "read_tests", "run_test"]

_FEED: Final = FeedName("told")
_START: Final[Instant] = 1_767_600_000.0
"""Monday 5 January 2026, 08:00 UTC."""

_MOST_TESTS: Final = 1_000
_LONGEST_S: Final = 7 * 86_400
_At = Annotated[Duration, msgspec.Meta(ge=0, le=_LONGEST_S)]
_Names = tuple[str, ...]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What happens at an instant."""

    at: _At
    group: str = ""
    """Left out: the test's."""
    join: _Names = ()
    """Contacts that begin to wait."""
    abandon: _Names = ()
    """Contacts that give up."""
    answer: dict[str, str] = {}
    """Contacts that are answered, each with its agent."""
    complete: _Names = ()
    """Contacts whose conversation ends."""
    agents: dict[str, AgentState] = {}
    """Agents and what they do from now on."""
    feed: FeedState | None = None
    acknowledge: _Names = ()
    """Groups whose alerts somebody takes on."""


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What must fire at an instant, and nothing else."""

    at: _At
    firing: _Names = ()
    """Alerts that nobody has in hand: ``rule``, of the test's group, or ``rule/group``."""
    acknowledged: _Names = ()


class RuleTest(msgspec.Struct, frozen=True, kw_only=True):
    """``[[tests]]``."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    group: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "sales"
    steps: tuple[Step, ...]
    expect: Annotated[tuple[Expectation, ...], msgspec.Meta(min_length=1)]


class _File(msgspec.Struct, frozen=True, kw_only=True):
    config: str = ""
    tests: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """What was expected, and what was so.

    Attributes:
        at_s: When, after the test's beginning.
        expected: Alerts that should fire, ``rule/group``; those in somebody's hands with ``(acknowledged)``.
        found: Those that did.
    """

    at_s: Seconds
    expected: tuple[str, ...]
    found: tuple[str, ...]


def read_tests(tables: Mapping[str, Any], problems: list[ConfigProblem]) -> tuple[str, tuple[RuleTest, ...]]:
    """Return the file's ``config`` and its tests.

    Args:
        tables: As TOML gave them.
        problems: Every mistake is added here.
    """
    own = convert_table(tables, _File, path="", problems=problems)
    if isinstance(own, Invalid):
        return "", ()
    if not own.tests:
        problems.append(ConfigProblem(path="tests", message="must hold at least one test; write [[tests]]"))
    if len(own.tests) > _MOST_TESTS:
        message = f"must hold at most {_MOST_TESTS} tests, got {len(own.tests)}"
        problems.append(ConfigProblem(path="tests", message=message))
    return own.config, own.tests


def run_test(test: RuleTest, policy: Policy) -> list[Failure]:
    """Tell a test's story to the core and return what was not as expected.

    Args:
        test: The test.
        policy: The rules, and the groups as they are configured; its feeds are left out of account.
    """
    told = msgspec.structs.replace(policy, feeds=(FeedPolicy(name=_FEED),), signals=(), timezone="UTC")
    monitor = Monitor(told, _START)
    status = FeedStatusChanged(id="live", source=_FEED, time=_START, state=FeedState.LIVE)
    monitor.handle(status, _START)
    failures = []
    for at, thing in sorted(_things(test), key=lambda pair: pair[0]):
        now = _START + at
        _advance(monitor, now)
        if isinstance(thing, Expectation):
            expected, found = _expected(thing, test.group), _found(monitor, now)
            if expected != found:
                failures.append(Failure(at, expected, found))
        else:
            monitor.handle(thing, now)
    return failures


def _things(test: RuleTest) -> Iterator[tuple[Seconds, AcdEvent | Expectation]]:
    """Yield all that happens, and behind it what is expected then."""
    for number, step in enumerate(test.steps):
        for event in _events(step, test.group, f"step-{number}"):
            yield step.at, event
    for expectation in test.expect:
        yield expectation.at, expectation


def _advance(monitor: Monitor, now: Instant) -> None:
    while (at := monitor.next_deadline()) is not None and at <= now:
        monitor.advance(at)


def _expected(expectation: Expectation, group: str) -> tuple[str, ...]:
    named = [_whole(name, group) for name in expectation.firing]
    named += [f"{_whole(name, group)} (acknowledged)" for name in expectation.acknowledged]
    return tuple(sorted(named))


def _found(monitor: Monitor, now: Instant) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{alert.rule}/{alert.group}"
            + (" (acknowledged)" if alert.state == AlertState.ACKNOWLEDGED.value else "")
            for alert in monitor.view(now).alerts
        )
    )


def _whole(name: str, group: str) -> str:
    return name if "/" in name else f"{name}/{group}"


def _events(step: Step, group: str, prefix: str) -> Iterator[AcdEvent]:
    """Yield a step's events, in an order in which it can all happen at once."""
    name = GroupName(step.group or group)
    base: dict[str, Any] = {"source": _FEED, "time": _START + step.at}

    def known(kind: str, who: str) -> dict[str, Any]:
        return {**base, "id": f"{prefix}-{kind}-{who}"}

    if step.feed is not None:
        yield FeedStatusChanged(**known("feed", ""), state=step.feed)
    for agent, state in step.agents.items():
        yield AgentStateChanged(**known("agent", agent), group=name, agent=AgentId(agent), state=state)
    for contact in step.join:
        yield ContactQueued(**known("join", contact), group=name, contact=ContactId(contact))
    for contact, agent in step.answer.items():
        yield ContactAnswered(
            **known("answer", contact), group=name, contact=ContactId(contact), agent=AgentId(agent)
        )
    for contact in step.complete:
        yield ContactCompleted(**known("complete", contact), group=name, contact=ContactId(contact))
    for contact in step.abandon:
        yield ContactLeft(
            **known("abandon", contact), group=name, contact=ContactId(contact), outcome=Outcome.ABANDONED
        )
    if step.acknowledge:
        yield AlertAcknowledged(
            id=f"{prefix}-acknowledge",
            source=OUR_OWN,
            time=_START + step.at,
            groups=step.acknowledge,
            by="the test",
        )
