"""Buttons under the monitor: what a press does, and that a dead button is never taken for a good one."""

import asyncio
import logging
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from queue_alert.app.buttons import ButtonSide
from queue_alert.app.config import build_setup
from queue_alert.core.events import (
    OUR_OWN,
    AcdEvent,
    AlertAcknowledged,
    EscalationMode,
    EscalationRequested,
    FeedState,
)
from queue_alert.core.units import GroupName
from queue_alert.ports import DriverError
from tests.app.fakes import LevelEngine, Randomness, ScriptedButton, ScriptedFeed, registry
from tests.app.test_runtime import get, make, running, with_port
from tests.devices.helpers import EPOCH, LoopClock, soon

FLOOR = (
    'timezone = "UTC"\n[feeds.pbx]\ndriver = "script"\nhost = "pbx1"\n'
    '[outputs.beacon]\ndriver = "pin"\npin = 17\n'
)
DESK = '[buttons.desk]\ndriver = "push"\npin = 4\n'
PAD = '[buttons.pad]\ndriver = "pad"\nhost = "x"\n'


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    ScriptedFeed.made.clear()
    LevelEngine.made.clear()
    ScriptedButton.made.clear()


class Stage:
    """The buttons of a configuration and what they did."""

    def __init__(self, text: str) -> None:
        self.clock = LoopClock()
        setup = build_setup(tomllib.loads(FLOOR + text), file="c", base=Path(), registry=registry())
        side = ButtonSide(setup, clock=self.clock, randomness=Randomness())  # type: ignore[arg-type]
        self.events: list[AcdEvent] = []
        self.tests = 0
        self.said: list[tuple[str, bool, str]] = []
        self._tasks = asyncio.TaskGroup()
        self._side = side
        self._started: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._started = self._side.start(
            self._tasks, submit=self.events.append, test_lamps=self._test, say=self._say
        )
        await asyncio.sleep(0.001)
        return self

    async def __aexit__(self, *error: Any) -> None:  # noqa: PYI036 (handed on)
        for task in self._started:
            task.cancel()
        await self._tasks.__aexit__(*error)

    def _test(self) -> None:
        self.tests += 1

    def _say(self, name: str, is_up: bool, reason: str) -> None:
        self.said.append((name, is_up, reason))


async def press(button: ScriptedButton, key: str = "button", seconds: float = 0.2) -> None:
    """Press a key as people do: it bounces."""
    for is_down in (True, False, True):
        button.move(key, is_down=is_down)
        await asyncio.sleep(0.004)
    await asyncio.sleep(seconds)
    for is_down in (False, True, False):
        button.move(key, is_down=is_down)
        await asyncio.sleep(0.004)
    await asyncio.sleep(0.05)


def after_start(seconds: float) -> Any:
    return pytest.approx(EPOCH + seconds, abs=0.005)


@pytest.mark.looptime
async def test_a_press_is_an_acknowledgement_once() -> None:
    async with Stage(f'{DESK}action = "acknowledge"\ngroups = ["sales"]') as stage:
        button = ScriptedButton.made["desk"]
        assert button.context.name == "desk"
        await asyncio.sleep(1)
        await press(button)
        await press(button)
    first, second = stage.events
    assert first == AlertAcknowledged(
        id=f"button desk-{EPOCH * 1e6:.0f}-1",
        source=OUR_OWN,
        time=after_start(1.039),
        groups=("sales",),
        by="button desk",
    )
    assert second.id == f"button desk-{EPOCH * 1e6:.0f}-2"
    assert stage.said == [("desk", True, "")]


@pytest.mark.looptime
async def test_an_emergency_counts_after_it_was_held() -> None:
    async with Stage(f'{DESK}action = "emergency"\ngroup = "sales"\nhold = "2s"') as stage:
        button = ScriptedButton.made["desk"]
        await press(button)
        assert stage.events == []
        await press(button, seconds=5)
    (event,) = stage.events
    assert event == EscalationRequested(
        id=f"button desk-{EPOCH * 1e6:.0f}-1",
        source=OUR_OWN,
        time=after_start(2.284),
        group=GroupName("sales"),
        mode=EscalationMode.EMERGENCY,
    )


@pytest.mark.looptime
async def test_each_key_of_a_keypad_does_what_it_is_for_and_others_nothing() -> None:
    keys = 'keys = { KEY_1 = "lamp-test", KEY_2 = { action = "acknowledge", groups = ["a"] } }'
    async with Stage(PAD + keys) as stage:
        pad = ScriptedButton.made["pad"]
        for key in ("KEY_1", "KEY_2", "KEY_3"):
            pad.move(key, is_down=True)
            pad.move(key, is_down=False)  # at once: its keys do not bounce
        assert stage.tests == 1
        assert [type(event) for event in stage.events] == [AlertAcknowledged]


@pytest.mark.looptime
async def test_a_key_that_is_down_at_the_start_does_nothing() -> None:
    async with Stage(f'{DESK}action = "lamp-test"') as stage:
        button = ScriptedButton.made["desk"]
        button.lose(DriverError("unplugged"))
        await asyncio.sleep(0.1)
        button.fault = None
        button.down = {"button"}
        await asyncio.sleep(5)
        assert (button.runs, stage.tests) == (2, 0)
        button.move("button", is_down=False)
        await asyncio.sleep(1)
        await press(button)
        assert stage.tests == 1


@pytest.mark.looptime
async def test_a_stuck_key_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with Stage(f'{DESK}action = "lamp-test"\nstuck_after = "10s"') as stage:
        button = ScriptedButton.made["desk"]
        button.move("button", is_down=True)
        await asyncio.sleep(100)
        button.move("button", is_down=False)
        await asyncio.sleep(1)
    assert stage.said == [
        ("desk", True, ""),
        ("desk", False, "key button is stuck: it is down, and nobody can press it"),
        ("desk", True, ""),
    ]
    assert [record.message for record in caplog.records] == [
        "button=desk key=button action=lamp-test",
        "button=desk key=button state=stuck down_s=10",
        "button=desk key=button state=up recovered=true",
    ]


@pytest.mark.looptime
async def test_a_lost_button_is_logged_once_and_so_is_its_return(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with Stage(f'{DESK}action = "lamp-test"') as stage:
        button = ScriptedButton.made["desk"]
        button.lose(DriverError("the pad is gone"))
        await asyncio.sleep(100)
        button.fault = None
        await asyncio.sleep(60)
        assert button.runs > 4
    assert [record.message for record in caplog.records] == [
        "button=desk state=down retry_in_s=1.0 reason=the pad is gone",
        "button=desk state=up recovered=true",
    ]
    assert stage.said[0] == ("desk", True, "")
    assert set(stage.said[1:-1]) == {("desk", False, "the pad is gone")}
    assert stage.said[-1] == ("desk", True, "")


@pytest.mark.looptime
async def test_one_that_is_lost_while_its_key_is_stuck_is_no_longer_stuck_but_lost() -> None:
    async with Stage(f'{DESK}action = "lamp-test"\nstuck_after = "10s"') as stage:
        button = ScriptedButton.made["desk"]
        button.move("button", is_down=True)
        await asyncio.sleep(20)
        button.lose(DriverError("gone"))
        button.down.clear()
        await asyncio.sleep(0.1)
        button.fault = None
        await asyncio.sleep(20)
    assert [reason for _name, _is_up, reason in stage.said] == [
        "",
        "key button is stuck: it is down, and nobody can press it",
        "gone",
        "",
    ]


@pytest.mark.looptime
async def test_one_that_cannot_be_helped_is_given_up_and_said() -> None:
    async with Stage(f'{DESK}action = "lamp-test"') as stage:
        ScriptedButton.made["desk"].lose(DriverError("no such pin", recoverable=False))
        await asyncio.sleep(100)
        assert ScriptedButton.made["desk"].runs == 1
    assert stage.said[-1] == ("desk", False, "no such pin")


@pytest.mark.looptime
async def test_one_that_fails_as_soon_as_it_was_opened_was_never_up() -> None:
    class Brief(ScriptedButton):
        async def run(self, moved: Any) -> None:
            moved("button", False)
            raise DriverError("gone")

    stage = Stage(f'{DESK}action = "lamp-test"')
    ScriptedButton.made["desk"].__class__ = Brief
    async with stage:
        await asyncio.sleep(10)
    assert set(stage.said) == {("desk", False, "gone")}


@pytest.mark.looptime
async def test_a_key_that_the_device_does_not_have_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async with Stage(f'{PAD}keys = {{ KEY_1 = "lamp-test", KEY_2 = "lamp-test" }}') as stage:
        pad = ScriptedButton.made["pad"]
        pad.missing = {"KEY_2"}
        for _ in range(2):
            pad.lose(DriverError("gone"))
            await asyncio.sleep(0.1)
            pad.fault = None
            await asyncio.sleep(40)
    assert stage.said[-1] == ("pad", False, "there is no key KEY_2")
    assert [record.message for record in caplog.records if "missing" in record.message] == [
        "button=pad state=down missing_keys=KEY_2"
    ]


@pytest.mark.looptime
async def test_a_bug_in_a_button_is_no_fault_of_the_world() -> None:
    async def break_it() -> None:
        async with Stage(f'{DESK}action = "lamp-test"'):
            ScriptedButton.made["desk"].lose(ZeroDivisionError())
            await asyncio.sleep(1)

    with pytest.raises(ExceptionGroup) as caught:
        await break_it()
    assert isinstance(caught.value.exceptions[0], ZeroDivisionError)


@pytest.fixture
def serving() -> Any:
    """A runtime with a button that serves pages."""
    return make(with_port(0) + f'{DESK}action = "lamp-test"\ndebounce = "0s"\n')


async def test_health_says_a_dead_button_and_a_press_tests_all_lamps(serving: Any) -> None:
    async with running(serving[0]) as port:
        ScriptedFeed.made["pbx"].say(FeedState.LIVE)
        button = ScriptedButton.made["desk"]
        await soon(lambda: button.runs > 0)
        button.move("button", is_down=True)
        assert "test beacon" in LevelEngine.made[0].log
        answer = await get(port, "/healthz")
        assert b'"buttons":{"desk":{"is_up":true' in b"".join(answer.split())
        button.lose(DriverError("the pad is gone", recoverable=False))
        await asyncio.sleep(0.01)
        answer = await get(port, "/healthz")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"button desk is dead since 20" in answer
    assert b": the pad is gone" in answer
