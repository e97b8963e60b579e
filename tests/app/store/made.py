"""Records for the store's tests."""

from queue_alert.app.store import Acknowledgement, HistoryEntry, IntervalFigures
from queue_alert.core.alerts import (
    Alert,
    AlertId,
    AlertState,
    Attempt,
    AttemptKey,
    AttemptState,
    Cursor,
    PersonName,
    RuleName,
)
from queue_alert.core.effects import Severity
from queue_alert.core.profiles import Profile, Step, Target, TargetKind
from queue_alert.core.units import GroupName, Instant

ALERT = AlertId(RuleName("long-wait"), GroupName("sales"))
PROFILE = Profile(
    name="day",
    steps=(Step(targets=(Target(kind=TargetKind.PERSON, name="ann"),), timeout_s=60.0),),
)


def alert(generation: int = 1, reason: str = "waiting 6 >= 5", group: str = "sales") -> Alert:
    return Alert(
        id=AlertId(ALERT.rule, GroupName(group)),
        generation=generation,
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        state_since=1000.0,
        fired_at=1000.0,
        reason=reason,
        cursor=Cursor(profile=PROFILE, next_at=1060.0),
    )


def key(number: int = 1, generation: int = 1, group: str = "sales") -> AttemptKey:
    return AttemptKey(
        alert=AlertId(ALERT.rule, GroupName(group)),
        generation=generation,
        cycle=0,
        step=0,
        person=PersonName("ann"),
        method="phone",
        number=number,
    )


def attempt(
    number: int = 1,
    generation: int = 1,
    *,
    state: AttemptState = AttemptState.DIALLING,
    at: Instant = 1000.0,
    group: str = "sales",
) -> Attempt:
    return Attempt(
        key=key(number, generation, group),
        state=state,
        at=at,
        ended_at=None if state is AttemptState.DIALLING else at + 5,
    )


def acknowledgement(by: str = "ann", generation: int = 1, at: Instant = 1010.0) -> Acknowledgement:
    return Acknowledgement(at=at, alert=ALERT, generation=generation, by=by, how="phone", until=at + 1800)


def entry(at: Instant = 1000.0, what: str = "fired") -> HistoryEntry:
    return HistoryEntry(at=at, alert=ALERT, generation=1, what=what, words="waiting 6 >= 5")


def figures(begins: Instant = 900.0, offered: float = 5.0, group: str = "sales") -> IntervalFigures:
    return IntervalFigures(group=GroupName(group), begins=begins, figures={"offered": offered})
