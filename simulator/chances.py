"""How long things take, when chance decides: exponential, or lognormal with a given variation."""

import math
from random import Random
from statistics import NormalDist

from queue_alert.core.units import Ratio, Seconds

__all__ = ["draw_span", "span_of"]

_STANDARD = NormalDist()
_SMALLEST = 2.0**-54


def draw_span(mean_s: Seconds, variation: float | None, random: Random) -> Seconds:
    """Draw a span of time; one number is drawn whatever its distribution."""
    return span_of(mean_s, variation, random.random())


def span_of(mean_s: Seconds, variation: float | None, share: Ratio) -> Seconds:
    """Return the span of which ``share`` of all are shorter.

    A larger share gives a longer span: the same seed gives the same hasty and the same thorough people,
    however hasty and thorough people are on average.

    Args:
        mean_s: The mean of all of them.
        variation: ``None``: they are exponential. Else they are lognormal with this coefficient of variation
            (standard deviation divided by mean), > 0.
        share: 0 to less than 1.

    Source: Brown et al., "Statistical Analysis of a Telephone Call Center", 2005, found handling times
    lognormal. With mean m and variation v, sigma^2 = ln(1 + v^2) and mu = ln(m) - sigma^2 / 2.
    """
    if variation is None:
        return -math.log(1.0 - share) * mean_s
    variance = math.log1p(variation * variation)
    deviate = _STANDARD.inv_cdf(max(share, _SMALLEST))
    return mean_s * math.exp(deviate * math.sqrt(variance) - variance / 2)
