"""Lamps behind a broker: each has a task that always says the newest state.

The engine hands over what the lamps are to show and goes on. What could not be said in time is not said late:
a newer state takes its place, and after a reconnect it is the present one that is said.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiomqtt

from devices.mqtt_options import MqttLampOptions, wires
from devices.mqtt_words import Wire
from devices.output import CheckedOutput
from queue_alert.broker import Link, Outgoing, first_of, linked
from queue_alert.broker_options import where
from queue_alert.core.units import Seconds
from queue_alert.ports import DriverError

__all__ = ["AGAIN_S", "MqttLampOutput"]

logger = logging.getLogger(__name__)

AGAIN_S: Final[Seconds] = 1.0
"""So often a broker that is gone is looked for, and a lamp that is not listening is told again."""

_EXPIRES_S: Final = 5
"""A broker that keeps messages for a lamp that is away throws ours away after so long: it is not to flash for
what was."""


class MqttLampOutput(CheckedOutput):
    """Lamps behind a broker; its methods are to be called on the loop.

    Args:
        name: The output's name in the configuration.
        options: Which lamps, and how they are reached.
        base: Folder that relative paths in them start from.
        again_s: How often a broker that is gone is looked for.
    """

    def __init__(
        self, name: str, options: MqttLampOptions, base: Path, *, again_s: Seconds = AGAIN_S
    ) -> None:
        super().__init__(name, options.lamps)
        self._options = options
        self._base = base
        self._again_s = again_s
        self._wires = wires(options)
        self._speakers: Sequence[_Speaker] = ()
        self._faults: dict[str, str] = {}
        self._fault = ""
        self._report: Callable[[str], None] = _nobody_listens

    def listen(self, report: Callable[[str], None]) -> None:
        """Have ``report`` called with every new fault, and with "" when it is over."""
        self._report = report

    def settled(self) -> str | None:
        """Return the fault, "" if the lamps were told the newest, ``None`` if neither is so yet."""
        return self._fault or ("" if all(speaker.is_told for speaker in self._speakers) else None)

    def _claim(self) -> None:
        # Those of before may still be saying goodbye, and two of one name would throw each other out.
        before = [speaker.task for speaker in self._speakers]
        self._faults, self._fault = {}, ""
        self._speakers = [
            _Speaker(self._name, wire, self._options, self._base, self._again_s, self._tell)
            for wire in self._wires
        ]
        for speaker in self._speakers:
            speaker.start(before)

    def _set(self, lamps: Mapping[str, str]) -> None:
        for speaker in self._speakers:
            speaker.show(lamps)

    def _release(self) -> None:
        for speaker in self._speakers:
            speaker.end()

    def _tell(self, speaker: "_Speaker", fault: str) -> None:
        if speaker not in self._speakers:
            return
        self._faults[speaker.name] = fault
        fault = next(filter(None, self._faults.values()), "")
        if fault != self._fault:
            self._fault = fault
            self._report(fault)


class _Speaker:
    """One wire, one connection, one task; to be used once."""

    task: asyncio.Task[None]

    def __init__(
        self,
        output: str,
        wire: Wire,
        options: MqttLampOptions,
        base: Path,
        again_s: Seconds,
        tell: Callable[["_Speaker", str], None],
    ) -> None:
        self.name = wire.name
        self._output = output
        self._wire = wire
        self._topic = wire.address
        self._options = options
        self._base = base
        self._again_s = again_s
        self._report = tell
        self._payload = wire.dark
        self._told: bytes | None = None
        self._is_lit = False
        self._is_ending = False
        self._is_done = False
        """Whether it has said its last word."""
        self._news = asyncio.Event()

    @property
    def is_told(self) -> bool:
        """Whether the lamp was told what it is to show."""
        return self._told == self._payload

    def start(self, before: Sequence[asyncio.Task[None]]) -> None:
        """Begin, once the tasks of before have ended."""
        name = f"output-{self._output}" + (f"-{self.name}" if self.name else "")
        self.task = asyncio.get_running_loop().create_task(self._work(before), name=name)

    def show(self, lamps: Mapping[str, str]) -> None:
        """Take what is to be shown; the newest wins."""
        payload, is_lit = self._wire.payload(lamps), self._wire.is_lit(lamps)
        if payload != self._payload:
            self._payload, self._is_lit = payload, is_lit
            self._news.set()

    def end(self) -> None:
        """Make it dark and end."""
        self._is_ending = True
        self._news.set()

    async def _work(self, before: Sequence[asyncio.Task[None]]) -> None:
        try:
            if before:
                await asyncio.wait(before)
            while not self._is_ending:
                try:
                    await self._serve()
                except DriverError as error:
                    self._tell(error.reason)
                    if not error.recoverable:
                        return
                    await self._pause()
        except Exception:
            # A task dies in silence otherwise; and the lamp with it.
            logger.exception("output broke output=%s", self._output)
            self._tell("the driver broke; see the log")

    async def _serve(self) -> None:
        """Connect and say what is wanted until the connection is lost or the end has come."""
        async with linked(
            self._options,
            name=self._output,
            table="outputs",
            part=self.name if len(self._options.lamps) > 1 else "",
            base=self._base,
            will=aiomqtt.Will(self._topic, self._wire.dark, qos=1),
        ) as link:
            try:
                await first_of(link.until_lost(), self._say_all(link))
            finally:
                if not self._is_done:
                    await link.leave_with_will()

    async def _say_all(self, link: Link) -> None:
        while not self._is_ending:
            self._news.clear()
            is_lit = self._is_lit
            payload = self._payload
            is_heard = await link.say(self._message(payload))
            self._told = payload if is_heard else None
            self._tell("" if is_heard else self._unheard())
            pause = self._options.again
            if is_lit and self._wire.hold_s:
                pause = min(pause, self._wire.hold_s / 2)
            await self._wait(pause if is_heard else min(pause, self._again_s))
        await link.say(self._message(self._wire.dark))
        self._is_done = True

    def _message(self, payload: bytes) -> Outgoing:
        return Outgoing(self._topic, payload, expires_s=_EXPIRES_S)

    def _unheard(self) -> str:
        return (
            f"nobody listens to {self._topic} at {where(self._options)}; is the lamp switched on and "
            "connected, and is that its topic?"
        )

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._again_s
        while not self._is_ending and (left := until - loop.time()) > 0:
            self._news.clear()
            await self._wait(left)

    async def _wait(self, seconds: Seconds) -> None:
        """Wait for news, not longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    def _tell(self, fault: str) -> None:
        self._report(self, fault)


def _nobody_listens(_fault: str) -> None:
    """Take a fault that nobody asked for."""
