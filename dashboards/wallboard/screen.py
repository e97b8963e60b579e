"""The terminal: takes it over, writes the rows that changed, and gives it back whatever happens.

Source: ECMA-48 and xterm control sequences; the Linux console, console_codes(4).
"""

import contextlib
import os
import select
import termios
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.color import ColorSystem
from rich.text import Text

from dashboards.wallboard.ansi import ansi
from queue_alert.core.units import Seconds

__all__ = ["Screen"]

# The console ignores the alternate screen (before Linux 6.x), so the screen is also cleared, in and out.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J\x1b[H"
_LEAVE = "\x1b[0m\x1b[?7h\x1b[2J\x1b[H\x1b[?25h\x1b[?1049l"
_LEAVE_WITHIN: Seconds = 1.0
_DEFAULT_SIZE = (80, 24)
_MOST_KEYS = 64
_IFLAG, _LFLAG, _CC = 0, 3, 6


class Screen:
    """A context manager around one terminal.

    Writing never blocks: while a slow terminal still takes the frame before, :attr:`is_behind` is true and
    frames are left out; the next one then shows what is newest. A terminal that is hung up raises nothing:
    :attr:`is_gone` becomes true.

    Args:
        terminal: File descriptor of a terminal.
        has_keyboard: Whether keys are to be read from it.
        colours: How many colours it has, ``None`` for none.
    """

    def __init__(self, terminal: int, *, has_keyboard: bool, colours: ColorSystem | None) -> None:
        self._given = terminal
        self.has_keyboard = has_keyboard
        self.is_gone = False
        self._colours = colours
        self._terminal = -1
        self._modes: list[int | list[bytes | int]] | None = None
        self._shown: list[Text] = []
        self._waiting = b""
        self._size: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        """Take the terminal over."""
        self._terminal = _reopened(self._given)
        if self.has_keyboard:
            self._modes = termios.tcgetattr(self._terminal)
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, _quiet_modes(self._terminal))
        self._write(_ENTER.encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back as it was."""
        try:
            # A row cut in two must not swallow the sequences that follow: CAN ends a half one.
            cut_short = bool(self._waiting)
            self._waiting = b""
            self._write((b"\x18" if cut_short else b"") + _LEAVE.encode())
            self._finish(_LEAVE_WITHIN)
        finally:
            if self._modes is not None:
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self._terminal, termios.TCSAFLUSH, self._modes)
            os.close(self._terminal)
            self._terminal = -1

    def fileno(self) -> int:
        """Return the descriptor to watch for keys."""
        return self._terminal

    def keys(self) -> str:
        """Return the keys pressed since, "" when there are none left.

        Raises:
            EOFError: The keyboard is gone.
        """
        try:
            keys = os.read(self._terminal, _MOST_KEYS)
        except BlockingIOError:
            return ""
        except OSError as error:
            raise EOFError("the terminal is gone") from error
        if not keys:
            raise EOFError("the terminal is gone")
        return keys.decode("latin-1")

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not yet taken all of the frame before."""
        return bool(self._waiting)

    def size(self) -> tuple[int, int]:
        """Return width and height in cells; 80 by 24 where the terminal does not say."""
        if self._size is None:
            try:
                width, height = os.get_terminal_size(self._terminal)
            except OSError:
                width, height = 0, 0
            self._size = (width or _DEFAULT_SIZE[0], height or _DEFAULT_SIZE[1])
        return self._size

    def resized(self) -> None:
        """Ask for the size anew and write every row again next time."""
        self._size = None
        self._shown = []
        self._waiting += b"\x1b[0m\x1b[2J"

    def show(self, rows: Sequence[Text]) -> int:
        """Write the rows that differ from those shown; return how many.

        Args:
            rows: At most as many as the terminal is high, each at most as wide.
        """
        out: list[str] = []
        for index, row in enumerate(rows):
            before = self._shown[index] if index < len(self._shown) else None
            if row is before or (before is not None and _is_same(row, before)):
                continue
            out.append(f"\x1b[{index + 1};1H{ansi(row, self._colours)}")
        if len(rows) < len(self._shown):
            out.append(f"\x1b[{len(rows) + 1};1H\x1b[0J")
        self._shown = list(rows)
        if out or self._waiting:
            self._write("".join(out).encode("utf-8", "replace"))
        return len(out)

    def flush(self) -> None:
        """Write what is still waiting, as far as the terminal takes it."""
        self._write(b"")

    def _write(self, data: bytes) -> None:
        self._waiting += data
        try:
            while self._waiting:
                written = os.write(self._terminal, self._waiting)
                self._waiting = self._waiting[written:]
        except BlockingIOError:
            return
        except OSError:
            # The line was hung up or the window closed: there is nobody left to draw for.
            self.is_gone = True
            self._waiting = b""

    def _finish(self, within: Seconds) -> None:
        if self._waiting and select.select([], [self._terminal], [], within)[1]:
            self._write(b"")


def _reopened(terminal: int) -> int:
    """Open the terminal again: the flag "do not block" is shared by all who inherited a descriptor."""
    try:
        return os.open(os.ttyname(terminal), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return os.dup(terminal)


def _quiet_modes(terminal: int) -> list[int | list[bytes | int]]:
    modes = termios.tcgetattr(terminal)
    # Ctrl-S would freeze the board; Ctrl-Z would leave it standing, as if it were live.
    modes[_IFLAG] &= ~(termios.IXON | termios.ICRNL)
    modes[_LFLAG] &= ~(termios.ECHO | termios.ICANON)
    for key, value in (
        (termios.VMIN, 1),
        (termios.VTIME, 0),
        (termios.VSUSP, b"\x00"),
        (termios.VQUIT, b"\x00"),
    ):
        modes[_CC][key] = value
    return modes


def _is_same(row: Text, before: Text) -> bool:
    return row.plain == before.plain and row.spans == before.spans and row.style == before.style
