import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from queue_alert.app.clock import SteadyClock
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.events import AcdEvent, FeedState, FeedStatusChanged
from queue_alert.core.units import FeedName
from queue_alert.ports import DriverError
from tests.app.fakes import Randomness

pytestmark = pytest.mark.looptime


class StagedFeed:
    """A feed whose every connection is a coroutine of the test's."""

    def __init__(self, *stages: Callable[[Callable[[AcdEvent], None]], Any]) -> None:
        self.stages = list(stages)
        self.started: list[float] = []

    async def run(self, submit: Callable[[AcdEvent], None]) -> None:
        self.started.append(asyncio.get_running_loop().time())
        await self.stages.pop(0)(submit)


def status(state: FeedState) -> FeedStatusChanged:
    return FeedStatusChanged(id=f"{state}", source=FeedName("pbx"), time=0.0, state=state)


async def lose(_submit: object) -> None:
    raise DriverError("the line was cut")


async def refuse(_submit: object) -> None:
    raise DriverError("login refused", recoverable=False)


async def end(_submit: object) -> None:
    return


def live_for(seconds: float) -> Callable[[Callable[[AcdEvent], None]], Any]:
    async def stage(submit: Callable[[AcdEvent], None]) -> None:
        submit(status(FeedState.LIVE))
        await asyncio.sleep(seconds)
        raise DriverError("the line was cut")

    return stage


async def supervise(feed: StagedFeed) -> list[tuple[float, str, str]]:
    loop = asyncio.get_running_loop()
    said: list[tuple[float, str, str]] = []
    ids: set[str] = set()

    def submit(event: AcdEvent) -> None:
        assert isinstance(event, FeedStatusChanged)
        ids.add(event.id)
        said.append((loop.time(), event.state.value, event.reason))

    supervisor = FeedSupervisor(
        "pbx",
        feed=feed,
        submit=submit,
        clock=SteadyClock(wall=lambda: 1000.0, monotonic=loop.time),
        randomness=Randomness(),  # type: ignore[arg-type]
    )
    await supervisor.run()
    return said


async def test_a_lost_feed_is_down_at_once_and_tried_again_with_growing_pauses() -> None:
    feed = StagedFeed(lose, lose, lose, lose, lose, lose, lose, end)
    said = await supervise(feed)
    assert feed.started == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0]
    assert said == [
        *((at, "down", "the line was cut") for at in feed.started[:-1]),
        (91.0, "down", "the source has ended"),
    ]


async def test_a_feed_that_was_long_live_is_tried_again_soon() -> None:
    feed = StagedFeed(lose, lose, lose, live_for(30.0), end)
    await supervise(feed)
    assert feed.started == [0.0, 1.0, 3.0, 7.0, 38.0]


async def test_a_feed_that_comes_and_goes_is_not_knocked_on_every_second() -> None:
    feed = StagedFeed(live_for(0.0), live_for(0.0), live_for(0.0), end)
    await supervise(feed)
    assert feed.started == [0.0, 1.0, 3.0, 7.0]


async def test_what_cannot_be_helped_is_said_once_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    feed = StagedFeed(refuse)
    assert await supervise(feed) == [(0.0, "down", "login refused")]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "feed=pbx state=down given_up=true reason=login refused")
    ]


async def test_the_first_failure_is_a_warning_repeats_are_debug_and_recovery_is_info(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "queue_alert")
    await supervise(StagedFeed(lose, lose, live_for(1.0), end))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "feed=pbx state=down retry_in_s=1.0 reason=the line was cut"),
        ("DEBUG", "feed=pbx state=down retry_in_s=2.0 reason=the line was cut"),
        ("INFO", "feed=pbx state=live recovered=true"),
        ("WARNING", "feed=pbx state=down retry_in_s=4.0 reason=the line was cut"),
        ("INFO", "feed=pbx state=ended"),
    ]


async def test_any_other_exception_ends_it() -> None:
    async def bug(_submit: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await supervise(StagedFeed(bug))


async def test_being_cancelled_ends_it_without_a_word() -> None:
    async def forever(_submit: object) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(supervise(StagedFeed(forever)))
    await asyncio.sleep(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
