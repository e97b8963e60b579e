"""A roster for tests, and who is reached by it as somebody with much time would find out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import NamedTuple
from zoneinfo import ZoneInfo

from queue_alert.core.alerts import PersonName
from queue_alert.core.profiles import Target, TargetKind
from queue_alert.core.reach import ReachReason, Situation
from queue_alert.core.roster import ContactMethod, Hours, MethodKind, Mode, Override, Person, Roster
from queue_alert.core.rotations import Rotation, ShiftUnit


@dataclass
class Always:
    """Opening hours that never change, or once."""

    is_it: bool
    changes_at: float | None = None

    def is_open(self, at: float) -> bool:
        return self.is_it

    def next_change(self, at: float) -> float | None:
        return self.changes_at


def at(text: str) -> float:
    """Return an instant from ``"2026-01-05 08:00"``, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def method(name: str, kind: MethodKind, hours: str = "") -> ContactMethod:
    return ContactMethod(name=name, kind=kind, address=f"{name}@example.org", hours=hours)


class Meant(NamedTuple):
    """Somebody who is meant, and why."""

    person: PersonName
    reason: ReachReason


class Model:
    """Goes through everything again for every question, removes what is double at the very end."""

    def __init__(self, roster: Roster, hours: Mapping[str, Hours], situation: Situation) -> None:
        self.roster, self.hours, self.situation = roster, hours, situation

    def answer(self, targets: list[Target]) -> list[tuple[PersonName, str, ReachReason, int]]:
        """Return person, method, reason and level of everybody who is reached."""
        answer = []
        seen = set()
        for level, wave in enumerate(zip_longest(*map(self.meant, targets), fillvalue=[]), start=1):
            for target, meant in zip(targets, wave, strict=True):
                for person, reason in map(self.stand_in, meant):
                    for way in self.ways(self.roster.people[person], target):
                        if (person, way.name) not in seen:
                            answer.append((person, way.name, reason, level))
                        seen.add((person, way.name))
        return answer

    def everybody(self, targets: list[Target]) -> set[str]:
        """Return everybody who is meant, before anybody stands in for them."""
        return {meant.person for target in targets for level in self.meant(target) for meant in level}

    def meant(self, target: Target) -> list[list[Meant]]:
        roster, situation = self.roster, self.situation
        match target.kind:
            case TargetKind.TIER:
                return self.tier(target.name)
            case TargetKind.OWNER:
                person = roster.people.get(situation.owner)
                return [[Meant(person.name, ReachReason.OWNER)]] if person else []
            case TargetKind.PERSON:
                is_known = target.name in roster.people
            case TargetKind.LIST:
                is_known = target.name in roster.lists
            case TargetKind.ROTATION:
                is_known = target.name in roster.rotations
        return self.name(target.name, ReachReason.NAMED) if is_known else []

    def name(self, name: str, reason: ReachReason) -> list[list[Meant]]:
        if name in self.roster.lists:
            levels: list[list[Meant]] = []
            for entries in self.roster.lists[name].levels:
                levels += self.together(self.name(entry, ReachReason.LISTED) for entry in entries) or [[]]
            return levels
        if name in self.roster.rotations:
            duty = self.on_duty(self.roster.rotations[name])
            return [[duty]] if duty else []
        person = self.roster.people.get(PersonName(name))
        return [[Meant(person.name, reason)]] if person else []

    def tier(self, tier: str) -> list[list[Meant]]:
        group_regions = [r.name for r in self.roster.regions.values() if self.situation.group in r.groups]
        region = self.situation.region or next(iter(group_regions), "")
        for each in self.roster.regions.values():
            for dialled, names in each.dials.items():
                if each.name == region and dialled == tier:
                    return self.together(self.name(name, ReachReason.SPEED_DIAL) for name in names)
        people = [person for person in self.roster.people.values() if person.tier == tier]
        near = [person for person in people if region and person.region in {"", region}]
        return [[Meant(person.name, ReachReason.TIER) for person in near or people]]

    def together(self, parts: Iterator[list[list[Meant]]]) -> list[list[Meant]]:
        together: list[list[Meant]] = []
        for part in parts:
            for number, level in enumerate(part):
                if number == len(together):
                    together.append([])
                together[number] = together[number] + level
        return together

    def on_duty(self, rotation: Rotation) -> Meant | None:
        """Walk from the beginning, shift by shift; each begins at an hour that is there on every day."""
        if rotation.hours in self.hours and not self.hours[rotation.hours].is_open(self.situation.at):
            return None
        step = timedelta(days=7 if rotation.unit is ShiftUnit.WEEK else 1) * rotation.every
        zone = ZoneInfo(rotation.timezone)
        begins, turn = rotation.begins, -1
        while begins.replace(tzinfo=zone).timestamp() <= self.situation.at:
            begins += step
            turn += 1
        if turn < 0:
            return None
        person = rotation.people[turn % len(rotation.people)]
        cover = self.covers(rotation.name, is_rotation=True)
        if cover in self.roster.people and cover != person:
            return Meant(PersonName(cover), ReachReason.COVERS)
        return Meant(person, ReachReason.ON_DUTY)

    def covers(self, name: str, *, is_rotation: bool) -> str:
        cover = ""
        for override in (*self.roster.overrides, *self.situation.overrides):
            if override.covered == name and override.is_rotation == is_rotation and self.holds(override):
                cover = override.cover
        return cover

    def holds(self, override: Override) -> bool:
        return override.begins_at <= self.situation.at < override.ends_at

    def stand_in(self, meant: Meant) -> Meant:
        been = [meant.person]
        while True:
            cover = self.covers(been[-1], is_rotation=False)
            if cover in been or cover not in self.roster.people:
                break
            been.append(PersonName(cover))
        return meant if len(been) == 1 else Meant(been[-1], ReachReason.COVERS)

    def ways(self, person: Person, target: Target) -> list[ContactMethod]:
        mode = self.situation.modes.get(person.name, Mode.STANDARD)
        names = [way.name for way in person.methods]
        if mode in person.modes and person.modes[mode].methods is not None:
            names = list(person.modes[mode].methods or ())
        ways = [way for name in names for way in person.methods if way.name == name]
        if target.methods:
            ways = [way for kind in target.methods for way in ways if kind in self.kinds(way)]
        return [way for way in ways if way.hours not in self.hours or self.hours[way.hours].is_open(0.0)]

    def kinds(self, way: ContactMethod) -> set[str]:
        return {"sip", "phone"} if way.kind is MethodKind.SIP else {way.kind}
