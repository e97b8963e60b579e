"""Whom a step of an escalation names: text to targets, and what is wrong with them."""

from collections.abc import Iterator, Sequence
from typing import Final

from queue_alert.app.config.problems import did_you_mean, found
from queue_alert.core.alerts import PersonName
from queue_alert.core.lists import level_of
from queue_alert.core.profiles import Target, TargetKind
from queue_alert.core.roster import MethodKind, Roster, Tier
from queue_alert.ports import ConfigProblem

__all__ = ["parse_target", "target_mistakes"]

_OWNER: Final = "owner"
_MOST_SHOWN: Final = 12


def parse_target(text: str, roster: Roster) -> Target | str:
    """Return the target that ``text`` means, or what is wrong with it.

    Args:
        text: A name, ``plan/L2``, or ``owner``; where two bear it, ``tier:lead`` says that the tier is meant.
        roster: Whose names are looked up: people, lists, rotations, then tiers.
    """
    names: dict[TargetKind, list[str]] = {
        TargetKind.PERSON: list(roster.people),
        TargetKind.LIST: list(roster.lists),
        TargetKind.ROTATION: list(roster.rotations),
        TargetKind.TIER: list(Tier),
        TargetKind.OWNER: [_OWNER],
    }
    kind, colon, name = text.partition(":")
    if colon and kind in names:
        names = {TargetKind(kind): names[TargetKind(kind)]}
    else:
        name = text
    for each, known in names.items():
        is_level = each is TargetKind.LIST and level_of(name)[0] in known
        if name in known or is_level:
            return Target(kind=each, name="" if each is TargetKind.OWNER else name)
    every = [each for known in names.values() for each in known]
    shown = ", ".join(every[:_MOST_SHOWN]) + (", …" if len(every) > _MOST_SHOWN else "")
    return f"nobody is called {found(name)}{did_you_mean(name, every) or f'; known are: {shown}'}"


def target_mistakes(targets: Sequence[Target], roster: Roster, path: str) -> list[ConfigProblem]:
    """Return what is wrong with targets, whoever is on duty and whatever the hour.

    Args:
        targets: Those of one step.
        roster: The staff, without a mistake.
        path: Where the step stands.
    """
    problems: list[ConfigProblem] = []
    for target in targets:
        for method in target.methods:
            if method not in set(MethodKind):
                hint = did_you_mean(method, MethodKind) or f"; known are: {', '.join(MethodKind)}"
                message = f"must be a kind of method, got {found(method)}{hint}"
                problems.append(ConfigProblem(path=path, message=message))
        people = [roster.people[name] for name in _behind(target, roster)]
        name = found(target.name or _OWNER)
        if not people:
            problems.append(ConfigProblem(path=path, message=f"nobody stands behind {name}"))
            continue
        asked = set(target.methods) & set(MethodKind)
        # Whoever asks for a phone means one of the exchange too.
        wanted = asked | ({MethodKind.SIP} if MethodKind.PHONE in asked else set())
        if asked and not any(method.kind in wanted for person in people for method in person.methods):
            message = f"nobody behind {name} has a method of the kind {' or '.join(target.methods)}"
            problems.append(ConfigProblem(path=path, message=message))
    return problems


def _behind(target: Target, roster: Roster) -> dict[PersonName, None]:
    """Return everybody who can ever be meant."""
    match target.kind:
        case TargetKind.OWNER:
            return dict.fromkeys(roster.people)
        case TargetKind.TIER:
            own = [person.name for person in roster.people.values() if person.tier == target.name]
            dialled = (
                name
                for region in roster.regions.values()
                for tier, names in region.dials.items()
                if tier == target.name
                for name in names
            )
            return dict.fromkeys([*own, *_people(dialled, roster)])
        case _:
            name = target.name if target.name in roster.lists else level_of(target.name)[0] or target.name
            return dict.fromkeys(_people([name], roster))


def _people(names: Iterator[str] | list[str], roster: Roster) -> Iterator[PersonName]:
    queue = dict.fromkeys(names)
    seen: set[str] = set()
    while queue:
        name, _ = queue.popitem()
        if name in seen:
            continue
        seen.add(name)
        if name in roster.lists:
            queue |= dict.fromkeys(entry for level in roster.lists[name].levels for entry in level)
        elif name in roster.rotations:
            queue |= dict.fromkeys(roster.rotations[name].people)
        elif name in roster.people:
            yield PersonName(name)
