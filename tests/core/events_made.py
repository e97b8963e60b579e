"""Short ways to make events in tests."""

from itertools import count
from typing import Any

from queue_alert.core.events import (
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactLeft,
    ContactQueued,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    Outcome,
    WaitingContact,
)
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant

START: Instant = 1_800_000_000.0
PBX = FeedName("pbx")
SALES = GroupName("sales")
SUPPORT = GroupName("support")
_ids = count(1)


def _base(at: Instant, seq: int = 0) -> dict[str, Any]:
    return {"id": f"e{next(_ids)}", "source": PBX, "time": at, "seq": seq}


def queued(contact: str, at: Instant, *, group: str = SALES, seq: int = 0, **more: Any) -> ContactQueued:
    return ContactQueued(**_base(at, seq), group=GroupName(group), contact=ContactId(contact), **more)


def dequeued(
    contact: str, at: Instant, *, presumed: Outcome = Outcome.UNKNOWN, settle_s: float = 2.0, seq: int = 0
) -> ContactDequeued:
    return ContactDequeued(
        **_base(at, seq), group=SALES, contact=ContactId(contact), presumed=presumed, settle_s=settle_s
    )


def answered(contact: str, at: Instant, *, group: str = SALES, seq: int = 0, **more: Any) -> ContactAnswered:
    return ContactAnswered(**_base(at, seq), group=GroupName(group), contact=ContactId(contact), **more)


def left(
    contact: str, at: Instant, outcome: Outcome = Outcome.ABANDONED, *, group: str = SALES, seq: int = 0
) -> ContactLeft:
    return ContactLeft(**_base(at, seq), group=GroupName(group), contact=ContactId(contact), outcome=outcome)


def completed(
    contact: str, at: Instant, *, group: str = SALES, seq: int = 0, **more: Any
) -> ContactCompleted:
    return ContactCompleted(**_base(at, seq), group=GroupName(group), contact=ContactId(contact), **more)


def agent(name: str, state: AgentState, at: Instant, **more: Any) -> AgentStateChanged:
    return AgentStateChanged(**_base(at), group=SALES, agent=AgentId(name), state=state, **more)


def snapshot(
    waiting: dict[str, Instant], at: Instant, *, group: str = SALES, seq: int = 0, **more: Any
) -> GroupSnapshotTaken:
    return GroupSnapshotTaken(
        **_base(at, seq),
        group=GroupName(group),
        waiting=tuple(
            WaitingContact(contact=ContactId(contact), queued_at=began) for contact, began in waiting.items()
        ),
        **more,
    )


def feed_status(state: FeedState, at: Instant, reason: str = "") -> FeedStatusChanged:
    return FeedStatusChanged(**_base(at), state=state, reason=reason)
