"""Who calls: numbers that are nobody's, and what each caller will do."""

from random import Random

import msgspec

from queue_alert.core.units import Seconds
from simulator.scenario import GroupScenario

__all__ = ["CallerPlan", "fictional_number", "plan_caller"]


class CallerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one caller brings along, drawn on arrival.

    All of it is drawn from the group's own source of chance whatever becomes of the call, so that the same
    callers come however many agents there are.
    """

    number: str
    """The caller's number; "" where it is withheld."""
    patience_s: Seconds | None
    """Gives up after this long; ``None``: never."""
    presses_key: bool
    """Out of patience, presses the exit key instead of hanging up."""
    handling_s: Seconds
    """Length of the conversation, time on hold included."""
    hold_after_s: Seconds | None
    """Put on hold this long after the answer; ``None``: not at all."""
    hold_s: Seconds
    """How long the hold lasts; it ends within the conversation."""
    hangs_up: bool
    """Ends the conversation, rather than the agent."""


def plan_caller(group: GroupScenario, random: Random) -> CallerPlan:
    """Draw the next caller of ``group``."""
    patience = random.expovariate(1.0)
    presses_key = random.random() < group.exit_key_ratio
    handling_s = random.expovariate(1.0) * group.mean_handling_s
    is_held = random.random() < group.hold_ratio
    hold_after_s = random.uniform(0.2, 0.6) * handling_s
    hold_s = random.uniform(0.1, 0.3) * handling_s
    return CallerPlan(
        number=fictional_number(random),
        patience_s=None if group.mean_patience_s is None else patience * group.mean_patience_s,
        presses_key=presses_key,
        handling_s=handling_s,
        hold_after_s=hold_after_s if is_held else None,
        hold_s=hold_s,
        hangs_up=random.random() < _CUSTOMER_ENDS_RATIO,
    )


_CUSTOMER_ENDS_RATIO = 0.7
_WITHHELD_RATIO = 0.06
_RANGES = (
    ("+44207946{:04}", 0, 999),
    ("+44161496{:04}", 0, 999),
    ("+447700900{:03}", 0, 999),
    ("+1212555{:04}", 100, 199),
    ("+1415555{:04}", 100, 199),
)


def fictional_number(random: Random) -> str:
    """Return a number that is given to nobody, or "" for one that is withheld.

    Source: Ofcom, "Telephone numbers for use in TV and radio drama programmes" (London 020 7946 0xxx,
    Manchester 0161 496 0xxx, mobile 07700 900xxx); NANPA, 555-0100 to 555-0199.
    """
    layout, lowest, highest = random.choice(_RANGES)
    number = layout.format(random.randint(lowest, highest))
    return "" if random.random() < _WITHHELD_RATIO else number
