"""The neutral feed: one frozen struct per fact, past tense.

The wire format *is* these types: a JSON feed is decoded straight into them with :func:`decoder`, and the
published schema is generated from them. Attribute names of the envelope are those of CloudEvents 1.0
(``id``, ``source``, ``type``, ``time``, ``subject``), flat beside the data. ``time`` is in seconds since the
epoch, not RFC 3339: an adapter for true CloudEvents translates it.
"""

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant, Seconds

__all__ = [
    "OUR_OWN",
    "UNREADABLE",
    "AcdEvent",
    "AgentRemoved",
    "AgentSnapshot",
    "AgentState",
    "AgentStateChanged",
    "AlertAcknowledged",
    "Channel",
    "ClockStepped",
    "ContactAnswered",
    "ContactCompleted",
    "ContactDequeued",
    "ContactHeld",
    "ContactLeft",
    "ContactQueued",
    "ContactRingFailed",
    "ContactRung",
    "ContactTransferred",
    "ContactUnheld",
    "ContactWrapped",
    "EndedBy",
    "EscalationMode",
    "EscalationRequested",
    "Event",
    "FeedEvent",
    "FeedHeartbeat",
    "FeedState",
    "FeedStatusChanged",
    "GroupCounters",
    "GroupSnapshotTaken",
    "MessageHandled",
    "MessageLeft",
    "Outcome",
    "Provenance",
    "RingFailure",
    "TransferKind",
    "WaitingContact",
    "decoder",
    "feed_decoder",
]

OUR_OWN: Final = FeedName("queue-alert")
"""The source of what we say ourselves, such as that somebody pressed a button; no feed has this name."""


class Provenance(StrEnum):
    """How a fact came to be known."""

    OBSERVED = "observed"
    INFERRED = "inferred"
    SNAPSHOT = "snapshot"


class Channel(StrEnum):
    """How the customer reached us."""

    VOICE = "voice"
    CALLBACK = "callback"
    CHAT = "chat"
    EMAIL = "email"
    VOICEMAIL = "voicemail"


class Outcome(StrEnum):
    """Why a contact stopped waiting.

    All but ``answered``, ``abandoned`` and ``unknown`` are flow-outs, counted together as *rerouted*.
    """

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    EXIT_KEY = "exit_key"
    NO_AGENTS = "no_agents"
    WITHDRAWN = "withdrawn"
    REROUTED = "rerouted"
    CALLBACK = "callback"
    UNKNOWN = "unknown"


class AgentState(StrEnum):
    """What an agent is doing, as far as one group is concerned."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RESERVED = "reserved"
    TALKING = "talking"
    ON_HOLD = "on_hold"
    WRAPUP = "wrapup"
    NOT_READY = "not_ready"


class RingFailure(StrEnum):
    """Why an agent who was rung did not answer."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


class TransferKind(StrEnum):
    """How a contact was passed on."""

    BLIND = "blind"
    CONSULT = "consult"
    CONFERENCE = "conference"


class EndedBy(StrEnum):
    """Who ended a conversation."""

    CUSTOMER = "customer"
    AGENT = "agent"
    TRANSFER = "transfer"
    UNKNOWN = "unknown"


class EscalationMode(StrEnum):
    """How an agent wants a supervisor to come into a contact."""

    CONSULT = "consult"
    BLIND = "blind"
    CONFERENCE = "conference"
    HOLD = "hold"
    EMERGENCY = "emergency"


class FeedState(StrEnum):
    """How far a feed can be believed.

    ``syncing``: connected, the first snapshot is not in yet. ``live``: believed. ``stale``: connected but
    silent for too long. ``down``: not connected. Figures of a feed that is not live are held, never cleared.
    """

    SYNCING = "syncing"
    LIVE = "live"
    STALE = "stale"
    DOWN = "down"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """What every event carries."""

    id: str
    """Unique within ``source``; ``source`` and ``id`` together tell a duplicate. At most 200 characters."""
    source: FeedName
    time: Instant
    """When it happened, by the ACD's clock; where the ACD gives no time, when it was received."""
    seq: int = 0
    """Rising within ``source`` for ever where the feed has an order, also over a restart of the ACD (begin
    at the time of its start in microseconds); else 0. At most 2**53."""
    provenance: Provenance = Provenance.OBSERVED


class ContactQueued(Event, frozen=True, kw_only=True, tag="contact.queued"):
    """A contact began to wait in a group (it was *offered*)."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    channel: Channel = Channel.VOICE
    position: int | None = None
    priority: int = 0
    """A larger number is served earlier."""
    caller: str = ""
    """Number or address of the customer as the ACD gave it; masked wherever people or machines read it."""
    queued_at: Instant | None = None
    """When the wait began if that is not ``time``."""


class ContactRung(Event, frozen=True, kw_only=True, tag="contact.rung"):
    """An agent's phone began to ring for a waiting contact."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId


class ContactRingFailed(Event, frozen=True, kw_only=True, tag="contact.ring_failed"):
    """The agent who was rung did not take the contact."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId
    reason: RingFailure = RingFailure.NO_ANSWER
    ring_s: Seconds | None = None


class ContactDequeued(Event, frozen=True, kw_only=True, tag="contact.dequeued"):
    """A contact stopped waiting; why is not known yet.

    It leaves the waiting line at once. Unless ``contact.answered`` or ``contact.left`` follows within
    ``settle_s``, its outcome becomes ``presumed``. For feeds that say *left* before they say why.
    """

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    presumed: Outcome = Outcome.UNKNOWN
    """What its outcome becomes where nothing more is said."""
    settle_s: Seconds = 2.0
    """0 to 60 s."""


class ContactAnswered(Event, frozen=True, kw_only=True, tag="contact.answered"):
    """The first agent was connected."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId = AgentId("")
    queue_s: Seconds | None = None
    """Seconds waited in the queue by the ACD's count; used where the beginning of the wait was not seen."""
    ring_s: Seconds | None = None


class ContactLeft(Event, frozen=True, kw_only=True, tag="contact.left"):
    """A contact left the group without an answer."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    outcome: Outcome = Outcome.UNKNOWN
    queue_s: Seconds | None = None


class ContactHeld(Event, frozen=True, kw_only=True, tag="contact.held"):
    """An agent put the customer on hold."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId = AgentId("")


class ContactUnheld(Event, frozen=True, kw_only=True, tag="contact.unheld"):
    """An agent took the customer off hold."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId = AgentId("")


class ContactTransferred(Event, frozen=True, kw_only=True, tag="contact.transferred"):
    """An answered contact was passed on."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    kind: TransferKind = TransferKind.BLIND
    """How it was passed on."""
    to: str = ""
    """To whom: a group, an agent, a number."""
    agent: AgentId = AgentId("")


class ContactCompleted(Event, frozen=True, kw_only=True, tag="contact.completed"):
    """The conversation with the group's agent ended."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId = AgentId("")
    talk_s: Seconds | None = None
    """Seconds of conversation, time on hold not included."""
    held_s: Seconds | None = None
    ended_by: EndedBy = EndedBy.UNKNOWN


class ContactWrapped(Event, frozen=True, kw_only=True, tag="contact.wrapped"):
    """The agent finished the work after the conversation."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId = AgentId("")
    acw_s: Seconds = 0.0


class AgentStateChanged(Event, frozen=True, kw_only=True, tag="agent.state"):
    """An agent's state in one group changed (or was said again)."""

    group: GroupName = msgspec.field(name="subject")
    agent: AgentId
    state: AgentState
    reason: str = ""
    """Why not ready, in the ACD's words."""
    wrapup_s: Seconds | None = None
    """With ``wrapup``: after this many seconds the agent is available again."""


class AgentRemoved(Event, frozen=True, kw_only=True, tag="agent.removed"):
    """An agent no longer serves the group."""

    group: GroupName = msgspec.field(name="subject")
    agent: AgentId


class WaitingContact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A waiting contact in a snapshot."""

    contact: ContactId
    queued_at: Instant | None = None
    """When its wait began; ``None``: not known, the snapshot's own time is taken."""
    channel: Channel = Channel.VOICE
    position: int | None = None
    priority: int = 0
    caller: str = ""


class AgentSnapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An agent in a snapshot."""

    agent: AgentId
    state: AgentState
    reason: str = ""
    wrapup_s: Seconds | None = None
    """With ``wrapup``: after this many seconds from now the agent is available again."""


class GroupCounters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the ACD has counted in one group; ``None`` where it does not count that.

    From one snapshot to the next these tell what no event told. A count below that of the snapshot before
    means that the ACD began to count anew.
    """

    offered: int | None = None
    """Contacts that began to wait."""
    answered: int | None = None
    """Contacts that an agent was connected to."""
    abandoned: int | None = None
    """Contacts that gave up."""
    rerouted: int | None = None
    """All flow-outs together (see :class:`Outcome`)."""
    completed: int | None = None
    """Conversations that ended."""
    lost: int | None = None
    """Left without an answer for any reason but a key of their own; for ACDs that count no finer."""


class GroupSnapshotTaken(Event, frozen=True, kw_only=True, tag="group.snapshot"):
    """All that the ACD says of one group at one instant.

    Its ``seq`` is that of the latest event before it: to ask for a snapshot uses up no number.
    """

    group: GroupName = msgspec.field(name="subject")
    waiting: tuple[WaitingContact, ...] = ()
    """All who wait, the longest wait first."""
    agents: tuple[AgentSnapshot, ...] | None = None
    """``None``: this feed's snapshots say nothing of agents."""
    counters: GroupCounters | None = None
    """What the ACD has counted by then."""


class MessageLeft(Event, frozen=True, kw_only=True, tag="message.left"):
    """A customer left a message: nobody waits on a line, but somebody must answer."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    channel: Channel = Channel.VOICEMAIL
    priority: int = 0
    """A larger number is more important."""
    urgent: bool = False
    """Whether the customer marked it so."""
    owner: AgentId = AgentId("")
    """Whose mailbox it lies in; "": the group's."""
    caller: str = ""
    """Number or address of the customer; masked wherever people or machines read it."""
    title: str = ""
    """Its subject, for people to read."""


class MessageHandled(Event, frozen=True, kw_only=True, tag="message.handled"):
    """Somebody has dealt with a message."""

    group: GroupName = msgspec.field(name="subject")
    contact: ContactId
    agent: AgentId = AgentId("")


class EscalationRequested(Event, frozen=True, kw_only=True, tag="escalation.requested"):
    """An agent asked for a supervisor."""

    group: GroupName = msgspec.field(name="subject")
    mode: EscalationMode = EscalationMode.CONSULT
    """How the supervisor is to come in."""
    contact: ContactId = ContactId("")
    """The conversation it is about; "": none."""
    agent: AgentId = AgentId("")
    supervisor: AgentId = AgentId("")
    """Who is wanted; "": the first one available."""


class FeedHeartbeat(Event, frozen=True, kw_only=True, tag="feed.heartbeat"):
    """The feed is there and has nothing else to say."""


class FeedStatusChanged(Event, frozen=True, kw_only=True, tag="feed.status"):
    """A feed came, went or fell silent."""

    state: FeedState
    reason: str = ""
    lag_s: Seconds | None = None


class ClockStepped(Event, frozen=True, kw_only=True, tag="clock.stepped"):
    """The wall clock was set; from now on instants are ``delta_s`` later than before."""

    delta_s: Seconds


class AlertAcknowledged(Event, frozen=True, kw_only=True, tag="alert.acknowledged"):
    """Somebody on the spot has seen the alert of some groups."""

    groups: tuple[str, ...] = ("*",)
    """Names or shell-style patterns of the groups it is for."""
    by: str = ""
    """Who or what said so, such as ``button desk``."""
    rule: str = ""
    """The one alert of these groups that it is for; "": all that fire."""
    generation: int = 0
    """The firing that it is for; 0: the present one."""


FeedEvent: TypeAlias = (
    ContactQueued
    | ContactRung
    | ContactRingFailed
    | ContactDequeued
    | ContactAnswered
    | ContactLeft
    | ContactHeld
    | ContactUnheld
    | ContactTransferred
    | ContactCompleted
    | ContactWrapped
    | AgentStateChanged
    | AgentRemoved
    | GroupSnapshotTaken
    | MessageLeft
    | MessageHandled
    | EscalationRequested
    | FeedHeartbeat
)
"""What an ACD may say."""

AcdEvent: TypeAlias = FeedEvent | FeedStatusChanged | ClockStepped | AlertAcknowledged
"""What an ACD may say, and what an adapter and the shell say themselves."""


UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What decoding anything from outside may raise: no JSON or another type, no UTF-8, nested too deeply."""


def decoder() -> msgspec.json.Decoder[AcdEvent]:
    """Return a decoder from one JSON object (bytes or text) to its event.

    Its ``decode`` raises one of :data:`UNREADABLE` and nothing else for any bytes whatever; unknown fields
    are passed over, an unknown ``type`` is an error.
    """
    return msgspec.json.Decoder(AcdEvent)


def feed_decoder() -> msgspec.json.Decoder[FeedEvent]:
    """Return a decoder like :func:`decoder` for what comes from outside: it takes a :data:`FeedEvent` only.

    Nobody outside may say that a feed is live or that our clock was set.
    """
    return msgspec.json.Decoder(FeedEvent)
