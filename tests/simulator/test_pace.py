"""The same floor at another speed."""

import msgspec.structs

from queue_alert.core.events import (
    AgentSnapshot,
    AgentState,
    ContactCompleted,
    ContactQueued,
    GroupSnapshotTaken,
    WaitingContact,
)
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName
from simulator.pace import Moment, at_pace

MOMENT = Moment(simulated=1_000.0, real=50_000.0, speed=10.0)
SALES = GroupName("sales")


def test_instants_move_and_spans_shrink() -> None:
    event = ContactCompleted(
        id="1",
        source=FeedName("floor"),
        time=990.0,
        seq=7,
        group=SALES,
        contact=ContactId("c"),
        talk_s=60.0,
        held_s=0.0,
    )
    assert at_pace(event, MOMENT) == msgspec.structs.replace(event, time=49_999.0, talk_s=6.0)


def test_what_is_not_said_stays_unsaid() -> None:
    event = ContactQueued(
        id="1",
        source=FeedName("floor"),
        time=1_000.0,
        group=SALES,
        contact=ContactId("c"),
        position=3,
        priority=2,
    )
    assert at_pace(event, MOMENT) == msgspec.structs.replace(event, time=50_000.0)


def test_a_snapshot_is_retimed_to_its_last_detail() -> None:
    snapshot = GroupSnapshotTaken(
        id="1",
        source=FeedName("floor"),
        time=1_000.0,
        group=SALES,
        waiting=(WaitingContact(contact=ContactId("c"), queued_at=900.0, position=1),),
        agents=(
            AgentSnapshot(agent=AgentId("a"), state=AgentState.WRAPUP, wrapup_s=15.0),
            AgentSnapshot(agent=AgentId("b"), state=AgentState.NOT_READY, reason="Lunch"),
        ),
    )
    assert at_pace(snapshot, MOMENT) == GroupSnapshotTaken(
        id="1",
        source=FeedName("floor"),
        time=50_000.0,
        group=SALES,
        waiting=(WaitingContact(contact=ContactId("c"), queued_at=49_990.0, position=1),),
        agents=(
            AgentSnapshot(agent=AgentId("a"), state=AgentState.WRAPUP, wrapup_s=1.5),
            AgentSnapshot(agent=AgentId("b"), state=AgentState.NOT_READY, reason="Lunch"),
        ),
    )
