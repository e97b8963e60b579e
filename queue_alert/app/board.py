"""Starts the wallboard program in the foreground, as a person would."""

import socket
import sys
from collections.abc import Sequence

__all__ = ["free_port", "program", "wallboard_command"]


def program(*words: str) -> list[str]:
    """Return the command that runs this program, from this interpreter, with ``words``.

    ``-P`` keeps the folder it is started from out of the module path: anything may lie there.
    """
    return [sys.executable, "-P", "-m", "queue_alert", *words]


def wallboard_command(port: int) -> Sequence[str]:
    """Return the command that shows the live view served on ``port`` of the loopback."""
    return program("wallboard", f"ws://127.0.0.1:{port}/live")


def free_port() -> int:
    """Return a port of the loopback that is free now; somebody quick may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
