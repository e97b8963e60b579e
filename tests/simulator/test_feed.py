"""The simulator as a feed, in simulated loop time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from queue_alert.core.events import (
    AcdEvent,
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactLeft,
    ContactQueued,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
)
from queue_alert.core.units import Instant
from queue_alert.ports import ConfigProblem, DriverError, FeedContext, RecordingFormat, Skipped, Translator
from simulator.feed import DRIVER, SimulatorOptions
from tests.simulator.helpers import START


class LoopClock:
    """A steady line that follows the loop's own time; ``step_s`` is a step of the wall clock."""

    def __init__(self) -> None:
        self.step_s = 0.0

    def now(self) -> Instant:
        return START + self.step_s + asyncio.get_running_loop().time()


def none_skipped(kind: Skipped, detail: str) -> None:
    raise AssertionError(f"{kind}: {detail}")


def no_translator(name: str) -> Translator:
    raise AssertionError(name)


def no_recording(name: str) -> RecordingFormat:
    raise AssertionError(name)


def context(clock: LoopClock, base: Path = Path()) -> FeedContext:
    return FeedContext(
        name="floor",
        clock=clock,
        skipped=none_skipped,
        translator=no_translator,
        recording=no_recording,
        base=base,
    )


async def listen(
    options: SimulatorOptions,
    seconds: float,
    *,
    clock: LoopClock | None = None,
    heard: Callable[[AcdEvent], None] = lambda _event: None,
) -> list[tuple[float, AcdEvent]]:
    """Return every event with the loop's time at which it came."""
    loop = asyncio.get_running_loop()
    said: list[tuple[float, AcdEvent]] = []

    def submit(event: AcdEvent) -> None:
        said.append((loop.time(), event))
        heard(event)

    feed = DRIVER.create(options, context(clock or LoopClock()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await feed.run(submit)
    return said


@pytest.mark.looptime
async def test_it_shows_a_floor_with_waiting_callers_at_once() -> None:
    said = await listen(SimulatorOptions(), 2.0)
    at_once = [event for at, event in said if at == 0.0]
    assert [event.state for event in at_once if isinstance(event, FeedStatusChanged)] == [
        FeedState.SYNCING,
        FeedState.LIVE,
    ]
    assert sum(len(event.waiting) for event in at_once if isinstance(event, GroupSnapshotTaken)) >= 2
    assert {event.source for event in at_once} == {"floor"}


@pytest.mark.looptime
@pytest.mark.parametrize("speed", [0.1, 1.0, 10.0, 1_000.0])
async def test_every_event_comes_when_it_says_it_happens(speed: float) -> None:
    said = await listen(SimulatorOptions(speed=speed), 120.0 / speed)
    assert len(said) > 20
    for at, event in said:
        assert event.time == pytest.approx(START + at, abs=0.002)


@pytest.mark.looptime
@pytest.mark.parametrize("speed", [1.0, 20.0])
async def test_spans_and_ages_agree_at_any_speed(speed: float) -> None:
    queued: dict[str, float] = {}
    checked = 0

    def hear(event: AcdEvent) -> None:
        nonlocal checked
        if isinstance(event, ContactQueued):
            queued[event.contact] = event.time
        elif isinstance(event, ContactAnswered | ContactLeft) and event.contact in queued:
            assert event.queue_s == pytest.approx(event.time - queued[event.contact], abs=0.005)
            checked += 1
        elif isinstance(event, GroupSnapshotTaken):
            for contact in event.waiting:
                began = queued.setdefault(contact.contact, contact.queued_at or 0.0)
                assert contact.queued_at == pytest.approx(began, abs=0.005)

    await listen(SimulatorOptions(speed=speed), 900.0 / speed, heard=hear)
    assert checked > 50


@pytest.mark.looptime
async def test_ten_times_the_speed_brings_the_same_story_in_a_tenth_of_the_time() -> None:
    usual = await listen(SimulatorOptions(seed=4), 300.0)
    quick = await listen(SimulatorOptions(seed=4, speed=10.0), 30.0)

    def story(said: list[tuple[float, AcdEvent]]) -> list[tuple[str, str]]:
        return [
            (event.contact, type(event).__name__)
            for _, event in said
            if isinstance(event, ContactQueued | ContactAnswered | ContactLeft)
        ]

    def numbered(said: list[tuple[float, AcdEvent]]) -> list[tuple[str, str]]:
        # Contact ids tell when the contact joined, and the second run began 300 s later.
        return [(contact.split(".")[1], kind) for contact, kind in story(said)]

    assert numbered(quick) == numbered(usual)
    assert len(story(quick)) > 20


@pytest.mark.looptime
@pytest.mark.parametrize("speed", [0.5, 4.0])
async def test_a_snapshot_comes_every_thirty_real_seconds(speed: float) -> None:
    said = await listen(SimulatorOptions(speed=speed), 95.0)
    times = sorted({round(at, 1) for at, event in said if isinstance(event, GroupSnapshotTaken)})
    assert times == [0.0, 30.0, 60.0, 90.0]


@pytest.mark.looptime
async def test_a_step_of_the_wall_clock_moves_the_times_and_hurries_nothing() -> None:
    clock = LoopClock()

    def step(event: AcdEvent) -> None:
        if isinstance(event, FeedStatusChanged) and event.state is FeedState.LIVE:
            clock.step_s = 3_600.0

    stepped = await listen(SimulatorOptions(), 60.0, clock=clock, heard=step)
    steady = await listen(SimulatorOptions(), 60.0)
    assert [at for at, _ in stepped] == pytest.approx([at - 60.0 for at, _ in steady], abs=0.002)
    assert stepped[-1][1].time == pytest.approx(START + 3_600.0 + stepped[-1][0], abs=0.002)


@pytest.mark.looptime
async def test_run_again_goes_on_with_the_same_floor() -> None:
    said: list[AcdEvent] = []
    feed = DRIVER.create(SimulatorOptions(), context(LoopClock()))
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(20.0):
                await feed.run(said.append)
    numbered = [event.seq for event in said if not isinstance(event, GroupSnapshotTaken)]
    assert numbered == list(range(1, len(numbered) + 1))
    assert sum(isinstance(event, FeedStatusChanged) for event in said) == 4


@pytest.mark.looptime
async def test_agents_wrap_up_for_as_long_as_they_say() -> None:
    wrapping: dict[str, float] = {}
    checked = 0
    for _, event in await listen(SimulatorOptions(speed=10.0), 60.0):
        if not isinstance(event, AgentStateChanged):
            continue
        if event.agent in wrapping:
            assert event.time == pytest.approx(wrapping.pop(event.agent), abs=0.005)
            checked += 1
        if event.state is AgentState.WRAPUP:
            wrapping[event.agent] = event.time + (event.wrapup_s or 0.0)
    assert checked > 20


@pytest.mark.looptime
async def test_a_process_that_was_stopped_does_not_catch_up() -> None:
    """A loop that comes back an hour late finds a floor that stood still, not an hour's events at once."""
    loop = asyncio.get_running_loop()
    late = LateSleep()
    said: list[AcdEvent] = []
    feed = DRIVER.create(SimulatorOptions(), context(late))
    task = asyncio.ensure_future(feed.run(said.append))
    await asyncio.sleep(5.0)
    before = len(said)
    late.jump(loop, 3_600.0)
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(said) - before < 100


class LateSleep(LoopClock):
    """Lets the loop's time jump as it does for a process that was stopped and continued."""

    def jump(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        usual = loop.time
        loop.time = lambda: usual() + seconds  # type: ignore[method-assign]


def problems(**options: object) -> list[ConfigProblem]:
    return DRIVER.check(DRIVER.options(**options))


def test_good_options_are_accepted() -> None:
    assert problems(speed=0.1) == []
    assert problems(speed=1_000.0, time_of_day="08:15") == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"speed": 0.0}, ConfigProblem(path="speed", message="must be 0.1 to 1000, got 0")),
        ({"speed": float("nan")}, ConfigProblem(path="speed", message="must be 0.1 to 1000, got nan")),
        (
            {"scenario": "moon"},
            ConfigProblem(
                path="scenario",
                message="must be one of demo, monday-peak, outage, quiet-morning, understaffed or a file "
                'that ends in .toml, got "moon"',
            ),
        ),
        (
            {"time_of_day": "late"},
            ConfigProblem(path="time_of_day", message='must be a time of day such as "10:30", got "late"'),
        ),
    ],
)
def test_every_bad_option_is_named(options: dict[str, object], problem: ConfigProblem) -> None:
    assert problems(**options) == [problem]


def test_all_mistakes_are_reported_at_once() -> None:
    assert len(problems(speed=5_000.0, scenario="moon", time_of_day="25:00")) == 3


@pytest.mark.looptime
async def test_the_time_of_day_is_that_of_the_option() -> None:
    night = await listen(SimulatorOptions(time_of_day="03:00", speed=10.0), 60.0)
    day = await listen(SimulatorOptions(time_of_day="10:00", speed=10.0), 60.0)
    assert len(night) < len(day) / 3


@pytest.mark.looptime
async def test_a_floor_of_ones_own_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[[groups]]\nname = "hotline"\narrivals = 600\nmean_handling = "1m"\n', encoding="utf-8")
    options = SimulatorOptions(scenario="mine.toml")
    assert DRIVER.check(options) == []
    said: list[AcdEvent] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60.0):
            await DRIVER.create(options, context(LoopClock(), tmp_path)).run(said.append)
    assert {event.group for event in said if isinstance(event, ContactQueued)} == {"hotline"}


async def test_a_floor_with_a_mistake_is_not_tried_again(tmp_path: Path) -> None:
    feed = DRIVER.create(SimulatorOptions(scenario="mine.toml"), context(LoopClock(), tmp_path))
    with pytest.raises(
        DriverError, match=r"^mine.toml: cannot be read: no such file or directory$"
    ) as caught:
        await feed.run(lambda _event: None)
    assert not caught.value.recoverable
