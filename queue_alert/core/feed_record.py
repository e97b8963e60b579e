"""One feed's health: whether it can be believed, since when, how late it is and how far its clock is off."""

from fnmatch import fnmatchcase

from queue_alert.core.clock_offset import ClockOffset
from queue_alert.core.deadlines import NEVER
from queue_alert.core.events import Event, FeedHeartbeat, FeedState
from queue_alert.core.units import FeedName, GroupName, Instant, Seconds
from queue_alert.core.view import FeedView

__all__ = ["RING_MASK", "FeedRecord"]

_IDS_KEPT = 1024  # a power of two
"""How many of each feed's latest events are remembered, at least, against repeats."""
RING_MASK = _IDS_KEPT - 1
_GROUPS_KEPT = 10_000
"""Of how many groups it is remembered whether the feed may speak of them."""
_BELIEVED_S: Seconds = 86_400.0
"""No clock is further off than this; such a time is a mistake."""
_APPLIED_FROM_S: Seconds = 2.0
"""Clocks that differ by less are taken for equal: an ACD's times are often whole seconds."""
_NOTED_EVERY_S: Seconds = 10.0
_APPLIED_STEP_S: Seconds = 1.0
"""An offset in use is changed only where the estimate has moved by more, and dropped only below it."""


class FeedRecord:
    """What is known of one feed.

    Attributes:
        groups: Names or patterns of the groups it may speak of.
        prefix: Put before the ids of its contacts, where there are several feeds.
        stale_after_s: Without a sign of life for so long it is stale; ``None``: never.
        check_at: When to look whether it has fallen silent.
        look_at: From when on an event is looked at, not just taken: every few seconds for how late it is;
            always where its events need changes (see :mod:`~.foreign`), may be refused for their group, or
            make a stale feed live again.
        offset_s: Our clock minus its, as applied to its events.
    """

    __slots__ = (
        "_clock",
        "_has_heartbeats",
        "_note_at",
        "_speaks_of",
        "check_at",
        "corrections",
        "events",
        "groups",
        "heard_at",
        "held_since",
        "ids",
        "lag_s",
        "last_event_at",
        "last_seq",
        "look_at",
        "name",
        "offset_s",
        "older_ids",
        "prefix",
        "reason",
        "sequenced_ids",
        "since",
        "stale_after_s",
        "state",
    )

    def __init__(
        self,
        name: FeedName,
        state: FeedState,
        now: Instant,
        *,
        groups: tuple[str, ...] = ("*",),
        prefix: str = "",
        stale_after_s: Seconds | None = None,
    ) -> None:
        self.name = name
        self.state = state
        self.groups = groups
        self.prefix = prefix
        self.stale_after_s = stale_after_s
        self.reason = ""
        self.since = now
        self.held_since: Instant | None = None if state is FeedState.LIVE else now
        self.last_event_at: Instant | None = None
        self.heard_at: Instant = now
        self.check_at: Instant = NEVER
        self.lag_s: Seconds | None = None
        self.events = 0
        self.corrections = 0
        self.last_seq = 0
        self.sequenced_ids = [""] * _IDS_KEPT
        self.ids: set[str] = set()
        self.older_ids: set[str] = set()
        self.offset_s: Seconds = 0.0
        self.look_at: Instant = -NEVER
        self._note_at: Instant = -NEVER
        self._speaks_of: dict[GroupName, bool] | None = None if "*" in groups else {}
        self._clock = ClockOffset()
        self._has_heartbeats = False

    def is_repeat(self, identity: str, seq: int) -> bool:
        """Return whether this event was taken before, and remember it.

        An event whose ``seq`` is the highest so far cannot be a repeat and is only noted in a ring; without
        ``seq`` the ids themselves are kept, in two generations.
        """
        if seq > 0:
            ring = self.sequenced_ids
            index = seq & RING_MASK
            if seq <= self.last_seq and ring[index] == identity:
                return True
            self.last_seq = max(seq, self.last_seq)
            ring[index] = identity
            return False
        ids = self.ids
        if identity in ids or identity in self.older_ids:
            return True
        ids.add(identity)
        if len(ids) > _IDS_KEPT:
            self.older_ids = ids
            self.ids = set()
        return False

    def may_speak_of(self, group: GroupName) -> bool:
        """Return whether a group is one of :attr:`groups`."""
        known = self._speaks_of
        if known is None:
            return True
        answer = known.get(group)
        if answer is None:
            if len(known) >= _GROUPS_KEPT:
                known.clear()
            answer = known[group] = any(fnmatchcase(group, pattern) for pattern in self.groups)
        return answer

    def enter(self, state: FeedState, reason: str, now: Instant) -> bool:
        """Take a state and return whether it is another one than before."""
        self.reason = reason
        self.heard_at = now
        if state is self.state:
            return False
        self.state = state
        self.since = now
        if state is FeedState.LIVE:
            self.held_since = None
        elif self.held_since is None:
            self.held_since = now
        is_watched = state is FeedState.LIVE and self.stale_after_s is not None
        self.check_at = now + (self.stale_after_s or 0.0) if is_watched else NEVER
        self._set_look_at()
        return True

    def fell_silent(self, now: Instant) -> bool:
        """Return whether nothing was heard for too long, at :attr:`check_at`; else look again later."""
        silent_at = max(self.heard_at, self.last_event_at or self.heard_at) + (self.stale_after_s or 0.0)
        if now >= silent_at:
            return True
        self.check_at = silent_at
        return False

    def is_time_to_note(self, now: Instant) -> bool:
        """Return whether :meth:`note_time` is to have an event that comes now: every few seconds it is."""
        if now < self._note_at:
            return False
        self._note_at = now + _NOTED_EVERY_S
        self._set_look_at()
        return True

    def note_time(self, event: Event, now: Instant) -> Seconds:
        """Learn from an event how far the feed's clock is off and how late it says things.

        Returns:
            By how much the offset in use has just changed; 0.0 where it has not.
        """
        difference = now - event.time
        if isinstance(event, FeedHeartbeat):
            if not self._has_heartbeats:
                # They carry the ACD's clock for certain; an event may be stamped with when we received it.
                self._has_heartbeats = True
                self._clock.forget()
        elif self._has_heartbeats and not self._clock.agrees(difference):
            return 0.0
        if not abs(difference) <= _BELIEVED_S:  # written so that a time that is no number is refused too
            return 0.0
        self._clock.add(difference, now)
        estimate = self._clock.estimate(now)
        self.lag_s = max(difference - (estimate or 0.0), 0.0)
        # One event with a mistaken time must not move all others: only a clock that was told is followed.
        return self._apply(estimate) if estimate is not None and self._has_heartbeats else 0.0

    def clock_stepped(self, delta: Seconds, now: Instant) -> None:
        """Move every stored instant by ``delta``, because our clock was set."""
        self.since += delta
        if self.held_since is not None:
            self.held_since += delta
        self.heard_at = min(self.heard_at + delta, now)
        self.check_at += delta
        if self.last_event_at is not None:
            self.last_event_at = min(self.last_event_at + delta, now)
        self._clock.forget()
        if self.offset_s:
            self.offset_s += delta
        self._note_at = -NEVER
        self._set_look_at()

    def view(self, now: Instant) -> FeedView:
        """Return it frozen."""
        return FeedView(
            name=self.name,
            state=self.state,
            reason=self.reason,
            since=self.since,
            held_since=self.held_since,
            groups=self.groups,
            last_event_at=self.last_event_at,
            lag_s=self.lag_s,
            clock_offset_s=self._clock.estimate(now),
            events=self.events,
            corrections=self.corrections,
        )

    def _apply(self, estimate: Seconds) -> Seconds:
        least = _APPLIED_STEP_S if self.offset_s else _APPLIED_FROM_S
        wanted = estimate if abs(estimate) >= least else 0.0
        change = wanted - self.offset_s
        if not change or (wanted and abs(change) < _APPLIED_STEP_S):
            return 0.0
        self.offset_s = wanted
        self._set_look_at()
        return change

    def _set_look_at(self) -> None:
        is_narrow = self._speaks_of is not None
        needs_care = is_narrow or self.prefix or self.offset_s or self.state is FeedState.STALE
        self.look_at = -NEVER if needs_care else self._note_at
