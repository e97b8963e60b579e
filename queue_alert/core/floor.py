"""The floor: groups, waiting contacts, agents. Applies one event to it.

An event may come late, twice or not at all; none of that may leave a trace once a snapshot has come (see
:mod:`queue_alert.core.reconcile`). A contact in a group is one *visit*, from its place in the line to its
outcome. What decides between a repeat and a new visit of the same contact is the feed's own order (``seq``)
or, where it has none, its time.

``queued``, ``answered`` and ``left`` are most of what a feed says. Each handles the plain case in one piece,
without calls, and leaves everything else to the slower methods of :class:`~queue_alert.core.visits.Visits`.
"""

from queue_alert.core.board import SignalBoard
from queue_alert.core.deadlines import NEVER, Deadlines
from queue_alert.core.effects import Anomaly, Effect, ReportAnomaly
from queue_alert.core.events import (
    AgentRemoved,
    AgentState,
    AgentStateChanged,
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactTransferred,
    ContactWrapped,
    Outcome,
    Provenance,
)
from queue_alert.core.group import OLDEST_S, AgentRecord, Group, Visit, VisitState
from queue_alert.core.policy import Policy
from queue_alert.core.rulebook import RuleBook
from queue_alert.core.units import AgentId, FeedName, GroupName, Instant, Seconds
from queue_alert.core.visits import Deadline, Visits

__all__ = ["Floor"]

_WAITING, _SETTLING, _UNLISTED = VisitState.WAITING, VisitState.SETTLING, VisitState.UNLISTED
_PRESUMED, _LEFT = VisitState.PRESUMED, VisitState.LEFT
_ANSWERED, _COMPLETED = VisitState.ANSWERED, VisitState.COMPLETED
# A look into an enum costs more than a count.
_ABANDONED, _UNKNOWN = Outcome.ABANDONED, Outcome.UNKNOWN
_WRAPUP = AgentState.WRAPUP
_INFERRED = Provenance.INFERRED
_LONGEST_SETTLE_S: Seconds = 60.0
_PHASES = 64
_WHOLE_SECOND_S: Seconds = 1.0
"""Some ACDs tell durations in whole seconds."""


class Floor:
    """All groups. Methods take ``now`` last; what follows from them is in ``board.effects``.

    Args:
        policy: Groups, thresholds, limits.
        now: When counting begins.
    """

    def __init__(self, policy: Policy, now: Instant) -> None:
        self.policy = policy
        self._most_waiting = policy.max_waiting_per_group
        self.groups: dict[GroupName, Group] = {}
        self.board = SignalBoard(policy)
        self.rules = RuleBook(policy)
        self.deadlines: Deadlines[Deadline] = Deadlines()
        self.visits = Visits(policy, self.board, self.deadlines)
        for name in policy.groups:
            self.group(name, now)

    def group(self, name: GroupName, now: Instant) -> Group | None:
        """Return the group of that name, made on first sight; ``None`` when there are too many."""
        group = self.groups.get(name)
        if group is None:
            if len(self.groups) >= self.policy.max_groups:
                self.report(Anomaly.TOO_MANY_GROUPS, name, f"limit={self.policy.max_groups}")
                return None
            group = Group(
                name,
                self.policy.groups.get(name, self.policy.default_group),
                now,
                phase=len(self.groups) % _PHASES / _PHASES,
                recently_abandoned=self.policy.recently_abandoned,
                show_numbers=self.policy.show_numbers,
            )
            self.groups[name] = group
            self.board.attach(group)
            self.board.effects += self.rules.attach(group, now)
        return group

    # Contacts

    def queued(self, event: ContactQueued, now: Instant) -> None:
        """Put a contact into the line."""
        group = self.groups.get(event.group) or self.group(event.group, now)
        if group is None:
            return
        contact = event.contact
        began = event.queued_at
        if began is None:
            began = event.time
        waiting = group.waiting
        if (
            not group.newest_at <= began <= now
            or contact in waiting
            or contact in group.departed
            or len(waiting) >= self._most_waiting
        ):
            self.visits.queued(group, event, began, now)
            return
        statistics = group.statistics
        if now >= statistics.bucket_ends_at:
            statistics.rotate(now)
        statistics.totals.offered += 1
        waiting[contact] = Visit(contact, event.source, began, event.seq, event.caller)
        group.newest_at = began
        group.cached_view = None
        wakes_at = self.board.deepened(group, now)
        if wakes_at is not NEVER:
            self.deadlines.push(wakes_at, Deadline(group))

    def queued_before_a_list(self, event: ContactQueued, now: Instant) -> None:
        """Take what a later list has taken into account already."""
        group = self.groups.get(event.group) or self.group(event.group, now)
        if group is not None:
            self.visits.queued_before_a_list(group, event, now)

    def dequeued(self, event: ContactDequeued, now: Instant) -> None:
        """Take a contact out of the line; its outcome is told later or presumed."""
        group = self.groups.get(event.group) or self.group(event.group, now)
        if group is None:
            return
        visit = self.visits.ended(group, event, now)
        if visit.state in (_SETTLING, _UNLISTED):
            visit.state = _SETTLING
            visit.outcome = event.presumed
            self.visits.settle_later(group, visit, min(max(event.settle_s, 0.0), _LONGEST_SETTLE_S), now)

    def answered(self, event: ContactAnswered, now: Instant) -> None:
        """Count an answer."""
        group = self.groups.get(event.group) or self.group(event.group, now)
        if group is None:
            return
        contact, left_at = event.contact, event.time
        visit = group.waiting.get(contact)
        if visit is None or visit.state != _WAITING or not visit.queued_at <= left_at <= now:  # type: ignore[operator]
            self.visits.answered(group, event, now)
            return
        statistics = group.statistics
        if now >= statistics.bucket_ends_at:
            statistics.rotate(now)
        del group.waiting[contact]
        visit.state = _ANSWERED
        visit.left_at = left_at
        visit.seq = event.seq
        statistics.count_answered(left_at - visit.queued_at)  # type: ignore[operator]
        departed = group.departed
        departed[contact] = visit
        if len(departed) > group.most_departed:
            group.forget_departed()
        group.cached_view = None
        wakes_at = self.board.lessened(group, now)
        if wakes_at is not NEVER:
            self.deadlines.push(wakes_at, Deadline(group))

    def left(self, event: ContactLeft, now: Instant) -> None:
        """Count a contact that left without an answer."""
        group = self.groups.get(event.group) or self.group(event.group, now)
        if group is None:
            return
        contact, left_at, outcome = event.contact, event.time, event.outcome
        visit = group.waiting.get(contact)
        if visit is None or visit.state != _WAITING or not visit.queued_at <= left_at <= now:  # type: ignore[operator]
            self.visits.left(group, event, now)
            return
        statistics = group.statistics
        if now >= statistics.bucket_ends_at:
            statistics.rotate(now)
        del group.waiting[contact]
        visit.state = _PRESUMED if outcome is _UNKNOWN else _LEFT
        visit.left_at = left_at
        visit.seq = event.seq
        visit.outcome = outcome
        statistics.count_left(outcome, left_at - visit.queued_at)  # type: ignore[operator]
        if outcome is _ABANDONED:
            group.list_abandoned(visit)
        departed = group.departed
        departed[contact] = visit
        if len(departed) > group.most_departed:
            group.forget_departed()
        group.cached_view = None
        wakes_at = self.board.lessened(group, now)
        if wakes_at is not NEVER:
            self.deadlines.push(wakes_at, Deadline(group))

    def completed(self, event: ContactCompleted, now: Instant) -> None:
        """Count the end of a conversation."""
        group = self.groups.get(event.group) or self.group(event.group, now)
        if group is None:
            return
        visit = group.departed.get(event.contact)
        if visit is None or visit.state != _ANSWERED:
            if visit is not None and visit.state == _COMPLETED:
                return
            visit = self._answer_missed(group, event, now)
        elif event.provenance is _INFERRED:
            self.visits.correct(group, event.source)
        visit.state = _COMPLETED
        statistics = group.statistics
        if now >= statistics.bucket_ends_at:
            statistics.rotate(now)
        statistics.totals.completed += 1
        talk_s, held_s = event.talk_s, event.held_s
        if talk_s is not None and (0.0 <= talk_s <= OLDEST_S or self.visits.is_plausible(talk_s, group)):
            statistics.talk.add(talk_s)
        if held_s and self.visits.is_plausible(held_s, group):
            statistics.held.add(held_s)
        group.cached_view = None

    def wrapped(self, event: ContactWrapped, now: Instant) -> None:
        """Count the work after a conversation."""
        group = self._counting(event.group, now)
        if group is not None and self.visits.is_plausible(event.acw_s, group):
            group.statistics.totals.acw_s += event.acw_s

    def ring_failed(self, event: ContactRingFailed, now: Instant) -> None:
        """Count a ring that nobody answered."""
        group = self._counting(event.group, now)
        if group is not None:
            group.statistics.totals.ring_failures += 1

    def transferred(self, event: ContactTransferred, now: Instant) -> None:
        """Count a transfer."""
        group = self._counting(event.group, now)
        if group is not None:
            statistics, kind = group.statistics, event.kind.value
            statistics.totals.transferred += 1
            statistics.transferred[kind] = statistics.transferred.get(kind, 0) + 1

    # Agents

    def agent_state(self, event: AgentStateChanged, now: Instant) -> None:
        """Take an agent's state."""
        group = self.groups.get(event.group) or self.group(event.group, now)
        if group is None:
            return
        state, reason = event.state, event.reason
        agent = event.agent
        record = group.agents.get(agent)
        if record is None:
            self.set_agent(group, agent, state, reason, event.wrapup_s, now, event.source)
        elif record.state is not state or record.reason != reason:
            record.state = state
            record.reason = reason
            record.since = now
            record.wrapup_until = NEVER
            if state is _WRAPUP:
                record.source = event.source
                record.wrapup_until = self._wrapup_until(group, agent, event.wrapup_s, now)
            group.cached_view = None

    def agent_removed(self, event: AgentRemoved, now: Instant) -> None:
        """Forget an agent of a group."""
        group = self.group(event.group, now)
        if group is not None and group.agents.pop(event.agent, None) is not None:
            group.cached_view = None

    def set_agent(
        self,
        group: Group,
        agent: AgentId,
        state: AgentState,
        reason: str,
        wrapup_s: Seconds | None,
        now: Instant,
        source: FeedName,
    ) -> bool:
        """Set one agent's state in one group and return whether it was another one before."""
        record = group.agents.get(agent)
        if record is not None and record.state is state and record.reason == reason:
            return False
        if record is None and len(group.agents) >= self.policy.max_agents_per_group:
            self.report(Anomaly.TOO_MANY_AGENTS, group.name, f"limit={self.policy.max_agents_per_group}")
            return False
        until = self._wrapup_until(group, agent, wrapup_s, now) if state is _WRAPUP else NEVER
        if record is None:
            group.agents[agent] = AgentRecord(state, reason, now, until, source)
        else:
            record.state, record.reason, record.since, record.wrapup_until = state, reason, now, until
            record.source = source
        group.cached_view = None
        return True

    # Time

    def advance(self, now: Instant) -> list[Group]:
        """Do everything that is due; return the groups that it was due in, some perhaps twice."""
        touched = []
        while (deadline := self.deadlines.pop_due(now)) is not None:
            group = deadline.group
            touched.append(group)
            if deadline.visit is not None:
                self.visits.due(group, deadline.visit, now)
            elif deadline.agent is not None:
                record = group.agents.get(deadline.agent)
                if record is not None and now >= record.wrapup_until:
                    record.state, record.reason = AgentState.AVAILABLE, ""
                    record.since, record.wrapup_until = record.wrapup_until, NEVER
                    group.cached_view = None
            elif now >= group.wakes_at:
                group.wakes_at = NEVER
                self.visits.judge(group, now)
        return touched

    def reset_today(self) -> None:
        """Begin a new "today" in every group; nobody who waits is touched."""
        for group in self.groups.values():
            group.statistics.reset_today()
            group.cached_view = None

    def shift(self, delta: Seconds) -> None:
        """Move every stored instant by ``delta``, because the clock was set."""
        for group in self.groups.values():
            group.shift(delta)
        self.deadlines.shift(delta)

    def shift_feed(self, source: FeedName, delta: Seconds, now: Instant) -> None:
        """Move what one feed said by ``delta``, because its clock is known better now."""
        for group in self.groups.values():
            if group.shift_feed(source, delta, now):
                self.visits.judge(group, now)

    def report(self, anomaly: Anomaly, group: GroupName, detail: str) -> None:
        """Let the shell count and log something that does not fit."""
        self.board.effects.append(ReportAnomaly(anomaly, group, detail))

    def take_effects(self) -> list[Effect]:
        """Return the effects so far and forget them."""
        effects = self.board.effects
        self.board.effects = []
        return effects

    def _counting(self, name: GroupName, now: Instant) -> Group | None:
        """Return the group, ready for a count."""
        group = self.groups.get(name) or self.group(name, now)
        if group is not None:
            if now >= group.statistics.bucket_ends_at:
                group.statistics.rotate(now)
            group.cached_view = None
        return group

    def _wrapup_until(self, group: Group, agent: AgentId, wrapup_s: Seconds | None, now: Instant) -> Instant:
        """Return when an agent's wrap-up that begins now is over, and look at it then."""
        if wrapup_s is None:
            return NEVER
        until = now + max(wrapup_s, 0.0)
        self.deadlines.push(until, Deadline(group, None, agent))
        return until

    def _answer_missed(self, group: Group, event: ContactCompleted, now: Instant) -> Visit:
        """Count the answer that must have been, unless it has been: nobody talks who was not answered."""
        if event.contact in group.waiting:
            self.visits.correct(group, event.source)
        elif group.counted_to is not None:
            # It was among the ACD's counts, or will be among the next ones.
            visit = group.departed.get(event.contact)
            return self._known_already(group, event) if visit is None else self.visits.talked(group, visit)
        elif event.contact in group.departed:
            self.visits.correct(group, event.source)
        elif _began_unheard(group, event):
            group.statistics.carried += 1
            return self._known_already(group, event)
        elif group.unnamed_answers:
            group.unnamed_answers -= 1
            return self._known_already(group, event)
        answer = ContactAnswered(
            id=event.id,
            source=event.source,
            time=event.time,
            seq=event.seq,
            provenance=Provenance.INFERRED,
            group=event.group,
            contact=event.contact,
            agent=event.agent,
        )
        self.visits.answered(group, answer, now)
        return group.departed[event.contact]

    def _known_already(self, group: Group, event: ContactCompleted) -> Visit:
        """Return a visit of which only the conversation's end is to be counted."""
        visit = Visit(event.contact, event.source, None, event.seq)
        visit.left_at = event.time
        group.remember(visit)
        return visit


def _began_unheard(group: Group, event: ContactCompleted) -> bool:
    """Return whether a conversation was under way when we began to listen: nobody told us of its answer."""
    since = group.listens_since.get(event.source)
    if since is None or event.talk_s is None:
        return False
    return event.time - event.talk_s - (event.held_s or 0.0) <= since + _WHOLE_SECOND_S
