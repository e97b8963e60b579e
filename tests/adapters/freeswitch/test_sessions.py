"""Whole sessions, and what is to be made of them, event by event.

``UPDATE_GOLDEN=1`` writes the sessions and the events anew; both are reviewed as a diff.
"""

import os

import msgspec
import pytest

from queue_alert.core.events import AcdEvent
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import Policy
from queue_alert.core.units import FeedName
from queue_alert.core.view import GroupView
from tests.adapters.freeswitch.sessions import FOLDER, SESSIONS, read, translate, write

if os.environ.get("UPDATE_GOLDEN") == "1":
    for each in SESSIONS:
        write(each)


def lines(events: list[tuple[float, AcdEvent]]) -> str:
    return "".join(msgspec.json.encode(event).decode() + "\n" for _, event in events)


def played(name: str) -> GroupView:
    """Return the queue's figures after a session and a minute more."""
    events, _ = translate(read(name))
    monitor = Monitor(Policy(), events[0][0])
    for at, event in events:
        monitor.advance(at)
        monitor.handle(event, at)
    end = events[-1][0] + 61.0
    monitor.advance(end)
    (group,) = monitor.view(end).groups
    return group


def test_every_session_kept_is_one_of_these() -> None:
    assert {path.stem for path in FOLDER.glob("*.esl")} == set(SESSIONS)


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_is_made_into_these_events(name: str) -> None:
    events, skipped = translate(read(name))
    path = FOLDER / f"{name}.events.jsonl"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(lines(events), encoding="utf-8")
    assert lines(events) == path.read_text(encoding="utf-8")
    assert skipped == []


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_where_the_bytes_are_cut_makes_no_difference(name: str, piece: int) -> None:
    assert translate(read(name), piece=piece) == translate(read(name))


@pytest.mark.parametrize("name", SESSIONS)
def test_no_event_has_another_ones_identity(name: str) -> None:
    events, _ = translate(read(name))
    identities = [event.id for _, event in events]
    assert len(set(identities)) == len(identities)
    assert {event.source for _, event in events} == {FeedName("pbx")}


@pytest.mark.parametrize(
    ("name", "offered", "outcomes", "waiting"),
    [
        ("answered", 1, {"answered": 1}, 0),
        ("abandoned", 3, {"abandoned": 2, "rerouted": 1}, 0),
        ("time_out", 1, {"timeout": 1}, 0),
        ("exit_key", 1, {"exit_key": 1}, 0),
        ("no_agent", 1, {"no_agents": 1}, 0),
        ("rung_twice", 1, {"answered": 1}, 0),
        ("hold", 1, {"answered": 1}, 0),
        ("whisper", 2, {"abandoned": 1}, 1),
        # Of the one who waited when FreeSWITCH went down nobody will ever know.
        ("restart", 3, {"answered": 1, "unknown": 1}, 1),
    ],
)
def test_a_session_is_counted_so(name: str, offered: int, outcomes: dict[str, int], waiting: int) -> None:
    group = played(name)
    assert (group.today.offered, group.today.outcomes, group.waiting) == (offered, outcomes, waiting)


def test_the_wait_ends_when_an_agent_picks_up_not_when_the_conversation_ends() -> None:
    assert played("answered").today.average_speed_of_answer_s == pytest.approx(5.75)


def test_only_the_restart_and_the_failed_bridge_needed_corrections() -> None:
    assert {name: played(name).corrections for name in SESSIONS if played(name).corrections} == {
        "restart": 1,
        "whisper": 1,
    }
