"""What publishers are told and when, and who keeps them running, in simulated time."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from queue_alert.app.clock import SteadyClock
from queue_alert.app.own_words import OwnWords
from queue_alert.app.publishing import PublisherSupervisor, StateChanges
from queue_alert.core.events import (
    OUR_OWN,
    AcdEvent,
    AlertAcknowledged,
    EscalationMode,
    EscalationRequested,
)
from queue_alert.core.units import GroupName
from queue_alert.core.view import GroupView
from queue_alert.ports import DriverError, StateSource
from tests.app.fakes import Randomness
from tests.dashboards.wallboard.floors import group

pytestmark = pytest.mark.looptime


class Groups:
    """Groups that change by hand."""

    def __init__(self, *names: str) -> None:
        self.now = {name: group(name) for name in names}
        self.looks = 0
        self.source = StateChanges(self.all)

    def all(self) -> list[GroupView]:
        self.looks += 1
        return list(self.now.values())

    def wait(self, name: str, waiting: int) -> None:
        self.now[name] = replace(self.now.get(name) or group(name), waiting=waiting)
        self.source.note_change()


def told(groups: Iterable[GroupView]) -> dict[str, int]:
    return {str(one.name): one.waiting for one in groups}


def time() -> float:
    return asyncio.get_running_loop().time()


async def test_all_groups_come_first_and_then_those_that_changed_each_once_and_as_they_are() -> None:
    floor = Groups("a", "b", "c")
    assert told(floor.source.groups()) == {"a": 0, "b": 0, "c": 0}
    for waiting in (1, 2, 3):
        floor.wait("b", waiting)
    floor.wait("c", 1)
    assert told(await floor.source.changed()) == {"b": 3, "c": 1}


async def test_a_change_after_a_calm_moment_is_told_at_once_and_the_next_a_tenth_of_a_second_later() -> None:
    floor = Groups("a")
    floor.source.groups()
    await asyncio.sleep(1)
    floor.wait("a", 1)
    assert told(await floor.source.changed()) == {"a": 1}
    assert time() == 1.0
    floor.wait("a", 2)
    assert told(await floor.source.changed()) == {"a": 2}
    assert time() == pytest.approx(1.1)


async def test_one_that_waits_is_woken() -> None:
    floor = Groups("a")
    floor.source.groups()
    asyncio.get_running_loop().call_later(2.0, floor.wait, "new", 1)
    assert told(await floor.source.changed()) == {"new": 1}
    assert time() == 2.0


async def test_what_came_and_went_meanwhile_is_not_told_at_all() -> None:
    floor = Groups("a")
    floor.source.groups()
    floor.wait("a", 1)
    floor.wait("a", 0)
    asyncio.get_running_loop().call_later(2.0, floor.wait, "a", 7)
    assert told(await floor.source.changed()) == {"a": 7}


async def test_what_time_alone_has_changed_is_told_within_five_seconds() -> None:
    floor = Groups("a")
    floor.source.groups()
    floor.now["a"] = replace(floor.now["a"], window_s=60.0)  # nobody notes it
    await floor.source.changed()
    assert time() == 5.0


async def test_being_cancelled_loses_nothing() -> None:
    floor = Groups("a")
    floor.source.groups()
    await asyncio.sleep(1)
    floor.source.groups()
    floor.wait("a", 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await floor.source.changed()
    assert told(await floor.source.changed()) == {"a": 1}


async def test_to_ask_for_all_begins_anew() -> None:
    floor = Groups("a")
    floor.source.groups()
    floor.wait("a", 1)
    assert told(floor.source.groups()) == {"a": 1}
    asyncio.get_running_loop().call_later(3.0, floor.wait, "a", 2)
    assert told(await floor.source.changed()) == {"a": 2}


async def test_nothing_is_worked_out_for_one_who_does_not_ask() -> None:
    floor = Groups("a")
    for waiting in range(1000):
        floor.wait("a", waiting)
    assert floor.looks == 0


class StagedPublisher:
    """A publisher whose every connection is a coroutine of the test's."""

    def __init__(self, *stages: Callable[[StateSource], Any]) -> None:
        self.stages = list(stages)
        self.started: list[float] = []

    async def run(self, source: StateSource) -> None:
        self.started.append(time())
        await self.stages.pop(0)(source)


async def refuse(_source: StateSource) -> None:
    raise DriverError("connection refused")


async def deny(_source: StateSource) -> None:
    raise DriverError("not authorised", recoverable=False)


async def end(_source: StateSource) -> None:
    return


async def work(source: StateSource) -> None:
    source.groups()
    async with asyncio.timeout(40):
        try:
            while True:
                await source.changed()
        except asyncio.CancelledError as gone:
            raise DriverError("the broker went away") from gone


async def answer(source: StateSource) -> None:
    source.acknowledge(GroupName("a[1]"))
    source.call_emergency(GroupName("b"))
    raise DriverError("not authorised", recoverable=False)


async def supervise(
    publisher: StagedPublisher, submit: Callable[[AcdEvent], None] = lambda _event: None
) -> list[tuple[float, bool, str]]:
    said: list[tuple[float, bool, str]] = []
    clock = SteadyClock(wall=lambda: 1000.0, monotonic=asyncio.get_running_loop().time)
    supervisor = PublisherSupervisor(
        "hub",
        publisher=publisher,
        source=Groups("a").source,
        words=OwnWords("publisher hub", submit, clock),
        say=lambda is_up, reason: said.append((time(), is_up, reason)),
        clock=clock,
        randomness=Randomness(),  # type: ignore[arg-type]
    )
    await supervisor.run()
    return said


async def test_a_publisher_is_up_once_it_has_said_all_groups_and_waits_for_changes() -> None:
    publisher = StagedPublisher(refuse, refuse, work, deny)
    assert await supervise(publisher) == [
        (0.0, False, "connection refused"),
        (1.0, False, "connection refused"),
        (3.0, True, ""),
        (43.0, False, "the broker went away"),
        (44.0, False, "not authorised"),
    ]
    assert publisher.started == [0.0, 1.0, 3.0, 44.0]


async def test_its_log_is_a_feeds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "queue_alert")
    await supervise(StagedPublisher(refuse, work, end))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "publisher=hub state=down retry_in_s=1.0 reason=connection refused"),
        ("INFO", "publisher=hub state=up recovered=true"),
        ("WARNING", "publisher=hub state=down retry_in_s=1.0 reason=the broker went away"),
        ("INFO", "publisher=hub state=ended"),
    ]


async def test_what_it_is_answered_is_an_event_of_our_own() -> None:
    events: list[AcdEvent] = []
    await supervise(StagedPublisher(answer), events.append)
    assert events == [
        AlertAcknowledged(
            id="publisher hub-1000000000-1",
            source=OUR_OWN,
            time=1000.0,
            groups=("a[[]1]",),
            by="publisher hub",
        ),
        EscalationRequested(
            id="publisher hub-1000000000-2",
            source=OUR_OWN,
            time=1000.0,
            group=GroupName("b"),
            mode=EscalationMode.EMERGENCY,
        ),
    ]
