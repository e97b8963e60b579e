import asyncio
import socket
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from queue_alert.app.clock import SteadyClock
from queue_alert.app.config import build_setup
from queue_alert.app.http import CannotListenError
from queue_alert.app.notify import Notifier
from queue_alert.app.process import single_error
from queue_alert.app.runtime import Runtime
from queue_alert.core.effects import SignalLevel
from queue_alert.core.events import ContactQueued, FeedState
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.ports import DriverError, Skipped
from tests.app.fakes import HubPublisher, LevelEngine, Randomness, ScriptedFeed, lost, registry

CONFIG = """
timezone = "UTC"
[http]
listen = "off"
[feeds.pbx]
driver = "script"
host = "pbx1"
[outputs.beacon]
driver = "pin"
pin = 17
"""


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    ScriptedFeed.scripts.clear()
    ScriptedFeed.made.clear()
    LevelEngine.made.clear()
    HubPublisher.made.clear()


class Times:
    """The wall clock beside the loop's own time."""

    def __init__(self) -> None:
        self.step = 0.0

    def monotonic(self) -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    def wall(self) -> float:
        return 1_700_000_000.0 + self.monotonic() + self.step


def make(text: str = CONFIG, **more: Any) -> tuple[Runtime, Times]:
    times = Times()
    setup = build_setup(tomllib.loads(text), file="config.toml", base=Path(), registry=registry())
    runtime = Runtime(
        setup,
        registry=registry(),
        clock=SteadyClock(wall=times.wall, monotonic=times.monotonic),
        randomness=Randomness(),  # type: ignore[arg-type]
        **more,
    )
    return runtime, times


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    port: asyncio.Future[int] = loop.create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(runtime.run(port.set_result), name="runtime")
        try:
            yield await port
        finally:
            runtime.stop()


def queued(feed: ScriptedFeed, name: str) -> None:
    now = feed.context.clock.now()
    feed.submit(
        ContactQueued(
            id=name, source=FeedName("pbx"), time=now, group=GroupName("sales"), contact=ContactId(name)
        )
    )


def levels() -> list[SignalLevel]:
    return [level for _at, _name, level in LevelEngine.made[0].shown]


@pytest.fixture
def runtime() -> tuple[Runtime, Times]:
    """A runtime made off the loop, as it is in life: drivers are loaded and files are read."""
    return make()


@pytest.mark.looptime
async def test_from_the_feed_to_the_lamp_and_dark_at_the_end(runtime: tuple[Runtime, Times]) -> None:
    async with running(runtime[0]) as port:
        assert port == 0
        await asyncio.sleep(0)
        feed = ScriptedFeed.made["pbx"]
        feed.say(FeedState.LIVE)
        queued(feed, "a")
        assert levels() == [SignalLevel(stale=True), SignalLevel(), SignalLevel(depth=1)]
    assert LevelEngine.made[0].log == ["run", "dark", "close"]


@pytest.mark.looptime
async def test_a_lost_feed_makes_the_lamp_stale_and_its_return_makes_it_believed(
    runtime: tuple[Runtime, Times],
) -> None:
    def live_then_lost(feed: ScriptedFeed) -> None:
        feed.say(FeedState.LIVE)
        raise DriverError("the line was cut")

    ScriptedFeed.scripts["pbx"] = [live_then_lost, lost()]
    async with running(runtime[0]):
        await asyncio.sleep(10)
        feed = ScriptedFeed.made["pbx"]
        assert feed.runs == 3
        assert levels() == [SignalLevel(stale=True), SignalLevel(), SignalLevel(stale=True)]
        feed.say(FeedState.LIVE)
        assert levels()[-1] == SignalLevel()


@pytest.mark.looptime
async def test_a_step_of_the_wall_clock_reaches_the_core(runtime: tuple[Runtime, Times]) -> None:
    one, times = runtime
    async with running(one):
        times.step = 3600.0
        await asyncio.sleep(5.001)
        view = one._monitor.view(one._clock.now())
        assert view.at == pytest.approx(1_700_003_605.001)
        assert view.started_at == pytest.approx(1_700_003_600.0)


@pytest.mark.looptime
async def test_a_bug_in_a_feed_ends_it_all_with_the_lamps_dark(runtime: tuple[Runtime, Times]) -> None:
    def bug(_feed: ScriptedFeed) -> None:
        raise ZeroDivisionError

    ScriptedFeed.scripts["pbx"] = [bug]
    with pytest.raises(ExceptionGroup) as caught:
        await runtime[0].run(lambda _port: None)
    assert isinstance(caught.value.exceptions[0], ZeroDivisionError)
    assert LevelEngine.made[0].log[-2:] == ["dark", "close"]


@pytest.mark.looptime
async def test_a_bug_in_a_callback_ends_it_all_too(runtime: tuple[Runtime, Times]) -> None:
    def later(_feed: ScriptedFeed) -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)

    ScriptedFeed.scripts["pbx"] = [later]
    with pytest.raises(ZeroDivisionError):
        await runtime[0].run(lambda _port: None)
    assert LevelEngine.made[0].log[-2:] == ["dark", "close"]


@pytest.mark.looptime
async def test_a_socket_error_that_only_the_loop_hears_of_ends_nothing(
    runtime: tuple[Runtime, Times], caplog: pytest.LogCaptureFixture
) -> None:
    async with running(runtime[0]):
        asyncio.get_running_loop().call_exception_handler({"message": "odd", "exception": OSError("gone")})
        await asyncio.sleep(1)
    assert "odd" in caplog.text


@pytest.mark.looptime
async def test_two_runtimes_do_not_share_a_loops_exception_handler(runtime: tuple[Runtime, Times]) -> None:
    async with running(runtime[0]):
        assert asyncio.get_running_loop().get_exception_handler() is not None
    assert asyncio.get_running_loop().get_exception_handler() is None


@pytest.mark.looptime
async def test_the_service_manager_hears_ready_alive_and_stopping(
    tmp_path: Path, runtime: tuple[Runtime, Times]
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind(address)
        one = runtime[0]
        one._notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000000"})
        async with running(one):
            await asyncio.sleep(25)
        said = [manager.recv(100) for _ in range(5)]
    assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.looptime
async def test_what_did_not_fit_is_counted_for_its_feed(runtime: tuple[Runtime, Times]) -> None:
    async with running(runtime[0]):
        await asyncio.sleep(0)
        feed = ScriptedFeed.made["pbx"]
        feed.context.skipped(Skipped.TOO_LONG, "x")
        feed.submit(
            ContactQueued(
                id="old", source=FeedName("pbx"), time=0.0, group=GroupName("sales"), contact=ContactId("old")
            )
        )
        assert runtime[0]._skipped["pbx"].counts == {"too_long": 1, "implausible_time": 1}


def with_port(port: int) -> str:
    return CONFIG.replace('"off"', f'"127.0.0.1:{port}"')


async def get(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(-1), 10)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.fixture
def serving_runtime() -> tuple[Runtime, Times]:
    """A runtime that serves pages on a free port."""
    return make(with_port(0))


async def test_pages_of_routes_and_health_are_served(serving_runtime: tuple[Runtime, Times]) -> None:
    async with running(serving_runtime[0]) as port:
        assert (await get(port, "/count")).endswith(b"\r\n\r\ngroups 0\n")
        assert (await get(port, "/healthz")).startswith(b"HTTP/1.1 503 ")
        ScriptedFeed.made["pbx"].say(FeedState.LIVE)
        assert (await get(port, "/healthz")).startswith(b"HTTP/1.1 200 ")


@pytest.fixture
def publishing_runtime() -> tuple[Runtime, Times]:
    """A runtime with a publisher, of two feeds."""
    return make(
        f'{CONFIG}[feeds.south]\ndriver = "script"\nhost = "b"\ngroups = ["support"]\n'
        '[publishers.wall]\ndriver = "hub"\n'
    )


@pytest.mark.looptime
async def test_a_publisher_is_told_what_changes_and_all_again_after_it_was_lost(
    publishing_runtime: tuple[Runtime, Times],
) -> None:
    begin = 1_700_000_000.0
    async with running(publishing_runtime[0]):
        await asyncio.sleep(1)
        hub, feed = HubPublisher.made["wall"], ScriptedFeed.made["pbx"]
        assert hub.context.name == "wall"
        feed.say(FeedState.LIVE)
        queued(feed, "a")
        queued(feed, "b")
        await asyncio.sleep(1)
        hub.lose(DriverError("the broker went away"))
        await asyncio.sleep(0.5)
        queued(feed, "c")
        hub.fault = None
        await asyncio.sleep(9)
        queued(feed, "d")
        await asyncio.sleep(0.01)
    times = [(at - begin, waiting) for at, waiting in hub.said]
    assert [waiting for _at, waiting in times] == [
        {},
        {"sales": 2},
        {"sales": 3},
        {"sales": 4},
    ]
    assert [at for at, _waiting in times] == pytest.approx([0.0, 1.0, 3.0, 11.5], abs=0.01)


@pytest.mark.looptime
async def test_a_bug_in_a_publisher_ends_it_all_with_the_lamps_dark(
    publishing_runtime: tuple[Runtime, Times],
) -> None:
    HubPublisher.made["wall"].fault = ZeroDivisionError()
    with pytest.raises(ExceptionGroup) as caught:
        await publishing_runtime[0].run(lambda _port: None)
    assert isinstance(caught.value.exceptions[0], ZeroDivisionError)
    assert LevelEngine.made[0].log[-2:] == ["dark", "close"]


@pytest.fixture
def serving_publisher() -> tuple[Runtime, Times]:
    """A runtime with a publisher that serves pages."""
    return make(with_port(0) + '[publishers.wall]\ndriver = "hub"\n')


async def test_a_publisher_that_is_not_up_is_said_by_health(serving_publisher: tuple[Runtime, Times]) -> None:
    hub = HubPublisher.made["wall"]
    hub.fault = DriverError("not authorised", recoverable=False)
    async with running(serving_publisher[0]) as port:
        ScriptedFeed.made["pbx"].say(FeedState.LIVE)
        answer = await get(port, "/healthz")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"publisher wall is down since 20" in answer
    assert b": not authorised" in answer


@pytest.mark.looptime
async def test_what_a_feed_says_of_a_group_that_is_not_its_own_is_counted_for_it(
    publishing_runtime: tuple[Runtime, Times],
) -> None:
    runtime = publishing_runtime[0]
    async with running(runtime):
        await asyncio.sleep(0)
        south = ScriptedFeed.made["south"]
        south.say(FeedState.LIVE)
        south.submit(
            ContactQueued(
                id="x",
                source=FeedName("south"),
                time=south.context.clock.now(),
                group=GroupName("sales"),
                contact=ContactId("x"),
            )
        )
        assert runtime._skipped["south"].counts == {"other_group": 1}
        assert runtime._monitor.view(runtime._clock.now()).groups == ()


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        one, _times = await asyncio.to_thread(make, with_port(port))
        with pytest.raises(ExceptionGroup) as caught:
            await one.run(lambda _port: None)
    assert isinstance(single_error(caught.value), CannotListenError)


def test_of_several_errors_only_those_for_people_become_one() -> None:
    ours, bug = DriverError("cut"), ZeroDivisionError()
    assert single_error(ExceptionGroup("a", [ExceptionGroup("b", [ours])])) is ours
    group = ExceptionGroup("a", [ours, bug])
    assert single_error(group) is group
