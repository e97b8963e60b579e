"""``[profiles]``: who is told in which order, and how long each has; and whether anybody is there at all."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from queue_alert.app.config.convert import Invalid, convert_table
from queue_alert.app.config.groups import name_mistake
from queue_alert.app.config.problems import found, joined
from queue_alert.app.config.targets import parse_target, target_mistakes
from queue_alert.core.behind import Behind
from queue_alert.core.hours import OpeningHours
from queue_alert.core.profiles import (
    LONGEST_TIMEOUT_S,
    MOST_REPEATS,
    MOST_STEPS,
    Profile,
    Step,
    Target,
    TargetKind,
)
from queue_alert.core.roster import MethodKind, Roster
from queue_alert.core.unfolding import unfold
from queue_alert.core.units import GroupName, Instant
from queue_alert.ports import ConfigProblem, Duration

__all__ = ["read_profiles"]

_MOST_PROFILES: Final = 100
_WEEK_HOURS: Final = 7 * 24
_HOUR_S: Final = 3_600.0
_Names = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]


class StepTable(msgspec.Struct, frozen=True, kw_only=True):
    """One of ``steps``."""

    tell: _Names
    by: tuple[MethodKind, ...] = ()
    """Kinds of contact methods, in this order; left out: the person's own, in theirs."""
    timeout: Annotated[Duration, msgspec.Meta(ge=0, le=LONGEST_TIMEOUT_S)] = 120.0


class ProfileTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[profiles.NAME]``."""

    steps: Annotated[tuple[StepTable, ...], msgspec.Meta(min_length=1, max_length=MOST_STEPS)]
    repeat: Annotated[int, msgspec.Meta(ge=0, le=MOST_REPEATS)] = 0
    urgent_only: bool = False
    finally_: tuple[str, ...] = msgspec.field(default=(), name="finally")
    acknowledged_for: Literal["off"] | Annotated[Duration, msgspec.Meta(gt=0, le=LONGEST_TIMEOUT_S)] = 1800.0


def read_profiles(
    tables: Any,
    roster: Roster,
    hours: Mapping[str, OpeningHours],
    *,
    now: Instant,
    problems: list[ConfigProblem],
) -> dict[str, Profile]:
    """Return the escalation profiles of ``[profiles]``; there need be none.

    Args:
        tables: The table ``[profiles]``.
        roster: Whom their steps may name.
        hours: Opening hours by name.
        now: From when on it is looked, for a week, whether anybody is there.
        problems: Every mistake is added here.
    """
    if not isinstance(tables, dict):
        problems.append(ConfigProblem(path="profiles", message=f"must be a table, got {found(tables)}"))
        return {}
    if len(tables) > _MOST_PROFILES:
        message = f"must hold at most {_MOST_PROFILES} entries, got {len(tables)}"
        problems.append(ConfigProblem(path="profiles", message=message))
    profiles = {}
    for name, table in list(tables.items())[:_MOST_PROFILES]:
        path = joined("profiles", name)
        if mistake := name_mistake(name):
            problems.append(ConfigProblem(path=path, message=mistake))
        if not isinstance(table, dict):
            problems.append(ConfigProblem(path=path, message=f"must be a table, got {found(table)}"))
            continue
        own = convert_table(table, ProfileTable, path=path, problems=problems)
        if isinstance(own, Invalid):
            continue
        known = len(problems)
        profile = _profile(name, own, roster, path, problems)
        if profile is not None:
            profiles[name] = profile
            if len(problems) == known:
                problems += _deserted(profile, roster, hours, path, now)
    return profiles


def _profile(
    name: str, own: ProfileTable, roster: Roster, path: str, problems: list[ConfigProblem]
) -> Profile | None:
    steps = tuple(
        Step(
            targets=_targets(step.tell, roster, f"{path}.steps[{at}].tell", problems, step.by),
            timeout_s=step.timeout,
        )
        for at, step in enumerate(own.steps)
    )
    profile = Profile(
        name=name,
        steps=steps,
        repeat=own.repeat,
        urgent_only=own.urgent_only,
        finally_tell=_targets(own.finally_, roster, f"{path}.finally", problems),
        acknowledged_for_s=None if own.acknowledged_for == "off" else own.acknowledged_for,
    )
    try:
        return unfold(profile, roster.lists)
    except ValueError as error:
        problems.append(ConfigProblem(path=f"{path}.steps", message=str(error)))
        return None


def _targets(
    names: tuple[str, ...],
    roster: Roster,
    path: str,
    problems: list[ConfigProblem],
    by: tuple[MethodKind, ...] = (),
) -> tuple[Target, ...]:
    targets = []
    for name in names:
        target = parse_target(name, roster)
        if isinstance(target, Target):
            targets.append(msgspec.structs.replace(target, methods=tuple(kind.value for kind in by)))
        else:
            problems.append(ConfigProblem(path=path, message=target))
    problems += target_mistakes(targets, roster, path)
    return tuple(targets)


def _deserted(
    profile: Profile, roster: Roster, hours: Mapping[str, OpeningHours], path: str, now: Instant
) -> list[ConfigProblem]:
    """Return a warning if there is an hour of the week in which nobody would be reached."""
    targets = {target for step in profile.steps for target in step.targets}
    # Whose contact it is nobody knows beforehand.
    if any(target.kind is TargetKind.OWNER for target in targets):
        return []
    behind = Behind(roster, hours, GroupName(""))
    instants = [now + hour * _HOUR_S for hour in range(_WEEK_HOURS)]
    empty = [at for at in instants if not any(behind(target, at).ways for target in targets)]
    if not empty:
        return []
    message = (
        f"in {len(empty)} of the {_WEEK_HOURS} hours of a week nobody would be reached; "
        f"queue-alert who --at … says why"
    )
    return [ConfigProblem(path=path, message=message, is_warning=True)]
