"""Who calls: numbers that are nobody's, and what each caller will do."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from queue_alert.core.events import EscalationMode, TransferKind
from queue_alert.core.units import Ratio, Seconds
from simulator.chances import draw_span, span_of
from simulator.habits import TransferHabit
from simulator.scenario import GroupScenario

__all__ = ["CallerPlan", "Callers", "fictional_address", "fictional_number", "plan_caller"]


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
    priority: int = 0
    """The higher is answered first."""
    called_back_after_s: Seconds | None = None
    """Accepts to be called back, and is queued again this long after leaving; ``None``: does not."""
    transfer: TransferHabit | None = None
    """Is passed on; ``None``: is not."""
    transfer_share: Ratio = 0.0
    """When: after this share of the conversation, which is then over."""
    consult_share: Ratio = 0.0
    """For how much of it the agent asks before that, the customer on hold; 0: not at all."""
    escalation: EscalationMode | None = None
    """How the agent will ask for a supervisor; ``None``: will not."""
    escalation_share: Ratio = 0.0
    """When: after this share of the conversation, unless that is over by then."""


def plan_caller(group: GroupScenario, random: Random) -> CallerPlan:
    """Draw the next caller of ``group``."""
    patience = random.random()
    presses_key = random.random() < group.exit_key_ratio
    handling_s = draw_span(group.mean_handling_s, group.handling_variation, random)
    is_held = random.random() < group.hold_ratio
    hold_after_s = random.uniform(0.2, 0.6) * handling_s
    hold_s = random.uniform(0.1, 0.3) * handling_s
    return CallerPlan(
        number=fictional_number(random),
        patience_s=(
            None
            if group.mean_patience_s is None
            else span_of(group.mean_patience_s, group.patience_variation, patience)
        ),
        presses_key=presses_key,
        handling_s=handling_s,
        hold_after_s=hold_after_s if is_held else None,
        hold_s=hold_s,
        hangs_up=random.random() < _CUSTOMER_ENDS_RATIO,
    )


class Callers:
    """The callers of one group, one after another, with all that they bring along.

    Args:
        group: Whom they call.
        chance: Gives the source of chance of a name. Every habit has its own, so that one more of them leaves
            the callers otherwise as they were.
    """

    def __init__(self, group: GroupScenario, chance: Callable[[str], Random]) -> None:
        self._group = group
        self._callers = chance("callers")
        self._priorities = chance("priorities")
        self._callbacks = chance("callbacks")
        self._transfers = chance("transfers")
        self._escalations = chance("escalations")

    def next(self) -> CallerPlan:
        """Return the next one who calls of their own accord."""
        return msgspec.structs.replace(
            plan_caller(self._group, self._callers), **self._priority(), **self._callback(), **self._later()
        )

    def next_passed_on(self, number: str, priority: int) -> CallerPlan:
        """Return the next one who comes from another group, to whom nothing but an answer may happen."""
        plan = plan_caller(self._group, self._callers)
        return msgspec.structs.replace(plan, number=number, priority=priority)

    def next_called_back(self, number: str, priority: int) -> CallerPlan:
        """Return the next one who is called back: the ACD waits, and nobody loses patience."""
        plan = msgspec.structs.replace(plan_caller(self._group, self._callers), **self._later())
        return msgspec.structs.replace(plan, number=number, priority=priority, patience_s=None)

    def _priority(self) -> dict[str, int]:
        if not self._group.priorities:
            return {}
        share = self._priorities.random()
        for entry in self._group.priorities:
            if share < entry.share:
                return {"priority": entry.priority}
            share -= entry.share
        return {}

    def _callback(self) -> dict[str, Seconds]:
        habits = self._group.callbacks
        if habits is None:
            return {}
        accepts = self._callbacks.random() < habits.ratio
        delay_s = draw_span(habits.mean_delay_s, None, self._callbacks)
        return {"called_back_after_s": delay_s} if accepts else {}

    def _later(self) -> dict[str, Any]:
        """Draw what may happen in the conversation."""
        return {**self._transfer(), **self._escalation()}

    def _transfer(self) -> dict[str, Any]:
        if not self._group.transfers:
            return {}
        share = self._transfers.random()
        after_share = self._transfers.uniform(0.4, 0.9)
        consult_share = self._transfers.uniform(0.1, 0.3)
        for habit in self._group.transfers:
            if share < habit.ratio:
                consults = habit.kind is TransferKind.CONSULT
                return {
                    "transfer": habit,
                    "transfer_share": after_share,
                    "consult_share": consult_share if consults else 0.0,
                }
            share -= habit.ratio
        return {}

    def _escalation(self) -> dict[str, Any]:
        habits = self._group.escalations
        if habits is None:
            return {}
        is_asked_for = self._escalations.random() < habits.ratio
        mode = self._escalations.choice(habits.modes)
        after_share = self._escalations.uniform(0.1, 0.9)
        return {"escalation": mode, "escalation_share": after_share} if is_asked_for else {}


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


def fictional_address(random: Random) -> str:
    """Return a mail address that is nobody's.

    Source: RFC 2606, 3: example.com, example.net and example.org are reserved.
    """
    return f"customer-{random.randint(1_000, 9_999)}@example.{random.choice(('com', 'net', 'org'))}"
