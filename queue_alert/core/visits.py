"""What may happen to one contact's stay in one group, in whatever order it is told."""

from collections.abc import Callable

import msgspec

from queue_alert.core.board import SignalBoard
from queue_alert.core.deadlines import NEVER, Deadlines
from queue_alert.core.effects import Anomaly, ReportAnomaly
from queue_alert.core.events import ContactAnswered, ContactDequeued, ContactLeft, ContactQueued, Outcome
from queue_alert.core.group import OLDEST_S, Group, Visit, VisitState
from queue_alert.core.policy import Policy
from queue_alert.core.units import AgentId, FeedName, GroupName, Instant, Seconds

__all__ = ["Deadline", "Visits"]

_WAITING, _LISTED = VisitState.WAITING, VisitState.LISTED
_SETTLING, _UNLISTED = VisitState.SETTLING, VisitState.UNLISTED
_PRESUMED, _LEFT, _ANSWERED = VisitState.PRESUMED, VisitState.LEFT, VisitState.ANSWERED
_AHEAD_S: Seconds = 5.0
"""An ACD's clock may be ahead of ours by this much without remark; such a time is taken as now."""


class Deadline(msgspec.Struct, frozen=True, gc=False):
    """What time alone brings about in a group: to a visit, to an agent, or (neither) to its severity."""

    group: Group
    visit: Visit | None = None
    agent: AgentId | None = None


class Visits:
    """Moves visits between the line, settling and their outcome, and keeps every figure in step.

    Args:
        policy: Limits and the time to settle.
        board: Told of every change of depth.
        deadlines: Where what time brings about is kept.
    """

    def __init__(self, policy: Policy, board: SignalBoard, deadlines: Deadlines[Deadline]) -> None:
        self._policy = policy
        self._board = board
        self._deadlines = deadlines
        self.corrected: Callable[[FeedName, int], None] = _nobody_listens
        """Called for corrections, with the feed that needed them and how many."""

    # What a feed says

    def queued(self, group: Group, event: ContactQueued, began: Instant, now: Instant) -> None:
        """Put a contact into the line, whatever is known of it already."""
        began = self.plausible(began, group, now)
        waiting = group.waiting.get(event.contact)
        if waiting is not None:
            if waiting.state == _LISTED:
                self._confirm(group, waiting, event, began, now)
            return
        earlier = group.departed.get(event.contact)
        if earlier is not None and not _is_later(earlier, event.seq, began):
            self._learn_beginning(group, earlier, event, began)
            return
        self.enter(group, Visit(event.contact, event.source, began, event.seq, event.caller), now)

    def queued_before_a_list(self, group: Group, event: ContactQueued, now: Instant) -> None:
        """Learn late that a contact lined up: unless the list has it, it has left since."""
        began = event.time if event.queued_at is None else event.queued_at
        earlier = group.departed.get(event.contact)
        if event.contact in group.waiting or not (
            earlier is None or _is_later(earlier, event.seq, self.plausible(began, group, now))
        ):
            self.queued(group, event, began, now)
            return
        if earlier is not None and earlier.state in (_SETTLING, _UNLISTED):
            self._settle(group, earlier)
        began = self.plausible(began, group, now)
        visit = Visit(event.contact, event.source, began, event.seq, event.caller)
        visit.state = _UNLISTED
        visit.left_at = now
        group.remember(visit)
        _rotate(group, now)
        group.statistics.totals.offered += 1
        group.cached_view = None
        self.settle_later(group, visit, self._policy.settle_s, now)

    def talked(self, group: Group, visit: Visit) -> Visit:
        """Learn that a contact that had left was answered, where the ACD's counts tell of the answer."""
        if visit.state in (_SETTLING, _UNLISTED):
            # The counts were put right for its being counted as unknown soon; it will not be.
            group.statistics.restore(Outcome.UNKNOWN, 1)
        elif visit.outcome is Outcome.ABANDONED:
            group.unlist_abandoned(visit)
        return visit

    def ended(
        self, group: Group, event: ContactDequeued | ContactAnswered | ContactLeft, now: Instant
    ) -> Visit:
        """Return the visit that the event says is over, taken out of the line if it was still in it."""
        left_at = self.plausible(event.time, group, now)
        waiting, visit = group.waiting.get(event.contact), group.departed.get(event.contact)
        if waiting is not None and (visit is None or not _is_earlier(waiting, event.seq, left_at)):
            self.take_out(group, waiting, left_at, event.seq, now)
            return waiting
        if visit is not None:
            is_open = visit.state in (_SETTLING, _UNLISTED, _PRESUMED)
            says_nothing = isinstance(event, ContactLeft) and event.outcome is Outcome.UNKNOWN
            if visit.state == _UNLISTED:
                visit.left_at = left_at  # the list knew only that it was gone by then
            if is_open or says_nothing or not _is_later(visit, event.seq, left_at):
                return visit
        return self._beginning_missed(group, event, left_at, now)

    def answered(self, group: Group, event: ContactAnswered, now: Instant) -> None:
        """Count an answer, whatever was presumed before."""
        visit = self.ended(group, event, now)
        if visit.state in (_SETTLING, _UNLISTED):
            self.conclude(group, visit, Outcome.ANSWERED, event.queue_s)
        elif visit.state == _PRESUMED:
            self.revise(group, visit, Outcome.ANSWERED, event.queue_s)
        visit.seq = max(event.seq, visit.seq)

    def left(self, group: Group, event: ContactLeft, now: Instant) -> None:
        """Count a contact that left without an answer, whatever was presumed before."""
        visit = self.ended(group, event, now)
        outcome = event.outcome
        if visit.state in (_SETTLING, _UNLISTED):
            self.conclude(group, visit, outcome, event.queue_s)
            if outcome is Outcome.UNKNOWN:
                visit.state = _PRESUMED
        elif visit.state == _PRESUMED and outcome is not Outcome.UNKNOWN:
            if visit.outcome is outcome:
                visit.state = _LEFT
            else:
                self.revise(group, visit, outcome, event.queue_s)
        visit.seq = max(event.seq, visit.seq)

    # What time brings

    def due(self, group: Group, visit: Visit, now: Instant) -> None:
        """Settle a visit whose time for news is over."""
        if now < visit.settles_at:
            return
        if visit.state in (_SETTLING, _UNLISTED):
            self._settle(group, visit)
        elif visit.state == _LISTED:
            visit.state = _WAITING
            self.correct(group, visit.source)

    # Moves, shared with reconciliation

    def enter(self, group: Group, visit: Visit, now: Instant) -> bool:
        """Let a new visit begin: it waits and is counted as offered; ``False`` if the line is over-full."""
        if len(group.waiting) >= self._policy.max_waiting_per_group:
            self._report(Anomaly.TOO_MANY_WAITING, group.name, f"limit={self._policy.max_waiting_per_group}")
            return False
        # It stays known: its conversation may end after the customer has begun to wait again.
        earlier = group.departed.get(visit.contact)
        if earlier is not None and earlier.state in (_SETTLING, _UNLISTED):
            self._settle(group, earlier)
        _rotate(group, now)
        group.statistics.totals.offered += 1
        self._line_up(group, visit, now)
        return True

    def take_out(self, group: Group, visit: Visit, left_at: Instant, seq: int, now: Instant) -> None:
        """Take a waiting visit out of the line; its outcome is open (``SETTLING``)."""
        del group.waiting[visit.contact]
        if visit.state == _LISTED:
            self.correct(group, visit.source)
        visit.state = _SETTLING
        visit.outcome = None
        visit.settles_at = NEVER
        visit.left_at = left_at
        visit.seq = seq
        group.remember(visit)
        _rotate(group, now)
        group.cached_view = None
        self._push(group, self._board.lessened(group, now))

    def put_back(self, group: Group, visit: Visit, now: Instant) -> None:
        """Let a visit that was taken out by mistake wait again where it stood."""
        if visit.state in (_PRESUMED, _LEFT):
            self._take_back(group, visit)
        del group.departed[visit.contact]
        visit.state = _WAITING
        visit.outcome = None
        visit.settles_at = NEVER
        self._line_up(group, visit, now)

    def requeue(self, group: Group, visit: Visit, queued_at: Instant, now: Instant) -> None:
        """Learn that a waiting visit began at another instant."""
        visit.queued_at = queued_at
        group.sort_waiting()
        group.cached_view = None
        self.judge(group, now)

    def settle_later(self, group: Group, visit: Visit, after_s: Seconds, now: Instant) -> None:
        """Look at the visit again after a while, if it is then still as it is now."""
        visit.settles_at = now + after_s
        self._deadlines.push(visit.settles_at, Deadline(group, visit=visit))

    def conclude(self, group: Group, visit: Visit, outcome: Outcome, queue_s: Seconds | None) -> None:
        """Count the outcome of a visit that is over; ``queue_s`` helps where its beginning was missed."""
        if visit.queued_at is None and queue_s is not None and self.is_plausible(queue_s, group):
            visit.queued_at = visit.left_at - queue_s
        if outcome is Outcome.ANSWERED:
            visit.state = _ANSWERED
            group.statistics.count_answered(visit.wait_s)
        else:
            visit.state = _LEFT
            visit.outcome = outcome
            group.statistics.count_left(outcome, visit.wait_s)
            if outcome is Outcome.ABANDONED:
                group.list_abandoned(visit)
        group.cached_view = None

    def revise(self, group: Group, visit: Visit, outcome: Outcome, queue_s: Seconds | None) -> None:
        """Replace a presumed outcome by the true one."""
        self._take_back(group, visit)
        self.conclude(group, visit, outcome, queue_s)
        self.correct(group, visit.source)

    def correct(self, group: Group, source: FeedName, count: int = 1) -> None:
        """Count corrections of so many contacts."""
        group.corrections += count
        group.cached_view = None
        self.corrected(source, count)

    def pending(self, group: Group) -> int:
        """Return how many have left the group whose outcome is still open."""
        return sum(visit.state in (_SETTLING, _UNLISTED) for visit in group.departed.values())

    def judge(self, group: Group, now: Instant) -> None:
        """Work out the group's severity anew and tell it."""
        self._push(group, self._board.judge(group, now, show=True))

    def plausible(self, at: Instant, group: Group, now: Instant) -> Instant:
        """Return ``at`` if it can be true, else ``now``; what cannot be true is reported."""
        if now - OLDEST_S <= at <= now:
            return at
        if not now < at <= now + _AHEAD_S:
            self._report(Anomaly.IMPLAUSIBLE_TIME, group.name, f"seconds_from_now={at - now:.0f}")
        return now

    def is_plausible(self, duration: Seconds, group: Group) -> bool:
        """Return whether a duration can be true; one that cannot is reported."""
        if 0.0 <= duration <= OLDEST_S:
            return True
        self._report(Anomaly.IMPLAUSIBLE_DURATION, group.name, f"seconds={duration:.0f}")
        return False

    # Helpers

    def _confirm(
        self, group: Group, visit: Visit, event: ContactQueued, began: Instant, now: Instant
    ) -> None:
        """Take the event that says what a snapshot said before."""
        visit.state = _WAITING
        visit.settles_at = NEVER
        visit.seq = event.seq
        visit.caller = event.caller or visit.caller
        group.cached_view = None
        if visit.queued_at != began:
            self.requeue(group, visit, began, now)

    def _learn_beginning(self, group: Group, visit: Visit, event: ContactQueued, began: Instant) -> None:
        """Learn the beginning of a visit whose end was told first."""
        if visit.queued_at is not None:
            return
        visit.caller = event.caller
        began = min(began, visit.left_at)
        if visit.state in (_SETTLING, _UNLISTED):
            visit.queued_at = began
            return
        state = visit.state
        outcome = (visit.outcome if state in (_PRESUMED, _LEFT) else None) or Outcome.ANSWERED
        self._take_back(group, visit, is_revision=False)
        visit.queued_at = began
        self.conclude(group, visit, outcome, None)
        visit.state = state

    def _beginning_missed(
        self,
        group: Group,
        event: ContactDequeued | ContactAnswered | ContactLeft,
        left_at: Instant,
        now: Instant,
    ) -> Visit:
        """Make a visit of which only the end is known. That it was offered is certain all the same."""
        visit = Visit(event.contact, event.source, None)
        visit.state = _SETTLING
        visit.left_at = left_at
        visit.seq = event.seq
        group.remember(visit)
        _rotate(group, now)
        group.statistics.totals.offered += 1
        self.correct(group, event.source)
        self._report(Anomaly.UNKNOWN_CONTACT, group.name, f"contact={event.contact}")
        return visit

    def _settle(self, group: Group, visit: Visit) -> None:
        """Give a visit the outcome that was presumed, for want of a better one."""
        was_unlisted = visit.state == _UNLISTED
        self.conclude(group, visit, visit.outcome or Outcome.UNKNOWN, None)
        visit.state = _PRESUMED
        if was_unlisted:
            self.correct(group, visit.source)

    def _take_back(self, group: Group, visit: Visit, *, is_revision: bool = True) -> None:
        outcome = Outcome.ANSWERED
        if visit.state in (_PRESUMED, _LEFT):
            outcome = visit.outcome or Outcome.UNKNOWN
        group.statistics.take_back(outcome, visit.wait_s, is_revision=is_revision)
        if outcome is Outcome.ABANDONED:
            group.unlist_abandoned(visit)

    def _line_up(self, group: Group, visit: Visit, now: Instant) -> None:
        began = visit.queued_at or now
        is_last = began >= group.newest_at
        group.add_waiting(visit, began)
        group.cached_view = None
        self._push(group, self._board.deepened(group, now))
        if not is_last:
            self.judge(group, now)

    def _push(self, group: Group, wakes_at: Instant) -> None:
        self._deadlines.push(wakes_at, Deadline(group))

    def _report(self, anomaly: Anomaly, group: GroupName, detail: str) -> None:
        self._board.effects.append(ReportAnomaly(anomaly, group, detail))


def _is_later(visit: Visit, seq: int, at: Instant) -> bool:
    """Return whether something was after the visit's end, by the feed's order or else by time."""
    if seq and visit.seq:
        return seq > visit.seq
    return at > visit.left_at


def _is_earlier(visit: Visit, seq: int, at: Instant) -> bool:
    """Return whether something was before a waiting visit began, by the feed's order or else by time."""
    if seq and visit.seq:
        return seq < visit.seq
    return visit.queued_at is not None and at < visit.queued_at


def _rotate(group: Group, now: Instant) -> None:
    if now >= group.statistics.bucket_ends_at:
        group.statistics.rotate(now)


def _nobody_listens(_source: FeedName, _count: int) -> None:
    """Listen to corrections where nobody counts them."""
