"""Lamps behind a real broker: what is said, and what becomes of it when broker, lamp or program are gone."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from devices import mqtt_output
from devices.engine import LampEngine
from devices.mqtt import DRIVER
from devices.mqtt_options import MqttLampOptions
from devices.mqtt_output import MqttLampOutput
from devices.patterns import PatternOptions
from devices.recording import RecordingOutput
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import OutputContext, OutputSetup, SelfHealingOutput
from tests.adapters.mqtt.fake_broker import answering
from tests.adapters.mqtt.helpers import WallClock, until
from tests.adapters.mqtt.speaker import Speaker, speaking
from tests.adapters.mqtt.test_connection import with_password
from tests.devices.helpers import setup_of
from tests.services.mosquitto import Mosquitto, free_port, mosquitto

pytestmark = pytest.mark.process

ON, OFF = {"lamp": "#ffb000"}, {"lamp": "off"}
POWER = "cmnd/beacon/POWER"
IS_IT = "is the lamp switched on and connected, and is that its topic?"
REFUSED = "refused the login of username floor (Not authorized); check username and password_file against"
ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as running:
        yield running


def made(port: int, *, base: Path = Path(), **more: Any) -> tuple[MqttLampOutput, list[str]]:
    settings: dict[str, Any] = {"preset": "tasmota", "device": "beacon", "port": port} | more
    options = MqttLampOptions(**settings)
    output = DRIVER.create(options, OutputContext(name="beacon", clock=WallClock(), base=base))
    assert isinstance(output, MqttLampOutput)
    assert isinstance(output, SelfHealingOutput)
    output._again_s = 0.05
    faults: list[str] = []
    output.listen(faults.append)
    return output, faults


def at_least(lamp: Speaker, count: int) -> bool:
    return len(lamp.heard) >= count


async def ended(output: MqttLampOutput) -> None:
    """Close it and wait until it has said goodbye."""
    output.close()
    async with asyncio.timeout(10):
        await asyncio.gather(*(speaker.task for speaker in output._speakers))


async def test_what_is_to_be_shown_is_said_and_in_the_end_it_is_dark(broker: Mosquitto) -> None:
    output, faults = made(broker.port)
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        await until(lambda: lamp.heard)
        for count, shown in enumerate((ON, OFF, ON), start=2):
            output.write(shown)
            await until(partial(at_least, lamp, count))
        await ended(output)
        output.close()
        await until(lambda: len(lamp.heard) == 5)
    assert lamp.heard == [(POWER, word, False) for word in (b"OFF", b"ON", b"OFF", b"ON", b"OFF")]
    assert faults == []


async def test_every_lamp_of_a_tower_is_told_alone(broker: Mosquitto) -> None:
    output, _ = made(broker.port, kind="tower")
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        output.write({"red": "#ff0000", "yellow": "off", "green": "#00ff00"})
        await until(lambda: len({topic for topic, _, _ in lamp.heard}) == 3)
        assert {topic: payload for topic, payload, _ in lamp.heard} == {
            "cmnd/beacon/POWER": b"ON",
            "cmnd/beacon/POWER2": b"OFF",
            "cmnd/beacon/POWER3": b"ON",
        }
        await ended(output)
        await until(lambda: lamp.payloads("cmnd/beacon/POWER3")[-1] == b"OFF")


async def test_what_goes_dark_by_itself_is_told_again_in_time(broker: Mosquitto) -> None:
    output, _ = made(broker.port, preset="shelly", hold=1.0)
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        output.write(ON)
        began = time.monotonic()
        await until(lambda: len(lamp.heard) >= 3)
        assert 0.9 < time.monotonic() - began < 2.0
        assert {payload for _, payload, _ in lamp.heard} == {
            b'{"id":1,"src":"queue-alert","method":"Switch.Set","params":{"id":0,"on":true,"toggle_after":1}}'
        }
        await ended(output)


async def test_of_what_could_not_be_said_in_time_only_the_newest_is_said(broker: Mosquitto) -> None:
    output, _ = made(broker.port)
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        for _ in range(1000):
            output.write(ON)
            output.write(OFF)
        output.write(ON)
        await until(lambda: b"ON" in lamp.payloads(POWER))
        await ended(output)
    assert len(lamp.heard) <= 3


async def test_a_lamp_that_is_not_there_is_a_fault_and_is_told_when_it_comes(broker: Mosquitto) -> None:
    output, faults = made(broker.port)
    output.open()
    output.write(ON)
    await until(lambda: faults)
    async with speaking(broker.port, listen_to=POWER) as lamp:
        await until(lambda: lamp.payloads(POWER))
        await until(lambda: faults[-1] == "")
        await ended(output)
    assert lamp.heard[0] == (POWER, b"ON", False)
    assert faults == [
        f"nobody listens to {POWER} at 127.0.0.1:{broker.port}; {IS_IT}",
        "",
    ]


async def test_it_can_be_opened_again_and_is_dark_then(broker: Mosquitto) -> None:
    output, faults = made(broker.port)
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        output.write(ON)
        await until(lambda: b"ON" in lamp.payloads(POWER))
        output.close()
        output.open()
        await until(lambda: len(lamp.payloads(POWER)) >= 3)
        output.write(ON)
        await until(lambda: lamp.payloads(POWER)[-1] == b"ON")
        await ended(output)
    assert faults == []


async def test_a_task_that_is_cancelled_leaves_the_lamp_dark(broker: Mosquitto) -> None:
    output, _ = made(broker.port)
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        output.write(ON)
        await until(lambda: b"ON" in lamp.payloads(POWER))
        for speaker in output._speakers:
            speaker.task.cancel()
        await until(lambda: lamp.payloads(POWER)[-1] == b"OFF")
        with suppress(asyncio.CancelledError):
            await ended(output)


async def test_a_tower_has_one_fault_for_all_its_lamps_and_is_well_when_all_are(broker: Mosquitto) -> None:
    output, faults = made(broker.port, kind="tower", again=0.2)
    lit = {"red": "#ff0000", "yellow": "#ffb000", "green": "off"}
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        output.write(lit)
        await until(partial(at_least, lamp, 3))
        await broker.kill()
        await until(lambda: faults)
        await broker.start()
        async with speaking(broker.port, listen_to="#", client_id="again") as again:
            await until(lambda: faults[-1] == "")
            await until(lambda: len({topic for topic, _, _ in again.heard}) >= 3)
            assert {topic: payload for topic, payload, _ in again.heard} == {
                "cmnd/beacon/POWER": b"ON",
                "cmnd/beacon/POWER2": b"ON",
                "cmnd/beacon/POWER3": b"OFF",
            }
            assert faults.count("") == 1
            await ended(output)


async def test_a_broker_that_hangs_is_noticed_and_told_the_present_state_when_it_goes_on(
    broker: Mosquitto,
) -> None:
    output, faults = made(broker.port, connect_timeout=0.3)
    async with speaking(broker.port, listen_to="#") as lamp:
        output.open()
        await until(lambda: lamp.heard)
        assert broker._process is not None
        broker._process.send_signal(signal.SIGSTOP)
        try:
            output.write(ON)
            await until(lambda: faults)
            output.write(OFF)
            output.write(ON)
        finally:
            broker._process.send_signal(signal.SIGCONT)
        await until(lambda: faults[-1] == "")
        assert lamp.payloads(POWER)[-1] == b"ON"
        await ended(output)
    assert faults[0] == (
        f"connection to 127.0.0.1:{broker.port} was lost (nothing was acknowledged for 0.3 s)"
    )


async def test_what_was_is_not_shown_to_a_lamp_that_was_away(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_output, "_EXPIRES_S", 1)
    remembered: dict[str, Any] = {"client_id": "lamp", "session_expiry_s": 60}
    async with speaking(broker.port, listen_to=POWER, **remembered):
        pass
    output, faults = made(broker.port)
    output.open()
    output.write(ON)
    await asyncio.sleep(2.2)
    async with speaking(broker.port, **remembered) as lamp:
        output.write(OFF)
        await until(lambda: lamp.heard)
        await ended(output)
    assert lamp.payloads(POWER) == [b"OFF"] * len(lamp.heard)
    assert faults == []


# ---- what cannot be reached


async def fault_of(port: int, **more: Any) -> str:
    output, faults = made(port, **more)
    output.open()
    await until(lambda: faults)
    await ended(output)
    return faults[0].replace(f":{port}", ":PORT")


async def test_a_broker_that_is_not_there_is_told() -> None:
    assert await fault_of(free_port()) == (
        "cannot connect to 127.0.0.1:PORT (Connection refused); is the broker running, and has it a listener "
        "there?"
    )


async def test_a_broker_that_does_not_answer_is_told() -> None:
    async with answering(b"", then_hang_up=False) as port:
        assert await fault_of(port, connect_timeout=0.2) == (
            "127.0.0.1:PORT did not answer the connection within 0.2 s"
        )


async def test_a_wrong_password_is_told_and_a_right_one_lights_the_lamp(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open barley\n", encoding="utf-8")
    async with mosquitto(tmp_path, config=await with_password(tmp_path)) as broker:
        output, faults = made(
            broker.port,
            username="floor",
            password_file="secret",  # noqa: S106
            base=tmp_path,
        )
        output.open()
        output.write(ON)
        await until(lambda: faults)
        assert faults == [f"127.0.0.1:{broker.port} {REFUSED} the broker's password file"]
        (tmp_path / "secret").write_text("open sesame\n", encoding="utf-8")
        async with speaking(
            broker.port,
            listen_to="#",
            username="floor",
            password="open sesame",  # noqa: S106
        ) as lamp:
            await until(lambda: lamp.payloads(POWER) == [b"ON"])
            await until(lambda: faults[1:] == [""])
            await ended(output)


async def test_no_password_at_all_is_told_once_and_not_tried_again(broker: Mosquitto) -> None:
    output, faults = made(broker.port, username="floor")
    output.open()
    async with asyncio.timeout(10):
        await output._speakers[0].task
    output.write(ON)
    await ended(output)
    assert faults == [
        'no password: write password_file = "…" in [outputs.beacon], or set QUEUE_ALERT_BEACON_PASSWORD'
    ]


async def test_who_may_not_publish_is_told(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic read #\n", encoding="utf-8")
    async with mosquitto(tmp_path, config=[f"acl_file {acl}"]) as broker:
        assert await fault_of(broker.port) == (
            f"127.0.0.1:PORT does not let us publish {POWER} (Not authorized); check the broker's ACL"
        )


async def test_a_driver_that_breaks_says_so(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_output, "linked", lambda *_args, **_more: 1 / 0)
    assert await fault_of(broker.port) == "the driver broke; see the log"
    assert [record.message for record in caplog.records] == ["output broke output=beacon"]


# ---- in the engine, beside others


@asynccontextmanager
async def playing(engine: LampEngine) -> AsyncIterator[None]:
    task = asyncio.create_task(engine.run(), name="engine")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def engine_of(output: MqttLampOutput, other: RecordingOutput) -> LampEngine:
    mqtt = OutputSetup(name="beacon", driver=DRIVER, options=output._options, output=output)
    engine = LampEngine([mqtt, setup_of("other", other)], PatternOptions(), WallClock(), _nobody_looks)
    for name in ("beacon", "other"):
        engine.show(name, SignalLevel(1, Severity.CRITICAL))
    return engine


def _nobody_looks(_name: str, _lamps: Mapping[str, str], _fault: str) -> None:
    """Look away."""


def longest_pause(other: RecordingOutput) -> float:
    return max(after.at - before.at for before, after in pairwise(other.timeline))


async def heard(lamp: Speaker, is_so: Callable[[list[bytes]], object]) -> None:
    await until(lambda: is_so(lamp.payloads(POWER)))


async def test_a_broker_killed_under_a_lit_lamp_is_logged_once_and_back_the_lamp_flashes_on(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    output, _ = made(broker.port)
    output._again_s = mqtt_output.AGAIN_S
    other = RecordingOutput(WallClock())
    engine = engine_of(output, other)
    async with speaking(broker.port, listen_to="#") as lamp, playing(engine):
        await heard(lamp, lambda said: said.count(b"ON") >= 3)
        await broker.kill()
        await asyncio.sleep(1.2)  # several attempts
        await broker.start()
        back = time.monotonic()
        async with speaking(broker.port, listen_to="#", client_id="lamp") as again:
            await heard(again, lambda said: b"ON" in said)
            assert time.monotonic() - back < 2.0
            await heard(again, lambda said: said.count(b"ON") >= 3)
    records = [record.message for record in caplog.records if record.name == "devices.engine"]
    assert records[1:] == ["output recovered output=beacon"]
    assert records[0].startswith("output failed output=beacon reason=connection to 127.0.0.1:")
    lit = [shown.lamps["lamp"] != "off" for shown in other.timeline[1:-1]]
    assert lit == [number % 2 == 0 for number in range(len(lit))]
    assert longest_pause(other) < 0.5


# ---- the whole program is gone


@asynccontextmanager
async def program(port: int, ending: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.devices.mqtt_program", str(port), ending, cwd=ROOT
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_a_program_that_is_killed_leaves_the_lamp_dark_by_its_last_will(broker: Mosquitto) -> None:
    async with speaking(broker.port, listen_to="#") as lamp, program(broker.port, "stay") as process:
        await heard(lamp, lambda said: said[-1:] == [b"ON"])
        process.kill()
        await process.wait()
        await heard(lamp, lambda said: said[-1] == b"OFF")


@pytest.mark.parametrize("ending", ["close", "forget"])
async def test_a_program_that_ends_leaves_the_lamp_dark(broker: Mosquitto, ending: str) -> None:
    async with speaking(broker.port, listen_to="#") as lamp, program(broker.port, ending) as process:
        await heard(lamp, lambda said: said[-1:] == [b"ON"])
        assert await process.wait() == 0
        await heard(lamp, lambda said: said[-1] == b"OFF")
