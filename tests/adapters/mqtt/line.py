"""An intake that can be told things in a line, and a publisher's words to tell it."""

from typing import Any

import msgspec

from adapters.mqtt.intake import Intake
from queue_alert.core.events import (
    AcdEvent,
    ContactQueued,
    FeedHeartbeat,
    FeedStatusChanged,
    GroupSnapshotTaken,
)
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.ports import Skipped
from queue_alert.protocol.topics import PublisherStatus, events_topic, snapshot_topic, status_topic


class Line:
    """One feed's intake.

    Attributes:
        now: The instant of receipt; set it to let time pass.
        skipped: What was passed over.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.skipped: list[tuple[Skipped, str]] = []
        self.intake = Intake(
            "floor",
            site="berlin",
            max_payload=10_000,
            skipped=lambda kind, detail: self.skipped.append((kind, detail)),
        )

    def connect(self) -> list[str]:
        """Connect and subscribe."""
        return [*map(short, self.intake.connected(self.now)), *map(short, self.intake.subscribed(self.now))]

    def status(self, *, retained: bool = False, **fields: Any) -> list[str]:
        settings: dict[str, Any] = {"online": True, "source": "acd", "run": "r1", "synced": True} | fields
        payload = msgspec.json.encode(PublisherStatus(**settings))
        return self.say(status_topic("berlin"), payload, retained=retained)

    def event(
        self, seq: int, group: str = "sales", *, run: str | None = "r1", source: str = "acd"
    ) -> list[str]:
        event = ContactQueued(
            id=f"{run}-{seq}",
            source=FeedName(source),
            time=self.now,
            seq=seq,
            group=GroupName(group),
            contact=ContactId(f"c{seq}"),
        )
        return self.say(events_topic("berlin", group), msgspec.json.encode(event), run=run)

    def snapshot(
        self, seq: int, group: str = "sales", *, run: str | None = "r1", retained: bool = False
    ) -> list[str]:
        event = GroupSnapshotTaken(
            id=f"s{seq}-{group}", source=FeedName("acd"), time=self.now, seq=seq, group=GroupName(group)
        )
        return self.say(
            snapshot_topic("berlin", group), msgspec.json.encode(event), run=run, retained=retained
        )

    def say(self, topic: str, payload: bytes, *, run: str | None = None, retained: bool = False) -> list[str]:
        return [
            short(event) for event in self.intake.take(topic, payload, self.now, retained=retained, run=run)
        ]

    def check(self) -> list[str]:
        return [short(event) for event in self.intake.check(self.now)]


def short(event: AcdEvent) -> str:
    """Return an event in a word: its number in our order and its contact or group."""
    if isinstance(event, FeedStatusChanged):
        return f"{event.state}: {event.reason}" if event.reason else str(event.state)
    if isinstance(event, FeedHeartbeat):
        return f"heartbeat {event.time:g}"
    if isinstance(event, GroupSnapshotTaken):
        return f"{event.seq} snapshot {event.group}"
    assert isinstance(event, ContactQueued)
    return f"{event.seq} {event.contact}"
