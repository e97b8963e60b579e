import os
import socket
from pathlib import Path

import pytest

from queue_alert.app.notify import Notifier


def test_without_a_service_manager_nothing_is_sent() -> None:
    notifier = Notifier({})
    notifier.send("READY=1")
    assert notifier.watchdog_s is None


def test_states_reach_the_socket(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        Notifier({"NOTIFY_SOCKET": address}).send("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_an_address_in_the_abstract_namespace_is_understood() -> None:
    name = f"queue-alert-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).send("STOPPING=1")
        assert manager.recv(100) == b"STOPPING=1"


def test_a_manager_that_went_away_is_passed_over(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).send("READY=1")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_patience_is_read(environ: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environ).watchdog_s == seconds
