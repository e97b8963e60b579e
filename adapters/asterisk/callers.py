"""What is said of callers who wait, as events: joined, left, and why."""

from collections import deque
from typing import Final

from adapters.asterisk.frames import Frame
from adapters.asterisk.outbox import Outbox
from adapters.asterisk.outcomes import outcome_by_evidence, outcome_by_status, settling_time
from adapters.asterisk.tally import Tally
from adapters.asterisk.visits import CHANNEL_LIMIT, Visit, VisitBook
from queue_alert.core.events import ContactDequeued, ContactLeft, ContactQueued, Outcome, Provenance
from queue_alert.core.units import ContactId, GroupName

__all__ = ["CallerDesk", "known_caller"]

_NOBODY: Final = frozenset({"unknown", "<unknown>"})


def known_caller(frame: Frame) -> str:
    """Return the caller's number, ``""`` where Asterisk has none."""
    number = frame.label("CallerIDNum")
    return "" if number in _NOBODY else number


class CallerDesk:
    """Follows every wait and tells its end as soon as it is known.

    Args:
        outbox: Where events go.
        visits: The waits under way.
        tally: Told of every end without an answer.

    Attributes:
        has_seen_joins: Whether anybody was seen joining since the connection was made.
        lacks_variables: Whether somebody was seen giving up without the variable that comes before.
    """

    def __init__(self, outbox: Outbox, visits: VisitBook, tally: Tally) -> None:
        self.has_seen_joins = False
        self.lacks_variables = False
        self._outbox = outbox
        self._visits = visits
        self._tally = tally
        # Who left for a reason we may never know, the first to become unknown first.
        self._unexplained: deque[Visit] = deque(maxlen=CHANNEL_LIMIT)

    def joined(self, frame: Frame) -> GroupName:
        """Take ``QueueCallerJoin`` and return the queue."""
        channel, group = _place(frame)
        self.has_seen_joins = True
        # He waits in one queue at a time: whatever wait of his was open is over. Only a list that ran ahead
        # may have named this very wait already.
        for other in self._visits.of(channel):
            is_this = other.is_waiting and other.group == group and other.contact == channel
            self._end(other, say=not is_this)
        visit = self._visits.open(channel, group)
        self._outbox.add(
            ContactQueued(
                **self._outbox.stamp(),
                group=group,
                contact=visit.contact,
                caller=known_caller(frame),
                position=frame.count("Position"),
            )
        )
        return group

    def gave_up(self, frame: Frame) -> None:
        """Take ``QueueCallerAbandon``: he leaves unanswered, but not always by his own will."""
        channel, group = _place(frame)
        known = self._visits.find(channel, group)
        visit = known or self._visits.open(channel, group)
        if visit.is_waiting:
            if known is not None:
                # The variable ABANDONED is set first.
                self.lacks_variables = not visit.sees_variables
            if not visit.has_abandoned:
                self._tally.abandoned(visit.group)
            visit.has_abandoned = True
            visit.queue_s = frame.count("HoldTime")

    def left(self, frame: Frame) -> None:
        """Take ``QueueCallerLeave``: the wait is over this instant, the reason comes later."""
        visit = self._visits.open(*_place(frame))
        if not visit.is_waiting:
            return
        settle_s = settling_time(visit)
        visit.left_at = self._outbox.now
        visit.presumed = outcome_by_evidence(visit)
        visit.presumed_until = visit.left_at + settle_s
        if visit.presumed is Outcome.UNKNOWN and not visit.has_abandoned:
            self._unexplained.append(visit)
        self._outbox.add(
            ContactDequeued(
                **self._outbox.stamp(),
                group=visit.group,
                contact=visit.contact,
                presumed=visit.presumed,
                settle_s=settle_s,
            )
        )

    def variable_set(self, frame: Frame) -> None:
        """Take ``VarSet`` of a variable that the queue sets on the caller's channel."""
        visits = self._visits.of(frame.text("Uniqueid"))
        if not visits:
            return
        status = frame.text("Value") if frame.text("Variable") == "QUEUESTATUS" else ""
        for visit in visits:
            visit.sees_variables = True
            if status and visit.left_at is not None:
                self._settle(visit, outcome_by_status(visit, status))

    def hung_up(self, frame: Frame) -> None:
        """Take ``Hangup``: what has not been explained by now never will be."""
        for visit in self._visits.of(frame.text("Uniqueid")):
            self._end(visit)

    def bridged(self, channel: str) -> None:
        """Take ``BridgeEnter``: one who is put through while he waits (action Bridge) gets no other event.

        Asterisk itself logs ABANDON. Source: tests/golden/asterisk/surgery.
        """
        for visit in self._visits.of(channel):
            if visit.is_waiting:
                self._tell(visit, Outcome.ABANDONED, Provenance.INFERRED)
                self._tally.abandoned(visit.group)
                visit.is_over = True

    def replaced(self, waiting: str, successor: str) -> None:
        """Let ``successor`` wait in place of the channel ``waiting``: an attended transfer into a queue."""
        for visit in self._visits.of(waiting):
            if visit.is_waiting:
                self._visits.move(visit, successor)

    def rung(self, channel: str, group: GroupName, *, more: int) -> ContactId:
        """Note that ``more`` phones ring for a caller (fewer, where negative) and return his contact."""
        visit = self._visits.open(channel, group)
        visit.ringing = max(visit.ringing + more, 0)
        return visit.contact

    def dropped(self, channel: str, group: GroupName) -> ContactId:
        """Note that an agent hung up before being connected and return the contact."""
        visit = self._visits.open(channel, group)
        visit.was_dropped = True
        return visit.contact

    def answered(self, channel: str, group: GroupName) -> ContactId:
        """Close the visit of a caller who was connected and return his contact."""
        visit = self._visits.open(channel, group)
        self._visits.close(visit)
        self._explain(visit)
        return visit.contact

    def listed(self, channel: str, group: GroupName) -> ContactId:
        """Return the contact of a caller whom a list shows waiting. The list may be ahead of his joining."""
        return self._visits.open(channel, group).contact

    def count_unexplained(self) -> None:
        """Count those whose end has become unknown for want of anything better."""
        waiting = self._unexplained
        while waiting and waiting[0].presumed_until <= self._outbox.now:
            visit = waiting.popleft()
            if self._visits.find(visit.channel, visit.group) is visit:
                self._count(visit)

    def disconnected(self) -> None:
        """Tell the end of all who have left unexplained, and forget everybody."""
        for visit in self._visits:
            if visit.left_at is not None and self._outbox.now < visit.presumed_until:
                self._tell(visit, Outcome.UNKNOWN, Provenance.INFERRED)
        self.clear()

    def clear(self) -> None:
        """Forget everybody."""
        self._visits.clear()
        self._unexplained.clear()
        self.has_seen_joins = self.lacks_variables = False

    def _end(self, visit: Visit, *, say: bool = True) -> None:
        if visit.left_at is not None:
            self._settle(visit, outcome_by_evidence(visit))
            return
        self._visits.close(visit)
        if visit.is_waiting and say:
            self._tell(visit, Outcome.UNKNOWN, Provenance.INFERRED)

    def _settle(self, visit: Visit, outcome: Outcome) -> None:
        self._visits.close(visit)
        if outcome is Outcome.UNKNOWN and not visit.has_abandoned:
            self._count(visit)
        else:
            self._explain(visit)
        # Once the presumption has become the outcome, only another one is worth saying.
        if self._outbox.now < visit.presumed_until or outcome is not visit.presumed:
            self._tell(visit, outcome, Provenance.OBSERVED)

    def _count(self, visit: Visit) -> None:
        if not visit.is_counted:
            visit.is_counted = True
            self._tally.unexplained(visit.group, 1)

    def _explain(self, visit: Visit) -> None:
        if visit.is_counted:
            visit.is_counted = False
            self._tally.unexplained(visit.group, -1)

    def _tell(self, visit: Visit, outcome: Outcome, provenance: Provenance) -> None:
        self._outbox.add(
            ContactLeft(
                **self._outbox.stamp(),
                provenance=provenance,
                group=visit.group,
                contact=visit.contact,
                outcome=outcome,
                queue_s=visit.queue_s,
            )
        )


def _place(frame: Frame) -> tuple[str, GroupName]:
    return frame.word("Uniqueid"), GroupName(frame.word("Queue"))
