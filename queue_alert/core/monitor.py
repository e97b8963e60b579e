"""The monitor: events and time in, effects and a view out. The core's face."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from queue_alert.core.alerts import Alert, AlertId
from queue_alert.core.attention import acknowledge, call_for_help
from queue_alert.core.deadlines import NEVER
from queue_alert.core.effects import Anomaly, Effect
from queue_alert.core.events import (
    OUR_OWN,
    AcdEvent,
    AgentRemoved,
    AgentStateChanged,
    AlertAcknowledged,
    ClockStepped,
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactHeld,
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactRung,
    ContactTransferred,
    ContactUnheld,
    ContactWrapped,
    EscalationRequested,
    Event,
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
    MessageHandled,
    MessageLeft,
)
from queue_alert.core.feed_record import RING_MASK, FeedRecord
from queue_alert.core.floor import Floor
from queue_alert.core.foreign import at_home
from queue_alert.core.late import take_late
from queue_alert.core.policy import Policy
from queue_alert.core.reconcile import reconcile
from queue_alert.core.reset import next_reset, previous_reset
from queue_alert.core.units import FeedName, Instant
from queue_alert.core.view import AlertView, FeedView, FloorView, GroupView, SignalView, ViewChanged

__all__ = ["Monitor"]

_MAX_FEEDS = 64


class Monitor:
    """What is known and what should happen.

    Not safe for threads; its views are frozen and may be handed to any.

    Args:
        policy: What to count and how to judge it.
        now: The instant at which it starts.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: ``policy.timezone`` is not known here.
    """

    def __init__(self, policy: Policy, now: Instant) -> None:
        self._policy = policy
        self._started_at = now
        self._reset_at = now
        self._next_reset = self._reset_after(now)
        self._floor = Floor(policy, now)
        self._floor.visits.corrected = self._count_corrections
        self._board = self._floor.board
        self._rules = self._floor.rules
        several = len(policy.feeds) > 1
        self._feeds = {
            feed.name: FeedRecord(
                feed.name,
                FeedState.DOWN,
                now,
                groups=feed.groups,
                prefix=f"{feed.name}/" if several else "",
                stale_after_s=feed.stale_after_s,
            )
            for feed in policy.feeds
        }
        self._silence_at = NEVER
        """When the first feed may have fallen silent."""
        self._last_feed: FeedRecord | None = None
        """That of the event before: most events come in runs from one feed."""
        self._shell = FeedRecord(FeedName("clock"), FeedState.LIVE, now)
        """What the shell itself says is no feed to show."""
        self._reported_feeds: dict[FeedName, FeedView] = {}
        self._reported_signals: tuple[SignalView, ...] = ()
        self._reported_alerts: tuple[AlertView, ...] = ()
        self._reported_reset: Instant | None = None
        floor = self._floor
        self._handlers: dict[type, Callable[[Any, Instant], None]] = {
            ContactQueued: floor.queued,
            ContactDequeued: floor.dequeued,
            ContactAnswered: floor.answered,
            ContactLeft: floor.left,
            ContactCompleted: floor.completed,
            ContactWrapped: floor.wrapped,
            ContactRingFailed: floor.ring_failed,
            ContactTransferred: floor.transferred,
            ContactRung: _say_nothing,
            ContactHeld: _say_nothing,
            ContactUnheld: _say_nothing,
            AgentStateChanged: floor.agent_state,
            AgentRemoved: floor.agent_removed,
            GroupSnapshotTaken: self._snapshot,
            MessageLeft: _say_nothing,
            MessageHandled: _say_nothing,
            EscalationRequested: partial(call_for_help, floor),
        }

    def handle(self, event: AcdEvent, now: Instant) -> list[Effect]:
        """Take one event.

        Args:
            event: Any event of the neutral feed; one that was taken before (same ``source`` and ``id``)
                changes nothing.
            now: When it was received, not before the ``now`` of the call before (but for a clock step).

        Returns:
            What is to be done about it, in this order.
        """
        feed = self._last_feed
        if feed is None or event.source != feed.name:
            feed = self._feeds.get(event.source) or self._new_feed(event, now)
            if feed is None:
                return []
            if feed is not self._shell:
                self._last_feed = feed
        seq = event.seq
        if seq > feed.last_seq:  # the plain case of is_repeat, without the call
            feed.last_seq = seq
            feed.sequenced_ids[seq & RING_MASK] = event.id
        elif not isinstance(event, GroupSnapshotTaken):
            if feed.is_repeat(event.id, seq):
                return []
            if seq:
                return self._handle_late(event, feed, now)
        feed.events += 1
        try:
            handler = self._handlers[type(event)]
        except KeyError:
            self._handle_our_own(event, feed, now)
        else:
            feed.last_event_at = now
            if now >= feed.look_at:
                self._take_with_care(feed, event, handler, now)
            else:
                handler(event, now)
            if not self._rules.is_empty:
                self._look_at_rules(event, now)
        board = self._board
        effects = board.effects
        if effects:
            board.effects = []
            return effects
        return []

    def advance(self, now: Instant) -> list[Effect]:
        """Do what is due at ``now`` though nothing arrived; return what is to be done about it."""
        floor = self._floor
        touched = floor.advance(now)
        if not self._rules.is_empty:
            for name in {group.name: None for group in touched}:
                self._board.effects += self._rules.look(name, now)
            self._board.effects += self._rules.advance(now)
        if now >= self._silence_at:
            self._look_for_silence(now)
        if now >= self._next_reset:
            self._reset_at = self._next_reset
            self._next_reset = self._reset_after(now)
            floor.reset_today()
            self._board.effects += self._rules.look_at_all(now)
        return floor.take_effects()

    def next_deadline(self) -> Instant | None:
        """Return when :meth:`advance` must be called at the latest; a call too early does no harm.

        ``None`` where nothing will come about by time alone.
        """
        deadline = min(
            self._floor.deadlines.next_at(), self._rules.next_at(), self._next_reset, self._silence_at
        )
        return None if deadline == NEVER else deadline

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Go on with the alerts of before; to be called before the first event."""
        self._rules.restore(alerts)

    def alerts(self) -> list[Alert]:
        """Return every alert that has ever moved, to be written down."""
        return self._rules.alerts()

    def find_alert(self, which: AlertId, now: Instant) -> tuple[Alert | None, str]:
        """Return an alert as it stands and what it is suppressed by ("": nothing)."""
        return self._rules.find(which, now)

    def levels(self) -> tuple[SignalView, ...]:
        """Return what every signal says now, to be shown again after an output came back."""
        return self._board.levels()

    def view(self, now: Instant) -> FloorView:
        """Return everything, frozen, as it stands at ``now``; outputs are left to the shell."""
        return FloorView(
            at=now,
            started_at=self._started_at,
            reset_at=self._reset_at,
            timezone=self._policy.timezone,
            groups=tuple(group.view(now) for group in self._floor.groups.values()),
            feeds=tuple(feed.view(now) for feed in self._feeds.values()),
            signals=self.levels(),
            alerts=self._rules.view(now),
        )

    def changes(self, now: Instant) -> ViewChanged | None:
        """Return what is different from what this method returned before, or ``None`` if nothing is.

        A feed's mere count of events and its last event's instant are not a difference of their own: they
        come along with the next one. Neither are parts of a second of its lag and its clock's offset.
        """
        groups = self._changed_groups(now)
        feeds = []
        for feed in self._feeds.values():
            view = feed.view(now)
            if groups or _coarse(view) != self._reported_feeds.get(feed.name):
                self._reported_feeds[feed.name] = _coarse(view)
                feeds.append(view)
        signals = self.levels()
        changed_signals = signals if signals != self._reported_signals else ()
        self._reported_signals = signals
        alerts = self._rules.view(now)
        changed_alerts = alerts if alerts != self._reported_alerts else None
        self._reported_alerts = alerts
        reset_at = self._reset_at if self._reset_at != self._reported_reset else None
        self._reported_reset = self._reset_at
        if not (groups or feeds or changed_signals or changed_alerts is not None or reset_at is not None):
            return None
        return ViewChanged(
            at=now,
            groups=tuple(groups),
            feeds=tuple(feeds),
            signals=changed_signals,
            alerts=changed_alerts,
            reset_at=reset_at,
        )

    def _reset_after(self, now: Instant) -> Instant:
        reset_at_s = self._policy.reset_at_s
        return NEVER if reset_at_s is None else next_reset(self._policy.timezone, reset_at_s, now)

    def _changed_groups(self, now: Instant) -> list[GroupView]:
        changed = []
        for group in self._floor.groups.values():
            view = group.view(now)
            if view is not group.reported:
                if view != group.reported:
                    changed.append(view)
                group.reported = view
        return changed

    def _new_feed(self, event: Event, now: Instant) -> FeedRecord | None:
        """Take in a feed nobody announced; believed until it says otherwise."""
        kind = event.__class__
        if kind in {ClockStepped, AlertAcknowledged} or (
            kind is EscalationRequested and event.source == OUR_OWN
        ):
            return self._shell
        if len(self._feeds) >= _MAX_FEEDS:
            return None
        feed = self._feeds[event.source] = FeedRecord(event.source, FeedState.LIVE, now)
        return feed

    def _handle_late(self, event: AcdEvent, feed: FeedRecord, now: Instant) -> list[Effect]:
        """Take an event that came behind a later one of its feed."""
        feed.events += 1
        handler = self._handlers.get(type(event))
        if handler is None:
            self._handle_our_own(event, feed, now)
        else:
            feed.last_event_at = now
            self._take_with_care(feed, event, partial(take_late, self._floor, handler), now)
            self._look_at_rules(event, now)
        return self._floor.take_effects()

    def _look_at_rules(self, event: Any, now: Instant) -> None:
        self._board.effects += self._rules.look(event.group, now)

    def _handle_our_own(self, event: AcdEvent, feed: FeedRecord, now: Instant) -> None:
        """Take an event that says nothing of contacts or agents."""
        if isinstance(event, FeedHeartbeat):
            feed.events -= 1
            feed.heard_at = now
            self._note_time(feed, event, now)
            if feed.state is FeedState.STALE:
                self._enter(feed, FeedState.LIVE, "", now)
        elif isinstance(event, FeedStatusChanged):
            feed.lag_s = event.lag_s if event.lag_s is not None else feed.lag_s
            self._enter(feed, event.state, event.reason, now)
        elif isinstance(event, ClockStepped):
            self._clock_stepped(event, now)
        elif isinstance(event, AlertAcknowledged):
            acknowledge(self._floor, event, now)
            self._board.effects += self._rules.acknowledge(event, now)

    def _take_with_care(
        self, feed: FeedRecord, event: Any, handler: Callable[[Any, Instant], None], now: Instant
    ) -> None:
        """Look at how late an event is; take one of a feed that was silent, or that needs changes."""
        if feed.is_time_to_note(now):
            self._note_time(feed, event, now)
        if feed.state is FeedState.STALE:
            self._enter(feed, FeedState.LIVE, "", now)
        if not feed.may_speak_of(event.group):
            # Whoever looks at this group relies on other feeds: this one could be lost without a sign.
            self._floor.report(Anomaly.OTHER_GROUP, event.group, f"feed={feed.name} event={event.id}")
            return
        if feed.prefix or feed.offset_s:
            event = at_home(event, feed.prefix, feed.offset_s)
        handler(event, now)

    def _snapshot(self, event: GroupSnapshotTaken, now: Instant) -> None:
        feed = self._feeds[event.source]
        reconcile(self._floor, event, now, is_latest=event.seq >= feed.last_seq)

    def _note_time(self, feed: FeedRecord, event: Event, now: Instant) -> None:
        change = feed.note_time(event, now)
        if change:
            self._floor.shift_feed(feed.name, change, now)
            self._board.effects += self._rules.look_at_all(now)

    def _enter(self, feed: FeedRecord, state: FeedState, reason: str, now: Instant) -> None:
        if feed.enter(state, reason, now):
            self._silence_at = min(self._silence_at, feed.check_at)
            unknown = [feed.groups for feed in self._feeds.values() if feed.state is not FeedState.LIVE]
            self._board.hold(unknown, self._floor.groups.values())
            self._board.effects += self._rules.look_at_all(now)

    def _look_for_silence(self, now: Instant) -> None:
        for feed in self._feeds.values():
            if now >= feed.check_at and feed.fell_silent(now):
                self._enter(feed, FeedState.STALE, f"nothing heard for {feed.stale_after_s:g} s", now)
        self._silence_at = min(feed.check_at for feed in self._feeds.values())

    def _clock_stepped(self, event: ClockStepped, now: Instant) -> None:
        delta = event.delta_s
        self._floor.shift(delta)
        self._rules.shift(delta)
        for feed in self._feeds.values():
            feed.clock_stepped(delta, now)
        self._silence_at = min((feed.check_at for feed in self._feeds.values()), default=NEVER)
        self._started_at += delta
        self._next_reset = self._reset_after(now)
        # A step over a reset begins a new day, as the passing of time would have.
        reset_at_s = self._policy.reset_at_s
        begun = -NEVER if reset_at_s is None else previous_reset(self._policy.timezone, reset_at_s, now)
        if begun > self._reset_at + delta:
            self._reset_at = begun
            self._floor.reset_today()
        else:
            self._reset_at += delta

    def _count_corrections(self, source: FeedName, count: int) -> None:
        feed = self._feeds.get(source)
        if feed is not None:
            feed.corrections += count


def _say_nothing(_event: Event, _now: Instant) -> None:
    """Take an event that changes no figure."""


def _coarse(view: FeedView) -> FeedView:
    lag_s, offset_s = view.lag_s, view.clock_offset_s
    return msgspec.structs.replace(
        view,
        events=0,
        last_event_at=None,
        lag_s=None if lag_s is None else lag_s // 1.0,
        clock_offset_s=None if offset_s is None else offset_s // 1.0,
    )
