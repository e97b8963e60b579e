"""The recordings of a real Asterisk, read in the slowest and most obvious way there is."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.core.events import (
    AcdEvent,
    ContactAnswered,
    ContactDequeued,
    ContactLeft,
    ContactQueued,
    GroupSnapshotTaken,
)
from queue_alert.ports import Skipped

FOLDER = Path(__file__).parents[2] / "golden" / "asterisk"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ami"))

OUTCOMES = {
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timeout",
    "EXITWITHKEY": "exit_key",
    "EXITEMPTY": "no_agents",
    "WITHDRAW": "withdrawn",
}

# One waiting caller was bridged away; Asterisk's log then names the channel that the bridge made.
SAME_CALLER = {("surgery", "1795298199.9"): "1795298183.3"}
# An agent's consulting channel joined, and the caller took its place.
REPLACED = {("hold_transfer", "support", "1795297773.12"): "1795297777.15"}


@dataclass
class Step:
    """A mark (``connected``, ``disconnected``) or a piece of data, ``at`` seconds after the start."""

    at: float
    data: bytes = b""
    mark: str = ""


def steps(name: str) -> list[Step]:
    """Return a recording in its order."""
    raw = (FOLDER / f"{name}.ami").read_bytes()
    found = []
    for line in (FOLDER / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        if "len" in row:
            found.append(Step(row["t"], data=raw[row["off"] : row["off"] + row["len"]]))
        elif "ev" in row:
            found.append(Step(row["t"], mark=row["ev"]))
    return found


def without_variables(recording: list[Step]) -> list[Step]:
    """Return a recording as a reader sees it who may not see variables."""
    found, rest = [], b""
    for step in recording:
        if step.mark:
            found.append(step)
            continue
        *whole, rest = (rest + step.data).split(b"\r\n\r\n")
        kept = [frame for frame in whole if not frame.startswith(b"Event: VarSet\r\n")]
        found.append(Step(step.at, data=b"".join(frame + b"\r\n\r\n" for frame in kept)))
    return found


@dataclass
class Translated:
    """What came of a recording."""

    events: list[AcdEvent] = field(default_factory=list)
    skipped: list[tuple[Skipped, str]] = field(default_factory=list)


def translate(
    recording: list[Step], cut: Callable[[bytes], Iterator[bytes]] = lambda data: iter([data])
) -> Translated:
    """Return the events of a recording whose pieces ``cut`` has cut further."""
    result = Translated()
    translator = AsteriskTranslator("pbx", lambda kind, detail: result.skipped.append((kind, detail)))
    for step in recording:
        if step.mark == "connected":
            result.events += translator.connected(step.at)
        elif step.mark == "disconnected":
            result.events += translator.disconnected(step.at)
        for piece in cut(step.data):
            result.events += translator.receive(piece, step.at)
    return result


def logged(name: str) -> list[tuple[str, str, str]]:
    """Return queue, contact and outcome (``joined`` too) of every line of Asterisk's own log, sorted."""
    rows = []
    for line in (FOLDER / f"{name}.queue_log").read_text().splitlines():
        _, channel, group, _, what, *_ = line.split("|")
        contact = SAME_CALLER.get((name, channel), channel)
        contact = REPLACED.get((name, group, channel), contact)
        if what == "ENTERQUEUE":
            rows.append((group, contact, "joined"))
        elif what in OUTCOMES:
            rows.append((group, contact, OUTCOMES[what]))
    return sorted(rows)


def told(events: list[AcdEvent]) -> list[tuple[str, str, str]]:
    """Return the same of our events: a presumption counts where nothing better follows in time."""
    rows: list[tuple[str, str, str]] = []
    presumed: dict[tuple[str, str], ContactDequeued] = {}
    outcome: dict[tuple[str, str], str] = {}

    def finish(key: tuple[str, str]) -> None:
        left = presumed.pop(key, None)
        if left is not None:
            outcome.setdefault(key, left.presumed)
        if key in outcome:
            rows.append((*key, outcome.pop(key)))

    for event in events:
        if isinstance(event, ContactQueued):
            finish((event.group, event.contact))
            rows.append((event.group, event.contact, "joined"))
        elif isinstance(event, ContactDequeued):
            presumed[event.group, event.contact] = event
        elif isinstance(event, ContactAnswered):
            outcome[event.group, event.contact] = "answered"
        elif isinstance(event, ContactLeft):
            outcome[event.group, event.contact] = event.outcome
    for key in [*presumed, *outcome]:
        finish(key)
    return sorted(rows)


def depths(recording: list[Step]) -> list[tuple[str, int, int]]:
    """Return queue, depth by our events and by Asterisk's at every end of a list, one frame at a time."""
    translator = AsteriskTranslator("pbx", lambda _kind, _detail: None)
    waiting: dict[str, set[str]] = {}
    calls: dict[str, int] = {}
    found = []
    rest = b""
    for step in recording:
        if step.mark:
            translator.connected(step.at) if step.mark == "connected" else translator.disconnected(step.at)
            rest = b""
            continue
        *whole, rest = (rest + step.data).split(b"\r\n\r\n")
        for frame in whole:
            for event in translator.receive(frame + b"\r\n\r\n", step.at):
                apply(waiting, event)
            lines = dict(line.split(": ", 1) for line in frame.decode().split("\r\n") if ": " in line)
            if lines.get("Event") == "QueueParams":
                calls[lines["Queue"]] = int(lines["Calls"])
            elif lines.get("Event") == "QueueStatusComplete":
                found += [(group, len(waiting.get(group, ())), count) for group, count in calls.items()]
                calls.clear()
    return found


def apply(waiting: dict[str, set[str]], event: AcdEvent) -> None:
    """Let an event change who waits, without any cleverness."""
    if isinstance(event, ContactQueued):
        waiting.setdefault(event.group, set()).add(event.contact)
    elif isinstance(event, ContactDequeued | ContactLeft | ContactAnswered):
        waiting.setdefault(event.group, set()).discard(event.contact)
    elif isinstance(event, GroupSnapshotTaken):
        waiting[event.group] = {one.contact for one in event.waiting}
