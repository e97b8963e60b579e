"""The field's formulas, each by its name.

Source: reference definitions of the ICMI worked example (answered 1000, of which 860 within the threshold;
abandoned 60, of which 20 before it): ``answered`` 86.0 %, ``asterisk2`` 83.0 %, ``offered`` 81.1 %,
``late_abandons`` 82.7 %.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from queue_alert.core.units import Ratio, Seconds

__all__ = [
    "EXPECTED_WAIT_METHODS",
    "SERVICE_LEVEL_FORMULAS",
    "expected_wait_mitel",
    "expected_wait_moving_average",
    "ratio",
    "service_levels",
]

EXPECTED_WAIT_METHODS = ("moving_average", "mitel")
"""The estimates that can be chosen; a wallboard shows which."""


def ratio(part: float, whole: float) -> Ratio | None:
    """Return ``part / whole``, or ``None`` where nothing was counted (``whole`` is 0)."""
    return part / whole if whole else None


def _answered(answered: int, answered_within: int, _abandoned: int, _abandoned_within: int) -> Ratio | None:
    return ratio(answered_within, answered)


def _asterisk2(answered: int, answered_within: int, abandoned: int, abandoned_within: int) -> Ratio | None:
    return ratio(answered_within + abandoned_within, answered + abandoned)


def _offered(answered: int, answered_within: int, abandoned: int, _abandoned_within: int) -> Ratio | None:
    return ratio(answered_within, answered + abandoned)


def _late_abandons(
    answered: int, answered_within: int, abandoned: int, abandoned_within: int
) -> Ratio | None:
    return ratio(answered_within, answered + abandoned - abandoned_within)


SERVICE_LEVEL_FORMULAS: Mapping[str, Callable[[int, int, int, int], Ratio | None]] = MappingProxyType(
    {
        "answered": _answered,
        "asterisk2": _asterisk2,
        "offered": _offered,
        "late_abandons": _late_abandons,
    }
)
"""Name to formula. ``answered`` and ``asterisk2`` are Asterisk's ServicelevelPerf and ServicelevelPerf2."""


def service_levels(
    *, answered: int, answered_within: int, abandoned: int, abandoned_within: int
) -> dict[str, Ratio | None]:
    """Return the service level by every formula.

    Args:
        answered: Contacts answered, >= 0.
        answered_within: Those of them that waited at most the threshold (inclusive).
        abandoned: Contacts abandoned, >= 0.
        abandoned_within: Those of them that gave up after at most the threshold (inclusive).

    Returns:
        Formula name to a ratio in 0..1, ``None`` where the formula's denominator is 0.
    """
    return {
        name: formula(answered, answered_within, abandoned, abandoned_within)
        for name, formula in SERVICE_LEVEL_FORMULAS.items()
    }


def expected_wait_moving_average(waiting: int, average_wait_s: Seconds | None) -> Seconds | None:
    """Return the wait of whoever joins now: position times the moving average of waits.

    Args:
        waiting: Contacts waiting now, >= 0; who joins stands at ``waiting + 1``.
        average_wait_s: ``(9 * average + new) / 10`` over answered contacts; ``None`` before the first.

    Source: ShoreTel's estimate, position x moving average.
    """
    return None if average_wait_s is None else (waiting + 1) * average_wait_s


def expected_wait_mitel(waiting: int, average_talk_s: Seconds | None, agents: int) -> Seconds | None:
    """Return the wait of whoever joins now: average talk x position / agents who serve the group.

    Args:
        waiting: Contacts waiting now, >= 0.
        average_talk_s: Seconds of conversation on average; ``None`` before the first.
        agents: Agents neither offline nor not ready, >= 0; with none there is no estimate.

    Source: Mitel's estimate.
    """
    if average_talk_s is None or agents <= 0:
        return None
    return average_talk_s * (waiting + 1) / agents
