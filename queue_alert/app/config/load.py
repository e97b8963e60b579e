"""The file to a :class:`Setup`: every mistake is found before anything is said."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from queue_alert.app.config.buttons import button_mistakes, read_buttons
from queue_alert.app.config.convert import Invalid, convert_table
from queue_alert.app.config.coverage import coverage_mistakes, pattern_mistakes
from queue_alert.app.config.drivers import read_engines, read_feeds, read_outputs, read_publishers
from queue_alert.app.config.file import read_tables
from queue_alert.app.config.groups import read_groups
from queue_alert.app.config.hours import read_hours
from queue_alert.app.config.places import (
    ListenAddress,
    parse_listen,
    parse_time_of_day,
    system_timezone,
    timezone_mistake,
)
from queue_alert.app.config.problems import ConfigurationError, found, joined
from queue_alert.app.config.profiles import read_profiles
from queue_alert.app.config.roster import TABLES, read_roster
from queue_alert.app.config.rules import read_rules
from queue_alert.app.config.schema import ConfigFile, HttpTable
from queue_alert.app.config.setup import FeedSetup, Setup
from queue_alert.app.registry import Registry
from queue_alert.core.policy import FeedPolicy, Policy, SignalPolicy
from queue_alert.core.units import FeedName, GroupName, Instant
from queue_alert.ports import ConfigProblem

__all__ = ["build_setup", "load_setup"]

_APART: Final = (
    "patterns",
    "group_defaults",
    "groups",
    "hours",
    "profiles",
    "rules",
    *TABLES,
    "feeds",
    "outputs",
    "buttons",
    "publishers",
)


def load_setup(path: Path, *, registry: Registry) -> Setup:
    """Return what the file at ``path`` says, checked.

    Args:
        path: The file; it is named in messages as it is written here.
        registry: The installed drivers.

    Raises:
        ConfigurationError: It cannot be used; every mistake is in it.
    """
    return build_setup(read_tables(path), file=str(path), base=path.resolve().parent, registry=registry)


def build_setup(
    tables: dict[str, Any], *, file: str, base: Path, registry: Registry, now: Instant | None = None
) -> Setup:
    """Return what the tables of a file say, checked.

    Args:
        tables: As TOML gave them.
        file: The file's name for messages.
        base: Folder that relative paths start from.
        registry: The installed drivers.
        now: From when on a country's holidays are worked out, and whether anybody is there; left out: now.

    Raises:
        ConfigurationError: They cannot be used; every mistake is in it.
    """
    problems: list[ConfigProblem] = []
    now = time.time() if now is None else now
    top = _top(tables, problems)
    policy = _day(top, problems)
    listen = _listen(top.http, problems)
    default_group, groups = read_groups(
        tables.get("group_defaults", {}),
        tables.get("groups", {}),
        problems=problems,
        most=policy.max_groups,
    )
    hours = read_hours(
        tables.get("hours", {}),
        default_timezone=policy.timezone,
        today=datetime.fromtimestamp(now, UTC).date(),
        problems=problems,
    )
    profile_names = _names(tables.get("profiles"))
    roster = read_roster(
        tables,
        hours=hours,
        default_timezone=policy.timezone,
        profiles=profile_names,
        problems=problems,
    )
    profiles = read_profiles(tables.get("profiles", {}), roster, hours, now=now, problems=problems)
    rules = read_rules(
        tables.get("rules", {}), tuple(groups), _names(tables.get("hours")), profile_names, problems=problems
    )
    if top.store is None and any(rule.profile for rule in rules):
        message = "is missing: alerts and whom one tried to reach are forgotten at a restart; write [store]"
        problems.append(ConfigProblem(path="store", message=message, is_warning=True))
    # Two of one port or one pin: the second is told that the first has it.
    taken = {f"tcp {listen.host}:{listen.port}": "http.listen"} if listen and listen.port else {}
    feeds = read_feeds(tables.get("feeds", {}), taken=taken, registry=registry, problems=problems)
    outputs, signals = read_outputs(
        tables.get("outputs", {}), base=base, taken=taken, registry=registry, problems=problems
    )
    buttons = read_buttons(
        tables.get("buttons", {}), base=base, taken=taken, registry=registry, problems=problems
    )
    problems += button_mistakes(buttons, tuple(groups))
    expected = tuple(_expected(feed) for feed in feeds)
    problems += _group_mistakes(
        expected, signals, tuple(groups), are_all=bool(feeds) and len(feeds) == len(tables["feeds"])
    )
    publishers = read_publishers(tables.get("publishers", {}), registry=registry, problems=problems)
    engine_options = read_engines(tables.get("patterns", {}), outputs, registry=registry, problems=problems)
    if not all(problem.is_warning for problem in problems):
        raise ConfigurationError(file, problems)
    return Setup(
        base=base,
        policy=replace(
            policy,
            groups=groups,
            default_group=default_group,
            signals=signals,
            feeds=expected,
            rules=rules,
            hours=hours,
            roster=roster,
            profiles=profiles,
        ),
        feeds=feeds,
        outputs=outputs,
        publishers=publishers,
        buttons=buttons,
        store=top.store,
        engine_options=engine_options,
        listen=listen,
        warnings=tuple(problems),
    )


def _names(tables: Any) -> tuple[str, ...]:
    """Return the names of all that a table holds, with their mistakes or without."""
    return tuple(tables) if isinstance(tables, dict) else ()


def _expected(feed: FeedSetup) -> FeedPolicy:
    return FeedPolicy(name=FeedName(feed.name), groups=feed.groups, stale_after_s=feed.stale_after_s)


def _group_mistakes(
    feeds: tuple[FeedPolicy, ...],
    signals: tuple[SignalPolicy, ...],
    groups: tuple[GroupName, ...],
    *,
    are_all: bool,
) -> list[ConfigProblem]:
    """Return what is wrong with the groups that feeds and outputs name.

    Args:
        feeds: Those without a mistake.
        signals: Those of the outputs without a mistake.
        groups: Names in ``[groups]``.
        are_all: Whether all the feeds are without a mistake; if not, who is spoken of is not known yet.
    """
    problems: list[ConfigProblem] = []
    for feed in feeds:
        problems += pattern_mistakes(joined("feeds", feed.name), feed.groups, groups)
    for signal in signals:
        problems += pattern_mistakes(joined("outputs", signal.name), signal.groups, groups)
    if are_all:
        problems += coverage_mistakes(feeds, signals, groups)
    return problems


def _top(tables: dict[str, Any], problems: list[ConfigProblem]) -> ConfigFile:
    """Return what is sound of the keys at the top: a mistake in one hides none that follows from another."""
    sound: dict[str, Any] = {}
    for key, value in tables.items():
        table = {key: {} if key in _APART else value}
        if not isinstance(convert_table(table, ConfigFile, path="", problems=problems), Invalid):
            sound |= table
    whole = convert_table(sound, ConfigFile, path="", problems=[])
    return ConfigFile() if isinstance(whole, Invalid) else whole


def _day(top: ConfigFile, problems: list[ConfigProblem]) -> Policy:
    """Return a policy of what stands at the top, with nothing to watch yet."""
    timezone = system_timezone() if top.timezone is None else top.timezone
    if mistake := timezone_mistake(timezone):
        problems.append(ConfigProblem(path="timezone", message=mistake))
    reset_at_s = parse_time_of_day(top.daily_reset)
    if reset_at_s is None:
        message = f'must be a time of day such as "00:00" or "04:30", got {found(top.daily_reset)}'
        problems.append(ConfigProblem(path="daily_reset", message=message))
    return Policy(timezone=timezone, reset_at_s=reset_at_s or 0.0, show_numbers=top.show_numbers)


def _listen(table: HttpTable, problems: list[ConfigProblem]) -> ListenAddress | None:
    if table.listen == "off":
        return None
    address = parse_listen(table.listen)
    if isinstance(address, ListenAddress):
        return address
    problems.append(ConfigProblem(path="http.listen", message=address))
    return None
