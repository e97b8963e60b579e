"""``[buttons]``: drivers by name, and what their keys do."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from queue_alert.app.config.convert import Invalid
from queue_alert.app.config.coverage import pattern_mistakes
from queue_alert.app.config.drivers import DriverTables, check_claims, named_tables
from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.app.config.schema import ButtonTable, KeyTable
from queue_alert.app.config.setup import ButtonAction, ButtonPlan, KeyPlan
from queue_alert.app.registry import BUTTONS, Registry
from queue_alert.core.units import GroupName
from queue_alert.ports import ButtonDriver, ConfigProblem

__all__ = ["button_mistakes", "read_buttons"]

_MAX_BUTTONS: Final = 64
_ACTIONS: Final = ", ".join(f'"{action}"' for action in ButtonAction)


def read_buttons(
    tables: Any, *, base: Path, taken: dict[str, str], registry: Registry, problems: list[ConfigProblem]
) -> tuple[ButtonPlan, ...]:
    """Return the buttons of ``[buttons]``; there need be none.

    Args:
        tables: The table ``[buttons]``.
        base: Folder that relative paths start from.
        taken: What is occupied already and by whom; what the buttons occupy is added.
        registry: The installed drivers.
        problems: Every mistake is added here.
    """
    reader = DriverTables(registry, problems)
    buttons: list[ButtonPlan] = []
    for name, table in named_tables(tables, "buttons", _MAX_BUTTONS, reader):
        path = joined("buttons", name)
        known = reader.driver(table, path=path, group=BUTTONS, expected=ButtonDriver)
        if known is None:
            continue
        driver_name, driver = known
        own = reader.own(table, ButtonTable, path)
        options = reader.options(table, driver, path, but=ButtonTable)
        keys = None if isinstance(own, Invalid) else _keys(own, driver, path, reader)
        if isinstance(options, Invalid) or isinstance(own, Invalid) or keys is None:
            continue
        further = driver.check_place(options, name, base)
        reader.add_below(path, further)
        if not all(problem.is_warning for problem in further):
            continue
        check_claims(driver.claims(options), path, taken, reader)
        buttons.append(
            ButtonPlan(
                name=name,
                driver_name=driver_name,
                driver=driver,
                options=options,
                keys=keys,
                debounce_s=driver.debounce_s if own.debounce is None else own.debounce,
                stuck_after_s=own.stuck_after,
            )
        )
    return tuple(buttons)


def button_mistakes(
    buttons: tuple[ButtonPlan, ...], known_groups: tuple[GroupName, ...]
) -> Iterator[ConfigProblem]:
    """Yield a warning for every group that a key names and nobody knows, or whose emergency nobody can end.

    Args:
        buttons: Those without a mistake.
        known_groups: Names in ``[groups]``; empty where only the feeds know them: then nothing is judged.
    """
    all_keys = [key for button in buttons for key in button.keys.values()]
    seen = [pattern for key in all_keys if key.action is ButtonAction.ACKNOWLEDGE for pattern in key.groups]
    for button in buttons:
        path = joined("buttons", button.name)
        for group in dict.fromkeys(key.group for key in button.keys.values() if key.group):
            if not any(fnmatchcase(group, pattern) for pattern in seen):
                message = (
                    f"no key acknowledges {found(group)}: an emergency there lasts until the program is "
                    'started anew; give a key action = "acknowledge" for it'
                )
                yield ConfigProblem(path=path, message=message, is_warning=True)
        named = dict.fromkeys(pattern for key in button.keys.values() for pattern in key.groups)
        yield from pattern_mistakes(path, named, known_groups)
        for group in dict.fromkeys(key.group for key in button.keys.values() if key.group):
            if known_groups and group not in known_groups:
                hint = did_you_mean(group, known_groups)
                message = f"{found(group)} is no group of [groups]{hint}"
                yield ConfigProblem(path=f"{path}.group", message=message, is_warning=True)


def _keys(
    own: ButtonTable, driver: ButtonDriver, path: str, reader: DriverTables
) -> Mapping[str, KeyPlan] | None:
    """Return what a button's keys do, or ``None`` after saying what is wrong."""
    wanted = _wanted(own, driver, path, reader)
    if wanted is None:
        return None
    keys: dict[str, KeyPlan] = {}
    is_sound = True
    for name, key in wanted.items():
        where = path if own.action is not None else joined(f"{path}.keys", name)
        group = key.group or own.group
        if name not in driver.keys:
            hint = did_you_mean(name, driver.keys) or "; its driver's page lists them"
            reader.add(where, f"is no key's name{hint}")
            is_sound = False
        if key.action is ButtonAction.EMERGENCY and group is None:
            reader.add(f"{where}.group", 'is missing; write group = "…", the group whose emergency it is')
            is_sound = False
        if key.action is not ButtonAction.EMERGENCY and key.group is not None:
            reader.add(f"{where}.group", 'is for an emergency only; write groups = ["…"]')
            is_sound = False
        keys[name] = _plan(key, own)
    return keys if _is_consistent(own, keys, driver, path, reader) and is_sound else None


def _wanted(
    own: ButtonTable, driver: ButtonDriver, path: str, reader: DriverTables
) -> dict[str, KeyTable] | None:
    if len(driver.keys) == 1:
        if own.keys:
            reader.add(f"{path}.keys", "this device has one key; write action = … in its place")
        elif own.action is None:
            reader.add(f"{path}.action", f"is missing; write one of: {_ACTIONS}")
        else:
            return {driver.keys[0]: KeyTable(action=own.action)}
    elif own.action is not None:
        reader.add(
            f"{path}.action",
            f'this device has many keys; write keys = {{ {driver.keys[0]} = "{own.action}" }} in its place',
        )
    elif not own.keys:
        reader.add(
            f"{path}.keys",
            f'is missing; write keys = {{ {driver.keys[0]} = "…" }} with one of: {_ACTIONS}',
        )
    else:
        return {
            name: key if isinstance(key, KeyTable) else KeyTable(action=key) for name, key in own.keys.items()
        }
    return None


def _plan(key: KeyTable, own: ButtonTable) -> KeyPlan:
    if key.action is ButtonAction.EMERGENCY:
        return KeyPlan(action=key.action, group=GroupName(key.group or own.group or ""), hold_s=own.hold)
    if key.action is ButtonAction.ACKNOWLEDGE:
        return KeyPlan(action=key.action, groups=key.groups or own.groups)
    return KeyPlan(action=key.action)


def _is_consistent(
    own: ButtonTable, keys: Mapping[str, KeyPlan], driver: ButtonDriver, path: str, reader: DriverTables
) -> bool:
    is_for_emergency = any(key.action is ButtonAction.EMERGENCY for key in keys.values())
    is_sound = True
    if own.group is not None and not is_for_emergency:
        reader.add(f"{path}.group", 'is for an emergency only; write groups = ["…"]')
        is_sound = False
    if own.hold and not is_for_emergency:
        reader.add(f"{path}.hold", "is for an emergency only; leave it out")
        is_sound = False
    debounce_s = driver.debounce_s if own.debounce is None else own.debounce
    if own.hold + debounce_s >= own.stuck_after:
        message = f"must be below stuck_after ({own.stuck_after:g} s), got {own.hold:g} s"
        reader.add(f"{path}.hold", message)
        is_sound = False
    return is_sound
