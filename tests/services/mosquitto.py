"""A real mosquitto on a free loopback port, in a folder of its own, that can be killed and started again."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
PASSWORDS = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
_START_S = 10.0


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker.

    Attributes:
        port: Where it listens, the same after every start.
        folder: Its own: configuration, log and what it saves.
    """

    def __init__(self, folder: Path, *, config: Sequence[str] = (), persistent: bool = False) -> None:
        self.port = free_port()
        self.folder = folder
        self._config = config
        self._persistent = persistent
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it listens."""
        await asyncio.to_thread(self._write)
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM, "-c", str(self.folder / "mosquitto.conf"), stdout=log, stderr=log
            )
        async with asyncio.timeout(_START_S):
            while True:
                assert self._process.returncode is None, (self.folder / "log").read_text()
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.005)
                    continue
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
                return

    async def kill(self) -> None:
        """End it as a power cut would: nothing is saved."""
        await self._end(lambda process: process.kill())

    async def stop(self) -> None:
        """End it in good order: what it keeps is saved, where it is persistent."""
        await self._end(lambda process: process.terminate())

    async def _end(self, way: object) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            way(process)  # type: ignore[operator]
        if process is not None:
            await process.wait()

    def _write(self) -> None:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            f"persistence {'true' if self._persistent else 'false'}",
            f"persistence_location {self.folder}/",
            "max_queued_messages 20000",
            "log_type all",
        ]
        if os.geteuid() == 0:
            # Else it would become a user that may not read this folder.
            lines.append("user root")
        names = {line.split()[0] for line in self._config}
        lines = [line for line in lines if line.split()[0] not in names]
        (self.folder / "mosquitto.conf").write_text("\n".join([*lines, *self._config]) + "\n")


@asynccontextmanager
async def mosquitto(
    folder: Path, *, config: Sequence[str] = (), persistent: bool = False
) -> AsyncIterator[Mosquitto]:
    """Run a broker for as long as the body runs.

    Args:
        folder: Empty, for the broker alone.
        config: Further lines of its configuration; one of the same name replaces ours.
        persistent: Whether it saves what it keeps when it ends in good order.
    """
    broker = Mosquitto(folder, config=config, persistent=persistent)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.kill()
