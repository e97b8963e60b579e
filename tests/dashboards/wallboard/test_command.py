"""The program as it is run: on a pseudo-terminal, in a process of its own."""

import argparse
import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from dashboards.wallboard.command import COMMAND
from queue_alert.core.view import ViewChanged
from tests.dashboards.wallboard.floors import busy_floor, group, many_groups
from tests.dashboards.wallboard.monitor import FakeMonitor, unused_port
from tests.dashboards.wallboard.test_screen import LEAVE

ROOT = Path(__file__).parents[3]
PROGRAM = (
    "import argparse, sys\n"
    "from dashboards.wallboard.command import COMMAND\n"
    "parser = argparse.ArgumentParser()\n"
    "COMMAND.arguments(parser)\n"
    "sys.exit(COMMAND.run(parser.parse_args()))\n"
)
pytestmark = pytest.mark.process


def environment(**more: str) -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLORTERM", "COLUMNS"}
    }
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "linux", **more}


async def run(*arguments: str, **more: str) -> tuple[int, str, str]:
    """Run the command without a terminal; return exit code, standard output and error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**more),
    )
    async with asyncio.timeout(20):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


class Session:
    """The program on a pseudo-terminal."""

    def __init__(self, process: asyncio.subprocess.Process, master: int, slave: int) -> None:
        self.process = process
        self.slave = slave
        self._master = master
        self.seen = b""
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        self.seen += os.read(self._master, 65_536)
        self._more.set()

    async def until(self, text: str) -> None:
        """Wait until ``text`` was written since the last call, and forget what was."""
        async with asyncio.timeout(20):
            while (at := self.seen.find(text.encode())) < 0:
                self._more.clear()
                await self._more.wait()
        self.seen = self.seen[at + len(text.encode()) :]

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process.send_signal(signal.SIGWINCH)

    async def exit_code(self) -> int:
        async with asyncio.timeout(20):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def session(address: str, **more: str) -> AsyncIterator[Session]:
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        address,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(**more),
        start_new_session=True,
    )
    try:
        yield Session(process, master, slave)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
        os.close(slave)


async def test_once_prints_all_groups_plain_and_exits() -> None:
    async with FakeMonitor([many_groups(60)]) as monitor:
        code, out, err = await run(f"http://127.0.0.1:{monitor.port}", "--once")
    assert (code, err) == (0, "")
    assert sum(row.lstrip("! ").startswith("group ") for row in out.splitlines()) == 60
    assert "\x1b" not in out


async def test_once_takes_a_size() -> None:
    async with FakeMonitor([busy_floor()]) as monitor:
        _code, out, _err = await run(monitor.address, "--once", "--size", "60x12")
    assert len(out.splitlines()) == 12


async def test_once_without_a_monitor_is_one_and_a_sentence() -> None:
    port = await unused_port()
    expected = (
        f"queue-alert wallboard: no monitor at ws://127.0.0.1:{port}/live (connection refused); "
        "is queue-alert running?\n"
    )
    assert await run(f"127.0.0.1:{port}", "--once") == (1, "", expected)


async def test_svg_writes_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "board.svg"
    async with FakeMonitor([busy_floor()]) as monitor:
        code, out, err = await run(monitor.address, "--svg", str(path), "--size", "80x24")
    assert (code, out, err) == (0, "", "")
    picture = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314  # our own
    words = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Support", "Rückfragen", "予約センター", "61", "YELLOW*"} <= set(words)
    assert "http" not in path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")


async def test_svg_that_cannot_be_written_is_one_and_a_sentence(tmp_path: Path) -> None:
    async with FakeMonitor([busy_floor()]) as monitor:
        code, _out, err = await run(monitor.address, "--svg", str(tmp_path / "no" / "board.svg"))
    assert (code, "No such file or directory" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://pi", "--once"), "is no address of a monitor"),
        (("--size", "80"), "must be WIDTHxHEIGHT"),
        (("--size", "0x5", "--once"), "must be WIDTHxHEIGHT"),
        (("--size", "80x24"), "--size goes with --once or --svg"),
        ((), "standard output is not a terminal; print one board with --once"),
    ],
)
async def test_wrong_use_is_two_and_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    code, out, err = await run(*arguments)
    assert (code, out, said in err) == (2, "", True)


async def test_dumb_terminal_is_two_and_a_sentence() -> None:
    async with session("ws://127.0.0.1:1/live", TERM="dumb") as board:
        await board.until("this terminal cannot be drawn on (TERM=dumb); print one board with --once")
        assert await board.exit_code() == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_signal_gives_the_terminal_back_and_ends_well(number: signal.Signals) -> None:
    async with FakeMonitor([busy_floor()]) as monitor, session(monitor.address) as board:
        before = termios.tcgetattr(board.slave)
        await board.until("Support")
        assert termios.tcgetattr(board.slave) != before
        board.process.send_signal(number)
        assert await board.exit_code() == 0
        assert termios.tcgetattr(board.slave) == before
        await board.until(LEAVE.decode())


async def test_keys_explain_turn_and_quit() -> None:
    async with FakeMonitor([many_groups(60)]) as monitor, session(monitor.address) as board:
        await board.until("page 1/")
        board.press("n")
        await board.until("page 2/")
        board.press("x?")
        await board.until("pages turn by themselves")
        board.press("?")
        await board.until("page 2/")
        board.press("q")
        assert await board.exit_code() == 0


async def test_monitor_that_goes_away_is_said_and_found_again() -> None:
    async with FakeMonitor([busy_floor()]) as monitor, session(monitor.address) as board:
        await board.until("ok live")
        await monitor.stop()
        await board.until("monitor gone since")
        await monitor.start()
        await board.until("ok live")
        floor = busy_floor()
        await monitor.say(ViewChanged(at=floor.at, groups=(group("Brand new"),)))
        await board.until("Brand new")
        board.process.terminate()
        assert await board.exit_code() == 0


async def test_new_size_is_drawn() -> None:
    async with FakeMonitor([busy_floor()]) as monitor, session(monitor.address) as board:
        await board.until("q quit")
        board.resize(130, 40)
        await board.until("LONGEST WAIT")
        await board.until("CRITICAL")
        board.process.terminate()
        assert await board.exit_code() == 0


async def test_hostile_name_does_not_reach_the_terminal() -> None:
    view = replace(busy_floor(), groups=(group("\x1b]0;owned\x07\x1b[2J"),))
    async with FakeMonitor([view]) as monitor, session(monitor.address) as board:
        await board.until("?]0;owned??[2J")
        board.process.terminate()
        assert await board.exit_code() == 0


def test_help_teaches() -> None:
    parser = argparse.ArgumentParser(description=COMMAND.description)
    COMMAND.arguments(parser)
    text = parser.format_help()
    assert all(word in text for word in ("--once", "--svg", "--size", "NO_COLOR", "examples:", "exit codes:"))


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    return parser.parse_args(given)


async def in_process(*given: str) -> int:
    """Run the command in a thread, with a loop of its own."""
    return await asyncio.to_thread(COMMAND.run, arguments(*given))


async def test_once_in_process_is_the_board(capsys: pytest.CaptureFixture[str]) -> None:
    async with FakeMonitor([busy_floor()]) as monitor:
        assert await in_process(monitor.address, "--once", "--size", "100x30") == 0
    assert "ALL GROUPS" in capsys.readouterr().out


async def test_picture_in_process_is_written_and_a_bad_path_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with FakeMonitor([busy_floor()]) as monitor:
        assert await in_process(monitor.address, "--svg", str(tmp_path / "a.svg")) == 0
        assert await in_process(monitor.address, "--svg", str(tmp_path / "no" / "a.svg")) == 1
    assert (tmp_path / "a.svg").stat().st_size > 1000
    assert "cannot write" in capsys.readouterr().err


async def test_failures_in_process_have_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert await in_process(f"ws://127.0.0.1:{await unused_port()}", "--once") == 1
    assert await in_process("ftp://x") == 2
    assert await in_process("--size", "80x24") == 2
    assert await in_process() == 2
    assert len(capsys.readouterr().err.splitlines()) == 4
