"""``[staff]``: who there is, how each is reached, and what their modes change."""

import re
from collections.abc import Collection
from typing import Annotated, Any, Final

import msgspec

from queue_alert.app.config.convert import Invalid, convert_table
from queue_alert.app.config.names import Names
from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.core.alerts import PersonName
from queue_alert.core.masking import mask
from queue_alert.core.roster import ContactMethod, MethodKind, Mode, ModePolicy, Person, Tier
from queue_alert.core.units import AgentId

__all__ = ["ModeTable", "ModesTable", "StaffTable", "read_staff"]

_MOST_STAFF: Final = 1_000
_NameText = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Address = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_NUMBER: Final = re.compile(r"\+?[\d(*#][\d\s()*#./-]*", re.ASCII)
_SIP: Final = re.compile(r"sips?:\S+", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_EXAMPLES: Final = {
    MethodKind.PHONE: 'a telephone number such as "+44 20 7946 0123", or "sip:201"',
    MethodKind.SIP: 'a SIP address such as "sip:201"',
    MethodKind.EMAIL: 'an email address such as "anna@example.org"',
}


class MethodTable(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of ``methods``."""

    name: _NameText
    kind: MethodKind
    address: _Address
    hours: _NameText | None = None
    """Opening hours in which it may be used; left out: always."""


class ModeTable(msgspec.Struct, frozen=True, kw_only=True):
    """What a mode changes."""

    methods: tuple[_NameText, ...] | None = None
    """Names of methods, in this order; ``[]``: not to be reached; left out: all."""
    profile: _NameText | None = None
    """An escalation profile; left out: as otherwise."""


class ModesTable(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """``modes``: the five of them."""

    standard: ModeTable | None = None
    in_a_meeting: ModeTable | None = None
    out_of_office: ModeTable | None = None
    extended_absence: ModeTable | None = None
    custom: ModeTable | None = None


class StaffTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[staff.NAME]``."""

    tier: Tier = Tier.AGENT
    region: _NameText | None = None
    """Left out: everywhere."""
    language: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    """Such as ``en-GB``; left out: the site's."""
    agent: _NameText | None = None
    """Who they are to the ACD."""
    phone: _Address | None = None
    """One method of this name and kind, in short; so are the next four."""
    sip: _Address | None = None
    email: _Address | None = None
    pager: _Address | None = None
    push: _Address | None = None
    methods: tuple[MethodTable, ...] = ()
    modes: ModesTable = ModesTable()


def read_staff(
    tables: Any, names: Names, *, regions: Collection[str], profiles: Collection[str] | None
) -> dict[PersonName, Person]:
    """Return those of the staff whose tables are without a mistake.

    Args:
        tables: The table ``[staff]``.
        names: What names mean; mistakes are added there.
        regions: Those that have a table of their own; empty: any name will do.
        profiles: Escalation profiles that there are; ``None``: that is judged elsewhere.
    """
    people: dict[PersonName, Person] = {}
    agents: dict[AgentId, str] = {}
    for name, raw in names.tables(tables, "staff", _MOST_STAFF):
        path = joined("staff", name)
        mistakes = len(names.problems)
        table = convert_table(raw, StaffTable, path=path, problems=names.problems)
        if isinstance(table, Invalid):
            continue
        methods = _methods(table, raw, path, names)
        modes = _modes(table.modes, f"{path}.modes", methods, names, profiles)
        if regions and table.region is not None and table.region not in regions:
            hint = did_you_mean(table.region, regions) or f"; known are: {', '.join(regions)}"
            names.add(f"{path}.region", f"must be a name in [regions], got {found(table.region)}{hint}")
        agent = AgentId(table.agent or "")
        if agent and agents.setdefault(agent, path) != path:
            names.add(f"{path}.agent", f"{found(agent)} is {agents[agent]} already; an agent is one person")
        if len(names.problems) == mistakes:
            people[PersonName(name)] = Person(
                name=PersonName(name),
                tier=table.tier,
                region=table.region or "",
                language=table.language or "",
                agent=agent,
                methods=methods,
                modes=modes,
            )
    return people


def _methods(table: StaffTable, raw: dict[str, Any], path: str, names: Names) -> tuple[ContactMethod, ...]:
    """Return the methods in the file's order."""
    methods: list[ContactMethod] = []
    places: dict[str, str] = {}
    addresses: dict[tuple[MethodKind, str], str] = {}
    for place, method in _written(table, raw):
        where = f"{path}.{place}"
        if method.name in places:
            message = (
                f"the name {found(method.name)} is that of {places[method.name]} already; choose another"
            )
            names.add(where, message)
        same = addresses.setdefault((method.kind, method.address), method.name)
        if same != method.name:
            names.add(where, f"has the address of {found(same)}; one of them is enough")
        if mistake := _address_mistake(method):
            names.add(f"{where}.address" if place.endswith("]") else where, mistake)
        names.check_hours(method.hours, f"{where}.hours")
        places[method.name] = place
        methods.append(method)
    if not methods:
        names.add(path, 'has no way to be reached; write phone = "…" or email = "…"')
    return tuple(methods)


def _written(table: StaffTable, raw: dict[str, Any]) -> list[tuple[str, ContactMethod]]:
    written: list[tuple[str, ContactMethod]] = []
    for key in raw:
        if key in set(MethodKind):
            kind, address = MethodKind(key), getattr(table, key)
            if kind is MethodKind.PHONE and _SIP.fullmatch(address):
                kind = MethodKind.SIP
            written.append((key, ContactMethod(name=key, kind=kind, address=address)))
        elif key == "methods":
            written += [
                (
                    f"methods[{at}]",
                    ContactMethod(
                        name=each.name, kind=each.kind, address=each.address, hours=each.hours or ""
                    ),
                )
                for at, each in enumerate(table.methods)
            ]
    return written


def _address_mistake(method: ContactMethod) -> str:
    address = method.address
    match method.kind:
        case MethodKind.PHONE:
            is_right = bool(_NUMBER.fullmatch(address) or _SIP.fullmatch(address))
        case MethodKind.SIP:
            is_right = bool(_SIP.fullmatch(address) and address.isprintable())
        case MethodKind.EMAIL:
            is_right = bool(_EMAIL.fullmatch(address) and address.isprintable())
        case _:
            # What it holds may be a secret: it is not repeated.
            is_right = address.isprintable() and address == address.strip()
            return "" if is_right else "must be one line without spaces around it"
    return "" if is_right else f"must be {_EXAMPLES[method.kind]}, got {found(mask(address))}"


def _modes(
    table: ModesTable,
    path: str,
    methods: tuple[ContactMethod, ...],
    names: Names,
    profiles: Collection[str] | None,
) -> dict[Mode, ModePolicy]:
    own = [method.name for method in methods]
    modes: dict[Mode, ModePolicy] = {}
    for mode in Mode:
        policy: ModeTable | None = getattr(table, mode.replace("-", "_"))
        if policy is None:
            continue
        for at, name in enumerate(policy.methods or ()):
            if name not in own:
                hint = did_you_mean(name, own) or f"; there are: {', '.join(own) or 'none'}"
                message = f"must be one of the person's methods, got {found(name)}{hint}"
                names.add(f"{path}.{mode}.methods[{at}]", message)
        if policy.profile is not None and profiles is not None and policy.profile not in profiles:
            hint = did_you_mean(policy.profile, profiles) or f"; known are: {', '.join(profiles) or 'none'}"
            message = f"must be an escalation profile, got {found(policy.profile)}{hint}"
            names.add(f"{path}.{mode}.profile", message)
        modes[mode] = ModePolicy(methods=policy.methods, profile=policy.profile or "")
    return modes
