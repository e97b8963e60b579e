"""Outputs that live on an event loop, for tests that do not: a loop in a thread, and a broker on it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from devices.mqtt_output import MqttLampOutput
from tests.adapters.mqtt.speaker import Speaker, speaking
from tests.services.mosquitto import mosquitto

T = TypeVar("T")
_LONGEST_S = 15.0


class LoopThread:
    """An event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what ``work`` returns, once it has."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_LONGEST_S)

    def call(self, function: Callable[[], T]) -> T:
        """Return what ``function`` returns, called on the loop."""

        async def work() -> T:
            return function()

        return self.run(work())

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LONGEST_S)
        self._loop.close()


class OnLoop:
    """An output whose methods are called on its loop, from any thread."""

    def __init__(self, output: MqttLampOutput, thread: LoopThread) -> None:
        self.lamps = output.lamps
        self._output = output
        self._thread = thread

    def open(self) -> None:
        self._thread.call(self._output.open)

    def write(self, lamps: Mapping[str, str]) -> None:
        self._thread.call(lambda: self._output.write(lamps))

    def close(self) -> None:
        self._thread.call(self._output.close)

    def listen(self, report: Callable[[str], None]) -> None:
        self._thread.call(lambda: self._output.listen(report))

    def settled(self) -> str | None:
        return self._thread.call(self._output.settled)

    def wait(self) -> None:
        """Wait until it has said goodbye."""

        async def ended() -> None:
            await asyncio.gather(*(speaker.task for speaker in self._output._speakers))

        self._thread.run(ended())


class Broker:
    """A real broker, and somebody who hears all that is said there.

    Attributes:
        thread: The loop that both are on.
        port: Where it listens.
    """

    def __init__(self, folder: Path) -> None:
        self.thread = LoopThread()
        self._stack = AsyncExitStack()
        self.port, self._listener = self.thread.run(self._start(folder))

    async def _start(self, folder: Path) -> tuple[int, Speaker]:
        broker = await self._stack.enter_async_context(mosquitto(folder))
        listener = await self._stack.enter_async_context(speaking(broker.port, listen_to="#"))
        return broker.port, listener

    def last(self, topic: str) -> bytes:
        """Return what was said there last, nothing if nothing was."""
        return next(reversed(self.thread.call(lambda: self._listener.payloads(topic))), b"")

    def stop(self) -> None:
        self.thread.run(_awaited(self._stack.aclose()))
        self.thread.stop()


async def _awaited(what: Awaitable[T]) -> T:
    return await what
