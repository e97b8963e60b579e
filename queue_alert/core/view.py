"""The floor as it stands, frozen: what wallboards draw and metrics count.

Instants rather than ages wherever an age would grow by itself, so that a group in which nothing happened
compares equal to itself. All of it is JSON by msgspec: the live view sends these structs as they are.
"""

from typing import TypeAlias

import msgspec

from queue_alert.core.alerts import PersonName, RuleName
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.core.events import FeedState
from queue_alert.core.units import (
    AgentId,
    ContactId,
    FeedName,
    GroupName,
    Instant,
    Ratio,
    Seconds,
    SignalName,
)

__all__ = [
    "AbandonedContact",
    "AgentView",
    "AlertView",
    "ButtonView",
    "ExpectedWait",
    "FeedView",
    "Figures",
    "FloorView",
    "GroupView",
    "Histogram",
    "LampsChanged",
    "LiveMessage",
    "OutputView",
    "PublisherView",
    "ServiceLevelTarget",
    "SignalView",
    "ViewChanged",
]


class Histogram(msgspec.Struct, frozen=True, gc=False):
    """Durations counted by upper bound, since the monitor started; never falls."""

    edges: tuple[Seconds, ...]
    """Upper bounds, inclusive, rising; the last bucket (above them all) has no edge."""
    counts: tuple[int, ...]
    """One count per edge and one more for what lies above; not cumulative."""
    total_s: Seconds


class Figures(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The counted figures of one group over one period."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    """All abandons, the short ones among them."""
    short_abandoned: int = 0
    """Abandons after at most the short-abandon limit."""
    rerouted: int = 0
    """Left by time-out, exit key, no agents, withdrawal, overflow or callback."""
    unknown: int = 0
    outcomes: dict[str, int] = {}
    """Contacts by :class:`~queue_alert.core.events.Outcome`, none that is zero."""
    service_level: dict[str, Ratio | None] = {}
    """By formula name; ``None`` where nothing was counted yet."""
    average_speed_of_answer_s: Seconds | None = None
    average_handling_s: Seconds | None = None
    abandon_ratio: Ratio | None = None
    transferred: int = 0
    completed: int = 0
    ring_failures: int = 0


class ServiceLevelTarget(msgspec.Struct, frozen=True, gc=False):
    """Which service level is shown: "80/20, offered" is goal 0.8, threshold 20 s, formula ``offered``."""

    formula: str
    threshold_s: Seconds
    goal: Ratio


class ExpectedWait(msgspec.Struct, frozen=True, gc=False):
    """An estimate of the wait of whoever joins now, and how it was made."""

    method: str
    seconds: Seconds


class AgentView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One agent in one group."""

    agent: AgentId
    state: str
    reason: str = ""
    since: Instant


class AbandonedContact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A customer who gave up, for the list of those to call back."""

    contact: ContactId
    caller: str
    """Masked unless the configuration says otherwise."""
    at: Instant
    waited_s: Seconds


class GroupView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One group."""

    name: GroupName
    waiting: int = 0
    oldest_queued_at: Instant | None = None
    """When the wait of the longest-waiting contact began; the longest wait is now minus this."""
    severity: Severity = Severity.NORMAL
    stale: bool = False
    """A feed that may speak of this group is not live: its figures are held, not known."""
    acknowledged: bool = False
    """Whether somebody has seen the severity; over once it is normal again, or worse."""
    emergencies: int = 0
    """How many were called and not acknowledged; with any of them the severity is critical."""
    emergency_since: Instant | None = None
    """When the first of them was called."""
    agents: dict[str, int] = {}
    """Number of agents by :class:`~queue_alert.core.events.AgentState`, none that is zero."""
    agent_list: tuple[AgentView, ...] = ()
    target: ServiceLevelTarget
    window: Figures
    """Over the sliding window."""
    window_s: Seconds
    today: Figures
    """Since the daily reset."""
    expected_wait: ExpectedWait | None = None
    recently_abandoned: tuple[AbandonedContact, ...] = ()
    """Newest first."""
    offered_total: int = 0
    """Since the monitor started; this and all below never fall."""
    left_total: dict[str, int] = {}
    """By outcome, since the monitor started; outcomes that were later revised stay counted."""
    transferred_total: dict[str, int] = {}
    """By transfer kind."""
    answered_wait: Histogram
    abandoned_wait: Histogram
    talk: Histogram
    held: Histogram
    corrections: int = 0
    """Contacts that a snapshot (or a later event) had to put right."""
    agent_corrections: int = 0


class FeedView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One feed's health."""

    name: FeedName
    state: FeedState
    reason: str = ""
    since: Instant
    held_since: Instant | None = None
    """Since when its groups' figures are held, whatever states it went through; ``None``: it is live."""
    groups: tuple[str, ...] = ("*",)
    """Names or shell-style patterns of the groups it may speak of."""
    last_event_at: Instant | None = None
    lag_s: Seconds | None = None
    """How late it says things, as of the latest one looked at, the clocks' offset taken off."""
    clock_offset_s: Seconds | None = None
    """Our clock minus the ACD's, estimated; ``None``: not known (yet). From 2 s on, an ACD that tells its
    clock in heartbeats has its times put right."""
    events: int = 0
    corrections: int = 0
    """Contacts, and counts, of its that a snapshot (or a later event) had to put right."""
    anomalies: dict[str, int] = {}
    """What did not fit or could not be read, by kind."""


class SignalView(msgspec.Struct, frozen=True, gc=False):
    """What one output has been told to say."""

    name: SignalName
    level: SignalLevel


class AlertView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One alert that fires, seen or not."""

    rule: RuleName
    group: GroupName
    generation: int
    state: str
    """``firing`` or ``acknowledged``."""
    severity: Severity
    fired_at: Instant
    reason: str
    """The figures when it fired: ``waiting 6 >= 5``."""
    text: str = ""
    """What it means, as the rule has it."""
    acknowledged_by: str = ""
    acknowledged_until: Instant | None = None
    suppressed_by: str = ""
    """Why nobody is told of it; "": somebody is, if its rule has a profile."""
    told: tuple[PersonName, ...] = ()
    """Who was told last."""
    next_at: Instant | None = None
    """When the next step is due."""
    is_exhausted: bool = False
    """Whether everybody was told and nobody has it in hand."""


class OutputView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One output as it is lit this instant. Filled in by the shell, not by the core."""

    name: str
    driver: str
    lamps: dict[str, str] = {}
    """Lamp name to what it shows: ``"off"``, or its colour as ``"#rrggbb"``."""
    fault: str = ""


class PublisherView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whether one publisher tells other programs how the groups stand. Filled in by the shell."""

    name: str
    driver: str
    is_up: bool = False
    """Whether all groups were said and changes are being said."""
    since: Instant = 0.0
    reason: str = ""
    """Why it is not up; "" where it is, or is still about to connect."""


class ButtonView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whether one button can be relied on. Filled in by the shell."""

    name: str
    driver: str
    is_up: bool = False
    """Whether its device is there, has all its keys, and none of them is stuck."""
    since: Instant = 0.0
    reason: str = ""
    """Why it is not up; "" where it is, or is still about to be opened."""


class FloorView(msgspec.Struct, frozen=True, kw_only=True, tag="floor", tag_field="type"):
    """Everything, at ``at``."""

    at: Instant
    version: str = ""
    started_at: Instant = 0.0
    reset_at: Instant = 0.0
    """When "today" began."""
    timezone: str = "UTC"
    groups: tuple[GroupView, ...] = ()
    feeds: tuple[FeedView, ...] = ()
    signals: tuple[SignalView, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    """Those that fire, the most severe first, then the latest."""
    outputs: tuple[OutputView, ...] = ()
    publishers: tuple[PublisherView, ...] = ()
    buttons: tuple[ButtonView, ...] = ()
    store_fault: str = ""
    """Why alerts are kept in memory only; "": they are on the disk, or nobody asked for that."""


class ViewChanged(msgspec.Struct, frozen=True, kw_only=True, tag="changed", tag_field="type"):
    """What has changed since the last message; a part that is missing has not."""

    at: Instant
    groups: tuple[GroupView, ...] = ()
    """Whole groups, each replacing the one of its name."""
    feeds: tuple[FeedView, ...] = ()
    signals: tuple[SignalView, ...] = ()
    alerts: tuple[AlertView, ...] | None = None
    """All that fire; ``None``: as before."""
    outputs: tuple[OutputView, ...] = ()
    publishers: tuple[PublisherView, ...] = ()
    buttons: tuple[ButtonView, ...] = ()
    store_fault: str | None = None
    """``None``: as before."""
    reset_at: Instant | None = None


class LampsChanged(msgspec.Struct, frozen=True, kw_only=True, tag="lamps", tag_field="type"):
    """One output's lamps changed: a flash began or ended."""

    at: Instant
    output: str
    lamps: dict[str, str]


LiveMessage: TypeAlias = FloorView | ViewChanged | LampsChanged
"""What the live view's WebSocket carries, one JSON object a message: ``floor`` first, then the others."""
