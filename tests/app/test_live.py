import asyncio

import msgspec
import pytest

from queue_alert.app.clock import SteadyClock
from queue_alert.app.live import MAX_WATCHERS, LiveView, TooManyWatchersError, Watcher
from queue_alert.core.events import ContactQueued, FeedState, FeedStatusChanged
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.core.view import (
    ButtonView,
    FloorView,
    LampsChanged,
    LiveMessage,
    OutputView,
    PublisherView,
    ViewChanged,
)

pytestmark = pytest.mark.looptime

START = 1_700_000_000.0
PBX = FeedName("pbx")


class Stage:
    """A live view of a monitor with one feed and one output."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.clock = SteadyClock(wall=lambda: START + loop.time(), monotonic=loop.time)
        self.monitor = Monitor(Policy(feeds=(FeedPolicy(name=PBX),)), self.clock.now())
        self.skipped: dict[str, int] = {}
        self.live = LiveView(
            self.monitor,
            clock=self.clock,
            version="1.2.3",
            outputs={"beacon": "virtual"},
            publishers={"hub": "hub"},
            buttons={"desk": "push"},
            skipped={"pbx": self.skipped},
        )
        self.told = 0

    def queued(self) -> None:
        self.told += 1
        now = self.clock.now()
        self.monitor.handle(
            ContactQueued(
                id=f"q{self.told}",
                source=PBX,
                time=now,
                group=GroupName("sales"),
                contact=ContactId(f"c{self.told}"),
            ),
            now,
        )
        self.live.note_change()


async def read(watcher: Watcher, within: float = 0.0) -> list[LiveMessage]:
    """Return everything the watcher gets until nothing has come for a moment."""
    messages: list[LiveMessage] = []
    while True:
        try:
            async with asyncio.timeout(within + 0.001):
                text = await watcher.next_message()
        except TimeoutError:
            return messages
        if text is None:
            return messages
        messages.append(msgspec.json.decode(text, type=LiveMessage))


async def test_the_whole_floor_comes_first() -> None:
    stage = Stage()
    stage.queued()
    with stage.live.watch() as watcher:
        assert await read(watcher) == [stage_floor(stage)]


def stage_floor(stage: Stage) -> FloorView:
    """What the floor must look like at the time of the first message."""
    view = stage.live.view()
    assert (view.version, view.outputs) == ("1.2.3", (OutputView(name="beacon", driver="virtual"),))
    return msgspec.structs.replace(view, at=START)


async def test_changes_are_gathered_and_sent_five_times_a_second() -> None:
    stage = Stage()
    with stage.live.watch() as watcher:
        await read(watcher)
        depths = []
        for _ in range(10):
            stage.queued()
            await asyncio.sleep(0.06)
        for message in await read(watcher, 0.2):
            assert isinstance(message, ViewChanged)
            depths.append([group.waiting for group in message.groups])
        assert depths == [[1], [4], [7], [10]]


async def test_lamps_are_sent_at_once() -> None:
    stage = Stage()
    with stage.live.watch() as watcher:
        await read(watcher)
        at = stage.clock.now()
        stage.live.note_lamps("beacon", {"lamp": "#ff0000"}, "")
        assert await read(watcher) == [LampsChanged(at=at, output="beacon", lamps={"lamp": "#ff0000"})]
        stage.live.note_lamps("beacon", {"lamp": "#ff0000"}, "")
        assert await read(watcher) == []


async def test_an_outputs_fault_comes_with_the_next_change() -> None:
    stage = Stage()
    with stage.live.watch() as watcher:
        await read(watcher, 1.0)
        stage.live.note_lamps("beacon", {}, "unplugged")
        changed = [message for message in await read(watcher, 0.5) if isinstance(message, ViewChanged)]
        assert [message.outputs for message in changed] == [
            (OutputView(name="beacon", driver="virtual", fault="unplugged"),)
        ]


async def test_a_publisher_comes_up_and_goes_down_with_the_next_change() -> None:
    stage = Stage()
    assert stage.live.view().publishers == (PublisherView(name="hub", driver="hub", since=START),)
    with stage.live.watch() as watcher:
        await read(watcher, 1.0)
        up_at = stage.clock.now()
        stage.live.note_publisher("hub", True, "")
        stage.live.note_publisher("hub", True, "")
        up = PublisherView(name="hub", driver="hub", is_up=True, since=up_at)
        assert [message.publishers for message in await changes(watcher)] == [(up,)]
        down_at = stage.clock.now()
        stage.live.note_publisher("hub", False, "connection refused")
        await asyncio.sleep(1)
        stage.live.note_publisher("hub", False, "no route to host")
        down = PublisherView(name="hub", driver="hub", since=down_at, reason="no route to host")
        assert [message.publishers for message in await changes(watcher)][-1] == (down,)
        assert stage.live.view().publishers == (down,)


async def test_a_step_of_the_clock_moves_since_when_a_publisher_is_up() -> None:
    stage = Stage()
    with stage.live.watch() as watcher:
        await read(watcher, 1.0)
        stage.live.clock_stepped(60.0)
        stage.queued()
        (message,) = await changes(watcher)
        assert message.publishers == (PublisherView(name="hub", driver="hub", since=START + 60),)


async def test_a_button_dies_and_comes_back_with_the_next_change() -> None:
    stage = Stage()
    with stage.live.watch() as watcher:
        await read(watcher, 1.0)
        up_at = stage.clock.now()
        stage.live.note_button("desk", True, "")
        stage.live.note_button("desk", True, "")
        up = ButtonView(name="desk", driver="push", is_up=True, since=up_at)
        assert [message.buttons for message in await changes(watcher)] == [(up,)]
        dead_at = stage.clock.now()
        stage.live.note_button("desk", False, "stuck")
        dead = ButtonView(name="desk", driver="push", since=dead_at, reason="stuck")
        assert [message.buttons for message in await changes(watcher)] == [(dead,)]
        stage.live.clock_stepped(60.0)
        stage.queued()
        (message,) = await changes(watcher)
        assert (
            message.buttons
            == stage.live.view().buttons
            == (msgspec.structs.replace(dead, since=dead_at + 60.0),)
        )


async def changes(watcher: Watcher) -> list[ViewChanged]:
    return [message for message in await read(watcher, 0.5) if isinstance(message, ViewChanged)]


async def test_with_nobody_watching_nothing_is_worked_out() -> None:
    stage = Stage()
    stage.queued()
    stage.live.note_lamps("beacon", {"lamp": "#ff0000"}, "unplugged")
    assert stage.live._timer is None


async def test_who_cannot_keep_up_gets_the_whole_floor_anew() -> None:
    stage = Stage()
    with stage.live.watch() as watcher:
        await read(watcher)
        for number in range(200):
            stage.live.note_lamps("beacon", {"lamp": f"#{number:06x}"}, "")
        messages = await read(watcher)
        assert [type(message) for message in messages] == [FloorView]
        assert messages == [stage.live.view()] or messages[0].outputs == stage.live.view().outputs  # type: ignore[union-attr]


async def test_what_a_feed_passed_over_is_shown_with_it() -> None:
    stage = Stage()
    stage.skipped["too_long"] = 3
    assert [feed.anomalies for feed in stage.live.view().feeds] == [{"too_long": 3}]
    with stage.live.watch() as watcher:
        await read(watcher)
        now = stage.clock.now()
        stage.monitor.handle(FeedStatusChanged(id="s", source=PBX, time=now, state=FeedState.LIVE), now)
        stage.live.note_change()
        (message,) = await read(watcher, 0.3)
        assert isinstance(message, ViewChanged)
        assert [(feed.state, feed.anomalies) for feed in message.feeds] == [(FeedState.LIVE, {"too_long": 3})]


async def test_a_closed_watcher_hears_no_more() -> None:
    stage = Stage()
    with stage.live.watch() as watcher:
        pass
    assert await watcher.next_message() is None


async def test_so_many_may_watch_and_no_more() -> None:
    stage = Stage()
    watching = [stage.live.watch() for _ in range(MAX_WATCHERS)]
    for one in watching:
        one.__enter__()
    assert stage.live.is_full
    with pytest.raises(TooManyWatchersError, match=r"^32 watch already$"):
        stage.live.watch().__enter__()
    watching[0].__exit__(None, None, None)
    with stage.live.watch():
        assert stage.live.is_full
