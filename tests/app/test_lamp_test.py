"""The lamp test by hand, with the real engine."""

import asyncio
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from devices.recording import RecordingOutput
from devices.worker import WorkerOutput
from queue_alert.app.config import Setup, build_setup
from queue_alert.app.lamp_test import LampTest
from queue_alert.app.outputs import OutputSide
from queue_alert.app.registry import Registry
from queue_alert.ports import DriverError
from tests.devices.helpers import LoopClock, lit_spans, shown_since


def setup_with(**outputs: str) -> Setup:
    tables = {name: {"driver": "recording", "kind": kind} for name, kind in outputs.items()}
    return build_setup(
        {"timezone": "UTC", "feeds": {"floor": {"driver": "simulator"}}, "outputs": tables},
        file="config.toml",
        base=Path(),
        registry=Registry(),
    )


def make(said: list[str], setup: Setup, **more: Any) -> tuple[LampTest, OutputSide]:
    side = OutputSide(setup, Registry(), LoopClock())
    return LampTest(side, said.append, **more), side


@pytest.fixture
def tower() -> Setup:
    return setup_with(tower="tower")


@pytest.fixture
def room() -> Setup:
    return setup_with(lamp="lamp", bell="buzzer", rgb="rgb")


@pytest.mark.looptime
async def test_a_tower_shows_each_tier_and_every_pattern_and_ends_dark(tower: Setup) -> None:
    said: list[str] = []
    test, side = make(said, tower)
    assert await test.run()
    assert said == [
        "tower: every lamp in turn",
        "  tower: red #ff0000",
        "  tower: yellow #ffc000",
        "  tower: green #00c000",
        "3 waiting",
        "  tower: green #00c000",
        "3 waiting, warning",
        "  tower: yellow #ffc000",
        "3 waiting, critical",
        "  tower: red #ff0000",
        "stale: the feed is lost",
        "  tower: red #ff0000, yellow #ffc000",
    ]
    output = side.outputs["tower"]
    assert isinstance(output, RecordingOutput)
    history = shown_since(output)
    assert [lit_spans(history, lamp)[0] for lamp in ("red", "yellow", "green")] == [
        (0.0, 1.0),
        (1.5, 1.0),
        (3.0, 1.0),
    ]
    assert history[-1][1] == {"red": "off", "yellow": "off", "green": "off"}


@pytest.mark.looptime
async def test_all_outputs_are_tested_one_after_the_other_then_together(room: Setup) -> None:
    said: list[str] = []
    test, _side = make(said, room)
    assert await test.run()
    assert said[:9] == [
        "lamp: every lamp in turn",
        "  lamp: lamp #ffb000",
        "bell: every lamp in turn",
        "  bell: buzzer #ffb000",
        "rgb: every lamp in turn",
        "  rgb: rgb #ff0000",
        "  rgb: rgb #00ff00",
        "  rgb: rgb #0000ff",
        "3 waiting",
    ]
    assert said[9:11] == ["  lamp: lamp #ffb000", "  rgb: rgb #0000ff"]
    assert said.count("  bell: buzzer #ffb000") == 4  # warning, critical and the lost feed


@pytest.mark.looptime
async def test_an_output_that_fails_is_told_and_the_others_are_tested(room: Setup) -> None:
    said: list[str] = []
    test, side = make(said, room)
    lamp = side.outputs["lamp"]
    assert isinstance(lamp, RecordingOutput)
    lamp.fail("outputs.lamp: is gone")
    assert not await test.run()
    assert said[:2] == ["  lamp: failed: is gone", "bell: every lamp in turn"]


@pytest.mark.looptime
async def test_where_nothing_works_nothing_is_played(tower: Setup) -> None:
    said: list[str] = []
    test, side = make(said, tower)
    lamp = side.outputs["tower"]
    assert isinstance(lamp, RecordingOutput)
    lamp.fail("is gone")
    assert not await test.run()
    assert said == ["  tower: failed: is gone"]


@pytest.mark.looptime
async def test_one_that_can_never_be_had_ends_it_with_its_sentence(tower: Setup) -> None:
    test, side = make([], tower)
    lamp = side.outputs["tower"]
    assert isinstance(lamp, RecordingOutput)
    lamp.fail("there is no pin 99", recoverable=False)
    with pytest.raises(ExceptionGroup) as caught:
        await test.run()
    assert [str(error) for error in caught.value.exceptions] == ["there is no pin 99"]


@pytest.mark.looptime
async def test_whoever_breaks_it_off_leaves_it_dark(tower: Setup) -> None:
    test, side = make([], tower)
    task = asyncio.create_task(test.run())
    await asyncio.sleep(0.6)
    output = side.outputs["tower"]
    assert isinstance(output, RecordingOutput)
    assert output.timeline[-1].lamps["red"] != "off"
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert set(output.timeline[-1].lamps.values()) == {"off"}


class Gone:
    """A device that is not there, or hangs until it is let go."""

    def __init__(self, *, gate: threading.Event | None = None) -> None:
        self.gate = gate
        self.said: list[str] = []

    def open(self) -> None:
        if self.gate is None:
            raise DriverError("the lamp is gone")
        self.gate.wait(10)

    def show(self, lamps: Mapping[str, str]) -> None:
        self.said.append("show")

    def close(self) -> None:
        self.said.append("close")


@pytest.mark.parametrize(
    ("is_hanging", "reason"), [(False, "the lamp is gone"), (True, "does not answer within 0.2 s")]
)
async def test_one_in_a_thread_of_its_own_is_waited_for_but_not_for_ever(
    tower: Setup, is_hanging: bool, reason: str
) -> None:
    gate = threading.Event()
    device = Gone(gate=gate if is_hanging else None)
    output = WorkerOutput("tower", ("red", "yellow", "green"), device)
    said: list[str] = []
    test, side = make(said, tower, settle_s=0.2)
    side.outputs["tower"] = output
    side._setups["lamps"] = [
        type(one)(name=one.name, driver=one.driver, options=one.options, output=output)
        for one in side._setups["lamps"]
    ]
    assert not await test.run()
    assert said == [f"  tower: failed: {reason}"]
    gate.set()
    assert output.worker.thread is not None
    await asyncio.to_thread(output.worker.thread.join, 10)
    assert device.said[-1] == "close"
