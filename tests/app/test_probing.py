"""Outputs without an engine: opened, dark, closed; and what a running monitor says of its own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.recording import RecordingOutput
from devices.worker import WorkerOutput
from queue_alert.app.config import ListenAddress, OutputPlan
from queue_alert.app.probing import Probe, faults_of_running_monitor, probe_outputs
from queue_alert.ports import DriverError, Output, OutputContext, OutputDriver
from tests.app.fakes import FixedClock

CLOCK = FixedClock()
OFF = {"lamp": "off"}


class NoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to say."""


def plan(name: str, create: Callable[[OutputContext], Output]) -> OutputPlan:
    driver = OutputDriver(
        summary="of a test", options=NoOptions, create=lambda _options, context: create(context)
    )
    return OutputPlan(name=name, driver_name="test", driver=driver, options=NoOptions())


class BlockingDevice:
    """Opens as it is told to."""

    def __init__(self, *, fault: str = "", gate: threading.Event | None = None) -> None:
        self.fault = fault
        self.gate = gate
        self.said: list[str] = []

    def open(self) -> None:
        if self.gate is not None:
            self.gate.wait(10)
        if self.fault:
            raise DriverError(self.fault)

    def show(self, lamps: Mapping[str, str]) -> None:
        self.said.append(lamps["lamp"])

    def close(self) -> None:
        self.said.append("close")


def test_every_output_is_opened_made_dark_and_closed() -> None:
    plain = RecordingOutput(CLOCK)
    device = BlockingDevice()
    worker = WorkerOutput("beacon", ("lamp",), device)
    plans = [plan("lamp", lambda _context: plain), plan("beacon", lambda _context: worker)]
    assert probe_outputs(plans, CLOCK, base=Path(), timeout_s=5.0) == [
        Probe(name="lamp", lamps=("lamp",), fault=""),
        Probe(name="beacon", lamps=("lamp",), fault=""),
    ]
    assert [shown.lamps for shown in plain.timeline] == [OFF, OFF, OFF]
    assert worker.worker.thread is not None
    worker.worker.thread.join(10)
    assert (set(device.said), device.said[-1]) == ({"off", "close"}, "close")


def test_one_that_fails_hangs_or_is_broken_keeps_no_other_from_being_made_dark() -> None:
    gate = threading.Event()
    wrong, sound = RecordingOutput(CLOCK), RecordingOutput(CLOCK)
    wrong.fail("outputs.wrong: this board has no pin 99")

    class Sticky(RecordingOutput):
        def open(self) -> None:
            gate.wait(10)

    def broken(_context: OutputContext) -> Output:
        raise ZeroDivisionError

    plans = [
        plan("wrong", lambda _context: wrong),
        plan("gone", lambda _context: WorkerOutput("gone", ("lamp",), BlockingDevice(fault="is gone"))),
        plan("slow", lambda _context: WorkerOutput("slow", ("lamp",), BlockingDevice(gate=gate))),
        plan("sticky", lambda _context: Sticky(CLOCK)),
        plan("broken", broken),
        plan("sound", lambda _context: sound),
    ]
    try:
        probes = probe_outputs(plans, CLOCK, base=Path(), timeout_s=0.2)
    finally:
        gate.set()
    assert probes == [
        Probe(name="wrong", lamps=("lamp",), fault="this board has no pin 99"),
        Probe(name="gone", lamps=("lamp",), fault="is gone"),
        Probe(
            name="slow",
            lamps=("lamp",),
            fault="does not answer in time; is it plugged in, and is its address right?",
        ),
        Probe(
            name="sticky",
            lamps=(),
            fault="does not answer within 0.2 s; is it plugged in, and is its address right?",
        ),
        Probe(name="broken", lamps=(), fault="the driver broke; see the log"),
        Probe(name="sound", lamps=("lamp",), fault=""),
    ]
    assert [shown.lamps for shown in sound.timeline] == [OFF, OFF, OFF]


@contextmanager
def serving(status: int, body: bytes) -> Iterator[ListenAddress]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """Keep silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ListenAddress("127.0.0.1", server.server_port)
        finally:
            server.shutdown()
            thread.join()


def test_a_running_monitor_says_what_it_holds_though_it_is_not_well() -> None:
    health = {"version": "1", "uptime_s": 2.5, "outputs": {"a": {"fault": ""}, "b": {"fault": "is gone"}}}
    with serving(503, msgspec.json.encode(health)) as listen:
        assert faults_of_running_monitor(listen) == {"a": "", "b": "is gone"}


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b'{"outputs": {"a": {"fault": ""}}}', b"\xff"])
def test_another_program_on_the_address_is_no_monitor(body: bytes) -> None:
    with serving(200, body) as listen:
        assert faults_of_running_monitor(listen) == {}


def test_where_nobody_answers_no_monitor_runs() -> None:
    with serving(200, b"") as listen:
        pass
    assert faults_of_running_monitor(listen) == {}
    assert faults_of_running_monitor(None) == {}
    assert faults_of_running_monitor(ListenAddress("127.0.0.1", 0)) == {}
