"""How fast lamps may flash, and what options may ask for.

Source: WCAG 2.3.1, "three flashes or below threshold": nothing flashes more than three times in any period of
one second. Flashes of several lamps in one field of view add up, unless they coincide.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from devices.hours import check_hours
from devices.kinds import Kind, kind_of
from devices.own_flash import most_starts
from devices.patterns import PatternOptions, Tempo
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem

__all__ = ["FLASH_LIMIT", "check_options", "check_rate", "lateness", "worst_flash_rate"]

FLASH_LIMIT: Final = 3
"""How many flashes may begin within any one second, over all lamps together."""

_WINDOW_S: Final[Seconds] = 1.0


def lateness(options: PatternOptions) -> Seconds:
    """Return how late, in seconds, a change may be made; one that would be later is not made at all."""
    return min(options.on_s, options.off_s) / 2


def worst_flash_rate(outputs: Iterable[Sequence[str]], options: PatternOptions) -> int:
    """Return the most flashes that can begin within any one second, both ends included.

    All levels that the outputs may show at once, each on its own, and all changes between them are covered:
    a lamp lights up on a beat only, so flashes either coincide or are whole beats apart, and one that is made
    late is late by at most :func:`lateness`. If ``n`` flashes begin within a second, the first may be late
    and the last on time, so ``(n - 1) * beat - lateness <= 1``. A level that flashes on every beat makes it
    happen.

    Args:
        outputs: The lamps' names of every output. Sounders do not count.
        options: The patterns' options; ``on_s`` and ``off_s`` > 0.
    """
    if all(kind_of(lamps) is Kind.BUZZER for lamps in outputs):
        return 0
    return math.floor((_WINDOW_S + lateness(options)) / Tempo.of(options).beat_s + 1e-9) + 1


def check_rate(outputs: Mapping[str, Sequence[str]], options: PatternOptions) -> list[ConfigProblem]:
    """Return a problem if the outputs together can flash more often than :data:`FLASH_LIMIT` in a second.

    Those that flash by themselves are in phase with nothing, so theirs are added up.

    Args:
        outputs: The lamps' names of every output, by the output's name.
        options: The patterns' options, without another mistake in them.
    """
    own = {
        name: most_starts(outputs[name], hz, options, late_s=lateness(options))
        for name, hz in options.own_flash_hz.items()
        if name in outputs
    }
    played = worst_flash_rate([lamps for name, lamps in outputs.items() if name not in own], options)
    worst = played + sum(own.values())
    if worst <= FLASH_LIMIT:
        return []
    beat = f"on_s + off_s is {options.on_s + options.off_s:g} s"
    if own:
        why = f"by itself {', '.join(f'{name} begins {count}' for name, count in own.items())}"
        why += f", the others {played} ({beat})" if played else f" ({beat})"
        what = (
            "take a beacon that flashes more slowly or is steady, raise on_s and off_s, or light fewer lamps"
        )
    else:
        why = beat
        shortest = (_WINDOW_S + lateness(options)) / FLASH_LIMIT
        what = f"raise on_s or off_s until it is more than {math.ceil(shortest * 1000 - 1e-6) / 1000:g} s"
    message = (
        f"up to {worst} flashes could begin within one second, {FLASH_LIMIT} are allowed (WCAG 2.3.1): "
        f"{why}; {what}"
    )
    return [ConfigProblem(path="patterns", message=message)]


def check_options(options: PatternOptions) -> list[ConfigProblem]:
    """Return every mistake in the options that is none of speed; paths from the configuration's root."""
    beat_s = options.on_s + options.off_s
    problems = [
        *_span("on_s", options.on_s, 0.1, 1.0, " s"),
        *_span("off_s", options.off_s, 0.1, 1.0, " s"),
    ]
    if problems:
        return problems  # all the others are measured in beats
    problems += [
        *_span("gap_s", options.gap_s, 2 * beat_s, 10.0, " s", why="at least twice on_s + off_s"),
        *_span("long_s", options.long_s, 2 * options.on_s, 5.0, " s", why="at least twice on_s"),
        *_span("critical_hz", options.critical_hz, 0.4, FLASH_LIMIT, " Hz"),
        *_span("stale_hz", options.stale_hz, 0.1, options.critical_hz / 2, " Hz", why="half of critical_hz"),
        *_span("count_up_to", options.count_up_to, 1, 99),
        *_span("warning_beeps", options.warning_beeps, 0, 9),
        *_span("critical_beeps", options.critical_beeps, 0, 9),
        *_span("min_on_s", options.min_on_s, 0, 60, " s"),
        *check_hours(options),
        *_colours(options),
    ]
    return problems or _rounded(options)


def _span(
    name: str, value: float, low: float, high: float, unit: str = "", *, why: str = ""
) -> list[ConfigProblem]:
    if low - 1e-9 <= value <= high + 1e-9:
        return []
    reason = f" ({why})" if why else ""
    message = f"must be {low:g} to {high:g}{unit}{reason}, got {value:g}{unit}"
    return [ConfigProblem(path=f"patterns.{name}", message=message)]


_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def _colours(options: PatternOptions) -> list[ConfigProblem]:
    return [
        ConfigProblem(
            path=f"patterns.colours.{name}",
            message=f'must be a colour such as "#ffb000" that is not black, got "{colour}"',
        )
        for name, colour in msgspec.structs.asdict(options.colours).items()
        if _COLOUR.fullmatch(colour) is None or int(colour[1:], 16) == 0
    ]


def _rounded(options: PatternOptions) -> list[ConfigProblem]:
    """Say where a frequency is played more slowly than it was asked for, which could surprise."""
    tempo = Tempo.of(options)
    asked = {"critical_hz": (options.critical_hz, tempo.alarm), "stale_hz": (options.stale_hz, tempo.slow)}
    return [
        ConfigProblem(
            path=f"patterns.{name}",
            message=(
                f"is played as {1 / (beats * tempo.beat_s):.3g} Hz, got {hz:g} Hz: every flash begins "
                f"on a beat, and a beat (on_s + off_s) is {tempo.beat_s:g} s"
            ),
            is_warning=True,
        )
        for name, (hz, beats) in asked.items()
        if not math.isclose(beats * tempo.beat_s * hz, 1.0, rel_tol=0.01)
    ]
