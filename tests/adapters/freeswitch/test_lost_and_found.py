"""Through the real supervisor and the real monitor: whatever is lost is said, held, and put right."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from adapters.freeswitch import feed as feed_module
from adapters.freeswitch.feed import DRIVER
from queue_alert.app import supervisor as supervisor_module
from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.events import AcdEvent, FeedHeartbeat, FeedState, FeedStatusChanged
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy, SignalPolicy
from queue_alert.core.units import FeedName, Instant, SignalName
from queue_alert.core.view import FeedView, FloorView
from tests.adapters.freeswitch.server import PASSWORD, Line, Recorder, playing
from tests.adapters.freeswitch.switch import GOODBYE, Queue, Switch, answer_frame, small_switch

QUEUE = "support@default"
ALICE = "1000@default"


@pytest.fixture(autouse=True)
def setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PBX_PASSWORD", PASSWORD)
    monkeypatch.setattr(feed_module, "_SHORTEST_POLL_S", 0.02)


class SoonAgain:
    """In place of the supervisor's growing pauses."""

    def __init__(self, _randomness: random.Random) -> None:
        pass

    def next_delay(self) -> float:
        return 0.02

    def reset(self) -> None:
        pass


class House(Recorder):
    """A monitor that a supervised feed talks to."""

    def __init__(self, start: Instant) -> None:
        super().__init__()
        self.time = start
        policy = Policy(
            feeds=(FeedPolicy(name=FeedName("pbx"), stale_after_s=DRIVER.stale_after_s),),
            signals=(SignalPolicy(name=SignalName("lamp")),),
            reset_at_s=None,
        )
        self.monitor = Monitor(policy, start)
        self.changed = asyncio.Event()

    def submit(self, event: AcdEvent) -> None:
        now = self.now()
        self.monitor.advance(now)
        self.monitor.handle(event, now)
        self.events.append(event)
        self.changed.set()

    @property
    def view(self) -> FloorView:
        self.monitor.advance(self.now())
        return self.monitor.view(self.now())

    @property
    def health(self) -> FeedView:
        (feed,) = self.view.feeds
        return feed

    def waiting(self) -> int:
        return sum(group.waiting for group in self.view.groups)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(5.0):
            while not is_so():
                self.changed.clear()
                await self.changed.wait()

    async def until_live(self) -> None:
        await self.until(lambda: self.health.state is FeedState.LIVE)


@asynccontextmanager
async def supervised(house: House, port: int, **options: float) -> AsyncIterator[None]:
    """Keep a feed running for as long as the block."""
    feed = house.feed(port, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervisor_module, "Backoff", SoonAgain)
        keeper = FeedSupervisor(
            "pbx", feed=feed, submit=house.submit, clock=house, randomness=random.Random(1)
        )
        task = asyncio.create_task(keeper.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def reasons(house: House) -> list[str]:
    return [event.reason for event in house.events if isinstance(event, FeedStatusChanged) and event.reason]


async def test_after_a_restart_who_waited_is_gone_and_who_joined_meanwhile_is_there() -> None:
    switch = small_switch()
    house = House(switch.now)
    came_back = asyncio.Event()

    async def before(line: Line) -> None:
        await line.let_in()
        await line.lists()
        switch.join(QUEUE, "+15550001")
        switch.join(QUEUE, "+15550002")
        await line.say(switch.take() + GOODBYE)

    async def after(line: Line) -> None:
        await came_back.wait()
        await line.let_in()
        await line.go_on()

    async with playing(before, after, switch=switch) as port, supervised(house, port):
        await house.until(lambda: house.health.state is FeedState.DOWN and house.waiting() == 2)
        assert house.view.signals[0].level.stale  # held, and said to be
        switch.restart()
        switch.now += 30.0
        house.time += 30.0
        switch.join(QUEUE, "+15550003")
        switch.take()
        came_back.set()
        await house.until_live()
        assert house.waiting() == 1
        assert not house.view.signals[0].level.stale
        house.time += 10.0
        (group,) = house.view.groups
        assert group.today.outcomes == {"unknown": 2}
    assert (
        reasons(house)[1]
        == f"connection to 127.0.0.1:{port} was lost (FreeSWITCH says: Disconnected, goodbye)"
    )


async def test_a_reload_of_mod_callcenter_is_said_and_overcome() -> None:
    switch = small_switch()
    house = House(switch.now)
    is_loaded = True

    async def script(line: Line) -> None:
        await line.let_in()
        while True:
            command = (await line.asked()).removeprefix("api ")
            if is_loaded or not command.startswith("callcenter_config"):
                await line.say(switch.take() + switch.answer(command))
            else:
                await line.say(answer_frame("-ERR callcenter_config Command not found!\n"))

    async with playing(script, switch=switch) as port, supervised(house, port, poll=0.03):
        switch.join(QUEUE)
        await house.until(lambda: house.health.state is FeedState.LIVE and house.waiting() == 1)
        is_loaded = False
        await house.until(lambda: "knows no callcenter_config" in house.health.reason)
        assert house.waiting() == 1  # held, not cleared
        assert house.view.signals[0].level.stale
        switch.restart()
        switch.now += 5.0
        house.time += 5.0
        is_loaded = True
        await house.until_live()
        assert house.waiting() == 0


async def test_a_line_that_goes_dead_is_made_anew() -> None:
    switch = small_switch()
    house = House(switch.now)
    dead: list[asyncio.Task[None] | None] = []

    async def goes_dead(line: Line) -> None:
        dead.append(asyncio.current_task())
        await line.let_in()
        await line.lists()
        await asyncio.Event().wait()

    async def goes_on(line: Line) -> None:
        await line.let_in()
        await line.go_on()

    async with (
        playing(goes_dead, goes_on, switch=switch) as port,
        supervised(house, port, ping=0.05, connect_timeout=0.1),
    ):
        await house.until_live()
        switch.join(QUEUE)
        await house.until(lambda: "has fallen silent" in house.health.reason)
        await house.until(lambda: house.health.state is FeedState.LIVE and house.waiting() == 1)
        for task in dead:
            assert task is not None
            task.cancel()


async def test_a_freeswitch_that_is_not_there_yet_is_waited_for() -> None:
    switch = small_switch()
    house = House(switch.now)

    async def hangs_up(_line: Line) -> None:
        pass

    async def goes_on(line: Line) -> None:
        await line.let_in()
        await line.go_on()

    async with playing(hangs_up, hangs_up, goes_on, switch=switch) as port, supervised(house, port):
        await house.until_live()
    assert house.states()[:2] == ["syncing", "down"]


async def test_an_hour_of_silence_is_an_hour_of_a_live_feed() -> None:
    switch = Switch(queues={QUEUE: Queue()})
    house = House(switch.now)
    end = switch.now + 3600.0

    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        while True:
            command = await line.asked()
            # Twenty seconds have gone by since the sign of life before.
            switch.now += 20.0
            house.time = switch.now
            await line.say(switch.answer(command.removeprefix("api ")))

    states = set()
    async with playing(script, switch=switch) as port, supervised(house, port, ping=0.002, poll=60.0):
        await house.until_live()
        while house.time < end:
            house.changed.clear()
            async with asyncio.timeout(5.0):
                await house.changed.wait()
            states.add(house.health.state)
        assert house.health.clock_offset_s == 0.0
    assert states == {FeedState.LIVE}
    assert sum(isinstance(event, FeedHeartbeat) for event in house.events) > 180
    assert house.states().count("syncing") == 1


async def test_a_feed_whose_server_is_there_but_says_nothing_is_stale_then_down() -> None:
    switch = small_switch()
    house = House(switch.now)
    dead: list[asyncio.Task[None] | None] = []

    async def goes_dead(line: Line) -> None:
        dead.append(asyncio.current_task())
        await line.let_in()
        await line.lists()
        await asyncio.Event().wait()

    async with (
        playing(goes_dead, switch=switch) as port,
        supervised(house, port, ping=0.3, connect_timeout=0.1),
    ):
        await house.until_live()
        house.time += 61.0
        assert house.health.state is FeedState.STALE
        await house.until(lambda: house.health.state is FeedState.DOWN)
        for task in dead:
            assert task is not None
            task.cancel()
