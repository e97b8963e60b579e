"""Tells systemd that we are ready, alive and stopping."""

import os
import socket
from collections.abc import Mapping

from queue_alert.core.units import Seconds

__all__ = ["Notifier"]


class Notifier:
    """Sends states to the service manager; does nothing where there is none.

    Args:
        environ: Where ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` are looked up.

    Source: sd_notify(3), sd_watchdog_enabled(3).
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for Linux' abstract namespace, whose first byte is NUL.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        micros = environ.get("WATCHDOG_USEC", "")
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s: Seconds | None = int(micros) / 1e6 if micros.isdecimal() and is_ours else None
        """How long the service manager waits for a sign of life, in seconds; ``None``: it does not."""

    def send(self, state: str) -> None:
        """Send ``READY=1``, ``STOPPING=1`` or ``WATCHDOG=1``; never blocks, a deaf manager is passed over."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(0)
            try:
                channel.sendto(state.encode(), self._address)
            except OSError:
                # Losing a sign of life is what the watchdog is there to notice; there is nobody else to tell.
                return
