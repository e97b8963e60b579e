"""The staff: who they are, how each can be reached in which mode, and who stands in for whom."""

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

import msgspec

from queue_alert.core.alerts import PersonName
from queue_alert.core.lists import ContactList
from queue_alert.core.masking import mask
from queue_alert.core.rotations import Rotation
from queue_alert.core.units import AgentId, GroupName, Instant

__all__ = [
    "ContactMethod",
    "Hours",
    "MethodKind",
    "Mode",
    "ModePolicy",
    "Override",
    "Person",
    "Region",
    "Roster",
    "Tier",
]


class Hours(Protocol):
    """Opening hours, as far as the roster asks them."""

    def is_open(self, at: Instant) -> bool:
        """Return whether it is open at ``at``."""

    def next_change(self, at: Instant) -> Instant | None:
        """Return when it next opens or closes after ``at``; ``None``: never."""


class MethodKind(StrEnum):
    """How somebody is reached."""

    PHONE = "phone"
    SIP = "sip"
    """A telephone of the site's own exchange; it is a phone to whoever asks for one."""
    EMAIL = "email"
    PAGER = "pager"
    PUSH = "push"


class Tier(StrEnum):
    """Who is asked before whom."""

    AGENT = "agent"
    LEAD = "lead"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"


class Mode(StrEnum):
    """A person's call-handling mode, chosen by the person.

    Source: the five modes of ShoreTel's call handling.
    """

    STANDARD = "standard"
    IN_A_MEETING = "in-a-meeting"
    OUT_OF_OFFICE = "out-of-office"
    EXTENDED_ABSENCE = "extended-absence"
    CUSTOM = "custom"


class ContactMethod(msgspec.Struct, frozen=True, kw_only=True):
    """One way to reach a person."""

    name: str
    """Unique for the person: ``phone``, ``mobile``."""
    kind: MethodKind
    address: str
    hours: str = ""
    """Opening hours in which it may be used; "": always."""

    @property
    def masked(self) -> str:
        """The address with all hidden but what helps to recognise it; a push address may be a secret."""
        scheme, colon, rest = self.address.partition(":")
        if self.kind is MethodKind.PUSH:
            return f"{scheme}:***" if colon else "***"
        return f"{scheme}:{mask(rest)}" if scheme.lower() in {"sip", "sips"} and colon else mask(self.address)


class ModePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What one mode of one person changes."""

    methods: tuple[str, ...] | None = None
    """Names of the methods that may be used, in this order; empty: none; ``None``: all, in the person's."""
    profile: str = ""
    """The escalation profile for what is meant for this person; "": as otherwise."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the staff."""

    name: PersonName
    tier: Tier = Tier.AGENT
    region: str = ""
    """Where they answer for; "": everywhere."""
    language: str = ""
    """A language tag such as ``en-GB``; "": the site's."""
    agent: AgentId = AgentId("")
    """Who they are to the ACD; "": nobody."""
    methods: tuple[ContactMethod, ...]
    """In the order in which they are tried."""
    modes: dict[Mode, ModePolicy] = {}
    """What is not here is as it is without any mode."""


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the floor with its own speed-dials."""

    name: str
    groups: tuple[str, ...] = ()
    """Names or shell-style patterns of the groups that belong to it."""
    dials: dict[Tier, tuple[str, ...]] = {}
    """Who is told where a tier of this region is to be: names of people, rotations or lists."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """One person covers for another, or for whoever is on duty in a rotation, for a time."""

    cover: PersonName
    covered: str
    """A person's name, or a rotation's."""
    is_rotation: bool = False
    begins_at: Instant
    ends_at: Instant
    """Does not belong to it any more."""


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, and every name that stands for somebody. No two of these share a name."""

    people: dict[PersonName, Person] = {}
    """In the order in which people of one tier are told."""
    lists: dict[str, ContactList] = {}
    rotations: dict[str, Rotation] = {}
    regions: dict[str, Region] = {}
    overrides: tuple[Override, ...] = ()
    """Of two that cover the same at the same time the later one counts."""

    def region_of(self, group: GroupName) -> str:
        """Return the first region that a group belongs to, or ""."""
        for region in self.regions.values():
            if any(fnmatchcase(group, pattern) for pattern in region.groups):
                return region.name
        return ""

    def person_of(self, agent: AgentId) -> PersonName | None:
        """Return who an agent of the ACD is, or ``None`` if that is nobody here."""
        for person in self.people.values():
            if agent and person.agent == agent:
                return person.name
        return None

    def profile_of(self, person: PersonName, modes: Mapping[PersonName, Mode]) -> str:
        """Return the escalation profile that a person's present mode asks for, or ""."""
        known = self.people.get(person)
        policy = known.modes.get(modes.get(person, Mode.STANDARD)) if known else None
        return policy.profile if policy else ""
