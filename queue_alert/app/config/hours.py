"""``[hours]``: opening hours by name, every mistake at once."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from importlib.util import find_spec
from itertools import pairwise
from typing import Annotated, Any, Final

import msgspec

from queue_alert.app.config.convert import Invalid, convert_sound_part, convert_table
from queue_alert.app.config.groups import name_mistake
from queue_alert.app.config.places import parse_time_of_day, timezone_mistake
from queue_alert.app.config.problems import did_you_mean, found, joined
from queue_alert.core.hours import ALWAYS, OpeningHours, Spans
from queue_alert.core.wall_time import DAY_S, parse_span
from queue_alert.ports import ConfigProblem, MissingExtraError

__all__ = ["COUNTRY_YEARS", "HoursTable", "read_hours"]

COUNTRY_YEARS: Final = 6
"""For how many years a country's holidays are worked out, the present one first."""

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORKING_DAYS: Final = 5
_WORDS: Final[dict[str, Spans]] = {"closed": (), "always": ALWAYS.week[0]}
_DATE: Final = re.compile(r"2[01]\d\d-\d\d-\d\d", re.ASCII)
_MOST_HOURS: Final = 100
_MOST_SPANS: Final = 24
_MOST_DATES: Final = 1_000
_MOST_SUBDIVISIONS: Final = 20


class HoursTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[hours.NAME]``. What a day may be is checked apart: the words for its mistakes are its own."""

    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    """Left out: the site's."""
    monday: Any = None
    """Spans such as ``["09:00-12:30", "13:30-17:00"]``, ``"closed"`` or ``"always"``; so are the others."""
    tuesday: Any = None
    wednesday: Any = None
    thursday: Any = None
    friday: Any = None
    saturday: Any = None
    sunday: Any = None
    weekdays: Any = None
    """Monday to Friday, where they do not say otherwise."""
    weekend: Any = None
    """Saturday and Sunday, where they do not say otherwise."""
    every_day: Any = None
    """All that is not said otherwise; left out: closed."""
    holidays: Any = ()
    """Dates."""
    holidays_of: Annotated[str, msgspec.Meta(min_length=2, max_length=100)] | None = None
    """A country, or a country and its subdivision: ``"GB-ENG"``."""
    exceptions: dict[str, Any] = {}
    """Days' spans by date."""


def read_hours(
    tables: Any, *, default_timezone: str, today: date, problems: list[ConfigProblem]
) -> dict[str, OpeningHours]:
    """Return the opening hours of ``[hours]``; there need be none.

    Args:
        tables: The table ``[hours]``, of which every key is a name.
        default_timezone: The site's, for those that name none. A mistake in it is told elsewhere.
        today: From when it counts: a country's holidays are worked out for this year and the next five.
        problems: Every mistake is added here.

    Returns:
        Those without a mistake.
    """
    if not isinstance(tables, dict):
        problems.append(ConfigProblem(path="hours", message=f"must be a table, got {found(tables)}"))
        return {}
    if len(tables) > _MOST_HOURS:
        message = f"must hold at most {_MOST_HOURS} entries, got {len(tables)}"
        problems.append(ConfigProblem(path="hours", message=message))
    site = "UTC" if timezone_mistake(default_timezone) else default_timezone
    read: dict[str, OpeningHours] = {}
    for name, table in list(tables.items())[:_MOST_HOURS]:
        reader = _Reader(name, today)
        hours = reader.read(table, site)
        problems += reader.problems
        if all(problem.is_warning for problem in reader.problems):
            read[name] = hours
    return read


class _Reader:
    """Reads one table; what it returns is to be used only if ``problems`` holds warnings alone."""

    def __init__(self, name: str, today: date) -> None:
        self.problems: list[ConfigProblem] = []
        self._name = name
        self._path = joined("hours", name)
        self._today = today

    def read(self, table: Any, site: str) -> OpeningHours:
        if mistake := name_mistake(self._name):
            self._add(self._path, mistake)
        if self._name == ALWAYS.name:
            self._add(self._path, "this name stands for every hour of every day; choose another")
        own = self._table(table)
        timezone = site if own.timezone is None else own.timezone
        if mistake := timezone_mistake(timezone):
            self._add(f"{self._path}.timezone", mistake)
            timezone = site
        week = self._week(own)
        written = self._dates(own.holidays, f"{self._path}.holidays")
        exceptions = self._exceptions(own.exceptions, written)
        of_country, until = self._country(own.holidays_of)
        self._warn_of_what_is_over(week, exceptions, written, is_complete=own.holidays_of is not None)
        return OpeningHours(
            name=self._name,
            timezone=timezone,
            week=week,
            holidays=written | of_country,
            exceptions=exceptions,
            holidays_until=until,
        )

    def _table(self, table: Any) -> HoursTable:
        if not isinstance(table, dict):
            self._add(self._path, f"must be a table, got {found(table)}")
            return HoursTable()
        own = convert_table(table, HoursTable, path=self._path, problems=self.problems)
        if isinstance(own, Invalid):
            part = convert_sound_part(table, HoursTable)
            return HoursTable() if part is None else part[0]
        return own

    def _week(self, own: HoursTable) -> tuple[Spans, ...]:
        keys = (*_DAYS, "weekdays", "weekend", "every_day")
        read = {
            key: self._day(getattr(own, key), f"{self._path}.{key}")
            for key in keys
            if getattr(own, key) is not None
        }
        chosen: list[str | None] = []
        for number, day in enumerate(_DAYS):
            wanted = (day, "weekdays" if number < _WORKING_DAYS else "weekend", "every_day")
            chosen.append(next((key for key in wanted if key in read), None))
        week = tuple(() if key is None else read[key] for key in chosen)
        self._warn_of_overlaps(week, chosen)
        return week

    def _day(self, value: Any, path: str) -> Spans:
        if isinstance(value, str) and value in _WORDS:
            return _WORDS[value]
        if not isinstance(value, list):
            hint = ""
            if isinstance(value, str):
                is_span = parse_span(value) is not None
                hint = f" (write [{found(value)}])" if is_span else did_you_mean(value, _WORDS)
            message = 'must be a list of spans such as ["09:00-17:00"], "closed" or "always", got '
            self._add(path, f"{message}{found(value)}{hint}")
            return ()
        if len(value) > _MOST_SPANS:
            self._add(path, f"must hold at most {_MOST_SPANS} spans, got {len(value)}")
            return ()
        spans = []
        for at, text in enumerate(value):
            span = parse_span(text) if isinstance(text, str) else None
            if span is None:
                self._add(f"{path}[{at}]", _span_mistake(text))
            else:
                spans.append(span)
        spans.sort()
        for one, other in pairwise(spans):
            if other.begin_s < one.end_s:
                self._add(path, f'"{one}" and "{other}" overlap; let the first end before the second begins')
                return ()
        return tuple(spans)

    def _warn_of_overlaps(self, week: tuple[Spans, ...], keys: list[str | None]) -> None:
        said: set[str] = set()
        for number, spans in enumerate(week):
            before, key = week[number - 1], keys[number]
            if key is None or key in said or not spans or not before:
                continue
            if spans[0].begin_s < before[-1].end_s - DAY_S:
                said.add(key)
                message = (
                    f'"{spans[0]}" of {_DAYS[number]} begins before "{before[-1]}" of {_DAYS[number - 1]} '
                    "has ended; they count as one"
                )
                self._add(f"{self._path}.{key}", message, is_warning=True)

    def _dates(self, values: Any, path: str) -> frozenset[date]:
        if not isinstance(values, (list, tuple)):
            message = f'must be a list of dates such as ["2026-12-25"], got {found(values)}'
            is_date = isinstance(values, str) and _read_date(values) is not None
            self._add(path, message + (f" (write [{found(values)}])" if is_date else ""))
            return frozenset()
        if len(values) > _MOST_DATES:
            self._add(path, f"must hold at most {_MOST_DATES} dates, got {len(values)}")
            return frozenset()
        return frozenset(
            day for at, value in enumerate(values) if (day := self._date(value, f"{path}[{at}]")) is not None
        )

    def _date(self, value: Any, path: str) -> date | None:
        day = _read_date(value)
        if day is None:
            self._add(path, f'must be a date such as "2026-12-25", got {found(value)}')
        return day

    def _exceptions(self, table: dict[str, Any], holidays: frozenset[date]) -> dict[date, Spans]:
        path = f"{self._path}.exceptions"
        if len(table) > _MOST_DATES:
            self._add(path, f"must hold at most {_MOST_DATES} dates, got {len(table)}")
            return {}
        exceptions: dict[date, Spans] = {}
        for key, value in table.items():
            day = self._date(key, joined(path, key))
            spans = self._day(value, joined(path, key))
            if day is None:
                continue
            if day in holidays:
                self._add(joined(path, key), "is one of holidays too; take it out of one of the two")
            exceptions[day] = spans
        return exceptions

    def _country(self, name: str | None) -> tuple[frozenset[date], date | None]:
        """Return a country's holidays and the last day for which they are known."""
        if name is None:
            return frozenset(), None
        path = f"{self._path}.holidays_of"
        if find_spec("holidays") is None:
            who = f"holidays_of = {found(name)}"
            self._add(path, str(MissingExtraError(who, package="holidays", extra="holidays")))
            return frozenset(), None
        years = range(self._today.year, self._today.year + COUNTRY_YEARS)
        days = _holidays_of(name, years)
        if isinstance(days, str):
            self._add(path, days)
            return frozenset(), None
        counts = Counter(day.year for day in days)
        missing = next((year for year in years if not counts[year]), None)
        if missing is None:
            return days, date(years[-1], 12, 31)
        message = (
            f"the package holidays knows none of {found(name)} from {missing} on; write them in holidays, or "
            "look for a newer package"
        )
        self._add(path, message, is_warning=True)
        return days, date(missing - 1, 12, 31)

    def _warn_of_what_is_over(
        self,
        week: tuple[Spans, ...],
        exceptions: dict[date, Spans],
        holidays: Iterable[date],
        *,
        is_complete: bool,
    ) -> None:
        if self.problems and not all(problem.is_warning for problem in self.problems):
            return
        if not any(week) and not any(spans for day, spans in exceptions.items() if day >= self._today):
            message = 'never opens; write for example weekdays = ["09:00-17:00"]'
            self._add(self._path, message, is_warning=True)
        last = max(holidays, default=None)
        if last is not None and last < self._today and not is_complete:
            message = f"the last of them was {last}; write those to come"
            self._add(f"{self._path}.holidays", message, is_warning=True)

    def _add(self, path: str, message: str, *, is_warning: bool = False) -> None:
        self.problems.append(ConfigProblem(path=path, message=message, is_warning=is_warning))


def _span_mistake(text: Any) -> str:
    if isinstance(text, str):
        first, _dash, last = text.partition("-")
        if first == last and parse_time_of_day(first) is not None:
            return f'must not end when it begins, got {found(text)}; write "always" for whole days'
    return f'must be a span of local time such as "09:00-17:00" or "22:00-06:00", got {found(text)}'


def _read_date(value: Any) -> date | None:
    if isinstance(value, date):
        return _read_date(value.isoformat())  # with a time behind it, it is none
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _holidays_of(name: str, years: Iterable[int]) -> frozenset[date] | str:
    """Return the holidays of a country, or of one of its subdivisions, or what is wrong with the name."""
    # Some megabytes and a fifth of a second, for those alone who ask for it.
    import holidays

    country, _dash, subdivision = name.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        hint = f'; did you mean "{name.upper()}"?' if country.upper() in known else ""
        return (
            'must be a country\'s two letters, and if need be "-" and its subdivision, such as "GB" or '
            f'"GB-ENG", got {found(name)}{hint}'
        )
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=years))
    except NotImplementedError:
        some = known[country][:_MOST_SUBDIVISIONS]
        more = ", …" if len(some) < len(known[country]) else ""
        hint = did_you_mean(subdivision.upper(), known[country])
        has = f"; it has: {', '.join(some)}{more}" if some else "; it has none"
        return f'"{country}" has no subdivision {found(subdivision)} here{hint or has}'
