"""A lamp on the wallboard."""

import msgspec
import pytest

from devices.kinds import Kind
from devices.virtual import DRIVER, VirtualOptions
from queue_alert.ports import OutputContext
from tests.devices.helpers import FakeClock


@pytest.mark.parametrize("kind", ["lamp", "tower", "two-tier-tower", "rgb"])
def test_it_has_the_lamps_of_its_kind(kind: str) -> None:
    options = msgspec.convert({"kind": kind}, VirtualOptions)
    output = DRIVER.create(options, OutputContext(name="board", clock=FakeClock()))
    assert output.lamps == options.lamps == Kind(kind).lamps


def test_a_buzzer_cannot_be_drawn() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"kind": "buzzer"}, VirtualOptions)
