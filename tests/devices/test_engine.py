"""The engine: opens, plays, survives faults and leaves everything dark."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from devices import gpio, virtual
from devices.engine import LampEngine
from devices.kinds import Kind
from devices.patterns import PatternOptions
from devices.recording import RecordingOutput
from queue_alert.app.clock import SteadyClock
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import DriverError, OutputSetup
from tests.devices.helpers import EPOCH, LoopClock, lit_spans, setup_of, shown_since

pytestmark = pytest.mark.looptime

ON, OFF = {"lamp": "#ffb000"}, {"lamp": "off"}


class Watcher:
    """Keeps what the engine reports."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, Mapping[str, str], str]] = []

    def __call__(self, output: str, lamps: Mapping[str, str], fault: str) -> None:
        self.reports.append((output, lamps, fault))

    def faults(self, output: str) -> list[str]:
        """Return the faults of an output in the order in which they came and went."""
        changes: list[str] = []
        for name, _lamps, fault in self.reports:
            if name == output and (not changes or changes[-1] != fault):
                changes.append(fault)
        return changes


class Room:
    """An engine with recording outputs, one lamp each."""

    def __init__(
        self, *names: str, options: PatternOptions | None = None, others: Sequence[OutputSetup] = ()
    ) -> None:
        self.clock = LoopClock()
        self.watcher = Watcher()
        self.outputs = {name: RecordingOutput(self.clock, name=name) for name in names}
        setups = [setup_of(name, output) for name, output in self.outputs.items()]
        self.engine = LampEngine([*setups, *others], options or PatternOptions(), self.clock, self.watcher)

    def show(self, level: SignalLevel) -> None:
        for name in self.outputs:
            self.engine.show(name, level)

    def spans(self, name: str) -> list[tuple[float, float]]:
        return lit_spans(shown_since(self.outputs[name]), "lamp")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self.engine.run(), name="engine")
        await asyncio.sleep(0)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()


async def test_levels_are_played_exactly_on_the_beat() -> None:
    room = Room("lamp")
    room.show(SignalLevel(2))
    async with room.running():
        await asyncio.sleep(2.9)
    assert shown_since(room.outputs["lamp"]) == [
        (0.0, OFF),
        (0.0, ON),
        (0.25, OFF),
        (0.5, ON),
        (0.75, OFF),
        (2.5, ON),
        (2.75, OFF),
        (2.9, OFF),
    ]


async def test_ten_minutes_of_flashing_on_the_loop_end_without_drift() -> None:
    room = Room("lamp")
    room.show(SignalLevel(1, Severity.CRITICAL))
    async with room.running():
        await asyncio.sleep(600.1)
    spans = room.spans("lamp")
    assert spans == [(beat * 0.5, 0.25) for beat in range(1200)] + [(600.0, 0.1)]


class Dawdler(RecordingOutput):
    """Takes a while over each change, and holds everything up meanwhile."""

    TAKES_S = 0.03

    def write(self, lamps: Mapping[str, str]) -> None:
        super().write(lamps)
        end = time.monotonic() + self.TAKES_S
        while time.monotonic() < end:
            pass


@pytest.mark.looptime(False)
async def test_on_the_real_clock_what_is_late_by_itself_does_not_make_the_next_one_later() -> None:
    """Each change would be 30 ms later than the one before if they were not aimed at the grid."""
    clock = SteadyClock()
    outputs = [Dawdler(clock, name="slow"), RecordingOutput(clock, name="lamp")]
    setups = [setup_of(output._name, output) for output in outputs]
    engine = LampEngine(setups, PatternOptions(), clock, Watcher())
    for output in outputs:
        engine.show(output._name, SignalLevel(1, Severity.CRITICAL))
    task = asyncio.get_running_loop().create_task(engine.run(), name="engine")
    await asyncio.sleep(2.2)
    task.cancel()
    await asyncio.wait([task])
    for output in outputs:
        # The best of a few: what else the machine does is no drift.
        errors = [shown.at % 0.25 for shown in output.timeline[1:-1]]
        assert min(errors[-4:]) < 0.1, errors


async def test_the_observer_sees_every_change_and_the_dark_at_both_ends() -> None:
    room = Room("lamp")
    room.show(SignalLevel(1))
    async with room.running():
        await asyncio.sleep(0.4)
    assert room.watcher.reports == [
        ("lamp", OFF, ""),
        ("lamp", ON, ""),
        ("lamp", OFF, ""),
        ("lamp", OFF, ""),
    ]


async def test_a_new_level_wakes_an_engine_that_sleeps() -> None:
    room = Room("lamp")
    room.show(SignalLevel())
    async with room.running():
        await asyncio.sleep(7.2)
        room.show(SignalLevel(1))
        await asyncio.sleep(1.0)
    assert room.spans("lamp") == [(7.2, 0.25)]


async def test_before_the_first_level_lamps_say_that_nothing_is_known() -> None:
    room = Room("lamp")
    async with room.running():
        await asyncio.sleep(1.5)
    assert room.spans("lamp") == [(0.0, 1.0)]


async def test_an_idle_engine_sets_no_timer() -> None:
    room = Room("lamp")
    room.show(SignalLevel())
    async with room.running():
        await asyncio.sleep(1.0)
        assert asyncio.get_running_loop()._scheduled == []  # type: ignore[attr-defined]
    assert shown_since(room.outputs["lamp"]) == [(0.0, OFF), (1.0, OFF)]


async def test_an_unknown_output_is_an_error() -> None:
    with pytest.raises(KeyError):
        Room("lamp").engine.show("other", SignalLevel())


async def test_a_fault_in_one_output_costs_the_others_no_flash(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="devices.engine")
    room = Room("broken", "sound")
    room.show(SignalLevel(1, Severity.CRITICAL))
    async with room.running():
        await asyncio.sleep(2.1)
        room.outputs["broken"].fail("pin 17 cannot be written")
        await asyncio.sleep(7.8)
        room.outputs["broken"].heal()
        room.show(SignalLevel(2))
        await asyncio.sleep(10.0)
    assert room.spans("sound")[:21] == [(beat * 0.5, 0.25) for beat in range(20)] + [(11.5, 0.25)]
    # It failed at 2.25 s, was tried after 1, 2 and 4 s and shows what is newest from the next beat on.
    spans = room.spans("broken")
    assert spans[:5] == [(0.0, 0.25), (0.5, 0.25), (1.0, 0.25), (1.5, 0.25), (2.0, 0.25)]
    assert spans[5:] == [(17.5, 0.25), (18.0, 0.25)]
    assert room.watcher.faults("broken") == ["", "pin 17 cannot be written", ""]
    assert room.watcher.faults("sound") == [""]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "output failed output=broken again_in=1s reason=pin 17 cannot be written"),
        ("DEBUG", "output failed output=broken again_in=2s reason=pin 17 cannot be written"),
        ("DEBUG", "output failed output=broken again_in=4s reason=pin 17 cannot be written"),
        ("DEBUG", "output failed output=broken again_in=8s reason=pin 17 cannot be written"),
        ("INFO", "output recovered output=broken"),
    ]


async def test_the_pause_grows_to_half_a_minute_and_shrinks_after_a_healthy_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="devices.engine")
    room = Room("lamp")
    room.outputs["lamp"].fail("unplugged")
    async with room.running():
        await asyncio.sleep(100.0)
        room.outputs["lamp"].heal()
        await asyncio.sleep(100.0)
        room.outputs["lamp"].fail("unplugged")
        await asyncio.sleep(2.5)
    pauses = [record.getMessage().split()[3] for record in caplog.records if "failed" in record.getMessage()]
    assert pauses == [f"again_in={pause}s" for pause in (1, 2, 4, 8, 16, 30, 30, 30, 1, 2)]


async def test_a_lamp_that_fails_again_at_once_is_tried_less_and_less(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="devices.engine")
    room = Room("lamp")
    lamp = room.outputs["lamp"]
    async with room.running():
        await asyncio.sleep(0.1)
        lamp.fail("flaky")
        await asyncio.sleep(1.0)
        lamp.heal()
        await asyncio.sleep(1.0)
        lamp.fail("flaky")
        await asyncio.sleep(3.0)
    assert [(record.levelname, record.getMessage().split()[3:4]) for record in caplog.records] == [
        ("WARNING", ["again_in=1s"]),
        ("INFO", []),
        ("WARNING", ["again_in=2s"]),
        ("DEBUG", ["again_in=4s"]),
    ]


async def test_an_output_that_cannot_be_had_at_the_start_ends_the_engine_and_darkens_the_others() -> None:
    room = Room("sound", "wrong")
    room.outputs["wrong"].fail("outputs.wrong: this board has no pin 99", recoverable=False)
    with pytest.raises(DriverError, match="this board has no pin 99"):
        await room.engine.run()
    assert shown_since(room.outputs["sound"]) == [(0.0, OFF), (0.0, OFF)]


async def test_an_output_that_may_come_back_at_the_start_is_tried_in_the_background() -> None:
    room = Room("lamp")
    room.show(SignalLevel(1))
    room.outputs["lamp"].fail("unplugged")
    async with room.running():
        await asyncio.sleep(0.5)
        room.outputs["lamp"].heal()
        await asyncio.sleep(1.0)
    assert room.spans("lamp") == [(1.0, 0.25)]
    assert room.watcher.faults("lamp") == ["unplugged", ""]


async def test_an_output_is_tried_again_in_time_though_the_others_rest() -> None:
    room = Room("broken", "sound")
    room.show(SignalLevel(1))
    room.outputs["broken"].fail("unplugged")
    async with room.running():
        await asyncio.sleep(0.5)
        room.outputs["broken"].heal()
        await asyncio.sleep(2.0)
    assert room.spans("broken") == [(1.0, 0.25)]
    assert room.spans("sound") == [(0.0, 0.25), (2.0, 0.25)]


async def test_an_output_that_is_broken_for_good_is_left_alone() -> None:
    room = Room("broken", "sound")
    room.show(SignalLevel(1))
    async with room.running():
        await asyncio.sleep(0.4)
        room.outputs["broken"].fail("burnt", recoverable=False)
        await asyncio.sleep(2.0)
        room.outputs["broken"].heal()
        await asyncio.sleep(120.0)
    assert room.spans("broken") == [(0.0, 0.25)]
    assert len(room.spans("sound")) == 62
    assert room.watcher.faults("broken") == ["", "burnt"]


async def test_every_lamp_is_dark_after_a_bug_in_one_output() -> None:
    class Faulty(RecordingOutput):
        def write(self, lamps: Mapping[str, str]) -> None:
            raise ZeroDivisionError

    clock = LoopClock()
    room = Room("sound", others=[setup_of("faulty", Faulty(clock))])
    with pytest.raises(ZeroDivisionError):
        await room.engine.run()
    assert shown_since(room.outputs["sound"]) == [(0.0, OFF), (0.0, ON), (0.0, OFF)]


async def test_every_lamp_is_dark_though_closing_another_fails() -> None:
    class Sticky(RecordingOutput):
        def close(self) -> None:
            raise OSError("stuck")

    clock = LoopClock()
    room = Room("first", others=[setup_of("sticky", Sticky(clock))])
    last = RecordingOutput(clock)
    room.engine = LampEngine(
        [setup_of("first", room.outputs["first"]), setup_of("sticky", Sticky(clock)), setup_of("last", last)],
        PatternOptions(),
        room.clock,
        room.watcher,
    )
    with pytest.raises(OSError, match="stuck"):
        async with room.running():
            await asyncio.sleep(0.1)
    assert shown_since(room.outputs["first"])[-1] == (0.1, OFF)
    assert shown_since(last)[-1] == (0.1, OFF)


async def test_close_makes_everything_dark_at_once_and_for_good() -> None:
    room = Room("lamp")
    room.show(SignalLevel(1, Severity.CRITICAL))
    async with room.running():
        await asyncio.sleep(0.1)
        room.engine.close()
        room.engine.close()
        room.show(SignalLevel(9))
        await asyncio.sleep(10.0)
    assert shown_since(room.outputs["lamp"]) == [(0.0, OFF), (0.0, ON), (0.1, OFF)]


async def test_an_engine_that_is_closed_by_its_observer_writes_nothing_more() -> None:
    room = Room("first", "second")
    room.show(SignalLevel(1))

    def close_when_lit(_output: str, lamps: Mapping[str, str], _fault: str) -> None:
        if lamps == ON:
            room.engine.close()

    setups = [setup_of(name, output) for name, output in room.outputs.items()]
    room.engine = LampEngine(setups, PatternOptions(), room.clock, close_when_lit)
    async with room.running():
        await asyncio.sleep(3.0)
    assert shown_since(room.outputs["first"]) == [(0.0, OFF), (0.0, ON), (0.0, OFF)]
    assert shown_since(room.outputs["second"]) == [(0.0, OFF), (0.0, OFF)]


async def test_an_engine_that_was_closed_before_it_ran_lights_nothing() -> None:
    room = Room("lamp")
    room.engine.close()
    async with room.running():
        await asyncio.sleep(3.0)
    assert shown_since(room.outputs["lamp"]) == []


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
async def test_a_step_of_the_clock_never_stops_a_lamp(step: float, caplog: pytest.LogCaptureFixture) -> None:
    room = Room("lamp")
    room.show(SignalLevel(1))
    async with room.running():
        await asyncio.sleep(1.0)
        room.clock.step(step)
        await asyncio.sleep(9.0)
    starts = [round(at - (step if at > 100 or at < 0 else 0.0), 3) for at, _length in room.spans("lamp")]
    assert starts[0] == 0.0
    assert [round(later - earlier, 3) for earlier, later in pairwise(starts[1:])] == [2.0, 2.0]
    assert starts[1] <= 5.0
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert messages == ["lamps were late or the clock was stepped, they begin anew count=1"]


async def test_a_loop_that_wakes_a_hair_early_plays_the_change_and_does_not_spin() -> None:
    class SlowClock(LoopClock):
        calls = 0

        def now(self) -> float:
            self.calls += 1
            return super().now() - 1e-4 * (asyncio.get_running_loop().time() > 0)

    clock = SlowClock()
    lamp = RecordingOutput(clock)
    engine = LampEngine([setup_of("lamp", lamp)], PatternOptions(), clock, Watcher())
    engine.show("lamp", SignalLevel(1, Severity.CRITICAL))
    room = Room()
    room.engine = engine
    async with room.running():
        await asyncio.sleep(10.0)
    assert len(lit_spans(shown_since(lamp), "lamp")) == 20
    assert clock.calls < 300


async def test_options_that_flash_too_fast_are_never_played() -> None:
    room = Room("lamp", options=PatternOptions(on_s=0.1, off_s=0.1))
    with pytest.raises(DriverError, match="patterns: up to 6 flashes could begin within one second"):
        await room.engine.run()
    assert room.spans("lamp") == []


def test_check_measures_all_outputs_together() -> None:
    fast = PatternOptions(on_s=0.1, off_s=0.1, gap_s=1.0, critical_hz=2.5, long_s=0.3)
    buzzer = ("buzzer", gpio.BUZZER, gpio.BuzzerOptions(pin=17))
    lamp = ("lamp", virtual.DRIVER, virtual.VirtualOptions())
    foreign = ("foreign", virtual.DRIVER, object())
    assert LampEngine.check([buzzer, lamp], PatternOptions()) == []
    assert LampEngine.check([buzzer], fast) == []
    assert [problem.path for problem in LampEngine.check([buzzer, lamp], fast)] == ["patterns"]
    assert [problem.path for problem in LampEngine.check([foreign], fast)] == ["patterns"]


def test_check_measures_no_speed_while_an_option_is_wrong() -> None:
    problems = LampEngine.check(
        [("lamp", virtual.DRIVER, virtual.VirtualOptions())], PatternOptions(on_s=0.0)
    )
    assert [problem.path for problem in problems] == ["patterns.on_s"]


async def test_outputs_of_every_kind_play_together() -> None:
    clock = LoopClock()
    outputs = {kind.value: RecordingOutput(clock, lamps=kind.lamps) for kind in Kind}
    room = Room()
    room.engine = LampEngine(
        [setup_of(name, output) for name, output in outputs.items()], PatternOptions(), clock, Watcher()
    )
    for name in outputs:
        room.engine.show(name, SignalLevel(2, Severity.CRITICAL))
    async with room.running():
        await asyncio.sleep(1.4)
    assert {
        name: [start for lamp in output.lamps for start, _ in lit_spans(shown_since(output, EPOCH), lamp)]
        for name, output in outputs.items()
    } == {
        "lamp": [0.0, 0.5, 1.0],
        "tower": [0.0, 0.5],
        "two-tier-tower": [0.0, 0.5, 1.0],
        "rgb": [0.0, 0.5, 1.0],
        "buzzer": [0.0, 0.5, 1.0],
    }
