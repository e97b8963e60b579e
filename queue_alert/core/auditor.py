"""Whether what is stored of the alerts can be right: no alert may be forgotten, nobody called twice for one.

It finds, it mends nothing: a finding is a mistake of this program, to be counted and said aloud.
"""

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum

import msgspec

from queue_alert.core.alerts import Alert, AlertId, AlertState, Attempt, AttemptKey, AttemptState, RuleName
from queue_alert.core.escalation import is_urgent_enough
from queue_alert.core.profiles import LONGEST_TIMEOUT_S
from queue_alert.core.units import Instant, Seconds

__all__ = ["Fault", "Finding", "audit"]


class Fault(StrEnum):
    """What is wrong."""

    FORGOTTEN = "forgotten"
    """It fires, nobody has it in hand, and nothing is due."""
    OVERDUE = "overdue"
    """Its next step should have been done, or its acknowledgement have run out."""
    TOO_FAR = "too_far"
    """Its next step is further ahead than any time-out is long."""
    HELD = "held"
    """It is held back by nothing."""
    CURSOR = "cursor"
    """It stands where its profile has no step."""
    STATE = "state"
    """Its fields do not fit its state."""
    TWICE = "twice"
    """Two of what there may be one of."""
    STRAY = "stray"
    """An attempt for a firing that never was, or a step that is none."""
    ENDLESS = "endless"
    """An attempt has been under way for longer than any takes."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One thing that cannot be right."""

    alert: AlertId
    fault: Fault
    words: str
    """A sentence for the log."""


def audit(
    alerts: Iterable[Alert],
    attempts: Iterable[Attempt],
    now: Instant,
    *,
    suppressed: Collection[AlertId] = (),
    unescalated: Collection[RuleName] = (),
    grace_s: Seconds = 0.0,
    dialling_for_s: Seconds = 600.0,
) -> list[Finding]:
    """Return what cannot be right; empty when all is well.

    Args:
        alerts: All of them.
        attempts: All that are stored, or the latest; of alerts that are gone they are passed over.
        now: The time, after what is due now was done.
        suppressed: What is kept quiet at present.
        unescalated: Rules without a profile.
        grace_s: So late something may be, >= 0.
        dialling_for_s: So long an attempt may be under way.
    """
    findings: list[Finding] = []
    known: dict[AlertId, Alert] = {}
    for alert in alerts:
        if alert.id in known:
            findings.append(Finding(alert.id, Fault.TWICE, "there are two alerts of this id"))
        known[alert.id] = alert
        faults = [*_of_its_state(alert), *_of_its_cursor(alert)]
        match alert.state:
            case AlertState.FIRING:
                is_quiet = alert.id in suppressed or not is_urgent_enough(alert)
                if not (alert.cursor is None and alert.id.rule in unescalated):
                    faults += _of_what_is_due(alert, now, is_quiet=is_quiet, grace_s=grace_s)
            case AlertState.ACKNOWLEDGED:
                until = alert.acknowledged_until
                if until is not None and now > until + grace_s:
                    words = f"{alert.acknowledged_by}'s acknowledgement ran out {now - until:.0f} s ago"
                    faults.append((Fault.OVERDUE, words))
            case _:
                pass
        findings += [Finding(alert.id, fault, words) for fault, words in faults]
    findings += _of_attempts(known, attempts, now, dialling_for_s)
    return findings


def _of_what_is_due(
    alert: Alert, now: Instant, *, is_quiet: bool, grace_s: Seconds
) -> Iterator[tuple[Fault, str]]:
    cursor = alert.cursor
    if cursor is None:
        yield Fault.FORGOTTEN, "it fires and no escalation runs"
    elif cursor.exhausted_at is not None or is_quiet:
        return
    elif cursor.is_held:
        yield Fault.HELD, "it fires and is held back, and nothing suppresses it"
    elif cursor.next_at is None:
        yield Fault.FORGOTTEN, "it fires, is not exhausted, and no next step is due"
    elif now > cursor.next_at + grace_s:
        yield Fault.OVERDUE, f"its next step was due {now - cursor.next_at:.0f} s ago"
    elif cursor.next_at > now + LONGEST_TIMEOUT_S:
        yield Fault.TOO_FAR, f"its next step is due in {(cursor.next_at - now) / 3600:.0f} h"


def _of_its_cursor(alert: Alert) -> Iterator[tuple[Fault, str]]:
    cursor = alert.cursor
    if cursor is None:
        return
    profile = cursor.profile
    if not (0 <= cursor.cycle <= profile.repeat and 0 <= cursor.step <= len(profile.steps)):
        place = f"cycle {cursor.cycle + 1}, step {cursor.step + 1}"
        has = f"{profile.repeat + 1} cycles of {len(profile.steps)} steps"
        yield Fault.CURSOR, f'it stands at {place}, and profile "{profile.name}" has {has}'
    if cursor.exhausted_at is not None and cursor.next_at is not None:
        yield Fault.CURSOR, "it is exhausted, and a next step is due"
    if cursor.next_at is not None and alert.state is not AlertState.FIRING:
        yield Fault.CURSOR, f"it is {alert.state}, and a next step is due"


def _of_its_state(alert: Alert) -> Iterator[tuple[Fault, str]]:
    has_fired = alert.state in (AlertState.FIRING, AlertState.ACKNOWLEDGED)
    if has_fired and (alert.generation < 1 or alert.fired_at is None):
        yield Fault.STATE, f"it is {alert.state}, and has never fired"
    if alert.state is AlertState.PENDING and alert.condition_since is None:
        yield Fault.STATE, "it is pending, and its condition does not hold"
    if alert.state is AlertState.ACKNOWLEDGED:
        does_expire = alert.cursor is None or alert.cursor.profile.acknowledged_for_s is not None
        if does_expire and alert.acknowledged_until is None:
            yield Fault.FORGOTTEN, f"{alert.acknowledged_by} has it in hand without an end"
    elif alert.acknowledged_by or alert.acknowledged_until is not None:
        yield Fault.STATE, f"it is {alert.state}, and {alert.acknowledged_by or 'somebody'} has it in hand"


def _of_attempts(
    known: dict[AlertId, Alert], attempts: Iterable[Attempt], now: Instant, dialling_for_s: Seconds
) -> Iterator[Finding]:
    seen: set[AttemptKey] = set()
    for attempt in attempts:
        key = attempt.key
        if key in seen:
            yield Finding(key.alert, Fault.TWICE, f"there are two attempts {key}")
        seen.add(key)
        alert = known.get(key.alert)
        if alert is None:
            continue
        if key.generation > alert.generation or min(key.cycle, key.step) < 0 or key.number < 1:
            yield Finding(key.alert, Fault.STRAY, f"attempt {key} is of no firing and no step that was")
        cursor = alert.cursor
        if cursor and key.generation == alert.generation and key.cycle > cursor.cycles_before + cursor.cycle:
            yield Finding(key.alert, Fault.STRAY, f"attempt {key} is ahead of its escalation")
        if attempt.state is AttemptState.DIALLING and now > attempt.at + dialling_for_s:
            words = f"attempt {key} has been under way for {now - attempt.at:.0f} s"
            yield Finding(key.alert, Fault.ENDLESS, words)
