"""What the programs cost while nothing changes: resident memory and processor time."""

import re
import socketserver
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.programs import cpu_s, free_port, monitor, page, resident_mb, wallboard
from benchmarks.traffic import RECORDING

__all__ = ["Footprint", "footprints"]

_SETTLE_S = 5.0

_CONFIG = """
timezone = "UTC"
[http]
listen = "127.0.0.1:{port}"
[feeds.pbx]
driver = "asterisk"
port = {manager_port}
username = "queuealert"
secret_file = "{secret}"
[outputs.beacon]
driver = "gpio-lamp"
pin = 17
factory = "mock"
"""

Footprint = tuple[float, float]
"""Resident memory in MB, share of one core."""


def footprints(seconds: float = 30.0) -> tuple[Footprint, Footprint]:
    """Return those of a monitor (AMI, GPIO, metrics) and of a wallboard, idle for that many seconds."""
    with tempfile.TemporaryDirectory() as folder, _manager() as manager_port:
        port, home = free_port(), Path(folder)
        secret, config = home / "secret", home / "config.toml"
        secret.write_text("secret")
        secret.chmod(0o600)
        config.write_text(_CONFIG.format(port=port, manager_port=manager_port, secret=secret))
        with monitor(config, port) as first, wallboard(port, columns=80, rows=24) as second:
            time.sleep(_SETTLE_S)
            page(port, "/metrics")
            before = cpu_s(first), cpu_s(second)
            time.sleep(seconds)
            after = cpu_s(first), cpu_s(second)
            if b'acd_feed_up{feed="pbx"} 1' not in page(port, "/metrics"):
                raise SystemExit("the monitor did not follow the manager interface")
            return (
                (resident_mb(first), (after[0] - before[0]) / seconds),
                (resident_mb(second), (after[1] - before[1]) / seconds),
            )


def _first_list() -> bytes:
    """Return the recording's first whole answer to QueueStatus, without its ActionID."""
    data = RECORDING.read_bytes()
    begin = data.index(b"Event: QueueParams")
    end = data.index(b"Event: QueueStatusComplete")
    return re.sub(rb"ActionID: [^\r]*\r\n", b"", data[begin:end])


class _Manager(socketserver.StreamRequestHandler):
    """As much of a manager interface as it takes to be followed, over which nothing happens."""

    def handle(self) -> None:
        with suppress(ConnectionError):  # it is the monitor that hangs up
            self._converse()

    def _converse(self) -> None:
        self.wfile.write(b"Asterisk Call Manager/11.0.0\r\n")
        action: dict[bytes, bytes] = {}
        for line in self.rfile:
            if line.strip():
                name, _, value = line.strip().partition(b": ")
                action[name.lower()] = value
                continue
            mark = b"ActionID: " + action.get(b"actionid", b"") + b"\r\n"
            self.wfile.write(b"Response: Success\r\n" + mark + b"\r\n")
            if action.get(b"action", b"").lower() == b"login":
                self.wfile.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
            elif action.get(b"action", b"").lower() == b"queuestatus":
                listed = _first_list().replace(b"\r\n\r\n", b"\r\n" + mark + b"\r\n")
                self.wfile.write(listed + b"Event: QueueStatusComplete\r\n" + mark + b"\r\n")
            action = {}


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def _manager() -> Iterator[int]:
    with _Server(("127.0.0.1", 0), _Manager) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
