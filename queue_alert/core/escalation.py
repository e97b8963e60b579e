"""How an escalation goes on: from step to step, from cycle to cycle, until somebody has it in hand.

What is due when is in the alert itself, so a restart loses nothing. Pure: whoever calls gives the time and
knows the people; what is to be done comes back with its reasons.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertState, AttemptKey, Cursor, PersonName
from queue_alert.core.effects import Severity
from queue_alert.core.profiles import Profile, Target
from queue_alert.core.transitions import AlertEvent, next_state
from queue_alert.core.units import Instant

__all__ = [
    "Advance",
    "Note",
    "PassedOver",
    "Reach",
    "Reached",
    "Reason",
    "Way",
    "advance",
    "anew",
    "begin",
    "is_urgent_enough",
    "next_due",
]


class Way(msgspec.Struct, frozen=True):
    """One person and one way to reach them."""

    person: PersonName
    method: str


class PassedOver(msgspec.Struct, frozen=True):
    """Somebody who is not told, and why."""

    who: str
    why: str
    """In words: ``off duty until 09:00``."""


class Reached(msgspec.Struct, frozen=True):
    """Who is behind a target now."""

    ways: tuple[Way, ...] = ()
    """In the order in which they are told."""
    passed_over: tuple[PassedOver, ...] = ()


class Reach(Protocol):
    """The roster's answer to who is behind a target."""

    def __call__(self, target: Target, now: Instant, /) -> Reached:
        """Return who is behind ``target`` at ``now``; pure, and the same for the same instant."""
        ...


class Reason(StrEnum):
    """Why something was done, or was not."""

    NOT_FIRING = "not_firing"
    NO_PROFILE = "no_profile"
    NOT_DUE = "not_due"
    STEP = "step"
    """A step's people are told."""
    LATE = "late"
    """The step was due long ago; what lies between is not made up for."""
    PASSED_OVER = "passed_over"
    NOBODY = "nobody"
    """A step has nobody behind it: it is skipped at once."""
    COALESCED = "coalesced"
    """What would be told twice at one instant is told once."""
    EXHAUSTED = "exhausted"
    ACKNOWLEDGEMENT_EXPIRED = "acknowledgement_expired"
    SUPPRESSED = "suppressed"
    NOT_URGENT = "not_urgent"
    RELEASED = "released"
    """What suppressed it has ended and it still fires."""
    SNOOZE_OVER = "snooze_over"
    REPAIRED = "repaired"
    """It fired with nothing due, which cannot be; it goes on now."""


class Note(msgspec.Struct, frozen=True):
    """A reason, and its particulars in words."""

    reason: Reason
    detail: str = ""


class Advance(msgspec.Struct, frozen=True):
    """What became of an alert because time has passed; to be stored as one, before any attempt is made."""

    alert: Alert
    attempts: tuple[AttemptKey, ...] = ()
    """To be made, in this order; none of them was ever returned before."""
    notes: tuple[Note, ...] = ()
    """At least one."""


def begin(alert: Alert, profile: Profile) -> Alert:
    """Return a firing alert at the first step of a snapshot of ``profile``, due when the alert fired.

    Raises:
        ValueError: If the alert does not fire.
    """
    if alert.state is not AlertState.FIRING or alert.fired_at is None:
        raise ValueError(f"{alert.id} is {alert.state}: only what fires can be escalated")
    return replace(alert, cursor=Cursor(profile=profile, next_at=alert.fired_at))


def anew(
    cursor: Cursor, at: Instant | None, profile: Profile | None = None, *, is_held: bool = False
) -> Cursor:
    """Return the cursor at the first step again, due at ``at``; its attempts are counted on."""
    return Cursor(
        profile=profile or cursor.profile,
        next_at=at,
        is_held=is_held,
        cycles_before=cursor.cycles_before + cursor.cycle + 1,
    )


def is_urgent_enough(alert: Alert) -> bool:
    """Return whether the alert's profile runs for its severity."""
    cursor = alert.cursor
    return cursor is None or not cursor.profile.urgent_only or alert.severity >= Severity.CRITICAL


def next_due(alert: Alert) -> Instant | None:
    """Return when :func:`advance` must be called next, ``None``: time alone changes nothing."""
    if alert.state is AlertState.ACKNOWLEDGED:
        return alert.acknowledged_until
    if alert.state is not AlertState.FIRING or alert.cursor is None or alert.cursor.is_held:
        return None
    return alert.cursor.next_at


def advance(alert: Alert, now: Instant, reach: Reach, *, suppressed_by: str = "") -> Advance:
    """Return the alert as it stands at ``now``, and whom to tell.

    At most one step is done, however late it is. Steps that lie at one instant (their time-out is 0, or there
    is nobody behind them) are one: each way to a person is used once for them, and after a whole pass
    without a wait nothing can be told that was not told, so the escalation is exhausted.

    Args:
        alert: As it stood. Call this for every change of ``suppressed_by`` and of the severity, too.
        now: The time.
        reach: Who is behind a target.
        suppressed_by: What keeps it quiet, in words (``silence "works"``); empty: nothing.
    """
    notes: list[Note] = []
    until = alert.acknowledged_until
    if alert.state is AlertState.ACKNOWLEDGED and until is not None and now >= until:
        notes.append(Note(Reason.ACKNOWLEDGEMENT_EXPIRED, f"{alert.acknowledged_by} had it in hand"))
        alert = _unacknowledged(alert, now)
    cursor = alert.cursor
    if alert.state is not AlertState.FIRING:
        return Advance(alert, (), (*notes, Note(Reason.NOT_FIRING, f"it is {alert.state}")))
    if cursor is None:
        return Advance(alert, (), (*notes, Note(Reason.NO_PROFILE)))
    if suppressed_by or not is_urgent_enough(alert):
        held = replace(alert, cursor=replace(cursor, is_held=True))
        why = Note(Reason.SUPPRESSED, suppressed_by) if suppressed_by else Note(Reason.NOT_URGENT)
        return Advance(held, (), (*notes, why))
    if cursor.is_held:
        notes.append(Note(Reason.RELEASED))
        cursor = _released(cursor, now)
    if cursor.exhausted_at is not None:
        return Advance(replace(alert, cursor=cursor), (), (*notes, Note(Reason.EXHAUSTED)))
    if cursor.next_at is None:
        notes.append(Note(Reason.REPAIRED))
    elif now < cursor.next_at:
        words = f"the next step is due in {cursor.next_at - now:.0f} s"
        return Advance(replace(alert, cursor=cursor), (), (*notes, Note(Reason.NOT_DUE, words)))
    else:
        notes.extend(_how_late(cursor, cursor.next_at, now))
    telling = _Telling(alert, now, reach, notes)
    cursor = telling.from_step(cursor)
    return Advance(replace(alert, cursor=cursor), tuple(telling.attempts), tuple(notes))


def _unacknowledged(alert: Alert, now: Instant) -> Alert:
    return replace(
        alert,
        state=next_state(alert.state, AlertEvent.ACKNOWLEDGEMENT_EXPIRES),
        state_since=now,
        acknowledged_by="",
        acknowledged_until=None,
        cursor=alert.cursor and anew(alert.cursor, now),
    )


def _released(cursor: Cursor, now: Instant) -> Cursor:
    if cursor.is_snoozed and cursor.next_at is not None and now < cursor.next_at:
        return replace(cursor, is_held=False)
    if cursor.step >= len(cursor.profile.steps):
        return anew(cursor, now)
    return replace(cursor, is_held=False, is_snoozed=False, next_at=now)


def _how_late(cursor: Cursor, due: Instant, now: Instant) -> list[Note]:
    notes = [Note(Reason.SNOOZE_OVER)] if cursor.is_snoozed else []
    if now - due >= 1.0:
        notes.append(Note(Reason.LATE, f"by {now - due:.0f} s; one step is done"))
    return notes


@dataclass
class _Telling:
    """What is told at one instant."""

    alert: Alert
    now: Instant
    reach: Reach
    notes: list[Note]
    attempts: list[AttemptKey] = field(default_factory=list)
    told: set[Way] = field(default_factory=set)

    def from_step(self, cursor: Cursor) -> Cursor:
        """Do the cursor's step, and those at the same instant; return the cursor behind them."""
        cursor = replace(cursor, is_snoozed=False)
        steps = cursor.profile.steps
        for _ in steps:
            if cursor.step >= len(steps):
                return self.exhausted(cursor, "the last cycle is over")
            step = steps[cursor.step]
            has_told = self.tell(step.targets, cursor)
            cursor = _behind(cursor)
            next_at = self.now + step.timeout_s
            if has_told and next_at > self.now:
                return replace(cursor, next_at=next_at)
        if self.told:
            return self.exhausted(cursor, "no step waits")
        return self.exhausted(cursor, "a full pass found nobody")

    def exhausted(self, cursor: Cursor, why: str) -> Cursor:
        end = replace(
            cursor, step=len(cursor.profile.steps), next_at=None, exhausted_at=self.now, is_snoozed=False
        )
        self.notes.append(Note(Reason.EXHAUSTED, why))
        if end.profile.finally_tell:
            self.tell(end.profile.finally_tell, end)
        return end

    def tell(self, targets: tuple[Target, ...], cursor: Cursor) -> bool:
        """Plan the attempts of one step; return whether there is anybody."""
        cycle = cursor.cycles_before + cursor.cycle
        place = f"cycle {cycle + 1}, step {cursor.step + 1}"
        if cursor.step >= len(cursor.profile.steps):
            place = "the end"
        has_anybody = False
        for target in targets:
            reached = self.reach(target, self.now)
            self.notes += [
                Note(Reason.PASSED_OVER, f"{place}: {one.who}: {one.why}") for one in reached.passed_over
            ]
            for way in reached.ways:
                has_anybody = True
                if way in self.told:
                    self.notes.append(Note(Reason.COALESCED, f"{place}: {way.person}, {way.method}"))
                    continue
                self.told.add(way)
                self.attempts.append(
                    AttemptKey(
                        alert=self.alert.id,
                        generation=self.alert.generation,
                        cycle=cycle,
                        step=cursor.step,
                        person=way.person,
                        method=way.method,
                    )
                )
        self.notes.append(Note(Reason.STEP if has_anybody else Reason.NOBODY, place))
        return has_anybody


def _behind(cursor: Cursor) -> Cursor:
    """Return the cursor one step on; behind the last step of the last cycle it stands at the end."""
    step = cursor.step + 1
    if step >= len(cursor.profile.steps) and cursor.cycle < cursor.profile.repeat:
        return replace(cursor, cycle=cursor.cycle + 1, step=0)
    return replace(cursor, step=step)
