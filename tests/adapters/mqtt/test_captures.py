"""What a real broker once brought: status, snapshots, events, a restart of the ACD; and what became of it."""

import json
from pathlib import Path

import msgspec

from adapters.mqtt.intake import Intake
from queue_alert.ports import Skipped

FOLDER = Path(__file__).parent.parent.parent / "golden" / "mqtt"


def translated() -> list[str]:
    skipped: list[tuple[Skipped, str]] = []
    intake = Intake(
        "floor",
        site="berlin",
        max_payload=100_000,
        skipped=lambda kind, detail: skipped.append((kind, detail)),
    )
    now = 1_767_600_000.0
    events = intake.connected(now)
    is_subscribed = False
    for line in (FOLDER / "restart.messages.jsonl").read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        now += 0.01
        if not message["retained"] and not is_subscribed:
            is_subscribed = True
            events += intake.subscribed(now)
        events += intake.take(
            message["topic"],
            message["payload"].encode(),
            now,
            retained=message["retained"],
            run=message["run"],
        )
    assert skipped == []
    return [msgspec.json.encode(event).decode() for event in events]


def test_a_capture_becomes_the_events_it_became_before() -> None:
    expected = (FOLDER / "restart.events.jsonl").read_text(encoding="utf-8").splitlines()
    assert translated() == expected
