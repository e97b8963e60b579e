import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.asterisk.translation import AsteriskTranslator
from adapters.recording.feed import DRIVER, RecordingFeed, RecordingOptions
from adapters.recording.format import RECORDING
from queue_alert.core.events import (
    AcdEvent,
    ClockStepped,
    ContactQueued,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    WaitingContact,
)
from queue_alert.core.units import ContactId, FeedName, GroupName, Instant
from queue_alert.ports import DriverError, FeedContext, Skipped
from tests.adapters.asterisk.captures import FOLDER, steps, told, translate
from tests.adapters.asterisk.helpers import short

NOW = 2_000_000_000.0


class Player:
    """A shell around a recording feed; its clock is the loop's."""

    def __init__(self, base: Path) -> None:
        self.events: list[AcdEvent] = []
        self.skipped: list[tuple[Skipped, str]] = []
        self.on_event: Callable[[AcdEvent], None] = lambda _event: None
        self._base = base
        self._begun_at = asyncio.get_running_loop().time()

    def now(self) -> Instant:
        return NOW + asyncio.get_running_loop().time() - self._begun_at

    async def play(self, path: str, **options: Any) -> list[AcdEvent]:
        def count(kind: Skipped, detail: str) -> None:
            self.skipped.append((kind, detail))

        context = FeedContext(
            name="replay",
            clock=self,
            skipped=count,
            translator=lambda name: {"asterisk": AsteriskTranslator}[name]("replay", count),
            recording=lambda name: {"jsonl": RECORDING}[name],
            base=self._base,
        )
        await RecordingFeed(RecordingOptions(path=path, **options), context).run(self.submit)
        return self.events

    def submit(self, event: AcdEvent) -> None:
        self.events.append(event)
        self.on_event(event)


def neutral(folder: Path, events: list[tuple[float, AcdEvent]], *, marks: bool = False) -> None:
    with RECORDING.writer(folder / "x", translator="", started_at=1_700_000_000.0) as writer:
        if marks:
            writer.connected(0.0)
        for at, event in events:
            writer.event(at, event)
        if marks:
            writer.disconnected(events[-1][0])


def raw(folder: Path) -> None:
    with RECORDING.writer(folder / "x", translator="asterisk", started_at=1_700_000_000.0) as writer:
        writer.received(0.0, b"Event: QueueCallerJoin\r\nQueue: sales\r\nUniqueid: c1\r\n\r\n")
        writer.event(0.0, queued(1, 1_700_000_000.0))


def queued(number: int, time: Instant, queued_at: Instant | None = None) -> ContactQueued:
    return ContactQueued(
        id=str(number),
        source=FeedName("sim"),
        time=time,
        group=GroupName("sales"),
        contact=ContactId("c1"),
        queued_at=queued_at,
    )


async def test_a_capture_plays_as_it_was_translated() -> None:
    events = await Player(FOLDER).play("surgery.ami", speed=0)
    assert told(events) == told(translate(steps("surgery")).events)


@pytest.mark.looptime
async def test_a_capture_takes_its_time() -> None:
    player = Player(FOLDER)
    events = await player.play("calm")
    assert [round(event.time - NOW, 3) for event in events] == [
        round(event.time, 3) for event in translate(steps("calm")).events
    ]


@pytest.mark.looptime
async def test_at_ten_times_the_speed_it_takes_a_tenth() -> None:
    player = Player(FOLDER)
    events = await player.play("calm", speed=10.0)
    assert round(events[-1].time - NOW, 3) == 6.479


@pytest.mark.looptime
async def test_neutral_events_happen_now_and_keep_their_lag(tmp_path: Path) -> None:
    began = 1_700_000_000.0
    snapshot = GroupSnapshotTaken(
        id="2",
        source=FeedName("sim"),
        time=began + 3.0,
        group=GroupName("sales"),
        waiting=(
            WaitingContact(contact=ContactId("c1"), queued_at=began - 10.0),
            WaitingContact(contact=ContactId("c2")),
        ),
    )
    step = ClockStepped(id="9", source=FeedName("shell"), time=began, delta_s=3600.0)
    await asyncio.to_thread(
        neutral,
        tmp_path,
        [
            (2.0, queued(1, began + 1.5, began + 1.0)),
            (2.5, step),
            (3.0, snapshot),
            (4.0, queued(3, began + 4)),
        ],
    )
    events = await Player(tmp_path).play("x.jsonl")
    assert events == [
        FeedStatusChanged(id="mark-1", source=FeedName("replay"), time=NOW + 2.0, state=FeedState.LIVE),
        ContactQueued(
            id="1-1",
            source=FeedName("replay"),
            time=NOW + 1.5,
            group=GroupName("sales"),
            contact=ContactId("c1"),
            queued_at=NOW + 1.0,
        ),
        GroupSnapshotTaken(
            id="1-2",
            source=FeedName("replay"),
            time=NOW + 3.0,
            group=GroupName("sales"),
            waiting=(
                WaitingContact(contact=ContactId("c1"), queued_at=NOW - 10.0),
                WaitingContact(contact=ContactId("c2")),
            ),
        ),
        ContactQueued(
            id="1-3",
            source=FeedName("replay"),
            time=NOW + 4.0,
            group=GroupName("sales"),
            contact=ContactId("c1"),
        ),
        FeedStatusChanged(id="mark-2", source=FeedName("replay"), time=NOW + 4.0, state=FeedState.DOWN),
    ]


async def test_marks_of_a_neutral_recording_are_its_states(tmp_path: Path) -> None:
    await asyncio.to_thread(neutral, tmp_path, [(0.0, queued(1, 1_700_000_000.0))], marks=True)
    events = await Player(tmp_path).play("x", speed=0)
    assert [short(event) for event in events] == [
        {"type": "feed.status", "state": "live"},
        {"type": "contact.queued", "subject": "sales", "contact": "c1"},
        {"type": "feed.status", "state": "down"},
    ]


async def test_raw_bytes_make_their_events_anew(tmp_path: Path) -> None:
    await asyncio.to_thread(raw, tmp_path)
    events = await Player(tmp_path).play("x", speed=0)
    assert [short(event) for event in events] == [
        {"type": "feed.status", "state": "syncing"},
        {"type": "contact.queued", "subject": "sales", "contact": "c1"},
        {"type": "feed.status", "state": "down", "reason": "connection closed"},
    ]


@pytest.mark.looptime
async def test_a_loop_begins_again_and_uses_no_identity_twice(tmp_path: Path) -> None:
    await asyncio.to_thread(neutral, tmp_path, [(1.0, queued(1, 1_700_000_001.0))])
    player = Player(tmp_path)
    enough = asyncio.Event()
    player.on_event = lambda _event: enough.set() if len(player.events) == 9 else None
    task = asyncio.create_task(player.play("x", loop=True))
    await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    joins = [event for event in player.events if isinstance(event, ContactQueued)]
    assert [(event.id, round(event.time - NOW, 3)) for event in joins] == [
        ("1-1", 1.0),
        ("2-1", 2.0),
        ("3-1", 3.0),
    ]
    assert len({event.id for event in player.events}) == 9


async def test_damage_is_counted(tmp_path: Path) -> None:
    lines = [{"t": 0.0, "ev": "connected"}, {"t": 1.0, "event": {"type": "contact.eaten"}}]
    (tmp_path / "x.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    player = Player(tmp_path)
    await player.play("x", speed=0)
    assert player.skipped == [(Skipped.BAD_VALUE, "event of the index")]


async def test_a_missing_recording_is_no_matter_of_trying_again(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"^there is no recording ") as caught:
        await Player(tmp_path).play("x")
    assert not caught.value.recoverable


def test_options_are_checked() -> None:
    assert DRIVER.check(RecordingOptions(path="x", speed=0.0)) == []
    mistakes = [
        problem.message
        for speed in (-1.0, float("nan"), float("inf"), 2e6)
        for problem in DRIVER.check(RecordingOptions(path="x", speed=speed))
    ]
    assert mistakes == [
        f"must be 0 (as fast as possible) to 1,000,000, got {found}"
        for found in ("-1", "nan", "inf", "2e+06")
    ]
    assert [(problem.path, problem.message) for problem in DRIVER.check(RecordingOptions(path=""))] == [
        ("path", 'must name a recording, got ""')
    ]
