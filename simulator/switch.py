"""What all parts of one simulated ACD share."""

from dataclasses import dataclass, field
from random import Random

from queue_alert.core.units import ContactId, GroupName, Instant
from simulator.floor import Station
from simulator.happenings import Schedule
from simulator.scribe import Scribe

__all__ = ["Switch"]


@dataclass(slots=True)
class Switch:
    """What all parts of one ACD share.

    Attributes:
        midnight: When the simulated day began.
        seed: Every group and every agent draws from a source of chance of their own, made of this and the
            name, so that a change in one group changes nothing in another.
    """

    schedule: Schedule
    scribe: Scribe
    midnight: Instant
    seed: int
    stations: dict[GroupName, Station] = field(default_factory=dict)
    contacts: int = 0

    def chance(self, *names: str) -> Random:
        """Return the source of chance that belongs to ``names``."""
        return Random("/".join((str(self.seed), *names)))

    def number_contact(self, at: Instant) -> tuple[ContactId, int]:
        """Return the next contact's id, never given out before, and its rising number."""
        self.contacts += 1
        return ContactId(f"{int(at)}.{self.contacts}"), self.contacts
