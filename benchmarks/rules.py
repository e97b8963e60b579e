"""What an event costs with five rules on every group: of a thousand groups against ten.

Both floors hear as many events; a rule of another group must cost nothing.
"""

import time
from typing import Final

from queue_alert.core.alerts import RuleName
from queue_alert.core.events import AcdEvent, ContactLeft, ContactQueued, Outcome
from queue_alert.core.figures import Figure
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import GroupPolicy, Policy
from queue_alert.core.rules import Comparison, Condition, Operator, Rule
from queue_alert.core.units import ContactId, FeedName, GroupName

__all__ = ["of_groups"]

_START: Final = 1_767_600_000.0
_EVENTS: Final = 20_000
_FEED: Final = FeedName("bench")
_LIMITS: Final = {
    Figure.WAITING: Comparison(Operator.AT_LEAST, 50.0),
    Figure.LONGEST_WAIT: Comparison(Operator.AT_LEAST, 600.0),
    Figure.AGENTS_AVAILABLE: Comparison(Operator.LESS_THAN, 0.0),
    Figure.EXPECTED_WAIT: Comparison(Operator.AT_LEAST, 3_600.0),
    Figure.FEED_AGE: Comparison(Operator.AT_LEAST, 60.0),
}
_RULES: Final = tuple(
    Rule(name=RuleName(figure.value), conditions=(Condition(figure=figure, raise_at=limit),))
    for figure, limit in _LIMITS.items()
)


def of_groups(count: int, loops: int) -> float:
    """Return how long so many runs of the same number of events take, spread over ``count`` groups."""
    names = [GroupName(f"group-{number}") for number in range(count)]
    policy = Policy(groups=dict.fromkeys(names, GroupPolicy()), rules=_RULES)
    events = _events(names)
    spent = 0.0
    for _ in range(loops):
        handle = Monitor(policy, _START).handle
        began = time.perf_counter()
        for event in events:
            handle(event, event.time)
        spent += time.perf_counter() - began
    return spent


def _events(names: list[GroupName]) -> list[AcdEvent]:
    """Return contacts that come and give up, in one group after the other; in each one waits at most."""
    events: list[AcdEvent] = []
    for number in range(_EVENTS // 2):
        group, contact = names[number % len(names)], ContactId(f"c{number}")
        at = _START + number * 0.01
        events += [
            ContactQueued(id=f"q{number}", source=_FEED, time=at, group=group, contact=contact),
            ContactLeft(
                id=f"l{number}",
                source=_FEED,
                time=at,
                group=group,
                contact=contact,
                outcome=Outcome.ABANDONED,
            ),
        ]
    return events
