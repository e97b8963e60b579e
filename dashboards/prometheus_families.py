"""What Prometheus is told of the floor: every metric's name, type, labels and where its figures come from.

One prefix, base units, ``_total`` on counters, instants instead of ages, and no label without a bound: never
a caller, never a contact.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from queue_alert.core.alerts import AlertState
from queue_alert.core.effects import Anomaly, Severity
from queue_alert.core.events import AgentState, FeedState, Outcome, TransferKind
from queue_alert.core.view import FloorView, Histogram
from queue_alert.ports import Skipped

__all__ = ["FAMILIES", "Family", "Kind", "Row"]

_ALERT_STATES = (AlertState.ACKNOWLEDGED.value, AlertState.FIRING.value)

Row: TypeAlias = tuple[tuple[str, ...], float | Histogram]
"""The label values, in the order of the family's labels, and what was counted."""


class Kind(StrEnum):
    """The type of a family, as Prometheus names it."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric.

    Attributes:
        name: As scraped; a counter's ends in ``_total``.
        kind: Its type.
        documentation: One sentence for ``# HELP``.
        labels: Label names, sorted.
        rows: Return its rows for a view; a histogram's values are :class:`Histogram`.
    """

    name: str
    kind: Kind
    documentation: str
    labels: tuple[str, ...]
    rows: Callable[[FloorView], Iterator[Row]]


def _build(view: FloorView) -> Iterator[Row]:
    yield (view.version,), 1


def _started(view: FloorView) -> Iterator[Row]:
    yield (), view.started_at


def _reset(view: FloorView) -> Iterator[Row]:
    yield (), view.reset_at


def _waiting(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.waiting) for group in view.groups)


def _oldest(view: FloorView) -> Iterator[Row]:
    for group in view.groups:
        if group.oldest_queued_at is not None:
            yield (group.name,), group.oldest_queued_at


def _severity(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.severity) for group in view.groups)


def _stale(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.stale) for group in view.groups)


def _acknowledged(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.acknowledged) for group in view.groups)


def _emergencies(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.emergencies) for group in view.groups)


def _alerts(view: FloorView) -> Iterator[Row]:
    for severity in (Severity.WARNING, Severity.CRITICAL):
        for state in _ALERT_STATES:
            count = sum(alert.severity is severity and alert.state == state for alert in view.alerts)
            yield (severity.name.lower(), state), count


def _alert(view: FloorView) -> Iterator[Row]:
    for alert in view.alerts:
        yield (alert.group, alert.rule, alert.severity.name.lower(), alert.state), 1


def _agents(view: FloorView) -> Iterator[Row]:
    return (
        ((group.name, state), group.agents.get(state, 0)) for group in view.groups for state in AgentState
    )


def _expected_wait(view: FloorView) -> Iterator[Row]:
    for group in view.groups:
        if group.expected_wait is not None:
            yield (group.name, group.expected_wait.method), group.expected_wait.seconds


def _service_level(view: FloorView) -> Iterator[Row]:
    for group in view.groups:
        for period, figures in (("today", group.today), ("window", group.window)):
            for formula, ratio in figures.service_level.items():
                if ratio is not None:
                    yield (formula, group.name, period), ratio


def _service_level_threshold(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.target.threshold_s) for group in view.groups)


def _service_level_goal(view: FloorView) -> Iterator[Row]:
    return (((group.target.formula, group.name), group.target.goal) for group in view.groups)


def _offered(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.offered_total) for group in view.groups)


def _left(view: FloorView) -> Iterator[Row]:
    for group in view.groups:
        for outcome in Outcome:
            yield (group.name, outcome), group.left_total.get(outcome, 0)


def _transfers(view: FloorView) -> Iterator[Row]:
    for kind in TransferKind:
        yield (kind,), sum(group.transferred_total.get(kind, 0) for group in view.groups)


def _queue_wait(view: FloorView) -> Iterator[Row]:
    for group in view.groups:
        yield (group.name, Outcome.ANSWERED), group.answered_wait
        yield (group.name, Outcome.ABANDONED), group.abandoned_wait


def _talk(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.talk) for group in view.groups)


def _held(view: FloorView) -> Iterator[Row]:
    return (((group.name,), group.held) for group in view.groups)


def _feed_up(view: FloorView) -> Iterator[Row]:
    return (((feed.name,), feed.state is FeedState.LIVE) for feed in view.feeds)


def _feed_state(view: FloorView) -> Iterator[Row]:
    return (((feed.name, state), feed.state is state) for feed in view.feeds for state in FeedState)


def _feed_since(view: FloorView) -> Iterator[Row]:
    return (((feed.name,), feed.since) for feed in view.feeds)


def _feed_lag(view: FloorView) -> Iterator[Row]:
    return (((feed.name,), feed.lag_s) for feed in view.feeds if feed.lag_s is not None)


def _feed_clock_offset(view: FloorView) -> Iterator[Row]:
    return (((feed.name,), feed.clock_offset_s) for feed in view.feeds if feed.clock_offset_s is not None)


def _feed_last_event(view: FloorView) -> Iterator[Row]:
    for feed in view.feeds:
        if feed.last_event_at is not None:
            yield (feed.name,), feed.last_event_at


def _feed_events(view: FloorView) -> Iterator[Row]:
    return (((feed.name,), feed.events) for feed in view.feeds)


def _feed_corrections(view: FloorView) -> Iterator[Row]:
    return (((feed.name,), feed.corrections) for feed in view.feeds)


def _feed_anomalies(view: FloorView) -> Iterator[Row]:
    for feed in view.feeds:
        # Zero beforehand: a counter that first appears at 1 has no increase that Prometheus can see.
        for kind in sorted({*map(str, Anomaly), *map(str, Skipped), *feed.anomalies}):
            yield (feed.name, kind), feed.anomalies.get(kind, 0)


def _outputs(view: FloorView) -> Iterator[Row]:
    return (((output.name,), not output.fault) for output in view.outputs)


def _publishers(view: FloorView) -> Iterator[Row]:
    return (((publisher.name,), publisher.is_up) for publisher in view.publishers)


def _buttons(view: FloorView) -> Iterator[Row]:
    return (((button.name,), button.is_up) for button in view.buttons)


def _gauge(
    name: str, labels: tuple[str, ...], rows: Callable[[FloorView], Iterator[Row]], documentation: str
) -> Family:
    return Family(name=name, kind=Kind.GAUGE, documentation=documentation, labels=labels, rows=rows)


def _counter(
    name: str, labels: tuple[str, ...], rows: Callable[[FloorView], Iterator[Row]], documentation: str
) -> Family:
    return Family(name=name, kind=Kind.COUNTER, documentation=documentation, labels=labels, rows=rows)


def _histogram(
    name: str, labels: tuple[str, ...], rows: Callable[[FloorView], Iterator[Row]], documentation: str
) -> Family:
    return Family(name=name, kind=Kind.HISTOGRAM, documentation=documentation, labels=labels, rows=rows)


FAMILIES: tuple[Family, ...] = (
    _gauge("acd_build_info", ("version",), _build, "Always 1; the label names the monitor's version."),
    _gauge("acd_start_timestamp_seconds", (), _started, "When the monitor started; all counters begin here."),
    _gauge("acd_reset_timestamp_seconds", (), _reset, "When the figures of today began."),
    _gauge("acd_contacts_waiting", ("group",), _waiting, "Contacts waiting now."),
    _gauge(
        "acd_oldest_queued_timestamp_seconds",
        ("group",),
        _oldest,
        "When the longest-waiting contact began to wait; absent while nobody waits.",
    ),
    _gauge("acd_group_severity", ("group",), _severity, "0 normal, 1 warning, 2 critical."),
    _gauge(
        "acd_group_stale", ("group",), _stale, "1 while a feed of the group is not live: figures are held."
    ),
    _gauge(
        "acd_group_acknowledged", ("group",), _acknowledged, "1 while somebody has acknowledged the severity."
    ),
    _gauge(
        "acd_group_emergencies", ("group",), _emergencies, "Emergencies called here and not acknowledged."
    ),
    _gauge("acd_alerts", ("severity", "state"), _alerts, "Alerts that fire, seen or not."),
    _gauge(
        "acd_alert",
        ("group", "rule", "severity", "state"),
        _alert,
        "1 for each alert that fires, seen or not; absent otherwise.",
    ),
    _gauge("acd_agents", ("group", "state"), _agents, "Agents by state."),
    _gauge(
        "acd_expected_wait_seconds",
        ("group", "method"),
        _expected_wait,
        "Estimated wait of whoever joins now, by the method named.",
    ),
    _gauge(
        "acd_service_level_ratio",
        ("formula", "group", "period"),
        _service_level,
        "Service level by the formula named, over the sliding window or since the daily reset.",
    ),
    _gauge(
        "acd_service_level_threshold_seconds",
        ("group",),
        _service_level_threshold,
        "The wait within which an answer counts for the service level.",
    ),
    _gauge(
        "acd_service_level_goal_ratio",
        ("formula", "group"),
        _service_level_goal,
        "The service level aimed at, by the formula that the wallboard shows.",
    ),
    _counter("acd_contacts_offered_total", ("group",), _offered, "Contacts that entered the queue."),
    _counter(
        "acd_contacts_left_total", ("group", "outcome"), _left, "Contacts that stopped waiting, by outcome."
    ),
    _counter("acd_transfers_total", ("kind",), _transfers, "Answered contacts that were passed on, by kind."),
    _histogram(
        "acd_queue_wait_seconds",
        ("group", "outcome"),
        _queue_wait,
        "Waits in the queue that ended in an answer or were abandoned.",
    ),
    _histogram("acd_talk_seconds", ("group",), _talk, "Conversations, time on hold not included."),
    _histogram("acd_held_seconds", ("group",), _held, "Time customers were held by an agent, per contact."),
    _gauge("acd_feed_up", ("feed",), _feed_up, "1 while the feed is live, else 0: figures are held."),
    _gauge("acd_feed_state", ("feed", "state"), _feed_state, "1 for the state the feed is in, else 0."),
    _gauge(
        "acd_feed_state_timestamp_seconds", ("feed",), _feed_since, "Since when the feed is in its state."
    ),
    _gauge(
        "acd_feed_lag_seconds",
        ("feed",),
        _feed_lag,
        "How late the feed says things, the clocks' offset taken off; absent while not known.",
    ),
    _gauge(
        "acd_feed_clock_offset_seconds",
        ("feed",),
        _feed_clock_offset,
        "Our clock minus the feed's, estimated; absent while not known.",
    ),
    _gauge(
        "acd_feed_last_event_timestamp_seconds",
        ("feed",),
        _feed_last_event,
        "When the feed's last event came; absent before the first.",
    ),
    _counter("acd_feed_events_total", ("feed",), _feed_events, "Events taken from the feed."),
    _counter(
        "acd_feed_corrections_total",
        ("feed",),
        _feed_corrections,
        "What a snapshot had to put right because the feed had dropped, doubled or reordered it.",
    ),
    _counter(
        "acd_feed_anomalies_total",
        ("feed", "kind"),
        _feed_anomalies,
        "What did not fit or could not be read, by kind.",
    ),
    _gauge("acd_output_up", ("output",), _outputs, "1 while the lamp or sounder works, 0 in a fault."),
    _gauge(
        "acd_publisher_up",
        ("publisher",),
        _publishers,
        "1 while the publisher is connected and says changes.",
    ),
    _gauge(
        "acd_button_up",
        ("button",),
        _buttons,
        "1 while the button can be relied on, 0 while it is lost or stuck.",
    ),
)
"""Everything there is, in the order in which it is written."""
