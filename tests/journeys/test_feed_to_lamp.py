"""From a feed to a lamp and to everyone who looks, with the real drivers and simulated time."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from queue_alert.app.registry import Registry
from queue_alert.app.replay import Replay, replay_policy
from queue_alert.core.policy import Policy
from queue_alert.ports import Connected, FeedContext, RecordedData, RecordedMark, Skipped
from tests.journeys.floor import Floor, running

GOLDEN = Path(__file__).parent.parent / "golden" / "asterisk"

SIMULATED = """
timezone = "UTC"
[http]
listen = "off"
[feeds.floor]
driver = "simulator"
seed = 3
time_of_day = "10:30"
[outputs.beacon]
driver = "recording"
[outputs.tower]
driver = "recording"
kind = "tower"
groups = ["sales"]
"""


def is_lit(output: Any, since: float) -> bool:
    """Tell whether any lamp was lit since ``since``."""
    return any(shown.at >= since and set(shown.lamps.values()) != {"off"} for shown in output.timeline)


@pytest.fixture
def simulated() -> Floor:
    """A simulated floor, made off the loop as in life."""
    return Floor(SIMULATED)


@pytest.mark.looptime
async def test_a_busy_hour_lights_the_lamp_whenever_somebody_waits(simulated: Floor) -> None:
    seen = Counter[bool]()
    async with running(simulated):
        for _ in range(120):
            before = simulated.view()
            since = simulated.clock.now()
            await asyncio.sleep(10)
            after = simulated.view()
            waits = [sum(group.waiting for group in view.groups) for view in (before, after)]
            if all(waits):
                # Nobody can have waited for ten seconds on end without the lamp flashing once.
                seen[is_lit(simulated.output("beacon"), since)] += 1
        total = simulated.view()
    assert seen[False] == 0
    assert seen[True] > 5
    assert sum(group.offered_total for group in total.groups) > 15
    assert simulated.output("beacon").timeline[-1].lamps == {"lamp": "off"}
    assert set(simulated.output("tower").timeline[-1].lamps.values()) == {"off"}


@pytest.mark.looptime
async def test_a_lamp_of_one_group_shows_that_group_alone(simulated: Floor) -> None:
    async with running(simulated):
        await asyncio.sleep(600)
        view = simulated.view()
    levels = {signal.name: signal.level for signal in view.signals}
    waiting = {group.name: group.waiting for group in view.groups}
    assert levels["tower"].depth == waiting["sales"]  # type: ignore[index]
    assert levels["beacon"].depth == sum(waiting.values())  # type: ignore[index]


class Wire:
    """Recorded bytes, played through the driver's own translator in simulated time, kept by the tap."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.registry = Registry()
        form = self.registry.load_any("queue_alert.recordings", "jsonl")
        path = GOLDEN / f"{name}.ami"
        self.about = form.describe(path)
        self.items = list(form.read(path, _never))

    def final(self, mutate: Callable[[list[Any]], list[Any]]) -> dict[str, Any]:
        """Return the final figures of the recording with its items changed by ``mutate``."""
        translator = self.registry.load_any("queue_alert.translators", "asterisk")("pbx", _never)
        started_at = self.about["started_at"]
        replay = Replay(replay_policy(Policy()), translator=translator, started_at=started_at)
        for item in mutate(self.items):
            list(replay.play(item))
        list(replay.finish())
        final: dict[str, Any] = json.loads(msgspec.json.encode(replay.final()))["groups"]
        return final


def _never(kind: Skipped, detail: str) -> None:
    if kind is not Skipped.UNKNOWN_EVENT:
        raise AssertionError(kind, detail)


@pytest.mark.parametrize("size", [23, 1000, 100_000])
@pytest.mark.parametrize("name", ["calm", "abandon"])
def test_how_the_wire_cuts_the_bytes_changes_no_figure(name: str, size: int) -> None:
    wire = Wire(name)

    def cut(items: list[Any]) -> list[Any]:
        pieces: list[Any] = []
        for item in items:
            if isinstance(item, RecordedData):
                starts = range(0, len(item.data), size)
                pieces += [RecordedData(item.at, item.data[at : at + size]) for at in starts]
            else:
                pieces.append(item)
        return pieces

    assert wire.final(cut) == wire.final(lambda items: items)


def test_a_connection_lost_in_the_middle_leaves_nobody_waiting_at_the_end() -> None:
    wire = Wire("calm")

    def lose(items: list[Any]) -> list[Any]:
        middle = len(items) // 2
        at = items[middle].at
        marks = [RecordedMark(at, "disconnected"), RecordedMark(at, "connected")]
        return [*items[:middle], *marks, *items[middle:]]

    whole, lost = wire.final(lambda items: items), wire.final(lose)
    assert {name: figures["waiting"] for name, figures in lost.items()} == dict.fromkeys(whole, 0)
    for name, figures in lost.items():
        assert figures["offered"] == sum(figures["outcomes"].values())
        assert figures["offered"] <= whole[name]["offered"] + figures["corrections"]


def test_what_a_feed_gets_from_the_shell_is_all_that_it_needs() -> None:
    floor = Floor(SIMULATED)
    context = floor.runtime._feeds["floor"]._context  # type: ignore[attr-defined]
    assert isinstance(context, FeedContext)
    tap: Connected | None = context.tap
    assert tap is None
    assert context.translator("asterisk").connected(0.0) is not None
    assert context.recording("jsonl") is not None
