"""A simulated floor as JSON lines."""

import time
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from queue_alert.core.events import AcdEvent
from queue_alert.core.units import Instant, Seconds
from simulator.acd import Simulation
from simulator.announcer import Announcer

__all__ = ["MAX_SPEED", "event_lines", "print_lines", "recording_lines"]

MAX_SPEED = float("inf")
"""Does not wait at all."""

_Batch = tuple[Seconds, list[AcdEvent]]


def _batches(simulation: Simulation, duration: Seconds) -> Iterator[_Batch]:
    """Yield what is said at each instant, and when: in seconds since the start."""
    announcer = Announcer(simulation)
    start = simulation.start
    yield 0.0, announcer.begin(start)
    while (at := announcer.next_at()) <= start + duration:
        yield round(at - start, 3), announcer.advance(at)


def recording_lines(simulation: Simulation, duration: Seconds) -> Iterator[tuple[Seconds, bytes]]:
    """Yield the lines of a recording that can be replayed, each with when, in seconds since the start."""
    start: Instant = simulation.start
    encoder = msgspec.json.Encoder()
    header = {"format": "queue-alert-recording", "version": 1, "translator": "", "started_at": start}
    yield 0.0, encoder.encode(header) + b"\n"
    for at, events in _batches(simulation, duration):
        lines = (
            encoder.encode({"t": at, "wall": round(start + at, 3), "event": event}) + b"\n"
            for event in events
        )
        yield at, b"".join(lines)


def event_lines(simulation: Simulation, duration: Seconds) -> Iterator[tuple[Seconds, bytes]]:
    """Yield the bare events, one a line, and when each is said, in seconds since the start."""
    encoder = msgspec.json.Encoder()
    for at, events in _batches(simulation, duration):
        yield at, b"".join(encoder.encode(event) + b"\n" for event in events)


def print_lines(lines: Iterator[tuple[Seconds, bytes]], output: BinaryIO, *, speed: float) -> None:
    """Write ``lines`` when they are said, ``speed`` times as fast as in life."""
    began = time.monotonic()
    for at, text in lines:
        if speed != MAX_SPEED:
            time.sleep(max(0.0, began + at / speed - time.monotonic()))
        output.write(text)
        # Whoever reads from the pipe is to see a line when it happens, not when a buffer is full.
        output.flush()
