"""Several outputs on one serial port: a tower and its buzzer, relays of one board, units on a bus."""

import re
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import serial_lamp
from devices.serial_codecs import (
    ACKNOWLEDGED,
    AdafruitTower,
    KmtronicRelays,
    LcusRelays,
    ModbusRelays,
    NumatoRelays,
    PatlitePhe,
    SerialCodec,
    crc16,
)
from devices.serial_lamp import ADAFRUIT_TOWER, LCUS_RELAY, MODBUS_RELAY, PATLITE_PHE, SL60_TOWER
from devices.worker import WorkerOutput
from queue_alert.app.config import ConfigurationError, build_setup
from queue_alert.app.registry import Registry
from tests.devices.plug import Plug
from tests.devices.test_serial_lamp import RED_ONLY, close, made
from tests.devices.test_worker import until

LIT = {"lamp": "#ffb000"}
SOUND, SILENCE = {"buzzer": "#ffffff"}, {"buzzer": "off"}


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    device = Plug(tmp_path / "usb")
    yield device
    device.throw_away()


def opened(*outputs: WorkerOutput) -> None:
    for output in outputs:
        output.open()
    for output in outputs:
        until(lambda output=output: output.settled() == "")  # type: ignore[misc]


def test_a_tower_and_its_buzzer_are_two_outputs_on_one_port_and_one_thread(plug: Plug) -> None:
    tower, faults_of_tower = made(ADAFRUIT_TOWER, plug.link)
    buzzer, faults_of_buzzer = made(ADAFRUIT_TOWER, plug.link, kind="buzzer")
    opened(tower, buzzer)
    assert plug.told == bytes.fromhex("212224 28")
    assert tower.worker.thread is buzzer.worker.thread
    assert [thread.name for thread in threading.enumerate()].count(f"output-{plug.link}") == 1
    buzzer.write(SOUND)
    until(lambda: plug.told.endswith(b"\x18"))
    tower.write(RED_ONLY)
    until(lambda: plug.told.endswith(bytes.fromhex("112224")))
    buzzer.close()
    until(lambda: plug.told.endswith(b"\x28"))
    tower.write({**RED_ONLY, "red": "off"})
    until(lambda: plug.told.endswith(bytes.fromhex("212224")))
    close(tower)
    assert (faults_of_tower, faults_of_buzzer) == ([], [])


def test_pulled_out_it_is_gone_for_all_and_back_each_shows_its_present_state(plug: Plug) -> None:
    tower, faults_of_tower = made(SL60_TOWER, plug.link)
    buzzer, faults_of_buzzer = made(SL60_TOWER, plug.link, kind="buzzer")
    opened(tower, buzzer)
    plug.unplug()
    until(lambda: bool(faults_of_tower) and bool(faults_of_buzzer))
    tower.write(RED_ONLY)
    plug.plug_in()
    until(lambda: tower.settled() == "" and buzzer.settled() == "")
    until(lambda: bytes.fromhex("A00101A2") in plug.told and bytes.fromhex("A00400A4") in plug.told)
    tower.close()
    close(buzzer)
    for faults in (faults_of_tower, faults_of_buzzer):
        assert len(faults) == 2
        assert faults[0].startswith(f"{plug.link} is ")
        assert faults[1] == ""


class Bus:
    """Relay boards on RS-485: each answers what is meant for it."""

    def __init__(self, *units: int) -> None:
        self.units = units
        self.asked: list[int] = []
        self.coils: dict[tuple[int, int], bool] = {}

    def answer(self, told: bytes) -> bytes:
        answer = b""
        for at in range(0, len(told), 8):
            frame = told[at : at + 8]
            assert crc16(frame[:6]) == frame[6:]
            self.asked.append(frame[0])
            if frame[0] in self.units:
                self.coils[frame[0], frame[3]] = frame[4] == 0xFF
                answer += frame
        return answer


def test_a_unit_that_does_not_answer_leaves_the_others_on_its_bus_alone(tmp_path: Path) -> None:
    bus = Bus(1, 2)
    plug = Plug(tmp_path / "bus", bus.answer)
    one, faults_of_one = made(MODBUS_RELAY, plug.link, unit=1)
    two, faults_of_two = made(MODBUS_RELAY, plug.link, unit=2, channels={"red": 1, "green": 4})
    three, faults_of_three = made(MODBUS_RELAY, plug.link, unit=3)
    opened(one, two)
    three.open()
    until(
        lambda: (
            three.settled() == "unit 3 does not answer; look at its address, its speed, and A and B of RS-485"
        )
    )
    for _ in range(3):
        one.write(LIT)
        two.write({"red": "off", "green": "#00c000"})
        until(lambda: one.settled() == "" and two.settled() == "")
        assert bus.coils == {(1, 0): True, (2, 0): False, (2, 3): True}
        one.write({"lamp": "off"})
        until(lambda: one.settled() == "")
    assert bus.asked.count(3) == 1  # and is left alone for seconds
    bus.units = (1, 2, 3)
    for output in (one, two, three):
        output.close()
    until(lambda: not (three.worker.thread and three.worker.thread.is_alive()))
    assert (faults_of_one, faults_of_two, len(faults_of_three)) == ([], [], 1)
    plug.throw_away()


def test_a_unit_that_is_switched_on_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_lamp, "_REFUSED_FOR_S", 0.6)
    bus = Bus(1)
    plug = Plug(tmp_path / "bus", bus.answer)
    one, _ = made(MODBUS_RELAY, plug.link, unit=1)
    two, faults = made(MODBUS_RELAY, plug.link, unit=2)
    opened(one)
    two.open()
    two.write(LIT)
    until(lambda: faults != [])
    bus.units = (1, 2)
    until(lambda: two.settled() == "")
    assert bus.coils[2, 0] is True
    one.close()
    close(two)
    assert bus.coils == {(1, 0): False, (2, 0): False}
    plug.throw_away()


# ---- nobody touches what is another's


def _adafruit(state: dict[str, bool], write: bytes) -> None:
    for byte in write:
        part = {1: "red", 2: "yellow", 4: "green", 8: "buzzer"}[byte & 0x0F]
        state[part] = byte & 0xF0 == 0x10


def _phe(state: dict[str, bool], write: bytes) -> None:
    match = re.fullmatch(rb"@\?\?S([019]{3})00([019])!", write)
    assert match is not None
    for part, digit in zip(("red", "yellow", "green", "buzzer"), (match[1] + match[2]).decode(), strict=True):
        if digit != "9":
            state[part] = digit == "1"


def _lcus(state: dict[str, bool], write: bytes) -> None:
    assert (write[0], write[3]) == (0xA0, sum(write[:3]) & 0xFF)
    state[str(write[1])] = write[2] == 1


def _kmtronic(state: dict[str, bool], write: bytes) -> None:
    state[str(write[1])] = write[2] == 1


def _numato(state: dict[str, bool], write: bytes) -> None:
    word, on, channel = write.decode().rstrip("\r").split(" ")
    assert word == "relay"
    state[channel] = on == "on"


def _modbus(state: dict[str, bool], write: bytes) -> None:
    state[f"{write[0]}/{write[3]}"] = write[4] == 0xFF


TOWER = {"red": "red", "yellow": "yellow", "green": "green"}
SHARERS: Mapping[str, tuple[Any, Sequence[tuple[SerialCodec, Mapping[str, str]]]]] = {
    "adafruit": (
        _adafruit,
        [(AdafruitTower(TOWER), TOWER), (AdafruitTower({"buzzer": "buzzer"}), {"buzzer": "buzzer"})],
    ),
    "three lamps of one tower": (
        _phe,
        [(PatlitePhe({"lamp": part}), {"lamp": part}) for part in ("red", "yellow", "green", "buzzer")],
    ),
    "phe": (
        _phe,
        [
            (PatlitePhe({"red": "red", "green": "green"}), {"red": "red", "green": "green"}),
            (PatlitePhe({"lamp": "yellow"}), {"lamp": "yellow"}),
        ],
    ),
    "lcus": (
        _lcus,
        [
            (LcusRelays({"lamp": 2}), {"lamp": "2"}),
            (LcusRelays({"red": 1, "green": 4}), {"red": "1", "green": "4"}),
        ],
    ),
    "kmtronic": (_kmtronic, [(KmtronicRelays({"lamp": at}), {"lamp": str(at)}) for at in (1, 2, 3)]),
    "numato": (_numato, [(NumatoRelays({"lamp": at}), {"lamp": str(at)}) for at in (0, 1)]),
    "modbus": (
        _modbus,
        [
            (ModbusRelays(unit, {"lamp": at}), {"lamp": f"{unit}/{at - 1}"})
            for unit in (1, 2)
            for at in (1, 2)
        ],
    ),
}


@pytest.mark.parametrize("name", SHARERS)
@given(data=st.data())
def test_in_whatever_order_they_are_told_each_switches_its_own_and_nothing_else(
    name: str, data: st.DataObject
) -> None:
    hear, sharers = SHARERS[name]
    device: dict[str, bool] = {}
    wanted: dict[str, bool] = {}
    turns = st.tuples(st.integers(0, len(sharers) - 1), st.sets(st.sampled_from(["lamp", *TOWER, "buzzer"])))
    for at, lit in data.draw(st.lists(turns, max_size=20)):
        codec, parts = sharers[at]
        for write in codec.writes(lit):
            hear(device, write)
            if isinstance(codec, PatlitePhe):
                assert codec.why_refused(write, ACKNOWLEDGED) == ""
        wanted |= {part: lamp in lit for lamp, part in parts.items()}
        assert device == wanted


# ---- what check says


def setup_problems(text: str) -> list[str]:
    tables = {"feeds": {"pbx": {"driver": "simulator"}}} | tomllib.loads(text)
    try:
        build_setup(tables, file="config.toml", base=Path(), registry=Registry())
    except ConfigurationError as error:
        return [f"{found.path}: {found.message}" for found in error.problems if not found.is_warning]
    return []


def test_what_is_on_one_port_is_found_where_it_is_another_outputs(plug: Plug) -> None:
    lamp = f'driver = "lcus-relay"\nport = "{plug.link}"\n'
    assert setup_problems(f"[outputs.a]\n{lamp}[outputs.b]\n{lamp}channels = {{ lamp = 2 }}\n") == []
    assert setup_problems(f"[outputs.a]\n{lamp}[outputs.b]\n{lamp}") == [
        f"outputs.b: relay 1 of {plug.link} is already used by outputs.a; choose another"
    ]
    tower = f'driver = "patlite-phe"\nport = "{plug.link}"\n'
    assert setup_problems(f'[outputs.a]\n{tower}[outputs.b]\n{tower}kind = "buzzer"\n') == []
    assert setup_problems(f'[outputs.a]\n{tower}[outputs.b]\n{tower}kind = "lamp"\n') == [
        f"outputs.b: red of {plug.link} is already used by outputs.a; choose another"
    ]


def test_who_is_on_one_port_must_speak_alike_and_call_it_alike(plug: Plug) -> None:
    node = plug.link.resolve()

    def how(baud: int, port: Path) -> str:
        return f'driver "modbus-relay" at {baud} baud, port {port}'

    def differs(output: str, baud: int, port: Path) -> str:
        shares = f"{output}: shares {node} with outputs.a and must do so alike"
        return f"{shares}; here: {how(baud, port)}; there: {how(9_600, plug.link)}"

    assert setup_problems(
        f"""
        [outputs.a]
        driver = "modbus-relay"
        port = "{plug.link}"
        [outputs.b]
        driver = "modbus-relay"
        port = "{plug.link}"
        unit = 2
        baud = 19200
        [outputs.c]
        driver = "modbus-relay"
        port = "{node}"
        unit = 3
        """
    ) == [
        differs("outputs.b", 19_200, plug.link),
        differs("outputs.c", 9_600, node),
    ]


@pytest.mark.parametrize(
    ("driver", "options", "claims"),
    [
        (ADAFRUIT_TOWER, {"serial_number": "A1"}, ("red", "yellow", "green")),
        (PATLITE_PHE, {"kind": "two-tier-tower", "serial_number": "A1"}, ("red", "green")),
        (SL60_TOWER, {"kind": "lamp", "tier": "green", "serial_number": "A1"}, ("green",)),
        (LCUS_RELAY, {"channels": {"red": 7, "green": 8}, "serial_number": "A1"}, ("relay 8", "relay 7")),
    ],
)
def test_what_each_occupies(driver: Any, options: dict[str, Any], claims: tuple[str, ...]) -> None:
    given_options = msgspec.convert(options, driver.options)
    assert set(driver.claims(given_options)) == {f"{claim} of serial number A1" for claim in claims}
    assert driver.shares(given_options)[0] == "serial number A1"
