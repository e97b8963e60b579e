"""Lamps in the network through the real engine: what goes away comes back, and no other lamp notices."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest

from devices import patlite, wled
from devices.engine import LampEngine
from devices.http_lamp import DRIVER as HTTP
from devices.http_lamp import HttpOptions, LampRequests
from devices.http_template import RequestOptions
from devices.patlite import HttpTowerOptions, PnsOptions
from devices.patterns import PatternOptions
from devices.recording import DRIVER as RECORDING
from devices.recording import RecordingOptions, RecordingOutput
from devices.wled import WledOptions
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import OutputContext, OutputDriver, OutputSetup
from tests.devices.servers import Tower, Web

CRITICAL = SignalLevel(3, Severity.CRITICAL)
STEADY = SignalLevel(0, Severity.CRITICAL)
"""A severity while nobody waits: a lamp is lit and nothing is written any more."""


class WallClock:
    def now(self) -> float:
        return time.time()


async def condition(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


class Room:
    """An engine with one output in the network and one beside it that records."""

    def __init__(self, driver: OutputDriver, options: Any, level: SignalLevel) -> None:
        clock = WallClock()
        self.faults: list[str] = []
        beside = RECORDING.create(RecordingOptions(), OutputContext(name="beside", clock=clock))
        assert isinstance(beside, RecordingOutput)
        self.beside = beside
        remote = driver.create(options, OutputContext(name="remote", clock=clock))
        self.engine = LampEngine(
            [
                OutputSetup(name="remote", driver=driver, options=options, output=remote),
                OutputSetup(name="beside", driver=RECORDING, options=RecordingOptions(), output=beside),
            ],
            PatternOptions(),
            clock,
            self._observe,
        )
        self.engine.show("remote", level)
        self.engine.show("beside", CRITICAL)

    def _observe(self, name: str, _lamps: Mapping[str, str], fault: str) -> None:
        if name == "remote" and (not self.faults or self.faults[-1] != fault):
            self.faults.append(fault)

    @property
    def flashes(self) -> list[float]:
        """Instants at which the lamp beside was lit, from the first on."""
        return [shown.at for shown in self.beside.timeline if shown.lamps["lamp"] != "off"]

    def assert_none_was_missed(self) -> None:
        gaps = [after - before for before, after in pairwise(self.flashes)]
        assert gaps
        assert max(gaps) < 0.75  # one that is missed makes a whole second


@asynccontextmanager
async def played(room: Room) -> AsyncIterator[Room]:
    task = asyncio.create_task(room.engine.run(), name="engine")
    try:
        yield room
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def http_options(web: Web) -> HttpOptions:
    start = f"http://127.0.0.1:{web.port}/"
    requests = LampRequests(on=RequestOptions(url=f"{start}on"), off=RequestOptions(url=f"{start}off"))
    return HttpOptions(requests={"lamp": requests}, timeout=0.5)


def web_case(driver: OutputDriver, options: Callable[[Web], Any], lit: bytes, answer: bytes = b"") -> Any:
    def make() -> tuple[Any, OutputDriver, Any, Callable[[], bool]]:
        web = Web()
        web.answer = answer or web.answer
        web.server.start()
        return web, driver, options(web), lambda: any(lit in request for request in web.requests)

    return make


def tower_case() -> tuple[Any, OutputDriver, Any, Callable[[], bool]]:
    tower = Tower()
    tower.server.start()
    options = PnsOptions(host="127.0.0.1", port=tower.port, kind="lamp", timeout=0.5)
    return tower, patlite.PNS, options, lambda: bytes.fromhex("585853000006 0109090909 09") in tower.frames


DONE = b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":true}'
CASES = {
    "patlite-pns": tower_case,
    "patlite-http": web_case(
        patlite.HTTP,
        lambda web: HttpTowerOptions(host="127.0.0.1", port=web.port, kind="lamp", timeout=0.5),
        b"alert=199999",
    ),
    "wled": web_case(
        wled.JSON,
        lambda web: WledOptions(host="127.0.0.1", port=web.port, timeout=0.5),
        b'"on":true',
        DONE,
    ),
    "http": web_case(HTTP, http_options, b"/on "),
}


def forget(peer: Any) -> None:
    (peer.frames if isinstance(peer, Tower) else peer.requests).clear()


@pytest.mark.parametrize("case", list(CASES))
async def test_one_that_goes_away_and_comes_back_is_logged_once_each_way_and_put_right_in_two_seconds(
    case: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    peer, driver, options, is_lit = await asyncio.to_thread(CASES[case])
    try:
        async with played(Room(driver, options, STEADY)) as room:
            await condition(is_lit)
            await asyncio.to_thread(peer.server.stop)
            await condition(lambda: bool(room.faults[-1]))
            forget(peer)
            flashes = len(room.flashes)
            await condition(lambda: len(room.flashes) > flashes)  # it is looked for meanwhile, in vain
            await asyncio.to_thread(peer.server.start)
            await condition(is_lit, 2.0)
            await condition(lambda: not room.faults[-1])
            room.assert_none_was_missed()
    finally:
        await asyncio.to_thread(peer.server.stop)
    logged = [
        record.message.split(" reason=")[0] for record in caplog.records if record.name == "devices.engine"
    ]
    assert logged == ["output failed output=remote", "output recovered output=remote"]


@pytest.mark.parametrize("case", ["patlite-pns", "http"])
async def test_one_that_hangs_holds_nobody_up(case: str) -> None:
    peer, driver, options, is_lit = await asyncio.to_thread(CASES[case])
    try:
        async with played(Room(driver, options, CRITICAL)) as room:
            await condition(is_lit)
            peer.gate.clear()
            await condition(lambda: bool(room.faults[-1]))
            assert "has not answered within 0.5 s" in room.faults[-1]
            flashes = len(room.flashes)
            await condition(lambda: len(room.flashes) > flashes)
            room.assert_none_was_missed()
            peer.gate.set()
            await condition(lambda: not room.faults[-1], 2.0)
    finally:
        peer.gate.set()
        await asyncio.to_thread(peer.server.stop)


async def test_one_that_is_slow_is_lit_steadily_while_the_other_flashes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    peer, driver, options, is_lit = await asyncio.to_thread(CASES["http"])
    peer.delay_s = 0.3
    try:
        async with played(Room(driver, options, CRITICAL)) as room:
            await condition(is_lit)
            await condition(lambda: len(room.flashes) >= 4)
            room.assert_none_was_missed()
            asked = [line.split()[1] for line in peer.lines]
            assert asked[asked.index("/on") :] == ["/on"] * asked.count("/on")
    finally:
        await asyncio.to_thread(peer.server.stop)
    assert "output is slow, it is lit steadily in place of flashes output=remote" in caplog.text
