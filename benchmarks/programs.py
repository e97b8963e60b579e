"""The real programs as processes, and what the operating system says of them."""

import gzip
import os
import pty
import socket
import struct
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

__all__ = ["cpu_s", "free_port", "monitor", "page", "resident_mb", "wallboard"]

_START_S = 20.0


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def page(port: int, path: str) -> bytes:
    """Return a page of the monitor's, asked for as Prometheus asks, whatever its status."""
    try:
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            body: bytes = answer.read()
            return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    except urllib.error.HTTPError as error:
        return error.read()


@contextmanager
def monitor(config: Path, port: int) -> Iterator[int]:
    """Run the monitor; gives its process id once it serves pages."""
    log = config.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "queue_alert", "-q", "run", "--config", str(config)],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_page(process, port, log)
        yield process.pid
    finally:
        _end(process)


@contextmanager
def wallboard(port: int, *, columns: int, rows: int) -> Iterator[int]:
    """Run the wallboard on a terminal of that size; gives its process id."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "queue_alert", "wallboard", f"ws://127.0.0.1:{port}/live"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    drain = subprocess.Popen(["/bin/cat"], stdin=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        _end(process)
        _end(drain)
        os.close(ours)


def resident_mb(pid: int) -> float:
    """Return a process's resident memory in MB (10^6 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pid: int) -> float:
    """Return the seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _await_page(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            page(port, "/healthz")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"the monitor did not start:\n{log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
