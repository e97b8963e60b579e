"""Bringing the floor to what a snapshot says, whatever was lost, doubled or out of order before.

A snapshot may run *ahead* of the events (Asterisk's does): it lists contacts whose joining has not been said
yet and misses some whose leaving has not. So a difference is put right at once, but counts as a correction
only if no event confirms it within the policy's ``settle_s``.
"""

from queue_alert.core.events import GroupCounters, GroupSnapshotTaken, Outcome, WaitingContact
from queue_alert.core.floor import Floor
from queue_alert.core.group import NOBODY, Group, Visit, VisitState
from queue_alert.core.ledger import Ledger, counts_of
from queue_alert.core.units import FeedName, Instant, Seconds

__all__ = ["reconcile"]

_SAME_WAIT_S: Seconds = 2.5
"""Snapshots give waits in whole seconds, so two beginnings this close may be the same."""


def reconcile(floor: Floor, snapshot: GroupSnapshotTaken, now: Instant, *, is_latest: bool = True) -> None:
    """Make the group's waiting contacts, agents (of this feed) and counts those of the snapshot.

    Args:
        floor: The floor.
        snapshot: What the ACD says; one older than another that was taken before changes nothing.
        now: The present.
        is_latest: Whether nothing that happened later has been taken already; if not, the counts are left
            for the next snapshot.
    """
    group = floor.group(snapshot.group, now)
    if group is None or snapshot.seq < group.synced.get(snapshot.source, 0):
        return
    taken_at = floor.visits.plausible(snapshot.time, group, now)
    is_first = snapshot.source not in group.synced
    for entry in snapshot.waiting:
        began = taken_at if entry.queued_at is None else floor.visits.plausible(entry.queued_at, group, now)
        waiting = group.waiting.get(entry.contact)
        if waiting is None:
            _add(floor, group, snapshot, entry, min(began, taken_at), now, is_first=is_first)
        elif waiting.queued_at is None or abs(waiting.queued_at - began) > _SAME_WAIT_S:
            floor.visits.requeue(group, waiting, began, now)
            floor.visits.correct(group, snapshot.source)
    if group.waiting:
        _remove_unlisted(floor, group, snapshot, taken_at, now)
    _set_agents(floor, group, snapshot, now, is_first=is_first)
    group.synced[snapshot.source] = snapshot.seq
    if is_first:
        group.listens_since[snapshot.source] = taken_at
    if snapshot.counters is not None and is_latest:
        _balance(floor, group, snapshot.source, snapshot.counters, now)
        group.counted_to = snapshot.seq if _is_whole(group, snapshot.source) else None


def _is_whole(group: Group, source: FeedName) -> bool:
    """Return whether all our counts are the ACD's now."""
    ledger = group.ledgers.get(source)
    return ledger is not None and ledger.is_whole and len(group.synced) == 1


def _balance(floor: Floor, group: Group, source: FeedName, theirs: GroupCounters, now: Instant) -> None:
    """Hold our counts against the ACD's own."""
    if len(group.synced) > 1:
        return  # two ACDs serve one group: our counts are those of both together
    statistics, visits = group.statistics, floor.visits

    def pending() -> int:
        return visits.pending(group)

    ledger = group.ledgers.get(source)
    if ledger is None or ledger.begins_anew(theirs):
        group.ledgers[source] = Ledger(theirs, counts_of(statistics, pending()))
        return
    if now >= statistics.bucket_ends_at:
        statistics.rotate(now)
    corrections = ledger.balance(theirs, statistics, pending)
    if corrections:
        if not ledger.is_whole:
            group.unnamed_answers = max(group.unnamed_answers + ledger.unended, 0)
        visits.correct(group, source, corrections)


def _add(
    floor: Floor,
    group: Group,
    snapshot: GroupSnapshotTaken,
    entry: WaitingContact,
    began: Instant,
    now: Instant,
    *,
    is_first: bool,
) -> None:
    earlier = group.departed.get(entry.contact)
    if earlier is not None:
        if _happened_after(snapshot, earlier.left_at, earlier.seq):
            return  # the list is older than the leaving
        was_given_up = earlier.state == VisitState.PRESUMED and earlier.outcome is Outcome.UNKNOWN
        if earlier.state == VisitState.UNLISTED or was_given_up:
            if was_given_up:
                floor.visits.correct(group, snapshot.source)
            floor.visits.put_back(group, earlier, now)
            return
    visit = Visit(entry.contact, snapshot.source, began, snapshot.seq, entry.caller)
    if floor.visits.enter(group, visit, now) and not is_first:
        visit.state = VisitState.LISTED
        floor.visits.settle_later(group, visit, floor.policy.settle_s, now)


def _remove_unlisted(
    floor: Floor, group: Group, snapshot: GroupSnapshotTaken, taken_at: Instant, now: Instant
) -> None:
    listed = {entry.contact for entry in snapshot.waiting}
    gone = [
        visit
        for contact, visit in group.waiting.items()
        if contact not in listed
        and visit.source == snapshot.source
        and not _happened_after(snapshot, visit.queued_at or taken_at, visit.seq)
    ]
    for visit in gone:
        floor.visits.take_out(group, visit, taken_at, 0, now)
        visit.state = VisitState.UNLISTED
        floor.visits.settle_later(group, visit, floor.policy.settle_s, now)


def _set_agents(
    floor: Floor, group: Group, snapshot: GroupSnapshotTaken, now: Instant, *, is_first: bool
) -> None:
    if snapshot.agents is None:
        return
    group.agents_listed[snapshot.source] = snapshot.seq
    corrections = 0
    known = group.agents
    for entry in snapshot.agents:
        record = known.get(entry.agent)
        if record is None or record.state is not entry.state or record.reason != entry.reason:
            corrections += floor.set_agent(
                group, entry.agent, entry.state, entry.reason, entry.wrapup_s, now, snapshot.source
            )
    listed = {entry.agent for entry in snapshot.agents}
    if len(known) > len(listed):
        # Another feed's agents are none of this one's business.
        for agent in [
            agent
            for agent, record in known.items()
            if agent not in listed and record.source in {snapshot.source, NOBODY}
        ]:
            del known[agent]
            corrections += 1
    if corrections:
        group.cached_view = None
        if not is_first:
            group.agent_corrections += corrections


def _happened_after(snapshot: GroupSnapshotTaken, at: Instant, seq: int) -> bool:
    """Return whether something was later than the snapshot, by the feed's order or else by time."""
    if seq and snapshot.seq:
        return seq > snapshot.seq
    return at > snapshot.time
