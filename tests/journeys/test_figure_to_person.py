"""From a figure to a person, through the real core, the real store and the real delivery, over restarts."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from queue_alert.app.alerting import Alerting
from queue_alert.app.callouts import RecordingCallout
from queue_alert.app.conductor import Conductor
from queue_alert.app.config import Setup, build_setup
from queue_alert.core.alerts import AttemptState
from queue_alert.core.events import FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.ports import Outcome
from tests.app.fakes import registry
from tests.core.events_made import START, feed_status, queued, snapshot

CONFIG = """
timezone = "UTC"
[feeds.pbx]
driver = "script"
host = "pbx1"
[outputs.beacon]
driver = "pin"
pin = 17
[groups.sales]
[store]
path = "store.db"
[staff.anna]
phone = "sip:201"
[staff.ben]
phone = "sip:202"
[profiles.floor]
steps = [{ tell = ["anna"], timeout = "5m" }, { tell = ["ben"], timeout = "5m" }]
[rules.crowd]
when = { waiting = 1 }
profile = "floor"
"""


class SetClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at


class Stage:
    """A monitor with its alerting, as the runtime puts them together."""

    def __init__(self, setup: Setup, clock: SetClock) -> None:
        self.clock = clock
        self.monitor = Monitor(setup.policy, clock.now())
        self.callout = RecordingCallout()
        self.said: list[str] = []
        self.alerting = Alerting(
            setup,
            self.monitor,
            clock=clock,
            submit=lambda event: self.conductor.submit(event),
            say=self.said.append,
            callout=self.callout,
        )
        self.conductor = Conductor(
            self.monitor,
            clock=clock,
            show=lambda _name, _level: None,
            report=lambda _effect, _source: None,
            changed=lambda: None,
            alerted=self.alerting.take,
        )

    def told(self) -> list[str]:
        return [call.key.person for call in self.callout.calls]

    def advance(self, seconds: float) -> None:
        self.clock.at += seconds
        for effect in self.monitor.advance(self.clock.at):
            self.conductor._deliver([effect], "")


@asynccontextmanager
async def running(folder: Path, clock: SetClock) -> AsyncIterator[Stage]:
    tables = tomllib.loads(CONFIG)
    setup = await asyncio.to_thread(build_setup, tables, file="c", base=folder, registry=registry())
    stage = Stage(setup, clock)
    await stage.alerting.load()
    stage.conductor.start()
    task = asyncio.create_task(stage.alerting.run(), name="delivery")
    try:
        yield stage
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        stage.conductor.stop()
        await stage.alerting.close()


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


async def until_told(stage: Stage, *people: str) -> None:
    await until(lambda: stage.told() == list(people))


@pytest.fixture(autouse=True)
def coverage_may_wait_for_itself(blockbuster: BlockBuster) -> None:
    """Let the lock be that coverage takes in the middle of our code, where another thread is measured too."""
    blockbuster.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", "lock_data")


async def test_after_a_restart_the_next_is_told_and_nobody_twice(tmp_path: Path) -> None:
    clock = SetClock()
    async with running(tmp_path, clock) as stage:
        stage.conductor.submit(feed_status(FeedState.LIVE, START))
        stage.conductor.submit(queued("a", START))
        await until_told(stage, "anna")
    clock.at = START + 60
    async with running(tmp_path, clock) as stage:
        assert [alert.generation for alert in stage.monitor.view(clock.at).alerts] == [1]
        stage.conductor.submit(snapshot({"a": START}, clock.at))
        stage.conductor.submit(feed_status(FeedState.LIVE, clock.at))
        await asyncio.sleep(0.2)
        assert stage.told() == []
        stage.advance(240)
        await until_told(stage, "ben")
        assert stage.said == []


async def test_who_pressed_the_key_has_it_in_hand_over_a_restart_too(tmp_path: Path) -> None:
    clock = SetClock()
    async with running(tmp_path, clock) as stage:
        stage.callout.outcome = Outcome(state=AttemptState.ACKNOWLEDGED, detail="key 1")
        stage.conductor.submit(feed_status(FeedState.LIVE, START))
        stage.conductor.submit(queued("a", START))
        await until_told(stage, "anna")
        await until(lambda: stage.monitor.view(clock.at).alerts[0].state == "acknowledged")
    clock.at = START + 400
    async with running(tmp_path, clock) as stage:
        (alert,) = stage.monitor.view(clock.at).alerts
        assert (alert.state, alert.acknowledged_by) == ("acknowledged", "anna")
        stage.advance(100)
        await asyncio.sleep(0.2)
        assert stage.told() == []
