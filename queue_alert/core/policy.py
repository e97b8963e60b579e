"""What the core must be told before it starts: groups, thresholds, signals, the reset."""

import msgspec

from queue_alert.core.hours import OpeningHours
from queue_alert.core.profiles import Profile
from queue_alert.core.roster import Roster
from queue_alert.core.rules import Rule
from queue_alert.core.units import FeedName, GroupName, Ratio, Seconds, SignalName

__all__ = ["FeedPolicy", "GroupPolicy", "Policy", "SignalPolicy", "Thresholds"]


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """When a group is worse than normal. Met *or* exceeded raises; ``None`` never does."""

    waiting: int | None = None
    longest_wait_s: Seconds | None = None


class GroupPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How one group is counted and judged."""

    service_level_threshold_s: Seconds = 20.0
    service_level_goal: Ratio = 0.8
    service_level_formula: str = "offered"
    short_abandon_s: Seconds = 5.0
    """An abandon after at most this long is *short*."""
    window_s: Seconds = 1800.0
    expected_wait_method: str = "moving_average"
    warning: Thresholds = Thresholds()
    critical: Thresholds = Thresholds()
    histogram_edges_s: tuple[Seconds, ...] = (
        1.0,
        2.0,
        5.0,
        10.0,
        20.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        1800.0,
    )
    """The service-level threshold and the short-abandon limit are always edges too."""


class SignalPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which groups an output speaks for."""

    name: SignalName
    groups: tuple[str, ...] = ("*",)
    """Group names or shell-style patterns (``sales-*``)."""


class FeedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A feed the core must expect: until it is live, the signals of its groups are stale."""

    name: FeedName
    groups: tuple[str, ...] = ("*",)
    """Names or shell-style patterns of the groups that it may speak of."""
    stale_after_s: Seconds | None = None
    """Without any sign of life for so long, it is stale; ``None``: never."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    groups: dict[GroupName, GroupPolicy] = {}
    """Groups known beforehand. One that only the feed names is counted by ``default_group``."""
    default_group: GroupPolicy = GroupPolicy()
    signals: tuple[SignalPolicy, ...] = ()
    feeds: tuple[FeedPolicy, ...] = ()
    rules: tuple[Rule, ...] = ()
    hours: dict[str, OpeningHours] = {}
    """Opening hours by name, for rules and people."""
    roster: Roster = Roster()
    profiles: dict[str, Profile] = {}
    """Escalation profiles by name."""
    timezone: str = "UTC"
    reset_at_s: Seconds | None = 0.0
    """Local time of day of the daily reset, in seconds after midnight, 0 to 86,399; ``None``: none at all."""
    settle_s: Seconds = 5.0
    """How long the events may take to confirm a snapshot that ran ahead of them; then it is a correction."""
    show_numbers: bool = False
    """Show callers' numbers whole."""
    recently_abandoned: int = 20
    """How many abandoned contacts are listed per group, 0 to 1,000."""
    max_groups: int = 5_000
    max_waiting_per_group: int = 50_000
    max_agents_per_group: int = 5_000
