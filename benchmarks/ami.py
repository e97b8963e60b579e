"""A recorded manager connection: bytes to floor with all statistics, against panoramisk merely parsing them.

Both get the same bytes in the reads in which they were received. The recording is ``calm``: ordinary mixed
calls. How the ratio comes out depends on the share of frames nobody wants (``VarSet`` above all): recordings
of few calls, polled every five seconds, are mostly lists of queues and come out lower.
"""

import time
from typing import Any

import pyperf
from panoramisk.ami_protocol import AMIProtocol

from adapters.asterisk.translation import AsteriskTranslator
from adapters.recording.format import RECORDING as FORMAT
from benchmarks.traffic import POLICY, RECORDING, START
from queue_alert.core.deadlines import NEVER
from queue_alert.core.monitor import Monitor
from queue_alert.ports import RecordedData

READS = [
    (START + item.at, item.data)
    for item in FORMAT.read(RECORDING, lambda _kind, _detail: None)
    if isinstance(item, RecordedData)
]


class _Listener:
    """What panoramisk's protocol reports to, doing nothing."""

    save_stream = None

    def dispatch(self, message: Any) -> None:
        """Take a message."""

    def connection_lost(self, error: Any) -> None:
        """Take the end of the recorded connection (a ``Shutdown``)."""


def whole(loops: int) -> float:
    """Bytes to floor."""
    spent = 0.0
    for _ in range(loops):
        translator = AsteriskTranslator("pbx", lambda _kind, _detail: None)
        monitor = Monitor(POLICY, START)
        began = time.perf_counter()
        translator.connected(START)
        due = monitor.next_deadline() or NEVER
        for now, data in READS:
            if now >= due:  # as the shell does, by its one timer
                monitor.advance(now)
            events = translator.receive(data, now)
            for event in events:
                monitor.handle(event, now)
            if events or now >= due:
                due = monitor.next_deadline() or NEVER
        spent += time.perf_counter() - began
    return spent


def panoramisk(loops: int) -> float:
    """Bytes to panoramisk's messages, nobody listening."""
    spent = 0.0
    for _ in range(loops):
        protocol = AMIProtocol()
        protocol.connection_made(None)
        protocol.factory = _Listener()
        began = time.perf_counter()
        for _now, data in READS:
            protocol.data_received(data)
        spent += time.perf_counter() - began
    return spent


if __name__ == "__main__":
    runner = pyperf.Runner()
    runner.bench_time_func("panoramisk", panoramisk)
    runner.bench_time_func("whole", whole)
