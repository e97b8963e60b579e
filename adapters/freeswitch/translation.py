"""FreeSWITCH's words to ours: bytes of an event socket in, events of the neutral feed out. Pure.

The beginning of a session (``auth/request`` and its reply) makes no events; neither does anything that is not
mod_callcenter's, but for holds, which the core says of channels.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from adapters.freeswitch.agents import AgentDesk
from adapters.freeswitch.callers import CallerDesk
from adapters.freeswitch.event import (
    CALLCENTER,
    SwitchEvent,
    UnreadableError,
    decode_event,
    whole_number,
)
from adapters.freeswitch.frames import API_RESPONSE, EVENT_JSON, Frame, FrameReader
from adapters.freeswitch.lists import ListDesk
from adapters.freeswitch.outbox import Outbox
from adapters.freeswitch.talks import TalkDesk
from adapters.freeswitch.vocabulary import IN_CALL
from queue_alert.core.events import AcdEvent, FeedHeartbeat, FeedState, FeedStatusChanged
from queue_alert.core.units import Instant
from queue_alert.ports import Skipped

__all__ = ["EVENTS", "FrameHandler", "FreeSwitchTranslator"]

FrameHandler: TypeAlias = Callable[[Frame], None]

EVENTS: Final = "HEARTBEAT CHANNEL_HOLD CHANNEL_UNHOLD MODULE_LOAD MODULE_UNLOAD CUSTOM callcenter::info"
"""What to subscribe to; names after CUSTOM are subclasses, so it is last."""

_MODULE: Final = "mod_callcenter"
_SHOWN_LIMIT: Final = 40
_NO_NEWS: Final = frozenset(
    {"agent-contact-change", "agent-max-no-answer", "agent-state-get", "agent-status-get", "agent-uuid-get"}
)


def _nothing(_frame: Frame) -> None:
    """Pass over a frame that only a client cares for."""


def _wanted_by_nobody() -> None:
    """Do without the lists that only a client can ask for."""


class FreeSwitchTranslator:
    """Translates one connection after another.

    Args:
        source: The feed's name.
        skipped: Called with the kind and a short detail, never a value, for everything passed over as
            unreadable.
        replies: Called with every frame that is no event, after what it says has been taken.
        wanted: Called when the lists should be asked for soon: something was lost, or nobody told it.
    """

    def __init__(
        self,
        source: str,
        skipped: Callable[[Skipped, str], None],
        *,
        replies: FrameHandler = _nothing,
        wanted: Callable[[], None] = _wanted_by_nobody,
    ) -> None:
        self._skipped = skipped
        self._replies = replies
        self._wanted = wanted
        self._reader = FrameReader(skipped)
        self._outbox = Outbox(source)
        self._talks = TalkDesk(self._outbox)
        self._agents = AgentDesk(self._outbox, skipped, wanted)
        self._callers = CallerDesk(self._outbox, self._talks, self._agents)
        self.lists = ListDesk(self._outbox, self._agents, self._callers, skipped)
        """What to ask, and how far the answers have come."""
        self._actions: dict[str, Callable[[SwitchEvent], object]] = {
            "member-queue-start": self._joined,
            "member-queue-resume": self._joined,
            "member-queue-end": self._callers.left,
            "members-count": self._counted,
            "agent-offering": self._callers.rung,
            "bridge-agent-start": self._callers.bridge_started,
            "bridge-agent-end": self._bridge_ended,
            "bridge-agent-fail": self._callers.ring_failed,
            "agent-status-change": self._agents.status_changed,
            "agent-state-change": self._state_changed,
            "agent-add": lambda _event: self._wanted(),
        }

    @property
    def is_damaged(self) -> bool:
        """Whether the place in the stream was lost: what was passed over may have been events."""
        return self._reader.is_damaged

    def connected(self, now: Instant) -> list[AcdEvent]:
        """Forget the connection before; the feed is in step again after the first whole round of lists."""
        self._outbox.now = now
        self._forget()
        self._outbox.add(FeedStatusChanged(**self._outbox.own_stamp(), state=FeedState.SYNCING))
        return self._outbox.take()

    def receive(self, data: bytes, now: Instant) -> list[AcdEvent]:
        """Return the events in ``data``, which may be cut anywhere."""
        self._outbox.now = now
        for frame in self._reader.read(data):
            try:
                if frame.kind == EVENT_JSON:
                    self._happened(frame.body)
                elif frame.kind == API_RESPONSE:
                    self.lists.answered(frame.body)
            except UnreadableError as error:
                self._skipped(error.kind, error.detail)
                self._wanted()
            if frame.kind != EVENT_JSON:
                self._replies(frame)
        return self._outbox.take()

    def disconnected(self, now: Instant) -> list[AcdEvent]:
        """Say that the feed is down. Answers not proved yet are left to what was presumed of them."""
        self._outbox.now = now
        self._forget()
        self._outbox.add(
            FeedStatusChanged(**self._outbox.own_stamp(), state=FeedState.DOWN, reason="connection closed")
        )
        return self._outbox.take()

    def _forget(self) -> None:
        self._reader.reset()
        self._talks.clear()
        self._callers.clear()
        self._agents.clear()
        self.lists.clear()
        self._outbox.forget_clock()

    def _happened(self, body: bytes) -> None:
        event, is_text = decode_event(body)
        if not is_text:
            self._skipped(Skipped.NOT_TEXT, f"{event.name}: replaced")
        if not self._outbox.begin(event):
            return
        if event.subclass == CALLCENTER:
            take = self._actions.get(event.action)
            if take is not None:
                take(event)
            elif event.action not in _NO_NEWS:
                self._skipped(Skipped.UNKNOWN_EVENT, _shown(event.action))
        elif event.name == "HEARTBEAT":
            self._outbox.add(FeedHeartbeat(**self._outbox.stamp()))
        elif event.name in {"CHANNEL_HOLD", "CHANNEL_UNHOLD"}:
            is_hold = event.name == "CHANNEL_HOLD"
            agent = self._talks.hold_changed(event, is_hold=is_hold)
            if agent is not None:
                self._agents.holding(agent, is_holding=is_hold)
        elif event.name in {"MODULE_LOAD", "MODULE_UNLOAD"}:
            if _MODULE in event.module or _MODULE in event.module_file:
                self._wanted()
        else:
            self._skipped(Skipped.UNKNOWN_EVENT, _shown(event.name))

    def _joined(self, event: SwitchEvent) -> None:
        self.lists.know(self._callers.joined(event))

    def _bridge_ended(self, event: SwitchEvent) -> None:
        if self._callers.bridge_ended(event):
            self._wanted()

    def _state_changed(self, event: SwitchEvent) -> None:
        if event.agent_state == IN_CALL:
            self._talks.agent_in_call(event.the_agent())
        self._agents.state_changed(event)

    def _counted(self, event: SwitchEvent) -> None:
        """Take ``members-count``: how many wait in one queue, by FreeSWITCH's own table."""
        if event.selection != "Single-Queue":
            return
        group, count = event.the_group(), whole_number(event.count)
        waiting = self._callers.waiting(group)
        if count == waiting:
            return
        if count is None or not waiting <= count <= waiting + self._talks.unproved(group):
            self._wanted()


def _shown(name: str) -> str:
    """Return a name that may be counted and logged: a plain word, or that it is none."""
    plain = name.replace("-", "").replace("_", "").replace(":", "")
    return name if plain.isascii() and plain.isalpha() and len(name) <= _SHOWN_LIMIT else "not a name"
