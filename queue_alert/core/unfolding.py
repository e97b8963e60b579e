"""Prioritised lists as steps: L1 is told, then the step's time-out passes, then L2 is told."""

from collections.abc import Mapping

from msgspec.structs import replace

from queue_alert.core.lists import ContactList, level_count, level_name
from queue_alert.core.profiles import MOST_STEPS, Profile, Step, Target, TargetKind

__all__ = ["unfold"]


def unfold(profile: Profile, lists: Mapping[str, ContactList]) -> Profile:
    """Return ``profile`` with every level of a prioritised list as a step of its own.

    A step becomes as many steps as its longest list has levels, each with the step's time-out. Whoever else
    it names is told in the first of them. What is told at the end, once, stays as it is: all levels together.

    Args:
        profile: As it is configured.
        lists: Those of the roster, none of them in a loop or too deep.

    Raises:
        ValueError: It comes to more steps than a profile may have.
    """
    steps = tuple(part for step in profile.steps for part in _parts(step, lists))
    if len(steps) > MOST_STEPS:
        raise ValueError(
            f"must come to at most {MOST_STEPS} steps with the levels of its lists, got {len(steps)}"
        )
    return replace(profile, steps=steps)


def _parts(step: Step, lists: Mapping[str, ContactList]) -> list[Step]:
    counts = [_levels(target, lists) for target in step.targets]
    parts: list[Step] = []
    for level in range(1, max(counts, default=1) + 1):
        targets = tuple(
            replace(target, name=level_name(target.name, level)) if count > 1 else target
            for target, count in zip(step.targets, counts, strict=True)
            if level <= count
        )
        parts.append(replace(step, targets=targets))
    return parts


def _levels(target: Target, lists: Mapping[str, ContactList]) -> int:
    if target.kind is not TargetKind.LIST or target.name not in lists:
        return 1
    return max(level_count(lists, target.name), 1)
