"""The screen on a real pseudo-terminal."""

import fcntl
import os
import pty
import struct
import termios
from collections.abc import Iterator

import pytest
from rich.color import ColorSystem
from rich.style import Style
from rich.text import Text

from dashboards.wallboard.ansi import ansi, colours_of, plain, runs
from dashboards.wallboard.screen import Screen

ENTER = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J\x1b[H"
LEAVE = b"\x1b[0m\x1b[?7h\x1b[2J\x1b[H\x1b[?25h\x1b[?1049l"


class Terminal:
    """Both ends of a pseudo-terminal of 80 by 24."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        os.set_blocking(self.master, False)
        self.resize(80, 24)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def shown(self) -> bytes:
        data = b""
        try:
            while more := os.read(self.master, 65_536):
                data += more
        except BlockingIOError:
            return data
        return data

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def rows(*texts: str) -> list[Text]:
    return [Text(text, end="") for text in texts]


def test_terminal_is_given_back_as_it_was(terminal: Terminal) -> None:
    before = termios.tcgetattr(terminal.slave)
    with Screen(terminal.slave, has_keyboard=True, colours=None):
        modes = termios.tcgetattr(terminal.slave)
        assert not modes[3] & (termios.ECHO | termios.ICANON)
        assert modes[3] & termios.ISIG
        assert not modes[0] & termios.IXON
    assert termios.tcgetattr(terminal.slave) == before
    assert terminal.shown() == ENTER + LEAVE


def test_terminal_is_given_back_after_an_exception(terminal: Terminal) -> None:
    before = termios.tcgetattr(terminal.slave)

    def fail() -> None:
        with Screen(terminal.slave, has_keyboard=True, colours=None) as screen:
            screen.show(rows("a"))
            raise RuntimeError("our bug")

    with pytest.raises(RuntimeError, match="our bug"):
        fail()
    assert termios.tcgetattr(terminal.slave) == before
    assert terminal.shown().endswith(LEAVE)


def test_others_who_share_the_terminal_still_block(terminal: Terminal) -> None:
    with Screen(terminal.slave, has_keyboard=True, colours=None):
        assert os.get_blocking(terminal.slave)


def test_only_rows_that_changed_are_written(terminal: Terminal) -> None:
    with Screen(terminal.slave, has_keyboard=False, colours=None) as screen:
        first = rows("one", "two", "three")
        assert screen.show(first) == 3
        terminal.shown()
        assert screen.show([first[0], *rows("2", "three")]) == 1
        assert terminal.shown() == b"\x1b[2;1H2"
        assert screen.show([first[0], *rows("2", "three")]) == 0
        assert terminal.shown() == b""


def test_row_whose_style_alone_changed_is_written(terminal: Terminal) -> None:
    with Screen(terminal.slave, has_keyboard=False, colours=ColorSystem.STANDARD) as screen:
        screen.show(rows("one"))
        terminal.shown()
        assert screen.show([Text("one", style=Style(color="red"), end="")]) == 1
        assert terminal.shown() == b"\x1b[1;1H\x1b[31mone\x1b[0m"


def test_rows_that_are_no_more_are_erased(terminal: Terminal) -> None:
    with Screen(terminal.slave, has_keyboard=False, colours=None) as screen:
        screen.show(rows("one", "two"))
        terminal.shown()
        screen.show(rows("one"))
        assert terminal.shown() == b"\x1b[2;1H\x1b[0J"


def test_new_size_is_taken_and_all_is_written_again(terminal: Terminal) -> None:
    with Screen(terminal.slave, has_keyboard=False, colours=None) as screen:
        assert screen.size() == (80, 24)
        screen.show(rows("one"))
        terminal.resize(100, 30)
        assert screen.size() == (80, 24)
        screen.resized()
        assert screen.size() == (100, 30)
        terminal.shown()
        screen.show(rows("one"))
        assert terminal.shown() == b"\x1b[0m\x1b[2J\x1b[1;1Hone"


def test_terminal_that_does_not_say_its_size_is_80_by_24(terminal: Terminal) -> None:
    terminal.resize(0, 0)
    with Screen(terminal.slave, has_keyboard=False, colours=None) as screen:
        assert screen.size() == (80, 24)


def test_slow_terminal_is_not_waited_for(terminal: Terminal) -> None:
    with Screen(terminal.slave, has_keyboard=False, colours=None) as screen:
        screen.show(rows("x" * 200_000))
        assert screen.is_behind
        seen = b""
        while screen.is_behind:
            seen += terminal.shown()
            screen.flush()
        seen += terminal.shown()
        assert seen.count(b"x") == 200_000


def test_half_a_row_does_not_swallow_the_way_out(terminal: Terminal) -> None:
    screen = Screen(terminal.slave, has_keyboard=False, colours=None)
    with screen:
        screen.show(rows("x" * 200_000))
        assert screen.is_behind
        terminal.shown()
    assert terminal.shown().endswith(b"\x18" + LEAVE)


def test_keys_are_read_without_waiting(terminal: Terminal) -> None:
    with Screen(terminal.slave, has_keyboard=True, colours=None) as screen:
        assert screen.keys() == ""
        os.write(terminal.master, b"q?")
        assert screen.keys() == "q?"


def test_terminal_that_is_gone_ends_the_keys() -> None:
    terminal = Terminal()
    screen = Screen(terminal.slave, has_keyboard=True, colours=None)
    screen.__enter__()
    os.close(terminal.master)
    with pytest.raises(EOFError, match="the terminal is gone"):
        screen.keys()
    screen.show(rows("nobody sees this"))
    assert screen.is_gone
    screen.__exit__(None, None, None)
    os.close(terminal.slave)


def test_what_is_no_terminal_can_still_be_written_to() -> None:
    reading, writing = os.pipe()
    with Screen(writing, has_keyboard=False, colours=None) as screen:
        assert screen.size() == (80, 24)
        screen.show(rows("one"))
    assert os.read(reading, 1000) == ENTER + b"\x1b[1;1Hone" + LEAVE
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "linux"}, ColorSystem.STANDARD),
        ({"TERM": "xterm"}, ColorSystem.STANDARD),
        ({"TERM": "xterm-256color"}, ColorSystem.EIGHT_BIT),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ColorSystem.TRUECOLOR),
        ({"TERM": "xterm", "NO_COLOR": "1"}, None),
        ({"TERM": "xterm", "NO_COLOR": ""}, ColorSystem.STANDARD),
        ({"TERM": "dumb"}, None),
        ({}, None),
    ],
)
def test_colours_are_those_the_terminal_has(
    environment: dict[str, str], expected: ColorSystem | None
) -> None:
    assert colours_of(environment) == expected


def styled() -> Text:
    row = Text("aabbcc", style=Style(bold=True), end="")
    row.stylize(Style(color="white", bgcolor="red"), 2, 4)
    return row


def test_row_ends_without_any_style() -> None:
    expected = "\x1b[1maa\x1b[0m\x1b[1;37;41mbb\x1b[0m\x1b[1mcc\x1b[0m"
    assert ansi(styled(), ColorSystem.STANDARD) == expected


def test_band_is_reversed_where_there_is_no_colour() -> None:
    assert ansi(styled(), None) == "\x1b[1maa\x1b[0m\x1b[1;7mbb\x1b[0m\x1b[1mcc\x1b[0m"


def test_runs_are_the_row() -> None:
    assert "".join(text for text, _ in runs(styled())) == plain(styled()) == "aabbcc"
    assert runs(Text("a", style="red", end="")) == [("a", Style.null())]
