"""Targets to people, level by level: lists, tiers, rotations and speed-dials taken apart.

How each of them is reached, and whether at all, is decided in :mod:`queue_alert.core.reach`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple, TypeAlias, assert_never
from zoneinfo import ZoneInfo

import msgspec

from queue_alert.core.alerts import PersonName
from queue_alert.core.lists import MOST_DEPTH, MOST_LEVELS, level_name, level_of
from queue_alert.core.profiles import Target, TargetKind
from queue_alert.core.roster import Hours, Mode, Override, Roster, Tier
from queue_alert.core.rotations import Rotation, duty_at
from queue_alert.core.units import GroupName, Instant

__all__ = ["Candidate", "Candidates", "Levels", "PassReason", "PassedOver", "ReachReason", "Situation"]


class ReachReason(StrEnum):
    """Why somebody is reached."""

    NAMED = "named"
    OWNER = "owner"
    LISTED = "listed"
    TIER = "tier"
    SPEED_DIAL = "speed-dial"
    ON_DUTY = "on-duty"
    COVERS = "covers"


class PassReason(StrEnum):
    """Why somebody is not reached."""

    COVERED = "covered"
    """Somebody else is reached in their place."""
    ABSENT = "absent"
    """Their mode allows no way at all."""
    NO_METHOD = "no-method"
    METHOD_CLOSED = "method-closed"
    OFF_DUTY = "off-duty"
    """A rotation outside its hours, or before its beginning."""
    DUPLICATE = "duplicate"
    NOBODY = "nobody"
    """Nobody stands behind the name."""
    UNKNOWN = "unknown"
    ENDLESS = "endless"
    """A list within itself, or with more levels than are followed."""


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """Who is not reached, and why not."""

    person: str
    """A person; where there is none, the list, rotation or tier. Of an owner whom nobody knows ""."""
    reason: PassReason
    words: str
    """The rest of a sentence that begins with the name: ``is out of office``."""
    method: str = ""
    """The method's name, where this is about one of several."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What matters to who is reached, beside the roster."""

    at: Instant
    group: GroupName = GroupName("")
    region: str = ""
    """Where it happens; "": the region of ``group``, if that has one."""
    owner: PersonName = PersonName("")
    """Whose contact or request it is; "": nobody's, or nobody knows."""
    modes: dict[PersonName, Mode] = {}
    """Who is not here is in the standard mode."""
    overrides: tuple[Override, ...] = ()
    """Beside those of the roster, over which they win."""


class Candidate(NamedTuple):
    """Somebody who is to be reached if they can be."""

    person: PersonName
    reason: ReachReason
    words: str


Levels: TypeAlias = tuple[tuple[Candidate, ...], ...]
"""L1, L2, L3: those of one level together, one level after the other."""


class Candidates:
    """Takes targets apart in one situation.

    Args:
        roster: The staff.
        hours: Opening hours by name; of a name that is not there nothing is ever closed.
        situation: Where and when.

    Attributes:
        passed_over: Who or what fell out on the way, in the order in which it was found.
    """

    def __init__(self, roster: Roster, hours: Mapping[str, Hours], situation: Situation) -> None:
        self._roster = roster
        self._hours = hours
        self._situation = situation
        self._region = situation.region or roster.region_of(situation.group)
        self._expanded: dict[str, Levels] = {}
        self._open: list[str] = []
        self._covers = {
            override.covered: override.cover
            for override in (*roster.overrides, *situation.overrides)
            if override.is_rotation and override.begins_at <= situation.at < override.ends_at
        }
        self.passed_over: list[PassedOver] = []

    def find(self, target: Target) -> Levels:
        """Return whom a target means."""
        name = target.name
        match target.kind:
            case TargetKind.PERSON:
                return self._person(name, ReachReason.NAMED, "named")
            case TargetKind.LIST:
                if name in self._roster.lists:
                    return self._list(name)
                whole, level = level_of(name)
                return (
                    self._level(whole, level)
                    if whole in self._roster.lists
                    else self._unknown(name, "is no list")
                )
            case TargetKind.TIER:
                return self._tier(name)
            case TargetKind.ROTATION:
                rotation = self._roster.rotations.get(name)
                return self._rotation(rotation) if rotation else self._unknown(name, "is no rotation")
            case TargetKind.OWNER:
                if not self._situation.owner:
                    return self._unknown("", "is known to nobody")
                return self._person(self._situation.owner, ReachReason.OWNER, "owner")
            case _ as never:
                assert_never(never)

    def _named(self, name: str, reason: ReachReason, words: str) -> Levels:
        """Return whom a name in a list or on a speed-dial means."""
        if name in self._roster.lists:
            return self._list(name)
        rotation = self._roster.rotations.get(name)
        return self._rotation(rotation) if rotation else self._person(name, reason, words)

    def _person(self, name: str, reason: ReachReason, words: str) -> Levels:
        person = PersonName(name)
        if person not in self._roster.people:
            return self._unknown(name, "is nobody of the staff")
        return ((Candidate(person, reason, words),),)

    def _list(self, name: str) -> Levels:
        if name in self._expanded:
            return self._expanded[name]
        if name in self._open or len(self._open) >= MOST_DEPTH:
            self._pass(name, PassReason.ENDLESS, "is a list within itself, or nested too deeply")
            return ()
        self._open.append(name)
        levels: list[tuple[Candidate, ...]] = []
        words = f"in the list {name}"
        for level in self._roster.lists[name].levels:
            levels += _side_by_side(self._named(entry, ReachReason.LISTED, words) for entry in level) or ((),)
        self._open.pop()
        if len(levels) > MOST_LEVELS:
            self._pass(name, PassReason.ENDLESS, f"is followed for {MOST_LEVELS} levels only")
        self._expanded[name] = tuple(self._once_each(name, level) for level in levels[:MOST_LEVELS])
        if not any(self._expanded[name]):
            self._pass(name, PassReason.NOBODY, "has nobody in it now")
        return self._expanded[name]

    def _level(self, name: str, level: int) -> Levels:
        """Return one level of a list, in its place."""
        levels = self._list(name)
        if not 1 <= level <= len(levels):
            return self._unknown(level_name(name, level), "is no level of the list")
        if not levels[level - 1]:
            self._pass(level_name(name, level), PassReason.NOBODY, "has nobody in it now")
        return (*((),) * (level - 1), levels[level - 1])

    def _once_each(self, name: str, level: Iterable[Candidate]) -> tuple[Candidate, ...]:
        # Lists of lists would grow without bound if anybody stood in a level twice.
        kept: dict[PersonName, Candidate] = {}
        for candidate in level:
            if kept.setdefault(candidate.person, candidate) is not candidate:
                words = f"is in one level of the list {name} more than once"
                self._pass(candidate.person, PassReason.DUPLICATE, words)
        return tuple(kept.values())

    def _tier(self, name: str) -> Levels:
        if name not in set(Tier):
            return self._unknown(name, "is no tier")
        tier, region = Tier(name), self._region
        known = self._roster.regions.get(region)
        if known is not None and known.dials.get(tier):
            words = f"speed-dial for a {tier} of the region {region}"
            return _side_by_side(self._named(who, ReachReason.SPEED_DIAL, words) for who in known.dials[tier])
        everybody = [person for person in self._roster.people.values() if person.tier is tier]
        # A customer is better told by a lead from elsewhere than by nobody.
        chosen = [person for person in everybody if person.region in {"", region}] if region else everybody
        words = str(tier)
        if region:
            words += f" for the region {region}" if chosen else f", there being none for the region {region}"
        if not everybody:
            self._pass(name, PassReason.NOBODY, "is nobody's tier")
        return (tuple(Candidate(person.name, ReachReason.TIER, words) for person in chosen or everybody),)

    def _rotation(self, rotation: Rotation) -> Levels:
        at = self._situation.at
        hours = self._hours.get(rotation.hours)
        if hours is not None and not hours.is_open(at):
            self._pass(rotation.name, PassReason.OFF_DUTY, f"is off duty at this hour ({rotation.hours})")
            return ()
        duty = duty_at(rotation, at)
        if duty is None:
            begins = f"{rotation.begins:%Y-%m-%d %H:%M} {rotation.timezone}"
            self._pass(rotation.name, PassReason.OFF_DUTY, f"does not begin before {begins}")
            return ()
        closes_at = hours.next_change(at) if hours is not None else None
        ends_at = duty.until if closes_at is None else min(closes_at, duty.until)
        until = datetime.fromtimestamp(ends_at, ZoneInfo(rotation.timezone))
        words = f"on duty in {rotation.name} until {until:%Y-%m-%d %H:%M}"
        cover = self._covers.get(rotation.name, duty.person)
        if cover == duty.person:
            return self._person(duty.person, ReachReason.ON_DUTY, words)
        if cover not in self._roster.people:
            self._pass(cover, PassReason.UNKNOWN, f"covers for {rotation.name}, but is nobody of the staff")
            return self._person(duty.person, ReachReason.ON_DUTY, words)
        self._pass(duty.person, PassReason.COVERED, f"is covered by {cover} in {rotation.name}")
        return self._person(cover, ReachReason.COVERS, f"covers for {duty.person}, {words}")

    def _unknown(self, name: str, words: str) -> Levels:
        self._pass(name, PassReason.UNKNOWN, words)
        return ()

    def _pass(self, name: str, reason: PassReason, words: str) -> None:
        self.passed_over.append(PassedOver(person=name, reason=reason, words=words))


def _side_by_side(parts: Iterable[Levels]) -> Levels:
    return tuple(
        tuple(candidate for level in levels for candidate in level)
        for levels in zip_longest(*parts, fillvalue=())
    )
