"""Made-up floors for the wallboard's tests."""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.core.events import FeedState
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant, SignalName
from queue_alert.core.view import (
    AbandonedContact,
    AgentView,
    ExpectedWait,
    FeedView,
    Figures,
    FloorView,
    GroupView,
    Histogram,
    OutputView,
    ServiceLevelTarget,
    SignalView,
)

TIMEZONE = "Europe/Berlin"
NOW: Instant = datetime(2026, 11, 20, 12, 3, 7, tzinfo=ZoneInfo(TIMEZONE)).timestamp()
MIDNIGHT: Instant = datetime(2026, 11, 20, tzinfo=ZoneInfo(TIMEZONE)).timestamp()
TARGET = ServiceLevelTarget("offered", 20.0, 0.8)
NOTHING = Histogram((20.0,), (0, 0), 0.0)

NAMES = (
    "Sales",
    "Support",
    "Billing",
    "Rückfragen",
    "予約センター",
    "Claims and returns",
    "Key accounts",
    "Night line",
)


def figures(*, offered: int, answered: int, abandoned: int, level: float | None) -> Figures:
    return Figures(
        offered=offered,
        answered=answered,
        abandoned=abandoned,
        service_level={"offered": level, "answered": level},
        average_speed_of_answer_s=14.0 if answered else None,
        average_handling_s=245.0 if answered else None,
        completed=answered,
    )


def group(
    name: str,
    *,
    waiting: int = 0,
    longest_s: float | None = None,
    severity: Severity = Severity.NORMAL,
    level: float | None = 0.86,
    target: ServiceLevelTarget = TARGET,
    agents: tuple[AgentView, ...] = (),
    abandoned: tuple[AbandonedContact, ...] = (),
) -> GroupView:
    states: dict[str, int] = {}
    for agent in agents:
        states[agent.state] = states.get(agent.state, 0) + 1
    day = figures(offered=131, answered=118, abandoned=9, level=level)
    return GroupView(
        name=GroupName(name),
        waiting=waiting,
        oldest_queued_at=None if longest_s is None else NOW - longest_s,
        severity=severity,
        agents=states,
        agent_list=agents,
        target=target,
        window=day,
        window_s=1800.0,
        today=day,
        expected_wait=ExpectedWait("moving_average", 75.0) if waiting else None,
        recently_abandoned=abandoned,
        answered_wait=NOTHING,
        abandoned_wait=NOTHING,
        talk=NOTHING,
        held=NOTHING,
    )


def agent(name: str, state: str, minutes: float, reason: str = "") -> AgentView:
    return AgentView(agent=AgentId(name), state=state, reason=reason, since=NOW - minutes * 60)


def gave_up(contact: str, caller: str, ago_s: float, waited_s: float) -> AbandonedContact:
    return AbandonedContact(contact=ContactId(contact), caller=caller, at=NOW - ago_s, waited_s=waited_s)


def feed(state: FeedState = FeedState.LIVE, reason: str = "", name: str = "pbx1") -> FeedView:
    return FeedView(
        name=FeedName(name),
        state=state,
        reason=reason,
        since=NOW - 3600,
        held_since=None if state is FeedState.LIVE else NOW - 3600,
        last_event_at=NOW - 1,
        events=5012,
    )


def quiet_group(name: str) -> GroupView:
    return group(name, agents=(agent(f"{name}-1", "available", 12), agent(f"{name}-2", "talking", 3)))


def busy_floor(*, state: FeedState = FeedState.LIVE, reason: str = "") -> FloorView:
    """Eight groups, one critical, one in warning, two lamps."""
    critical = group(
        NAMES[1],
        waiting=7,
        longest_s=252.0,
        severity=Severity.CRITICAL,
        level=0.614,
        agents=(
            agent("anna.berg", "talking", 7),
            agent("jonas.lind", "talking", 2),
            agent("mei.tanaka", "not_ready", 14, "lunch"),
            agent("søren.holm", "wrapup", 1),
        ),
        abandoned=(
            gave_up("c1", "*********234", 90, 61),
            gave_up("c2", "", 400, 118),
            gave_up("c3", "*********099", 1500, 33),
        ),
    )
    warning = group(
        NAMES[2],
        waiting=2,
        longest_s=65.0,
        severity=Severity.WARNING,
        level=0.79,
        agents=(agent("tom.ode", "on_hold", 4), agent("lea.brand", "reserved", 0)),
        abandoned=(gave_up("c9", "********477", 130, 18),),
    )
    normal = group(NAMES[0], waiting=1, longest_s=8.0, agents=(agent("kim.lee", "available", 3),))
    others = [quiet_group(name) for name in NAMES[3:]]
    return FloorView(
        at=NOW,
        version="0.1.0",
        started_at=MIDNIGHT - 86_400,
        reset_at=MIDNIGHT,
        timezone=TIMEZONE,
        groups=tuple(
            replace(one, stale=state is not FeedState.LIVE) for one in (normal, critical, warning, *others)
        ),
        feeds=(feed(state, reason),),
        signals=(
            SignalView(SignalName("beacon"), SignalLevel(10, Severity.CRITICAL, state is not FeedState.LIVE)),
            SignalView(SignalName("tower"), SignalLevel(2, Severity.WARNING)),
        ),
        outputs=(
            OutputView(name="beacon", driver="virtual", lamps={"lamp": "#ff2200"}),
            OutputView(
                name="tower", driver="virtual", lamps={"red": "off", "yellow": "#ffcc00", "green": "off"}
            ),
        ),
    )


def many_groups(number: int) -> FloorView:
    """``number`` groups; every tenth but the first is in warning, the last is critical."""
    groups = [
        group(
            f"group {index:02d}",
            waiting=index % 4,
            longest_s=index * 3.0 if index % 4 else None,
            severity=Severity.CRITICAL
            if index == number - 1
            else Severity.WARNING
            if index and index % 10 == 0
            else Severity.NORMAL,
        )
        for index in range(number)
    ]
    return FloorView(at=NOW, version="0.1.0", timezone=TIMEZONE, groups=tuple(groups), feeds=(feed(),))


def floor_of(*feeds: FeedView) -> FloorView:
    """The busy floor, its groups shared out: every feed speaks of two or three, the first of one more."""
    view = busy_floor()
    names = [one.name for one in view.groups]
    shares = [tuple(names[index :: len(feeds)]) for index in range(len(feeds))]
    shares[0] = (*shares[0], names[-1])
    own = tuple(replace(one, groups=share) for one, share in zip(feeds, shares, strict=True))
    lost = {name for one in own if one.state is not FeedState.LIVE for name in one.groups}
    groups = tuple(replace(one, stale=one.name in lost) for one in view.groups)
    beacon = SignalView(SignalName("beacon"), SignalLevel(10, Severity.CRITICAL, bool(lost)))
    return replace(view, feeds=own, groups=groups, signals=(beacon, *view.signals[1:]))


def lost(name: str, state: FeedState, reason: str, *, minutes: float) -> FeedView:
    since = NOW - minutes * 60
    return replace(feed(state, reason, name), since=since, held_since=since)
