"""The end of a serial port: the last bytes make a lamp dark."""

import os
import tty
from collections.abc import Iterator

import pytest

from devices.serial_port import SerialPort


@pytest.fixture
def ends() -> Iterator[tuple[int, str]]:
    """Return the far end of a port and the path of the near one."""
    far, near = os.openpty()
    tty.setraw(near)
    yield far, os.ttyname(near)
    os.close(near)
    os.close(far)


def test_what_was_told_last_is_not_thrown_away_when_the_port_is_closed(ends: tuple[int, str]) -> None:
    far, path = ends
    port = SerialPort(path, 9_600)
    port.exchange(b"dark", 0)
    port.close()
    assert os.read(far, 100) == b"dark"


class SlowPort:
    """One whose bytes take their time, or never leave."""

    def __init__(self, waiting: int, rate: int) -> None:
        self.waiting = waiting
        self.rate = rate
        self.said: list[str] = []
        self.is_open = True

    @property
    def out_waiting(self) -> int:
        self.waiting = max(self.waiting - self.rate, 0)
        return self.waiting

    def reset_output_buffer(self) -> None:
        self.said.append("thrown away")

    def close(self) -> None:
        self.said.append("closed")


@pytest.mark.parametrize(("rate", "said"), [(1, ["closed"]), (0, ["thrown away", "closed"])])
def test_the_last_bytes_have_their_time_and_no_more(
    ends: tuple[int, str], rate: int, said: list[str]
) -> None:
    port = SerialPort(ends[1], 9_600)
    port.close()
    slow = SlowPort(8, rate)
    port._port = slow
    port.close()
    assert slow.said == said


def test_a_port_may_be_closed_twice(ends: tuple[int, str]) -> None:
    port = SerialPort(ends[1], 9_600)
    port.close()
    port.close()
