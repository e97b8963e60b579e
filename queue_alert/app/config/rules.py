"""``[rules]``: which figures are how bad, for how long, and who explains whom."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from queue_alert.app.config.convert import Invalid, convert_table
from queue_alert.app.config.coverage import pattern_mistakes
from queue_alert.app.config.durations import parse_duration
from queue_alert.app.config.groups import name_mistake
from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.core.alerts import RuleName
from queue_alert.core.figures import DURATIONS, FALLING, RATIOS, Figure
from queue_alert.core.rules import MOST_RULES, Comparison, Condition, Operator, Rule
from queue_alert.core.severity import Severity
from queue_alert.core.units import GroupName
from queue_alert.ports import ConfigProblem, Duration

__all__ = ["read_rules"]

_DAY_S: Final = 86_400
_ALWAYS: Final = "always"
_LIMIT: Final = re.compile(r"\s*(?P<operator>>=|<=|>|<)?\s*(?P<value>\S.*?)\s*")
_PERCENT: Final = re.compile(r"(?P<value>-?\d{1,9}(?:\.\d{1,9})?)\s*%")
_NUMBER: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?")
_OPPOSITE: Final = {
    Operator.AT_LEAST: Operator.LESS_THAN,
    Operator.MORE_THAN: Operator.AT_MOST,
    Operator.AT_MOST: Operator.MORE_THAN,
    Operator.LESS_THAN: Operator.AT_LEAST,
}
_Patterns = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...], msgspec.Meta(min_length=1)
]


class RuleTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[rules.NAME]``."""

    groups: _Patterns = ("*",)
    when: dict[str, Any]
    for_: Annotated[Duration, msgspec.Meta(ge=0, le=_DAY_S)] = msgspec.field(default=0.0, name="for")
    keep_firing_for: Annotated[Duration, msgspec.Meta(ge=0, le=_DAY_S)] = 0.0
    severity: Literal["warning", "critical"] = "warning"
    hours: str = ""
    inhibited_by: tuple[str, ...] = ()
    profile: str = ""
    text: Annotated[str, msgspec.Meta(max_length=500)] = ""


class _When(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that clears at another limit than it raises at."""

    raise_at: Any
    clear_at: Any = None


def read_rules(
    tables: Any,
    known_groups: tuple[GroupName, ...],
    known_hours: tuple[str, ...],
    known_profiles: tuple[str, ...],
    *,
    problems: list[ConfigProblem],
) -> tuple[Rule, ...]:
    """Return the rules of ``[rules]``; there need be none.

    Args:
        tables: The table ``[rules]``.
        known_groups: Names in ``[groups]``; empty where only the feeds know them.
        known_hours: Names in ``[hours]``.
        known_profiles: Names in ``[profiles]``.
        problems: Every mistake is added here.
    """
    if not isinstance(tables, dict):
        problems.append(ConfigProblem(path="rules", message=f"must be a table, got {found(tables)}"))
        return ()
    if len(tables) > MOST_RULES:
        message = f"must hold at most {MOST_RULES} entries, got {len(tables)}"
        problems.append(ConfigProblem(path="rules", message=message))
    rules = []
    for name, table in list(tables.items())[:MOST_RULES]:
        path = joined("rules", name)
        if mistake := name_mistake(name):
            problems.append(ConfigProblem(path=path, message=mistake))
        if not isinstance(table, dict):
            problems.append(ConfigProblem(path=path, message=f"must be a table, got {found(table)}"))
            continue
        own = convert_table(table, RuleTable, path=path, problems=problems)
        if isinstance(own, Invalid):
            continue
        problems += pattern_mistakes(path, own.groups, known_groups)
        problems += _explained_by(name, own, tables, path)
        if own.hours not in {"", _ALWAYS, *known_hours}:
            message = f"{found(own.hours)} is none of [hours]{did_you_mean(own.hours, known_hours)}"
            problems.append(ConfigProblem(path=f"{path}.hours", message=message))
        if own.profile and own.profile not in known_profiles:
            message = f"{found(own.profile)} is none of [profiles]{did_you_mean(own.profile, known_profiles)}"
            problems.append(ConfigProblem(path=f"{path}.profile", message=message))
        rules.append(_rule(name, own, _conditions(own.when, f"{path}.when", problems)))
    return tuple(rules)


def _rule(name: str, own: RuleTable, conditions: tuple[Condition, ...]) -> Rule:
    return Rule(
        name=RuleName(name),
        groups=own.groups,
        conditions=conditions,
        for_s=own.for_,
        keep_firing_s=own.keep_firing_for,
        severity=Severity[own.severity.upper()],
        hours="" if own.hours == _ALWAYS else own.hours,
        profile=own.profile,
        inhibited_by=tuple(RuleName(other) for other in own.inhibited_by),
        text=own.text,
    )


def _explained_by(name: str, own: RuleTable, tables: Mapping[str, Any], path: str) -> list[ConfigProblem]:
    problems = []
    for other in own.inhibited_by:
        if other == name:
            message = "a rule cannot explain itself; leave it out"
        elif other not in tables:
            message = f"{found(other)} is no rule of [rules]{did_you_mean(other, tables)}"
        elif _inhibits(tables[other], name):
            message = (
                f"{found(other)} is explained by this one in turn: neither would ever be told; leave one out"
            )
        else:
            continue
        problems.append(ConfigProblem(path=f"{path}.inhibited_by", message=message))
    return problems


def _inhibits(table: Any, name: str) -> bool:
    return (
        isinstance(table, dict)
        and isinstance(table.get("inhibited_by"), list)
        and name in table["inhibited_by"]
    )


# ---- conditions


def _conditions(when: Mapping[str, Any], path: str, problems: list[ConfigProblem]) -> tuple[Condition, ...]:
    if not when:
        known = ", ".join(Figure)
        message = f"must name at least one figure, such as {{ waiting = 5 }}; there are: {known}"
        problems.append(ConfigProblem(path=path, message=message))
    conditions = []
    for name, limits in when.items():
        where = joined(path, name)
        if name not in set(Figure):
            hint = did_you_mean(name, Figure) or f"; there are: {', '.join(Figure)}"
            problems.append(ConfigProblem(path=where, message=f"is no figure of a group{hint}"))
            continue
        condition = _condition(Figure(name), limits, where, problems)
        if condition is not None:
            conditions.append(condition)
    return tuple(conditions)


def _condition(figure: Figure, limits: Any, path: str, problems: list[ConfigProblem]) -> Condition | None:
    own: _When | Invalid = _When(raise_at=limits)
    if isinstance(limits, dict):
        own = convert_table(limits, _When, path=path, problems=problems)
    if isinstance(own, Invalid):
        return None
    usual = Operator.AT_MOST if figure in FALLING else Operator.AT_LEAST
    raise_path = f"{path}.raise_at" if isinstance(limits, dict) else path
    raise_at = _comparison(figure, own.raise_at, usual, raise_path, problems)
    if raise_at is None:
        return None
    if own.clear_at is None:
        return Condition(figure=figure, raise_at=raise_at)
    back = Operator.AT_MOST if raise_at.operator.rises else Operator.AT_LEAST
    clear_at = _comparison(figure, own.clear_at, back, f"{path}.clear_at", problems)
    if clear_at is None:
        return None
    if mistake := _order_mistake(raise_at, clear_at):
        problems.append(
            ConfigProblem(path=f"{path}.clear_at", message=f"{mistake}, got {found(own.clear_at)}")
        )
        return None
    return Condition(figure=figure, raise_at=raise_at, clear_at=clear_at)


def _order_mistake(raise_at: Comparison, clear_at: Comparison) -> str:
    """Return what is wrong with two limits that would raise and clear at once."""
    if clear_at.operator.rises is raise_at.operator.rises:
        return f'must look the other way than raise_at, such as "{_OPPOSITE[raise_at.operator]} …"'
    if raise_at.operator.rises:
        low, high = clear_at, raise_at
    else:
        low, high = raise_at, clear_at
    both = Operator.AT_LEAST, Operator.AT_MOST
    if low.limit > high.limit or (low.limit == high.limit and low.operator in both and high.operator in both):
        return "must be a limit at which it is not raised"
    return ""


def _comparison(
    figure: Figure, limit: Any, usual: Operator, path: str, problems: list[ConfigProblem]
) -> Comparison | None:
    operator, value = usual, None
    if isinstance(limit, str):
        match = _LIMIT.fullmatch(limit)
        if match is not None:
            operator = Operator(match["operator"] or usual)
            value = _value(figure, match["value"])
    elif isinstance(limit, int | float) and not isinstance(limit, bool) and figure not in DURATIONS:
        value = float(limit)
    most = 1.0 if figure in RATIOS else float("inf")
    if value is None or not 0.0 <= value <= most:
        message = (
            f"must be {_example(figure)}, or with a sign such as {_signed(figure, usual)}, got {found(limit)}"
        )
        problems.append(ConfigProblem(path=path, message=message))
        return None
    return Comparison(operator, value)


def _value(figure: Figure, text: str) -> float | None:
    if figure in DURATIONS:
        return parse_duration(text)
    if figure in RATIOS and (match := _PERCENT.fullmatch(text)) is not None:
        return float(match["value"]) / 100.0
    return float(text) if _NUMBER.fullmatch(text) else None


def _example(figure: Figure) -> str:
    if figure in DURATIONS:
        return 'a duration such as "90s"'
    return 'a share such as 0.8 or "80 %"' if figure in RATIOS else "a number such as 5"


def _signed(figure: Figure, usual: Operator) -> str:
    value = "90s" if figure in DURATIONS else "80 %" if figure in RATIOS else "5"
    return f'"{usual.value.rstrip("=")} {value}"'
