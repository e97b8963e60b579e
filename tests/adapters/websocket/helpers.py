"""A session with nothing around it, and what it says in short."""

import json
from typing import Any

import msgspec

from adapters.websocket.session import Session
from adapters.websocket.states import Limits, State
from queue_alert.core.events import AcdEvent, FeedHeartbeat, FeedStatusChanged
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import ClientMessage, SnapshotRequest
from tests.adapters.websocket.acd import SOURCE, START, TrueAcd

FEED = "phones"
ASK = SnapshotRequest()


class Bench:
    """One session, its clock, and all that came out of it."""

    def __init__(self, limits: Limits | None = None, source: str = FEED) -> None:
        self.now = 100.0
        self.skipped: list[tuple[Skipped, str]] = []
        self.events: list[AcdEvent] = []
        self.sent: list[ClientMessage] = []
        self.session = Session(
            source, lambda kind, detail: self.skipped.append((kind, detail)), lambda: START, limits
        )
        self.session.connected(self.now)

    def reconnect(self) -> None:
        self.session.connected(self.now)

    def hear(self, *texts: str) -> list[Any]:
        """Take messages and return in short what came out of them."""
        events = [event for text in texts for event in self.session.receive(text, self.now)]
        self.events += events
        self.sent += self.session.take_messages()
        return [short(event) for event in events]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.session.advance(self.now)
        self.sent += self.session.take_messages()

    def take_sent(self) -> list[ClientMessage]:
        sent, self.sent = self.sent, []
        return sent


def short(event: AcdEvent) -> Any:
    """Return an event in short: what is said of the feed as words, all else as it would travel, bare."""
    if isinstance(event, FeedStatusChanged):
        return f"{event.state}: {event.reason}" if event.reason else event.state.value
    if isinstance(event, FeedHeartbeat):
        return ("heartbeat", event.time)
    fields = msgspec.json.decode(msgspec.json.encode(event))
    return {name: value for name, value in fields.items() if name not in {"id", "time", "source"}}


def live(acd: TrueAcd, limits: Limits | None = None) -> Bench:
    """Return a session that knows all of an ACD."""
    bench = Bench(limits)
    bench.hear(acd.hello(), *acd.snapshots())
    assert bench.session.state is State.LIVE
    bench.take_sent()
    return bench


def event(seq: int, **fields: Any) -> str:
    """Return an event as text; a field may be of any kind."""
    words = {"type": "contact.queued", "id": f"e{seq}", "source": SOURCE, "time": START, "subject": "sales"}
    return json.dumps({**words, "contact": f"c{seq}", "seq": seq, **fields})


def snapshot(group: str, seq: int, **fields: Any) -> str:
    """Return a snapshot as text; a field may be of any kind."""
    words = {"type": "group.snapshot", "id": f"s{group}{seq}", "source": SOURCE, "time": START}
    return json.dumps({**words, "subject": group, "seq": seq, **fields})
