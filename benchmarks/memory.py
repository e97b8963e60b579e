"""Bytes that one waiting contact costs the core, everything it makes the monitor keep included."""

import gc
import tracemalloc

import msgspec

from benchmarks.traffic import POLICY, START
from queue_alert.core.events import decoder
from queue_alert.core.monitor import Monitor

__all__ = ["bytes_per_waiting_contact"]

_FEW, _MANY = 20_000, 60_000


def bytes_per_waiting_contact() -> float:
    """Return the growth of the heap from 20,000 to 60,000 waiting contacts, per contact.

    The contacts come as JSON, as from a feed: ids and numbers are strings of their own, as in life.
    """
    decode = decoder().decode
    monitor = Monitor(msgspec.structs.replace(POLICY, max_waiting_per_group=_MANY), START)
    sizes: dict[int, int] = {}
    tracemalloc.start()
    try:
        for number in range(1, _MANY + 1):
            event = decode(
                msgspec.json.encode(
                    {
                        "type": "contact.queued",
                        "id": f"0192f3a4-7c1e-7b3a-9d52-{number:012d}",
                        "source": "acd.example.net/london",
                        "time": START + number * 0.001,
                        "seq": number,
                        "subject": "sales",
                        "contact": f"{START:.0f}.{number}",
                        "caller": f"+4420794{number:05d}",
                    }
                )
            )
            monitor.handle(event, START + 100.0)
            if number in (_FEW, _MANY):
                gc.collect()
                sizes[number] = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    return (sizes[_MANY] - sizes[_FEW]) / (_MANY - _FEW)


if __name__ == "__main__":
    print(f"{bytes_per_waiting_contact():.0f} bytes per waiting contact")
