"""What the options say of the time of day: quiet hours, brightness and the daily lamp test, pure.

The time of day is what a clock on the site's wall shows at an instant, so a span over a night in which the
clock is changed is an hour longer or shorter, as it is for the people there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from devices.kinds import OFF
from devices.patterns import PatternOptions
from queue_alert.core.reset import next_reset
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import ConfigProblem

__all__ = ["DaySpan", "SiteHours", "check_hours", "dimmed", "parse_span", "parse_time"]

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_DAY_S: Final[Seconds] = 86_400.0
_MOST_SPANS: Final = 24
_FULL: Final = 100


@dataclass(frozen=True, slots=True)
class DaySpan:
    """From one time of day to another, over midnight if the end is not after the beginning.

    Attributes:
        begin_s: Seconds after midnight, 0 to 86,340, belongs to it.
        end_s: Seconds after midnight, 0 to 86,400, does not.
    """

    begin_s: Seconds
    end_s: Seconds

    def holds(self, time_s: Seconds) -> bool:
        """Return whether a time of day, in seconds after midnight, lies in it."""
        if self.begin_s < self.end_s:
            return self.begin_s <= time_s < self.end_s
        return time_s >= self.begin_s or time_s < self.end_s


def parse_time(text: str) -> Seconds | None:
    """Return the seconds after midnight of ``"HH:MM"``, or ``None`` if it is none."""
    match = _TIME.fullmatch(text)
    return None if match is None else int(match[1]) * 3600.0 + int(match[2]) * 60.0


def parse_span(text: str) -> DaySpan | None:
    """Return the span ``"HH:MM-HH:MM"``, whose end may be 24:00, or ``None`` if it is none or empty."""
    first, _dash, last = text.partition("-")
    begin_s = parse_time(first)
    end_s = _DAY_S if last == "24:00" else parse_time(last)
    return None if begin_s is None or end_s is None or begin_s == end_s else DaySpan(begin_s, end_s)


def dimmed(lamps: Mapping[str, str], percent: int) -> Mapping[str, str]:
    """Return lamps with their colours at so many per cent, 1 to 100; what was lit is never dark."""
    if percent == _FULL:
        return lamps
    return {lamp: shown if shown == OFF else _dimmed(shown, percent) for lamp, shown in lamps.items()}


def _dimmed(colour: str, percent: int) -> str:
    channels = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(
        f"{channel and max(round(channel * percent / _FULL), 1):02x}" for channel in channels
    )


class SiteHours:
    """The options at work.

    Args:
        options: Those of the patterns, without a mistake in them.
        timezone: IANA name of the site's time zone; it is looked up only if an option needs it.

    Attributes:
        is_dimming: Whether any span has a brightness of its own.
    """

    def __init__(self, options: PatternOptions, timezone: str) -> None:
        self._quiet = _spans(options.quiet_hours)
        self._brightness = list(zip(_spans(options.brightness), options.brightness.values(), strict=True))
        self._test_s = parse_time(options.lamp_test_at)
        self._timezone = timezone
        self._zone = ZoneInfo(timezone) if self._quiet or self._brightness else None
        self.is_dimming = bool(self._brightness)

    def is_quiet(self, now: Instant) -> bool:
        """Return whether sounders keep silent."""
        return bool(self._quiet) and any(span.holds(self._time_s(now)) for span in self._quiet)

    def percent(self, now: Instant) -> int:
        """Return how bright lights are, 1 to 100; where several spans hold, the darkest counts."""
        if not self._brightness:
            return _FULL
        time_s = self._time_s(now)
        return min((percent for span, percent in self._brightness if span.holds(time_s)), default=_FULL)

    def next_test(self, now: Instant) -> Instant | None:
        """Return the first instant after ``now`` at which the lamps are to be tested, if they are at all."""
        return None if self._test_s is None else next_reset(self._timezone, self._test_s, now)

    def _time_s(self, now: Instant) -> Seconds:
        local = datetime.fromtimestamp(now, self._zone)
        return local.hour * 3600.0 + local.minute * 60.0 + local.second


def _spans(texts: tuple[str, ...] | Mapping[str, int]) -> list[DaySpan]:
    return [span for text in texts if (span := parse_span(text)) is not None]


def check_hours(options: PatternOptions) -> list[ConfigProblem]:
    """Return every mistake in the options of this module; paths from the configuration's root."""
    problems = [_most("quiet_hours", len(options.quiet_hours)), _most("brightness", len(options.brightness))]
    problems += [_span(f"quiet_hours[{at}]", text) for at, text in enumerate(options.quiet_hours)]
    for text, percent in options.brightness.items():
        path = f'brightness."{text}"'
        problems.append(_span(path, text))
        if not 1 <= percent <= _FULL:
            problems.append(_problem(path, f"must be 1 to {_FULL} (per cent), got {percent}"))
    if options.lamp_test_at != "off" and parse_time(options.lamp_test_at) is None:
        problems.append(
            _problem(
                "lamp_test_at",
                f'must be a time of day such as "07:45", or "off", got "{options.lamp_test_at}"',
            )
        )
    return [problem for problem in problems if problem is not None]


def _most(name: str, count: int) -> ConfigProblem | None:
    if count <= _MOST_SPANS:
        return None
    return _problem(name, f"must hold at most {_MOST_SPANS} spans, got {count}")


def _span(path: str, text: str) -> ConfigProblem | None:
    if parse_span(text) is not None:
        return None
    return _problem(path, f'must be a span of local time such as "22:00-06:30", got "{text}"')


def _problem(path: str, message: str) -> ConfigProblem:
    return ConfigProblem(path=f"patterns.{path}", message=message)
