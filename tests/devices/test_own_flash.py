"""Beacons with a flasher of their own have power while there is something to say."""

import pytest

from devices import virtual
from devices.engine import LampEngine
from devices.kinds import Kind
from devices.own_flash import check_own, powered_for
from devices.patterns import PatternOptions
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import ConfigProblem
from tests.devices.helpers import Stage, lit_spans

NORMAL, WARNING, CRITICAL = Severity.NORMAL, Severity.WARNING, Severity.CRITICAL
OWN = PatternOptions(own_flash_hz={"beacon": 1.0}, idle="steady")


@pytest.mark.parametrize(
    ("level", "lit"),
    [
        (SignalLevel(), []),
        (SignalLevel(3), ["green"]),
        (SignalLevel(0, WARNING), ["yellow"]),
        (SignalLevel(3, WARNING), ["yellow"]),
        (SignalLevel(3, CRITICAL), ["red"]),
        (SignalLevel(stale=True), ["red"]),
        (SignalLevel(3, stale=True), ["red"]),
    ],
)
def test_one_tier_has_power_while_there_is_something_to_say(level: SignalLevel, lit: list[str]) -> None:
    pattern = powered_for(Kind.TOWER.lamps, level, OWN)
    assert sorted(pattern.active) == lit
    assert pattern.beats == 0
    two = powered_for(Kind.TWO_TIER_TOWER.lamps, level, OWN)
    assert sorted(two.active) == ["red" if lamp == "yellow" else lamp for lamp in lit]


def test_a_single_beacon_has_power_from_the_first_contact_to_the_last() -> None:
    stage = Stage({"beacon": ("lamp",)}, OWN).begin({"beacon": SignalLevel()}).play(2.0)
    for level in (SignalLevel(1), SignalLevel(12), SignalLevel(2, CRITICAL), SignalLevel(1, stale=True)):
        stage.show("beacon", level)
        stage.play(3.0)
    stage.show("beacon", SignalLevel())
    stage.play(3.0)
    assert lit_spans(stage.history("beacon"), "lamp") == [(2.0, 12.0)]


def test_only_the_output_that_is_named_is_played_so() -> None:
    stage = Stage({"beacon": ("lamp",), "lamp": ("lamp",)}, OWN)
    stage.begin({"beacon": SignalLevel(2), "lamp": SignalLevel(2)}).play(2.4)
    assert lit_spans(stage.history("beacon"), "lamp")[0][0] == 0.0
    assert len(lit_spans(stage.history("lamp"), "lamp")) == 2


def test_mistakes_are_found_before_anything_flashes() -> None:
    options = PatternOptions(own_flash_hz={"hall": 1.0, "light": 1.0, "bell": 1.0, "beacon": 0.0})
    rooms = {"beacon": ("lamp",), "light": Kind.RGB.lamps, "bell": Kind.BUZZER.lamps}
    assert check_own(rooms, options) == [
        ConfigProblem(
            path="patterns.own_flash_hz.hall",
            message="must be named like an output; there is beacon, light, bell",
        ),
        ConfigProblem(
            path="patterns.own_flash_hz.light",
            message="must be a lamp or a tower, this output is of the kind rgb",
        ),
        ConfigProblem(
            path="patterns.own_flash_hz.bell",
            message="must be a lamp or a tower, this output is of the kind buzzer",
        ),
        ConfigProblem(path="patterns.own_flash_hz.beacon", message="must be 0.2 to 3 Hz, got 0 Hz"),
    ]
    outputs = [("beacon", virtual.DRIVER, virtual.VirtualOptions())]
    found = LampEngine.check(outputs, PatternOptions(own_flash_hz={"beacon": 9.0}))
    assert [problem.path for problem in found] == ["patterns.own_flash_hz.beacon"]


def test_a_beacon_that_is_too_fast_alone_is_refused() -> None:
    outputs = [("beacon", virtual.DRIVER, virtual.VirtualOptions())]
    (problem,) = LampEngine.check(outputs, PatternOptions(own_flash_hz={"beacon": 3.0}))
    assert problem.message.startswith("up to 4 flashes could begin within one second, 3 are allowed")
    assert LampEngine.check(outputs, PatternOptions(own_flash_hz={"beacon": 2.0})) == []
