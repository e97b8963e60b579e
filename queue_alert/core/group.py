"""One group's state: who waits, who has left lately, who serves it."""

from collections import deque

import msgspec

from queue_alert.core import formulas
from queue_alert.core.deadlines import NEVER
from queue_alert.core.effects import Severity
from queue_alert.core.events import AgentState, Outcome
from queue_alert.core.ledger import Ledger
from queue_alert.core.masking import mask
from queue_alert.core.policy import GroupPolicy
from queue_alert.core.signals import Signal
from queue_alert.core.statistics import GroupStatistics
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant, Seconds
from queue_alert.core.view import (
    AbandonedContact,
    AgentView,
    ExpectedWait,
    GroupView,
    ServiceLevelTarget,
)

__all__ = ["DEPARTED_KEPT", "OLDEST_S", "TALKING_KEPT", "AgentRecord", "Group", "Visit", "VisitState"]

DEPARTED_KEPT = 256
"""How many contacts that left are remembered at least, for late and doubled events."""
TALKING_KEPT = 2_000
"""How many of those who talk are remembered beyond that, so that the end of a long conversation finds it."""
OLDEST_S: Seconds = 86_400.0 * 7
"""What is said to have happened longer ago than this has a mistaken time."""
_NORMAL, _WARNING, _CRITICAL = Severity.NORMAL, Severity.WARNING, Severity.CRITICAL
_NOT_SERVING = (AgentState.OFFLINE, AgentState.NOT_READY)


class VisitState:
    """Where a visit stands. Plain numbers, not an enum: they are compared on every event.

    ``WAITING`` and ``LISTED`` are in the line; the others are among the departed.
    """

    WAITING = 0
    LISTED = 1
    """Waits by a snapshot's word alone; no event has said so (yet)."""
    SETTLING = 2
    """Gone by an event; the outcome is told later, or else presumed at ``settles_at``."""
    UNLISTED = 3
    """Gone by a snapshot's word alone."""
    PRESUMED = 4
    """Left; the outcome was presumed and may be revised."""
    LEFT = 5
    ANSWERED = 6
    COMPLETED = 7


NOBODY = FeedName("")
_ANSWERED = VisitState.ANSWERED


class Visit(msgspec.Struct, gc=False):
    """One stay of one contact in one group. Small: there may be thousands."""

    contact: ContactId
    source: FeedName
    queued_at: Instant | None
    """``None`` where its beginning was not seen and nobody said how long it lasted."""
    seq: int = 0
    """The feed's order of its last move, 0 where it has none."""
    caller: str = ""
    state: int = VisitState.WAITING
    settles_at: Instant = NEVER
    left_at: Instant = 0.0
    outcome: Outcome | None = None
    """Where it left without an answer. While settling: what is to be presumed."""

    @property
    def wait_s(self) -> Seconds | None:
        """How long it waited, once it is over; ``None`` where that is not known."""
        return None if self.queued_at is None else max(self.left_at - self.queued_at, 0.0)


class AgentRecord:
    """One agent in one group. A plain class with slots, not a struct: it is written to again and again."""

    __slots__ = ("reason", "since", "source", "state", "wrapup_until")

    def __init__(
        self,
        state: AgentState,
        reason: str,
        since: Instant,
        wrapup_until: Instant = NEVER,
        source: FeedName = NOBODY,
    ) -> None:
        self.source = source
        self.state = state
        self.reason = reason
        self.since = since
        self.wrapup_until = wrapup_until


class Group:
    """One group. :mod:`queue_alert.core.floor` moves its contacts; here is what follows from their places."""

    __slots__ = (
        "_view_until",
        "acknowledged",
        "agent_corrections",
        "agents",
        "agents_listed",
        "cached_view",
        "corrections",
        "counted_to",
        "critical_after_s",
        "critical_waiting",
        "departed",
        "emergencies",
        "emergency_since",
        "is_stale",
        "ledgers",
        "listens_since",
        "most_departed",
        "name",
        "newest_at",
        "policy",
        "recently_abandoned",
        "reported",
        "severity",
        "show_numbers",
        "signals",
        "statistics",
        "synced",
        "timed_severity",
        "turning_points",
        "unnamed_answers",
        "waiting",
        "wakes_at",
        "warning_after_s",
        "warning_waiting",
    )

    def __init__(
        self,
        name: GroupName,
        policy: GroupPolicy,
        now: Instant,
        *,
        phase: float,
        recently_abandoned: int,
        show_numbers: bool,
    ) -> None:
        self.name = name
        self.policy = policy
        self.statistics = GroupStatistics(policy, now, phase=phase)
        self.waiting: dict[ContactId, Visit] = {}
        """In the order of ``queued_at``: the first is the one that has waited longest."""
        self.newest_at: Instant = now - OLDEST_S
        """When the last one that lined up began to wait."""
        self.departed: dict[ContactId, Visit] = {}
        """Those that left lately and those who talk, the latest last; see :meth:`forget_departed`."""
        self.most_departed = 2 * DEPARTED_KEPT
        self.agents: dict[AgentId, AgentRecord] = {}
        self.recently_abandoned: deque[Visit] = deque(maxlen=recently_abandoned)
        self.show_numbers = show_numbers
        self.severity = Severity.NORMAL
        self.acknowledged = Severity.NORMAL
        """The severity that somebody has seen, until it is normal again; ``NORMAL``: none."""
        self.emergencies = 0
        """How many were called and not acknowledged."""
        self.emergency_since: Instant | None = None
        """When the first of them was called."""
        self.warning_waiting = _or_never(policy.warning.waiting)
        self.warning_after_s = _or_never(policy.warning.longest_wait_s)
        self.critical_waiting = _or_never(policy.critical.waiting)
        self.critical_after_s = _or_never(policy.critical.longest_wait_s)
        self.turning_points = frozenset({1, self.warning_waiting, self.critical_waiting})
        """The numbers waiting at which, and below which, the severity may be another one."""
        self.wakes_at: Instant = NEVER
        """The earliest instant at which the severity may rise by itself that is already on the heap."""
        self.timed_severity = False
        """Whether the severity is owed to the longest wait rather than to the number waiting alone."""
        self.signals: list[Signal] = []
        """Those that speak for this group."""
        self.corrections = self.agent_corrections = 0
        self.is_stale = False
        """Whether a feed that may speak of this group is not live."""
        self.synced: dict[FeedName, int] = {}
        """Feeds of which a snapshot of this group was taken (what the first one says is no correction), and
        the order of the latest one."""
        self.agents_listed: dict[FeedName, int] = {}
        """The order of the latest snapshot of each feed that said what the agents do."""
        self.listens_since: dict[FeedName, Instant] = {}
        """When the first snapshot of each of them was taken: of conversations that began before then nobody
        told us."""
        self.ledgers: dict[FeedName, Ledger] = {}
        self.counted_to: int | None = None
        """Up to which place in the feed's order all our counts are those of its ACD (0: it has no order);
        ``None``: they were not held against its own."""
        self.unnamed_answers = 0
        """Answers that only the counts of an ACD told of that tells few of them: who ends an unknown
        conversation is one of them."""
        self.reported: GroupView | None = None
        self.cached_view: GroupView | None = None
        """Set to ``None`` by whoever changes something, so that the next view is made anew."""
        self._view_until: Instant = 0.0

    def add_waiting(self, visit: Visit, queued_at: Instant) -> None:
        """Put a visit into the line at its place."""
        waiting = self.waiting
        waiting[visit.contact] = visit
        if queued_at >= self.newest_at or len(waiting) == 1:
            self.newest_at = queued_at
        else:
            self.sort_waiting()

    def sort_waiting(self) -> None:
        """Put the line in order after a contact turned out to wait since another instant (rare)."""
        self.waiting = dict(
            sorted(self.waiting.items(), key=lambda item: (item[1].queued_at or 0.0, item[1].seq))
        )
        self.newest_at = next(reversed(self.waiting.values())).queued_at or 0.0

    def remember(self, visit: Visit) -> None:
        """Keep a visit that ended for events that come late or twice."""
        departed = self.departed
        departed[visit.contact] = visit
        if len(departed) > self.most_departed:
            self.forget_departed()

    def forget_departed(self) -> None:
        """Forget the earlier ones of those that left, all at once: a dict is slow to lose its first."""
        visits = list(self.departed.values())
        earlier, latest = visits[:-DEPARTED_KEPT], visits[-DEPARTED_KEPT:]
        talking = [visit for visit in earlier if visit.state == _ANSWERED][-TALKING_KEPT:]
        self.departed = {visit.contact: visit for visit in (*talking, *latest)}
        self.most_departed = len(self.departed) + DEPARTED_KEPT

    def oldest_queued_at(self) -> Instant | None:
        """Return when the longest wait began, or ``None`` if nobody waits."""
        for visit in self.waiting.values():
            return visit.queued_at
        return None

    def judge(self, now: Instant) -> tuple[Severity, Instant]:
        """Return the severity now and the instant at which time alone makes it worse (or never)."""
        count = len(self.waiting)
        self.timed_severity = False
        if self.emergencies:
            return _CRITICAL, NEVER
        if not count:
            return _NORMAL, NEVER
        began = self.oldest_queued_at() or 0.0
        critical_at = began + self.critical_after_s
        warning_at = began + self.warning_after_s
        self.timed_severity = now >= warning_at or now >= critical_at
        if count >= self.critical_waiting or now >= critical_at:
            return _CRITICAL, NEVER
        if count >= self.warning_waiting or now >= warning_at:
            return _WARNING, critical_at
        return _NORMAL, min(warning_at, critical_at)

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody has seen how bad it is."""
        return _NORMAL is not self.severity <= self.acknowledged

    def call_emergency(self, now: Instant) -> None:
        """Take an emergency: critical, whoever waits, until it is acknowledged."""
        self.emergencies += 1
        self.acknowledged = _NORMAL  # what was seen before is not this
        if self.emergency_since is None:
            self.emergency_since = now
        self.cached_view = None

    def acknowledge(self, now: Instant) -> None:
        """Let what is bad now have been seen; emergencies are over with that."""
        self.emergencies = 0
        self.emergency_since = None
        self.acknowledged, _wakes_at = self.judge(now)
        self.cached_view = None

    def list_abandoned(self, visit: Visit) -> None:
        """Put a contact that gave up on the list of those to call back."""
        self.recently_abandoned.appendleft(visit)

    def unlist_abandoned(self, visit: Visit) -> None:
        """Take a visit off that list, because it turned out not to have given up."""
        kept = [entry for entry in self.recently_abandoned if entry is not visit]
        self.recently_abandoned = deque(kept, maxlen=self.recently_abandoned.maxlen)

    def view(self, now: Instant) -> GroupView:
        """Return the group frozen; the same object as before while nothing has changed."""
        view = self.cached_view
        if view is None or now >= self._view_until:
            view = self._make_view(now)
            self.cached_view = view
            self._view_until = self.statistics.window_changes_at() or NEVER
        return view

    def shift(self, delta: Seconds) -> None:
        """Move every stored instant by ``delta``, because the clock was set."""
        known = (
            *self.waiting.values(),
            *self.departed.values(),
            *self.recently_abandoned,
        )
        for visit in {id(visit): visit for visit in known}.values():
            if visit.queued_at is not None:
                visit.queued_at += delta
            visit.left_at += delta
            visit.settles_at += delta
        for agent in self.agents.values():
            agent.since += delta
            agent.wrapup_until += delta
        self.newest_at += delta
        self.wakes_at += delta
        if self.emergency_since is not None:
            self.emergency_since += delta
        self.listens_since = {source: since + delta for source, since in self.listens_since.items()}
        self.statistics.shift(delta)
        self.cached_view = None

    def shift_feed(self, source: FeedName, delta: Seconds, now: Instant) -> bool:
        """Move what a feed said by ``delta``, because its clock is known better now.

        Returns:
            Whether anybody waits.
        """
        for visits in (self.waiting.values(), self.departed.values()):
            for visit in visits:
                if visit.source == source:
                    visit.left_at = min(visit.left_at + delta, now)
                    if visit.queued_at is not None:
                        visit.queued_at = min(visit.queued_at + delta, now)
        if self.waiting:
            self.sort_waiting()
        self.cached_view = None
        return bool(self.waiting)

    def _make_view(self, now: Instant) -> GroupView:
        statistics, policy = self.statistics, self.policy
        window = statistics.window(now)
        by_state: dict[str, int] = {}
        for agent in self.agents.values():
            by_state[agent.state.value] = by_state.get(agent.state.value, 0) + 1
        return GroupView(
            name=self.name,
            waiting=len(self.waiting),
            oldest_queued_at=self.oldest_queued_at(),
            severity=self.severity,
            stale=self.is_stale,
            acknowledged=self.is_acknowledged,
            emergencies=self.emergencies,
            emergency_since=self.emergency_since,
            agents=by_state,
            agent_list=tuple(
                AgentView(agent=name, state=agent.state.value, reason=agent.reason, since=agent.since)
                for name, agent in self.agents.items()
            ),
            target=ServiceLevelTarget(
                policy.service_level_formula, policy.service_level_threshold_s, policy.service_level_goal
            ),
            window=window,
            window_s=policy.window_s,
            today=statistics.today(),
            expected_wait=self.expected_wait(),
            recently_abandoned=tuple(self._abandoned_view(visit) for visit in self.recently_abandoned),
            offered_total=statistics.offered_total,
            left_total=statistics.left_total(),
            transferred_total=dict(statistics.transferred),
            answered_wait=statistics.answered_wait.view(),
            abandoned_wait=statistics.abandoned_wait.view(),
            talk=statistics.talk.view(),
            held=statistics.held.view(),
            corrections=self.corrections,
            agent_corrections=self.agent_corrections,
        )

    def _abandoned_view(self, visit: Visit) -> AbandonedContact:
        caller = visit.caller if self.show_numbers else mask(visit.caller)
        return AbandonedContact(
            contact=visit.contact, caller=caller, at=visit.left_at, waited_s=visit.wait_s or 0.0
        )

    def expected_wait(self) -> ExpectedWait | None:
        """Return the wait of whoever joins now, by the group's method; ``None``: not known."""
        method = self.policy.expected_wait_method
        waiting = len(self.waiting)
        if method == "mitel":
            serving = sum(agent.state not in _NOT_SERVING for agent in self.agents.values())
            seconds = formulas.expected_wait_mitel(waiting, self.statistics.average_talk_s(), serving)
        else:
            seconds = formulas.expected_wait_moving_average(waiting, self.statistics.average_wait_s)
        return None if seconds is None else ExpectedWait(method, seconds)


def _or_never(limit: float | None) -> float:
    return NEVER if limit is None else limit
