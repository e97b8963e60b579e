"""``[group_defaults]`` and ``[groups]``: merging, checks across keys, the core's policies."""

from collections.abc import Mapping
from typing import Any, Final

from queue_alert.app.config.convert import Invalid, convert_sound_part, convert_table
from queue_alert.app.config.problems import found, joined
from queue_alert.app.config.schema import GroupTable, ThresholdsTable
from queue_alert.core.policy import GroupPolicy, Thresholds
from queue_alert.core.units import GroupName
from queue_alert.ports import ConfigProblem

__all__ = ["MAX_NAME", "name_mistake", "read_groups"]

MAX_NAME: Final = 100
"""Longest name of a group, a feed or an output, in characters."""


def read_groups(
    defaults: Any, groups: Any, *, problems: list[ConfigProblem], most: int
) -> tuple[GroupPolicy, dict[GroupName, GroupPolicy]]:
    """Return the policy of groups that are not named and of those that are.

    Args:
        defaults: The table ``[group_defaults]``.
        groups: The table ``[groups]``, of which every key is a group's name.
        problems: Every mistake is added here.
        most: How many groups there may be.
    """
    default_table = _read(defaults, "group_defaults", problems)
    before: dict[str, Any] = defaults if isinstance(default_table, GroupTable) else {}
    default = default_table if isinstance(default_table, GroupTable) else GroupTable()
    problems += _order_mistakes(default, "group_defaults")
    policies: dict[GroupName, GroupPolicy] = {}
    if not isinstance(groups, dict):
        problems.append(ConfigProblem(path="groups", message=f"must be a table, got {found(groups)}"))
        return _policy(default), policies
    if len(groups) > most:
        problems.append(
            ConfigProblem(path="groups", message=f"must hold at most {most} groups, got {len(groups)}")
        )
    for name, table in list(groups.items())[:most]:
        path = joined("groups", name)
        if mistake := name_mistake(name):
            problems.append(ConfigProblem(path=path, message=mistake))
        if isinstance(_read(table, path, problems), Invalid):
            part = convert_sound_part(_merged(before, table), GroupTable) if isinstance(table, dict) else None
            if part is not None and not part[1] & {"warning", "critical"}:
                problems += _own_order_mistakes(part[0], default, path)
            continue
        merged = convert_table(_merged(before, table), GroupTable, path=path, problems=problems)
        if isinstance(merged, GroupTable):
            problems += _own_order_mistakes(merged, default, path)
            policies[GroupName(name)] = _policy(merged)
    return _policy(default), policies


def name_mistake(name: str) -> str:
    """Return what is wrong with the name of a group, a feed or an output, or ``""``."""
    if not name or len(name) > MAX_NAME:
        return f"the name must be 1 to {MAX_NAME} characters long, got {len(name)}"
    return "" if name.isprintable() else "the name must not hold control characters"


def _read(table: Any, path: str, problems: list[ConfigProblem]) -> GroupTable | Invalid:
    if not isinstance(table, dict):
        problems.append(ConfigProblem(path=path, message=f"must be a table, got {found(table)}"))
        return Invalid()
    return convert_table(table, GroupTable, path=path, problems=problems)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _own_order_mistakes(table: GroupTable, default: GroupTable, path: str) -> list[ConfigProblem]:
    """Return what is wrong between the thresholds; what is wrong in the defaults was said there."""
    is_own = (table.warning, table.critical) != (default.warning, default.critical)
    return _order_mistakes(table, path) if is_own else []


def _order_mistakes(table: GroupTable, path: str) -> list[ConfigProblem]:
    mistakes = []
    warning, critical = table.warning, table.critical
    if (
        isinstance(warning.waiting, int)
        and isinstance(critical.waiting, int)
        and warning.waiting >= critical.waiting
    ):
        mistakes.append(_order_mistake(path, "waiting", str(critical.waiting), str(warning.waiting)))
    if (
        isinstance(warning.longest_wait, float)
        and isinstance(critical.longest_wait, float)
        and warning.longest_wait >= critical.longest_wait
    ):
        limit, got = f"{critical.longest_wait:g} s", f"{warning.longest_wait:g} s"
        mistakes.append(_order_mistake(path, "longest_wait", limit, got))
    return mistakes


def _order_mistake(path: str, key: str, limit: str, got: str) -> ConfigProblem:
    return ConfigProblem(
        path=f"{path}.warning.{key}", message=f"must be below critical.{key} ({limit}), got {got}"
    )


def _policy(table: GroupTable) -> GroupPolicy:
    return GroupPolicy(
        service_level_threshold_s=table.service_level.within,
        service_level_goal=table.service_level.goal,
        service_level_formula=table.service_level.formula,
        short_abandon_s=table.short_abandon,
        window_s=table.window,
        expected_wait_method=table.expected_wait,
        warning=_thresholds(table.warning),
        critical=_thresholds(table.critical),
    )


def _thresholds(table: ThresholdsTable) -> Thresholds:
    return Thresholds(
        waiting=None if table.waiting == "off" else table.waiting,
        longest_wait_s=None if table.longest_wait == "off" else table.longest_wait,
    )
