"""From what is said on a site's topics to events in one order, and how far they can be believed. Pure.

A feed over a broker can look well and be wrong: the broker goes on telling retained messages when nobody is
behind them any more, and what it lost when it died is told by nobody. So the feed is ``live`` only if

* the publisher has said on this connection, not retained, that it is online and synced,
* every group has a snapshot that lies behind every hole in the order of events.

The publisher's absence is ``down``, not ``stale``: the ACD is not connected, and from ``stale`` any late
message out of the broker's queue would bring the feed back.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from adapters.mqtt.messages import GroupGone, Reader, UnreadableMessageError
from queue_alert.core.events import (
    AcdEvent,
    FeedEvent,
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    Provenance,
)
from queue_alert.core.units import FeedName, GroupName, Instant, Seconds
from queue_alert.ports import Skipped
from queue_alert.protocol.order import REORDERED_AT_MOST, Order
from queue_alert.protocol.topics import PublisherStatus, status_topic

__all__ = ["NOBODY_AFTER_S", "Intake"]

NOBODY_AFTER_S: Final[Seconds] = 5.0
"""A publisher's status is retained: where none came within this after the subscription, there is none."""

_BEATS_MISSED: Final = 2.5
_RUNS_KEPT: Final = 64
_GROUPS_KEPT: Final = 50_000


class Intake:
    """Takes what a broker brings, connection after connection.

    Args:
        source: The feed's name; the ``source`` of all events.
        site: Whose topics they are.
        max_payload: Bytes; a longer payload is refused unread.
        skipped: Called with kind and detail for everything passed over.
    """

    def __init__(
        self, source: str, *, site: str, max_payload: int, skipped: Callable[[Skipped, str], None]
    ) -> None:
        self._source = FeedName(source)
        self._topic = status_topic(site)
        self._reader = Reader(site, max_payload=max_payload)
        self._skipped = skipped
        self._order = Order()
        self._own_events = 0
        self._run = ""
        self._ended_runs: deque[str] = deque(maxlen=_RUNS_KEPT)
        self._run_begins_at = 0
        """What is numbered below it is older than the present run; 0: it is the first."""
        self._whole_from = 0
        """Snapshots numbered below this lie before a hole in the order."""
        self._snapshots: dict[GroupName, int] = {}
        """Number of each group's latest snapshot that came before all later events; -1: none did."""
        self._behind: set[GroupName] = set()
        """Groups whose latest snapshot lies before a hole, or is missing."""
        self._status: PublisherStatus | None = None
        self._publisher = ""
        self._is_present = False
        """Whether the publisher was heard itself on this connection."""
        self._state = FeedState.DOWN
        self._reason = ""
        self._deadline = 0.0
        self._is_overdue = False
        self._is_subscribed = False
        self._acd_time: Instant | None = None

    def connected(self, now: Instant) -> list[AcdEvent]:
        """Begin a connection: nobody was heard on it yet."""
        self._status = None
        self._is_present = False
        self._is_overdue = False
        self._deadline = now + NOBODY_AFTER_S
        self._is_subscribed = False
        self._state = FeedState.SYNCING
        return [self._say(FeedState.SYNCING, "", now)]

    def subscribed(self, now: Instant) -> list[AcdEvent]:
        """Learn that from now on everything comes."""
        self._is_subscribed = True
        if self._status is not None and self._status.groups is None:
            # Not knowing which groups there are, we can only hope that the next status comes after what the
            # broker has kept of them.
            self._is_present = False
        return self._judge(now)

    def take(
        self, topic: str, payload: bytes, now: Instant, *, retained: bool = False, run: str | None = None
    ) -> list[AcdEvent]:
        """Take one message and return what follows from it, oldest first.

        Args:
            topic: The message's topic.
            payload: Its payload.
            now: When it was received.
            retained: Whether the broker had kept it: whoever said it may be gone.
            run: The run it says it was said in, ``None``: it does not say.
        """
        try:
            said = self._reader.read(topic, payload)
        except UnreadableMessageError as error:
            self._skipped(error.kind, error.detail)
            return []
        if isinstance(said, PublisherStatus):
            return self._take_status(said, now, retained=retained)
        if not self._is_of_this_run(run, retained=retained):
            self._skipped(Skipped.TOO_OLD, "said in another run of the ACD")
            return []
        if isinstance(said, GroupGone):
            return self._take_away(said.group, now)
        if self._publisher and said.source != self._publisher:
            self._skipped(Skipped.OTHER_SOURCE, "source is not that of the publisher's status")
            return []
        if isinstance(said, GroupSnapshotTaken):
            return self._take_snapshot(said, now)
        return self._take_event(said, now)

    def check(self, now: Instant) -> list[AcdEvent]:
        """Return what follows from the passing of time; to be called about once a second."""
        if self._is_present or self._is_overdue or now < self._deadline:
            return []
        self._is_overdue = True
        return self._judge(now)

    # ---- the publisher's status

    def _take_status(self, status: PublisherStatus, now: Instant, *, retained: bool) -> list[AcdEvent]:
        if status.online and status.run in self._ended_runs:
            self._skipped(Skipped.TOO_OLD, "status of an earlier run of the ACD")
            return []
        said: list[AcdEvent] = []
        if self._status is None and retained:
            self._deadline = now + max(NOBODY_AFTER_S, _BEATS_MISSED * status.heartbeat_s)
        self._status = status
        if status.online:
            self._publisher = status.source
            self._follow(status, retained=retained)
            if status.synced:
                said += self._take_away_unlisted(status, now)
            if not retained:
                self._is_present = True
                self._acd_time = status.time or self._acd_time
                said.append(FeedHeartbeat(id=self._next_id(), source=self._source, time=status.time))
        elif not retained:
            self._is_present = True
        return said + self._judge(now)

    def _follow(self, status: PublisherStatus, *, retained: bool) -> None:
        """Learn from a status which run this is, how far it has come, and which groups there are."""
        order = self._order
        if status.run != self._run:
            self._begin_run(status.run)
        elif not retained and status.seq < order.last_said - REORDERED_AT_MOST:
            # What was taken for this run's was not: whoever counts is far behind it.
            self._begin_run(status.run)
        if order.last_said == 0:
            if status.seq or (status.synced and self._run_begins_at):
                self._lacks_before(order.stand_at(status.seq))
        elif missed := order.catch_up(status.seq):
            self._lost(missed)
        if status.groups is not None:
            self._behind.update(name for name in status.groups if not self._is_whole(name))
            self._behind.intersection_update(status.groups)

    def _begin_run(self, run: str) -> None:
        if self._run and self._run != run:
            self._ended_runs.append(self._run)
        self._run = run
        self._run_begins_at = self._order.last + 1 if self._order.last else 0
        self._order.begin_run()
        self._lacks_before(self._run_begins_at)

    def _is_of_this_run(self, run: str | None, *, retained: bool) -> bool:
        if run is None or run == self._run:
            return True
        if self._run or self._status is not None or retained:
            return False
        # Out of the broker's queue comes what was said to us before we were started, before any status.
        self._begin_run(run)
        return True

    def _take_away_unlisted(self, status: PublisherStatus, now: Instant) -> list[AcdEvent]:
        if status.groups is None:
            return []
        gone = self._snapshots.keys() - set(status.groups)
        return [event for name in sorted(gone) for event in self._take_away(name, now)]

    # ---- events and snapshots

    def _take_event(self, event: FeedEvent, now: Instant) -> list[AcdEvent]:
        order = self._order
        if self._run and 0 < event.seq <= order.last_said - REORDERED_AT_MOST:
            self._skipped(Skipped.TOO_OLD, "event far behind others of its run")
            return []
        missed = order.missed
        number = order.take(event.seq)
        self._acd_time = event.time
        said = [self._ours(event, number)]
        if order.missed != missed:
            # The event itself was seen: a snapshot that stands at it, or just before it, covers the hole.
            self._lost(order.missed - missed, whole_from=number - 1)
            said += self._judge(now)
        return said

    def _take_snapshot(self, event: GroupSnapshotTaken, now: Instant) -> list[AcdEvent]:
        order = self._order
        missed = order.missed
        number = order.stand_at(event.seq) if event.seq or order.last_said == 0 else order.last
        if order.missed != missed:
            self._lost(order.missed - missed)
        if number < self._run_begins_at:
            self._skipped(Skipped.TOO_OLD, "snapshot from before the publisher's status")
            return self._judge(now)
        self._acd_time = event.time
        self._note_snapshot(event.group, number)
        return [self._ours(event, number), *self._judge(now)]

    def _note_snapshot(self, group: GroupName, number: int) -> None:
        known = self._snapshots
        if group not in known and len(known) >= _GROUPS_KEPT:
            return
        # Counts are held against those of a snapshot only if nothing later has been counted yet: one that
        # comes behind later events, as a retained one may, puts only the waiting contacts right.
        known[group] = max(number if number >= self._order.last else -1, known.get(group, -1))
        if self._is_whole(group):
            self._behind.discard(group)
        elif self._is_expected(group):
            self._behind.add(group)

    def _take_away(self, group: GroupName, now: Instant) -> list[AcdEvent]:
        if self._snapshots.pop(group, None) is None:
            return []
        self._behind.discard(group)
        empty = GroupSnapshotTaken(
            id=self._next_id(),
            source=self._source,
            time=now if self._acd_time is None else self._acd_time,
            seq=self._order.last,
            provenance=Provenance.INFERRED,
            group=group,
            agents=(),
        )
        return [empty, *self._judge(now)]

    def _ours(self, event: FeedEvent, number: int) -> AcdEvent:
        return msgspec.structs.replace(event, source=self._source, seq=number)

    # ---- what is known, and what is not

    def _lost(self, count: int, *, whole_from: int | None = None) -> None:
        self._skipped(Skipped.LOST, f"{count} events never came")
        self._lacks_before(self._order.last if whole_from is None else whole_from)

    def _lacks_before(self, number: int) -> None:
        """Believe no snapshot numbered below ``number`` any more."""
        self._whole_from = max(self._whole_from, number)
        self._behind = {name for name in self._expected() if not self._is_whole(name)}

    def _expected(self) -> set[GroupName]:
        listed = self._status.groups if self._status is not None else None
        return set(self._snapshots) if listed is None else set(listed)

    def _is_expected(self, group: GroupName) -> bool:
        return self._status is None or self._status.groups is None or group in self._status.groups

    def _is_whole(self, group: GroupName) -> bool:
        return self._snapshots.get(group, -1) >= self._whole_from

    def _judge(self, now: Instant) -> list[AcdEvent]:
        """Return the feed's state if it has become another."""
        state, reason = self._verdict()
        if (state, reason) == (self._state, self._reason):
            return []
        self._state, self._reason = state, reason
        return [self._say(state, reason, now)]

    def _verdict(self) -> tuple[FeedState, str]:
        status = self._status
        if status is not None and not status.online:
            return (
                FeedState.DOWN,
                f"the publisher of {self._topic} is offline: the ACD is not connected to the broker",
            )
        if not self._is_present:
            return self._absent(status)
        if status is None or not (status.synced and self._is_subscribed):
            return FeedState.SYNCING, "the publisher has not said all its snapshots yet"
        if self._behind:
            return FeedState.SYNCING, "events were missed; waiting for the publisher's next snapshots"
        return FeedState.LIVE, ""

    def _absent(self, status: PublisherStatus | None) -> tuple[FeedState, str]:
        if not self._is_overdue:
            return FeedState.SYNCING, ""
        if status is None:
            return FeedState.DOWN, (
                f"nobody has said {self._topic}; does the ACD's publisher run, is site right, and may we "
                "read that topic?"
            )
        return FeedState.DOWN, f"the broker has kept {self._topic}, but its publisher is not heard any more"

    def _say(self, state: FeedState, reason: str, now: Instant) -> FeedStatusChanged:
        self._reason = reason
        return FeedStatusChanged(
            id=self._next_id(), source=self._source, time=now, state=state, reason=reason
        )

    def _next_id(self) -> str:
        self._own_events += 1
        return f"feed-{self._own_events}"
