"""The client's side of the feed's subprotocol: text in, events and messages to send out. Pure.

One object for all connections of a feed, one after another: what was heard before decides whether the server
may go on where the connection broke. The core gets one rising order over all of them.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import msgspec

from adapters.websocket.own_words import OwnWords
from adapters.websocket.reading import UnreadableError, read, sequence_of, why_unreadable
from adapters.websocket.states import TRANSITIONS, Limits, SessionError, State, Word
from adapters.websocket.telling import Telling
from queue_alert.core.events import (
    AcdEvent,
    FeedHeartbeat,
    FeedState,
    GroupSnapshotTaken,
)
from queue_alert.core.units import FeedName, GroupName, Instant, Seconds
from queue_alert.ports import Skipped
from queue_alert.protocol.feed_socket import (
    LARGEST_SEQ,
    LONGEST_HEARTBEAT_S,
    LONGEST_NAME,
    ClientMessage,
    Heartbeat,
    Hello,
    SnapshotRequest,
    Start,
    Synced,
)
from queue_alert.protocol.order import Order

__all__ = ["ASK_PAUSE_S", "SILENT_HEARTBEATS", "Session"]

ASK_PAUSE_S: Final[Seconds] = 2.0
"""Between two requests for snapshots at least: a feed that is never whole must not be all snapshots."""
SILENT_HEARTBEATS: Final = 2.5
"""After so many of its heartbeats' pauses without a word, a server is gone."""

_HEARTBEAT_S: Final[Seconds] = 15.0
_LONGEST_EVENT: Final = 8_192
_NEVER: Final = float("inf")
_NOTHING: Final[tuple[AcdEvent, ...]] = ()


class Session:
    """What one server says, over all connections to it.

    Times called ``now`` are of a clock that is never set; the feed's own instants are the ACD's.

    Args:
        source: The feed's name; it becomes the ``source`` of all events.
        skipped: Told of everything that is passed over.
        clock: Returns our own instant, for what we say ourselves.
        limits: What the server is allowed.

    Attributes:
        state: How far the present connection has come.
        has_turned: There is something to send, or :meth:`next_deadline` may have come nearer.
    """

    def __init__(
        self,
        source: str,
        skipped: Callable[[Skipped, str], None],
        clock: Callable[[], Instant],
        limits: Limits | None = None,
    ) -> None:
        self.state = State.GREETING
        self.has_turned = False
        self._source = FeedName(source)
        self._own = OwnWords(source, clock)
        self._skipped = skipped
        self._limits = limits or Limits()
        self._order = Order()
        self._groups: set[GroupName] = set()
        self._peer = FeedName("")
        self._run = ""
        self._is_foreign = True
        self._is_whole = False
        """All that happened up to the order's last number is known to the core."""
        self._has_unnumbered = False
        self._messages: list[ClientMessage] = []
        self._heard_at: Seconds = 0.0
        self._silence_s: Seconds = _NEVER
        self._by: Seconds = 0.0
        self._ask_at: Seconds = 0.0
        self._acd_ahead_s: Seconds = 0.0
        self._covered = 0
        """What lies at or before this number is in the snapshots: it is not told again."""
        self._may_resume = False
        self._telling = Telling()
        self._handlers: dict[type, Callable[[Any, Seconds], Sequence[AcdEvent]]] = {
            Hello: self._hello,
            Synced: self._synced,
            Heartbeat: self._heartbeat,
            FeedHeartbeat: self._feed_heartbeat,
            GroupSnapshotTaken: self._snapshot,
        }

    # What happens

    def connected(self, now: Seconds) -> None:
        """Begin a connection: the server speaks first."""
        if self.state is not State.GREETING:
            self._is_whole = self.state is State.LIVE
        self.state = State.GREETING
        self._messages.clear()
        self._heard_at = now
        self._silence_s = _NEVER
        self._by = now + self._limits.hello_within_s
        self._ask_at = now
        self.has_turned = True

    def receive(self, text: str, now: Seconds) -> Sequence[AcdEvent]:
        """Take one message and return the events in it, oldest first.

        Raises:
            SessionError: The connection is of no use any more.
        """
        self._heard_at = now
        try:
            message = read(text)
        except UnreadableError as error:
            return self._unreadable(text, error, now)
        handler = self._handlers.get(type(message))
        if handler is not None:
            return handler(message, now)
        return self._event(message, text, now)

    def advance(self, now: Seconds) -> None:
        """Do what is due though nothing was said.

        Raises:
            SessionError: The server has been silent for too long.
        """
        if now >= self._heard_at + self._silence_s:
            raise SessionError(
                f"has said nothing for {self._silence_s:g} s and promised a heartbeat every "
                f"{self._silence_s / SILENT_HEARTBEATS:g} s"
            )
        if self.state is State.GREETING and now >= self._by:
            within = f"{self._limits.hello_within_s:g} s"
            raise SessionError(f"did not say hello within {within}; is this the address of an ACD's feed?")
        if self.state is State.SYNCING and now >= self._by:
            raise SessionError(
                f"did not say all snapshots and synced within {self._limits.synced_within_s:g} s"
            )
        if self.state is State.TORN and now >= self._ask_at:
            self._ask(now)

    def next_deadline(self) -> Seconds:
        """Return when :meth:`advance` must be called at the latest; too early does no harm."""
        silent_at = self._heard_at + self._silence_s
        if self.state is State.LIVE:
            return silent_at
        return min(silent_at, self._ask_at if self.state is State.TORN else self._by)

    def take_messages(self) -> list[ClientMessage]:
        """Return what is to be sent, in this order, and begin anew."""
        messages, self._messages = self._messages, []
        self.has_turned = False
        return messages

    # What a server says

    def _hello(self, hello: Hello, now: Seconds) -> Sequence[AcdEvent]:
        if self.state is not State.GREETING:
            raise SessionError("said hello twice on one connection")
        if not (
            _is_number(hello.seq) and hello.source and max(len(hello.source), len(hello.run)) <= LONGEST_NAME
        ):
            return self._refuse(Skipped.BAD_VALUE, f"hello with seq {hello.seq} or a name that is too long")
        self._begin_run(hello)
        heartbeat_s = hello.heartbeat_s if hello.heartbeat_s > 0 else _HEARTBEAT_S
        self._silence_s = SILENT_HEARTBEATS * min(heartbeat_s, LONGEST_HEARTBEAT_S)
        start = Start(after=self._order.last_said, run=self._run) if self._may_resume else Start()
        self._move(Word.HELLO)
        self._await_snapshots(start, now)
        return (self._own.status(FeedState.SYNCING), self._sign_of_life(hello.time, now))

    def _begin_run(self, hello: Hello) -> None:
        order = self._order
        is_same = bool(hello.run) and (hello.source, hello.run) == (self._peer, self._run)
        if not is_same or hello.seq < order.last_said:
            order.begin_run()
        self._peer, self._run = FeedName(hello.source), hello.run
        self._is_foreign = self._peer != self._source
        self._may_resume = self._is_whole and not self._has_unnumbered and order.last_said > 0
        self._is_whole = False

    def _synced(self, synced: Synced, now: Seconds) -> Sequence[AcdEvent]:
        if self.state is not State.SYNCING:
            return self._refuse(Skipped.BAD_VALUE, f"synced while {self.state}")
        if not _is_number(synced.seq):
            return self._refuse(Skipped.BAD_VALUE, f"synced with seq {synced.seq}")
        missed = self._order.missed
        number = self._order.stand_at(synced.seq)
        self._count_lost(missed, synced.seq)
        reason = self._telling.why_incomplete(synced, self._order.missed)
        if reason:
            self._move(Word.INCOMPLETE)
            self._ask_soon(now)
            return (self._own.status(FeedState.SYNCING, reason),)
        gone = [] if synced.resumed else self._gone(number, now)
        self._move(Word.WHOLE)
        return (*gone, self._own.status(FeedState.LIVE))

    def _gone(self, number: int, now: Seconds) -> list[AcdEvent]:
        """Return an empty snapshot for every group of which the ACD says nothing any more."""
        listed = self._telling.listed
        if self._telling.has_begun:
            number = self._telling.covered
        gone = sorted(self._groups - listed)
        self._groups.intersection_update(listed)
        time = now + self._acd_ahead_s
        return [self._own.gone(group, seq=number, time=time) for group in gone]

    def _heartbeat(self, heartbeat: Heartbeat, now: Seconds) -> Sequence[AcdEvent]:
        if self.state is State.GREETING or not _is_number(heartbeat.seq):
            return self._refuse(Skipped.BAD_VALUE, f"heartbeat with seq {heartbeat.seq} while {self.state}")
        missed = self._order.missed
        self._order.catch_up(heartbeat.seq)
        sign = self._sign_of_life(heartbeat.time, now)
        return (*self._torn_since(missed, heartbeat.seq, now), sign)

    def _feed_heartbeat(self, event: FeedHeartbeat, now: Seconds) -> Sequence[AcdEvent]:
        return self._heartbeat(Heartbeat(time=event.time, seq=event.seq), now)

    def _snapshot(self, snapshot: GroupSnapshotTaken, now: Seconds) -> Sequence[AcdEvent]:
        if why := self._why_refused(snapshot):
            return self._refuse(*why)
        order = self._order
        seq, missed = snapshot.seq, order.missed
        number = order.stand_at(seq)
        is_telling, telling = self.state is State.SYNCING, self._telling
        if number < order.last and not (is_telling and not telling.is_too_late(snapshot.group, number)):
            return self._refuse(Skipped.TOO_OLD, f"a snapshot as of {seq}, after {order.last_said}")
        torn = _NOTHING
        if is_telling and not telling.has_begun:
            self._count_lost(missed, seq)
            telling.begin(number, order.missed)
            self._covered = number
        else:
            torn = self._torn_since(missed, seq, now)
        is_known = self._is_known(snapshot.group, beside=telling.listed if is_telling else self._groups)
        if is_telling:
            telling.add(snapshot.group, is_taken=is_known)
        return (*torn, self._stamped(snapshot, number)) if is_known else torn

    def _event(self, event: Any, text: str, now: Seconds) -> Sequence[AcdEvent]:
        if event.source != self._peer or len(text) > _LONGEST_EVENT or self.state is State.GREETING:
            return self._refuse(*(self._why_refused(event) or (Skipped.TOO_LONG, f"{len(text)} characters")))
        seq, torn = event.seq, _NOTHING
        number = seq
        if 0 < seq <= LARGEST_SEQ and len(event.id) <= LONGEST_NAME:
            order = self._order
            missed = order.missed
            number = order.take(seq)
            if order.missed != missed:
                torn = self._torn_since(missed, seq, now)
            elif number <= self._covered:
                return self._refuse(Skipped.TOO_OLD, f"{seq}, which the snapshots held already")
        elif why := self._why_refused(event):
            return self._refuse(*why)
        else:
            self._has_unnumbered = True
        group = event.group
        if group not in self._groups and not self._is_known(group, beside=self._groups):
            return torn
        if self.state is State.SYNCING:
            self._telling.touch(group, number)
        self._stamped(event, number)
        return (*torn, event) if torn else (event,)

    # What is not to be taken

    def _why_refused(self, event: Any) -> tuple[Skipped, str] | None:
        if self.state is State.GREETING:
            return Skipped.BAD_VALUE, "an event before hello"
        if event.source != self._peer:
            return Skipped.OTHER_SOURCE, f"source {event.source[:40]!r}"
        if len(event.id) > LONGEST_NAME:
            return Skipped.TOO_LONG, f"an id of {len(event.id)} characters"
        if not _is_number(event.seq):
            return Skipped.BAD_VALUE, f"seq {event.seq}"
        return None

    def _is_known(self, group: GroupName, *, beside: Collection[GroupName]) -> bool:
        """Return whether what is said of a group is taken; a new one is if it is not too many ``beside``."""
        if group in self._groups:
            return True
        if len(group) > LONGEST_NAME:
            self._skipped(Skipped.TOO_LONG, f"the name of a group has {len(group)} characters")
            return False
        # Those that are no more are known until a telling was whole.
        if len(beside) >= self._limits.groups or len(self._groups) >= 2 * self._limits.groups:
            self._skipped(Skipped.BAD_VALUE, f"more than max_groups = {self._limits.groups} groups")
            return False
        self._groups.add(group)
        return True

    def _refuse(self, kind: Skipped, detail: str) -> Sequence[AcdEvent]:
        self._skipped(kind, detail)
        return _NOTHING

    def _unreadable(self, text: str, error: UnreadableError, now: Seconds) -> Sequence[AcdEvent]:
        kind, detail = why_unreadable(text, error)
        self._skipped(kind, detail)
        seq = sequence_of(text)
        if kind is not Skipped.UNKNOWN_EVENT or not seq or self.state is State.GREETING:
            return _NOTHING  # what it would have told is missing: its number is found missing too
        # A later version of the feed may say more than we know; that is no loss.
        missed = self._order.missed
        self._order.take(seq)
        return self._torn_since(missed, seq, now)

    # Holes

    def _count_lost(self, missed: int, seq: int) -> int:
        lost = self._order.missed - missed
        if lost:
            self._skipped(Skipped.LOST, f"{lost} events before {seq}")
        return lost

    def _torn_since(self, missed: int, seq: int, now: Seconds) -> tuple[AcdEvent, ...]:
        lost = self._count_lost(missed, seq)
        if not lost or self.state is not State.LIVE:
            return _NOTHING
        self._move(Word.HOLE)
        self._ask_soon(now)
        return (self._own.status(FeedState.SYNCING, f"{lost} events were lost"),)

    def _ask_soon(self, now: Seconds) -> None:
        self.has_turned = True
        if now >= self._ask_at:
            self._ask(now)

    def _ask(self, now: Seconds) -> None:
        self._move(Word.ASKED)
        self._may_resume = False
        self._ask_at = now + ASK_PAUSE_S
        self._await_snapshots(SnapshotRequest(), now)

    def _await_snapshots(self, message: ClientMessage, now: Seconds) -> None:
        self._messages.append(message)
        self._by = now + self._limits.synced_within_s
        self._telling = Telling(self._order.missed, self._order.last, may_resume=self._may_resume)
        self.has_turned = True

    def _move(self, word: Word) -> None:
        self.state = TRANSITIONS[self.state, word]

    # What we say

    def _stamped(self, event: Any, number: int) -> AcdEvent:
        """Make an event ours. It was decoded a moment ago and nobody else has it, so it is not copied."""
        if self._is_foreign:
            msgspec.structs.force_setattr(event, "source", self._source)
        if number != event.seq:
            msgspec.structs.force_setattr(event, "seq", number)
        return event  # type: ignore[no-any-return]

    def _sign_of_life(self, time: Instant, now: Seconds) -> FeedHeartbeat:
        self._acd_ahead_s = time - now
        return self._own.heartbeat(time)


def _is_number(seq: int) -> bool:
    return 0 <= seq <= LARGEST_SEQ
