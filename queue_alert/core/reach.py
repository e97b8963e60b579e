"""Who is to be reached now, in which order, how and why; and who is not, and why not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from queue_alert.core.alerts import PersonName
from queue_alert.core.candidates import (
    Candidate,
    Candidates,
    PassedOver,
    PassReason,
    ReachReason,
    Situation,
)
from queue_alert.core.profiles import Target
from queue_alert.core.roster import ContactMethod, Hours, MethodKind, Mode, Person, Roster

__all__ = ["PassReason", "PassedOver", "Reach", "ReachReason", "Resolution", "Situation", "resolve"]

_MODE_WORDS: Final = {
    Mode.STANDARD: "is in the standard mode",
    Mode.IN_A_MEETING: "is in a meeting",
    Mode.OUT_OF_OFFICE: "is out of office",
    Mode.EXTENDED_ABSENCE: "is away for long",
    Mode.CUSTOM: "is in a mode of their own",
}


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """One person to be reached in one way."""

    person: PersonName
    method: ContactMethod
    reason: ReachReason
    words: str
    """The reason as a person reads it: ``on duty in on-call until 2026-01-12 08:00``."""
    level: int = 1
    """1 for L1. Those of a higher level are meant for when nobody of a lower one answers."""


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    reaches: tuple[Reach, ...] = ()
    """By level, within one in the order of targets, lists and methods; no person and method twice."""
    passed_over: tuple[PassedOver, ...] = ()


def resolve(
    targets: Sequence[Target], *, roster: Roster, hours: Mapping[str, Hours], situation: Situation
) -> Resolution:
    """Return who is to be reached.

    It raises nothing whatever the roster says: a name that nobody bears or lists in a loop end in a reason.

    Args:
        targets: Those of one step. Their levels stand side by side.
        roster: The staff.
        hours: Opening hours by name; of a name that is not there nothing is ever closed.
        situation: Where and when.
    """
    return _Resolver(roster, hours, situation).resolve(targets)


class _Resolver:
    def __init__(self, roster: Roster, hours: Mapping[str, Hours], situation: Situation) -> None:
        self._roster = roster
        self._hours = hours
        self._situation = situation
        self._covers = {
            PersonName(override.covered): override.cover
            for override in (*roster.overrides, *situation.overrides)
            if not override.is_rotation and override.begins_at <= situation.at < override.ends_at
        }
        self._candidates = Candidates(roster, hours, situation)
        self._passed_over = self._candidates.passed_over
        self._reaches: dict[tuple[PersonName, str], Reach] = {}

    def resolve(self, targets: Sequence[Target]) -> Resolution:
        found = [(self._candidates.find(target), target.methods) for target in targets]
        for level in range(max((len(levels) for levels, _ in found), default=0)):
            for levels, kinds in found:
                for candidate in levels[level] if level < len(levels) else ():
                    self._reach(candidate, kinds, level + 1)
        return Resolution(
            reaches=tuple(self._reaches.values()), passed_over=tuple(dict.fromkeys(self._passed_over))
        )

    def _reach(self, candidate: Candidate, kinds: tuple[str, ...], level: int) -> None:
        name = self._cover(candidate.person)
        reason, words = candidate.reason, candidate.words
        if name != candidate.person:
            self._pass(candidate.person, PassReason.COVERED, f"is covered by {name}")
            reason, words = ReachReason.COVERS, f"covers for {candidate.person}, {words}"
        for method in self._methods(self._roster.people[name], kinds):
            key = (name, method.name)
            if key in self._reaches:
                self._pass(name, PassReason.DUPLICATE, "is to be reached this way already", method.name)
            else:
                self._reaches[key] = Reach(
                    person=name, method=method, reason=reason, words=words, level=level
                )

    def _cover(self, person: PersonName) -> PersonName:
        """Return who comes for somebody in the end; of two that cover for each other, the other one."""
        chain = [person]
        while (cover := self._covers.get(chain[-1])) is not None and cover not in chain:
            if cover not in self._roster.people:
                words = f"covers for {chain[-1]}, but is nobody of the staff"
                self._pass(cover, PassReason.UNKNOWN, words)
                break
            chain.append(cover)
        return chain[-1]

    def _methods(self, person: Person, kinds: tuple[str, ...]) -> Iterable[ContactMethod]:
        mode = self._situation.modes.get(person.name, Mode.STANDARD)
        policy = person.modes.get(mode)
        allowed = person.methods
        if policy is not None and policy.methods is not None:
            by_name = {method.name: method for method in person.methods}
            allowed = tuple(by_name[name] for name in policy.methods if name in by_name)
        if not allowed and person.methods:
            self._pass(person.name, PassReason.ABSENT, _MODE_WORDS[mode])
            return
        wanted = _of_kinds(allowed, kinds)
        if not wanted:
            what = " or ".join(kinds) or "way to be reached"
            if _of_kinds(person.methods, kinds):
                words = f"{_MODE_WORDS[mode]}, where no {what} is allowed"
            else:
                words = f"has no {what}"
            self._pass(person.name, PassReason.NO_METHOD, words)
        for method in wanted:
            hours = self._hours.get(method.hours)
            if hours is None or hours.is_open(self._situation.at):
                yield method
            else:
                words = f"is not to be reached this way at this hour ({method.hours})"
                self._pass(person.name, PassReason.METHOD_CLOSED, words, method.name)

    def _pass(self, name: str, reason: PassReason, words: str, method: str = "") -> None:
        self._passed_over.append(PassedOver(person=name, reason=reason, words=words, method=method))


def _of_kinds(methods: tuple[ContactMethod, ...], kinds: tuple[str, ...]) -> tuple[ContactMethod, ...]:
    """Return those of the kinds asked for, in the order of the kinds; of none asked for, all."""
    if not kinds:
        return methods
    chosen = (method for kind in kinds for method in methods if _is_of(method.kind, kind))
    return tuple({method.name: method for method in chosen}.values())


def _is_of(kind: MethodKind, wanted: str) -> bool:
    # Whoever asks for a phone means one that rings, whatever it hangs on.
    return kind == wanted or (kind is MethodKind.SIP and wanted == MethodKind.PHONE)
