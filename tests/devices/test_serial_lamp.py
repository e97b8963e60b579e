"""Lamps on serial ports: real ones, as far as a pseudo terminal is one."""

import asyncio
import grp
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from serial.tools import list_ports

from devices import serial_options, serial_port
from devices.engine import LampEngine
from devices.patterns import PatternOptions
from devices.recording import RecordingOutput
from devices.serial_codecs import AdafruitTower
from devices.serial_lamp import (
    ADAFRUIT_TOWER,
    KMTRONIC_RELAY,
    LCUS_RELAY,
    MODBUS_RELAY,
    NUMATO_RELAY,
    PATLITE_PHE,
    SERIAL_TEMPLATE,
    SL60_TOWER,
    SerialLamp,
)
from devices.serial_line import line_of
from devices.serial_options import PortOptions
from devices.serial_port import SerialPort
from devices.worker import WorkerOutput
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import ConfigProblem, DriverError, OutputContext, OutputDriver
from tests.devices.helpers import setup_of
from tests.devices.plug import Plug
from tests.devices.test_worker import condition, until

TOWER = {"red": 1, "yellow": 2, "green": 3}
RED_ONLY = {"red": "#ff0000", "yellow": "off", "green": "off"}
RELAYS_3_1_2, KMTRONIC_1_2_3 = bytes.fromhex("A00300A3A00101A2A00200A2"), bytes.fromhex("FF0101FF0200FF0300")
DARK, RED, YELLOW = bytes.fromhex("212224"), bytes.fromhex("112224"), bytes.fromhex("211224")


class WallClock:
    def now(self) -> float:
        return time.time()


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    device = Plug(tmp_path / "usb-tower")
    yield device
    device.throw_away()


def made(driver: OutputDriver, port: Path | str, **options: Any) -> tuple[WorkerOutput, list[str]]:
    given = msgspec.convert({"port": str(port), **options}, driver.options)
    assert [problem for problem in driver.check(given) if not problem.is_warning] == []
    output = driver.create(given, OutputContext(name="tower", clock=WallClock()))
    assert isinstance(output, WorkerOutput)
    faults: list[str] = []
    output.listen(faults.append)
    return output, faults


def close(output: WorkerOutput) -> None:
    output.close()
    thread = output.worker.thread
    assert thread is not None
    thread.join(5)
    assert not thread.is_alive()


def test_a_tower_is_dark_at_first_lit_as_told_and_dark_in_the_end(plug: Plug) -> None:
    output, faults = made(ADAFRUIT_TOWER, plug.link)
    output.open()
    until(lambda: plug.told == DARK)
    output.write(RED_ONLY)
    until(lambda: plug.told == DARK + RED)
    close(output)
    until(lambda: plug.told == DARK + RED + DARK)
    assert faults == []


@pytest.mark.parametrize(
    ("driver", "options", "told"),
    [
        (SL60_TOWER, {}, bytes.fromhex("A00101A2 A00300A3 A00200A2")),
        (
            LCUS_RELAY,
            {"channels": {"green": 3, "red": 1, "yellow": 2}},
            RELAYS_3_1_2,
        ),
        (
            KMTRONIC_RELAY,
            {"channels": {"red": 1, "yellow": 2, "green": 3}},
            KMTRONIC_1_2_3,
        ),
        (
            NUMATO_RELAY,
            {"channels": {"red": 0, "yellow": 1, "green": 2}},
            b"relay on 0\rrelay off 1\rrelay off 2\r",
        ),
        (
            SERIAL_TEMPLATE,
            {
                "commands": {
                    "yellow": {"on": "text:Y1\\r", "off": "text:Y0\\r"},
                    "red": {"on": "52 31", "off": "52 30"},
                    "green": {"on": "text:G1", "off": "text:G0"},
                },
                "baud": 19_200,
            },
            b"R1Y0\rG0",
        ),
    ],
)
def test_every_device_is_told_in_its_own_words(
    plug: Plug, driver: OutputDriver, options: dict[str, Any], told: bytes
) -> None:
    output, faults = made(driver, plug.link, **options)
    assert tuple(output.lamps) == ("red", "yellow", "green")
    output.open()
    output.write(RED_ONLY)
    until(lambda: plug.told.endswith(told))
    close(output)
    assert faults == []


def test_a_patlite_that_acknowledges_is_lit_and_one_that_refuses_is_a_fault(tmp_path: Path) -> None:
    answers = [b"\x06", b"\x15"]
    plug = Plug(tmp_path / "phe", lambda _told: answers[0])
    output, faults = made(PATLITE_PHE, plug.link)
    output.open()
    output.write(RED_ONLY)
    until(lambda: plug.told.endswith(b"@??S100009!"))
    answers.pop(0)
    output.write({**RED_ONLY, "green": "#00ff00"})
    until(lambda: faults != [])
    assert faults == ["it refused @??S101009! (NAK); is it a PHE-3FB3, and set to ID ??"]
    answers[:] = [b"\x06"]
    until(lambda: faults[-1] == "")
    until(lambda: plug.told.endswith(b"@??S101009!"))
    close(output)
    plug.throw_away()


def test_a_modbus_board_echoes_and_one_that_is_silent_is_a_fault(tmp_path: Path) -> None:
    plug = Plug(tmp_path / "board", lambda told: told)
    output, faults = made(MODBUS_RELAY, plug.link)
    output.open()
    output.write({"lamp": "#ffb000"})
    until(lambda: plug.told.endswith(bytes.fromhex("01050000FF008C3A")))
    close(output)
    plug._answers = lambda _told: b""
    output, faults = made(MODBUS_RELAY, plug.link, unit=9)
    output.open()
    until(lambda: faults != [])
    close(output)
    assert faults == ["unit 9 does not answer; look at its address, its speed, and A and B of RS-485"]
    plug.throw_away()


async def _unplugged_and_back(
    output: WorkerOutput, plug: Plug, renamed: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Play on a tower and another output, pull the tower out, let the level change, plug it in again."""
    caplog.set_level(logging.INFO)
    other = RecordingOutput(WallClock(), name="other")
    engine = LampEngine(
        [setup_of("tower", output), setup_of("other", other)],  # type: ignore[arg-type]
        PatternOptions(),
        WallClock(),
        lambda _name, _lamps, _fault: None,
    )
    engine.show("tower", SignalLevel(1, Severity.WARNING))
    engine.show("other", SignalLevel(5, Severity.CRITICAL))
    task = asyncio.create_task(engine.run(), name="engine")
    await condition(lambda: YELLOW in plug.told)
    await asyncio.to_thread(plug.unplug)
    await condition(lambda: any("output failed" in record.message for record in caplog.records))
    engine.show("tower", SignalLevel(5, Severity.CRITICAL))
    await asyncio.sleep(0.8)
    await asyncio.to_thread(plug.plug_in)
    renamed()
    back_at = time.monotonic()
    await condition(lambda: RED in plug.told)
    assert time.monotonic() - back_at < 2.0
    assert YELLOW not in plug.told
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    messages = [record.message.partition(" reason=")[0] for record in caplog.records if record.levelno >= 20]
    assert [message for message in messages if "output" in message] == [
        "output failed output=tower",
        "output recovered output=tower",
    ]
    starts = [shown.at for shown in other.timeline if shown.lamps["lamp"] != "off"]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert len(starts) >= 3
    assert max(gaps) < 0.75  # 2 Hz: none was missed
    await condition(lambda: not (output.worker.thread and output.worker.thread.is_alive()))


async def test_pulled_out_and_plugged_in_under_the_same_link_it_shows_the_present_state(
    plug: Plug, caplog: pytest.LogCaptureFixture
) -> None:
    output, _faults = await asyncio.to_thread(made, ADAFRUIT_TOWER, plug.link)
    await _unplugged_and_back(output, plug, lambda: None, caplog)


async def test_plugged_in_under_another_name_it_is_found_by_its_serial_number(
    plug: Plug, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ports() -> list[SimpleNamespace]:
        there = plug.link.exists()
        stranger = SimpleNamespace(device="/dev/ttyS9", serial_number=None)
        found = SimpleNamespace(device=str(plug.link.readlink()), serial_number="A5125") if there else None
        return [stranger, found] if found else [stranger]

    monkeypatch.setattr(list_ports, "comports", ports)
    output, _faults = made(ADAFRUIT_TOWER, "", serial_number="A5125")
    held = [os.openpty()]
    await _unplugged_and_back(output, plug, lambda: None, caplog)
    for fd in held[0]:
        os.close(fd)


def test_a_serial_number_that_nobody_or_two_have_is_told_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = [SimpleNamespace(device=f"/dev/ttyUSB{number}", serial_number="A1") for number in (1, 0)]
    monkeypatch.setattr(list_ports, "comports", lambda: known)
    with pytest.raises(DriverError) as told:
        serial_port.find_by_serial_number("B2")
    assert told.value.reason == (
        "no USB adapter with serial number B2 is plugged in; there are: A1 (/dev/ttyUSB0), A1 (/dev/ttyUSB1)"
    )
    with pytest.raises(DriverError) as told:
        serial_port.find_by_serial_number("A1")
    assert told.value.reason == (
        "serial number A1 is that of /dev/ttyUSB0, /dev/ttyUSB1; write port = with a path under "
        "/dev/serial/by-path"
    )


def test_a_port_that_somebody_else_has_is_in_use(plug: Plug) -> None:
    first = SerialPort(str(plug.link), 9_600)
    with pytest.raises(DriverError) as told:
        SerialPort(str(plug.link), 9_600)
    assert told.value.reason == (
        f"{plug.link} is in use by another program; fuser -v {plug.link} shows which"
    )
    first.close()
    first.close()


def test_a_port_that_takes_nothing_is_given_up_in_time(plug: Plug) -> None:
    port = SerialPort(str(plug.link), 9_600)
    os.write(plug._stopped, b"x")  # nobody reads any more
    assert plug._reader is not None
    plug._reader.join()
    with pytest.raises(DriverError) as told:
        port.exchange(b"x" * 100_000, 0)
    assert told.value.reason == (
        f"{plug.link} has not taken 100000 bytes within 0.5 s; unplug it and plug it in again"
    )
    port.close()


def test_another_device_under_the_same_path_is_noticed_at_rest(plug: Plug, tmp_path: Path) -> None:
    port = SerialPort(str(plug.link), 9_600)
    port.look()
    other = Plug(tmp_path / "other")
    plug.link.unlink()
    plug.link.symlink_to(other.link.readlink())
    with pytest.raises(DriverError, match="is another device now"):
        port.look()
    port.close()
    other.throw_away()


def test_a_port_without_permission_says_which_group_to_join(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(grp, "getgrgid", lambda _id: SimpleNamespace(gr_name="dialout"))
    plug.link.chmod(0o660)
    assert serial_port.why_not_openable(str(plug.link)) == (
        (
            f"{plug.link} may not be opened; add the user to the group dialout: sudo usermod -aG dialout "
            "<user>, then log in anew"
        ),
        True,
    )
    plug.link.chmod(0o600)
    reason, may_change = serial_port.why_not_openable(str(plug.link))
    assert (reason, may_change) == (
        (
            f"{plug.link} may not be opened; its group dialout may not either; give it to the group dialout "
            "by a udev rule"
        ),
        True,
    )


def test_a_group_without_a_name_is_taken_for_the_usual_one(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless(_id: int) -> None:
        raise KeyError

    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(grp, "getgrgid", nameless)
    plug.link.chmod(0o660)
    assert "group dialout" in serial_port.why_not_openable(str(plug.link))[0]


def problems(driver: OutputDriver, **options: Any) -> list[tuple[str, str, bool]]:
    found: list[ConfigProblem] = driver.check(msgspec.convert(options, driver.options))
    return [(problem.path, problem.message, problem.is_warning) for problem in found]


def test_what_check_says(tmp_path: Path, plug: Plug, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, file = tmp_path / "gone", tmp_path / "file"
    file.touch()
    port = str(plug.link)
    assert problems(ADAFRUIT_TOWER) == [("port", "must be given, or else serial_number, got neither", False)]
    assert problems(ADAFRUIT_TOWER, port=port, serial_number="1") == [
        ("port", "must be given, or else serial_number, got both", False)
    ]
    assert problems(ADAFRUIT_TOWER, serial_number="1") == []
    monkeypatch.setattr(serial_options, "why_not_openable", lambda _path: ("", False))
    assert problems(ADAFRUIT_TOWER, port="/dev/ttyUSB0") == [
        ("port", "/dev/ttyUSB0 may be another device after a restart; better take its by-id link", True)
    ]
    monkeypatch.undo()
    assert problems(ADAFRUIT_TOWER, port=str(gone)) == [
        ("port", f"{gone} is not there; is it plugged in? ls -l /dev/serial/by-id shows what is", True)
    ]
    assert problems(ADAFRUIT_TOWER, port=str(file)) == [
        ("port", f"{file} is no serial port; ls -l /dev/serial/by-id shows those there are", False)
    ]
    assert problems(ADAFRUIT_TOWER, port=str(file / "below")) == [
        ("port", f"{file}/below cannot be looked at: Not a directory", False)
    ]
    assert problems(LCUS_RELAY, port=port, channels={"lamp": 0}) == [
        ("channels.lamp", "must be 1 to 255, got 0", False)
    ]
    assert problems(LCUS_RELAY, port=port, channels={"red": 1, "green": 1}) == [
        ("channels", "must be another relay for each lamp", False)
    ]
    assert problems(NUMATO_RELAY, port=port, channels={"pink": 1}) == [
        (
            "channels",
            'must name "lamp", "red", "yellow" and "green", "red" and "green", or "buzzer", got "pink"',
            False,
        )
    ]
    assert problems(MODBUS_RELAY, port=port, unit=0, baud=1) == [
        ("unit", "must be 1 to 247, got 0", False),
        ("baud", "must be 50 to 4000000, got 1", False),
    ]
    commands = {"lamp": {"on": "text:\\x", "off": ""}}
    assert problems(SERIAL_TEMPLATE, port=port, commands=commands, answer="zz") == [
        ("answer", 'must be bytes such as "A0 01 01 A2", or begin with "text:", got "zz"', False),
        ("commands.lamp.on", r'may have the escapes \r, \n, \t, \0 and \\, got "\x"', False),
        ("commands.lamp.off", "must be 1 to 256 bytes, got 0", False),
    ]
    assert problems(
        SERIAL_TEMPLATE, port=port, commands={"lamp": {"on": "text:ü", "off": "text:a\\\\\\0"}}
    ) == [("commands.lamp.on", 'must be ASCII, got "ü"', False)]


def test_a_device_that_was_never_opened_cannot_be_told_anything() -> None:
    lamp = SerialLamp(line_of(PortOptions(port="/dev/x"), 9_600), AdafruitTower({"red": "red"}))
    with pytest.raises(DriverError, match="the port is not open"):
        lamp.show({"red": "#ff0000"})
    lamp.close()
