"""Asterisk's events to ours.

Its words stop here: its *members* are agents, its *hold time* is the time in queue.

Pure: no I/O and no clock. What is known of callers is forgotten at every connection, for the exchange may
have been started anew, and its channels' names with it.

Source: Asterisk 22, apps/app_queue.c and the recordings in tests/golden/asterisk.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from adapters.asterisk.agents import AgentDesk, agent_name
from adapters.asterisk.callers import CallerDesk
from adapters.asterisk.frames import Frame, FrameReader, UnreadableFrameError
from adapters.asterisk.outbox import Outbox
from adapters.asterisk.snapshot import ListDesk
from adapters.asterisk.stamps import Stamps
from adapters.asterisk.talks import TalkDesk
from adapters.asterisk.tally import Tally
from adapters.asterisk.visits import VisitBook
from adapters.asterisk.vocabulary import IGNORED, VARIABLES
from queue_alert.core.events import (
    AcdEvent,
    ContactRingFailed,
    ContactRung,
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    RingFailure,
)
from queue_alert.core.units import GroupName, Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["AsteriskTranslator", "FrameHandler"]

FrameHandler: TypeAlias = Callable[[Frame], None]

_MILLISECONDS: Final = 1000.0


def _nothing(_frame: Frame) -> None:
    """Pass over a frame that only a client cares for."""


class AsteriskTranslator:
    """Translates one connection after another.

    Only the header ``Event`` says what an event is: anybody who may send a ``UserEvent`` can give it the
    headers, and in ``UserEvent`` the name, of a real one.

    Args:
        source: The feed's name.
        skipped: Called with the kind and a short detail, never a value, for everything passed over as
            unreadable.
        replies: Called with every answer (``Response``) and with ``FullyBooted``, ``Reload`` and
            ``Shutdown``.
    """

    def __init__(
        self, source: str, skipped: Callable[[Skipped, str], None], *, replies: FrameHandler = _nothing
    ) -> None:
        self._skipped = skipped
        self._outbox = Outbox(source)
        tally = Tally(self._listened)
        self._callers = CallerDesk(self._outbox, VisitBook(), tally)
        self._talks = TalkDesk(self._outbox, tally)
        self._agents = AgentDesk(self._outbox)
        self._lists = ListDesk(
            self._outbox, self._callers, self._agents, talks=self._talks, tally=tally, skipped=skipped
        )
        self._stamps = Stamps(skipped)
        self._received_at: Instant = 0.0
        self._is_behind_list = False
        self._silence_s: Seconds = 0.0
        self._tell_client = replies
        item = self._lists.item
        self._reader: FrameReader[Callable[[Any], None], Callable[[Any], None]] = FrameReader(
            self._handlers(),
            wanted_raw={b"QueueParams": item, b"QueueMember": item, b"QueueEntry": item},
            replies=self._replied,
            ignored=IGNORED,
            variables=[name.encode() for name in VARIABLES],
            skipped=skipped,
        )

    @property
    def doubt(self) -> str:
        """What Asterisk seems to hold back from us, as a sentence; ``""``: nothing."""
        return self._lists.doubt

    def connected(self, now: Instant) -> list[AcdEvent]:
        """Forget the connection before; the feed is in step again after the first whole list."""
        self._outbox.now = self._stamps.at(now)
        self._forget()
        self._outbox.add(FeedStatusChanged(**self._outbox.stamp(), state=FeedState.SYNCING))
        return self._outbox.take()

    def receive(self, data: bytes, now: Instant) -> list[AcdEvent]:
        """Return the events in ``data``, which may be cut anywhere."""
        stamps, outbox = self._stamps, self._outbox
        if self._is_behind_list:
            self._is_behind_list = False
            self._silence_s += max(now - self._received_at, 0.0)
        self._received_at = now
        outbox.now = stamps.at(now)
        for handle, frame in self._reader.read(data):
            if stamps.are_sought and frame.__class__ is Frame:
                outbox.now = stamps.of(frame, now)
            try:
                handle(frame)
            except UnreadableFrameError as error:
                self._skipped(error.kind, error.detail)
        return outbox.take()

    def disconnected(self, now: Instant) -> list[AcdEvent]:
        """Give up on those whose outcome was about to be told, and say that the feed is down."""
        self._outbox.now = self._stamps.at(now)
        self._callers.disconnected()
        self._forget()
        self._outbox.add(
            FeedStatusChanged(**self._outbox.stamp(), state=FeedState.DOWN, reason="connection closed")
        )
        return self._outbox.take()

    def _handlers(self) -> dict[bytes, FrameHandler]:
        return {
            b"QueueCallerJoin": self._joined,
            b"QueueCallerLeave": self._callers.left,
            b"QueueCallerAbandon": self._callers.gave_up,
            b"VarSet": self._callers.variable_set,
            b"Hangup": self._hung_up,
            b"BridgeEnter": self._bridged,
            b"AgentCalled": self._rung,
            b"AgentRingNoAnswer": self._ring_failed,
            b"AgentDump": self._dropped,
            b"AgentConnect": self._answered,
            b"AgentComplete": self._completed,
            b"Hold": self._talks.held,
            b"Unhold": self._talks.unheld,
            b"BlindTransfer": self._passed_on,
            b"AttendedTransfer": self._handed_over,
            b"QueueMemberAdded": self._agents.changed,
            b"QueueMemberPause": self._agents.changed,
            b"QueueMemberPenalty": self._agents.changed,
            b"QueueMemberRinginuse": self._agents.changed,
            b"QueueMemberStatus": self._agents.changed,
            b"QueueMemberRemoved": self._agents.removed,
            b"QueueStatusComplete": self._listed,
            b"FullyBooted": self._tell_client,
            b"Reload": self._reloaded,
            b"Shutdown": self._tell_client,
        }

    def _forget(self) -> None:
        self._reader.reset()
        self._stamps.look_again()
        self._callers.clear()
        self._talks.reconnected()
        self._agents.clear()
        self._lists.clear()

    def _replied(self, frame: Frame) -> None:
        if frame.text("Ping") == "Pong":
            self._outbox.now = self._stamps.of_pong(frame, self._received_at)
            self._outbox.add(FeedHeartbeat(**self._outbox.stamp()))
        self._tell_client(frame)

    def _reloaded(self, frame: Frame) -> None:
        self._stamps.look_again()
        self._tell_client(frame)

    def _listed(self, frame: Frame) -> None:
        self._is_behind_list = True
        self._lists.completed(frame)

    def _listened(self) -> Instant:
        """Return the present by a clock that stands still from a list until something else is heard.

        A connection that was held up meanwhile shows nothing else.
        """
        return self._received_at - self._silence_s

    def _joined(self, frame: Frame) -> None:
        self._lists.know(self._callers.joined(frame))

    def _hung_up(self, frame: Frame) -> None:
        self._callers.hung_up(frame)
        self._talks.hung_up(frame.text("Uniqueid"))

    def _bridged(self, frame: Frame) -> None:
        channel = frame.text("Uniqueid")
        self._callers.bridged(channel)
        self._talks.bridged(channel)

    def _rung(self, frame: Frame) -> None:
        channel, group, agent = frame.word("Uniqueid"), GroupName(frame.word("Queue")), agent_name(frame)
        contact = self._callers.rung(channel, group, more=1)
        self._outbox.add(ContactRung(**self._outbox.stamp(), group=group, contact=contact, agent=agent))

    def _ring_failed(self, frame: Frame) -> None:
        channel, group, agent = frame.word("Uniqueid"), GroupName(frame.word("Queue")), agent_name(frame)
        contact = self._callers.rung(channel, group, more=-1)
        # Milliseconds here, whole seconds in AgentConnect. A phone that is busy says so at once.
        rung = frame.count("RingTime")
        self._outbox.add(
            ContactRingFailed(
                **self._outbox.stamp(),
                group=group,
                contact=contact,
                agent=agent,
                reason=RingFailure.BUSY if rung == 0 else RingFailure.NO_ANSWER,
                ring_s=None if rung is None else rung / _MILLISECONDS,
            )
        )

    def _dropped(self, frame: Frame) -> None:
        channel, group, agent = frame.word("Uniqueid"), GroupName(frame.word("Queue")), agent_name(frame)
        self._outbox.add(
            ContactRingFailed(
                **self._outbox.stamp(),
                group=group,
                contact=self._callers.dropped(channel, group),
                agent=agent,
                reason=RingFailure.REJECTED,
            )
        )

    def _answered(self, frame: Frame) -> None:
        channel, group, agent = frame.word("Uniqueid"), GroupName(frame.word("Queue")), agent_name(frame)
        self._talks.answered(frame, self._callers.answered(channel, group), agent)

    def _completed(self, frame: Frame) -> None:
        agent = agent_name(frame)
        self._talks.completed(frame, agent)
        self._agents.completed(GroupName(frame.word("Queue")), agent)

    def _passed_on(self, frame: Frame) -> None:
        if frame.text("Result") == "Success":
            self._talks.passed_on(frame)

    def _handed_over(self, frame: Frame) -> None:
        if frame.text("Result") != "Success":
            return
        self._talks.handed_over(frame)
        if frame.text("DestType") == "App" and frame.text("DestApp").lower() == "queue":
            self._callers.replaced(frame.word("SecondTransfererUniqueid"), frame.word("TransfereeUniqueid"))
