"""The page about opening hours: its example is read, its deadlines and its clocks are worked out."""

import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from queue_alert.app.config.hours import COUNTRY_YEARS, HoursTable, read_hours
from queue_alert.app.config.problems import problem_lines
from queue_alert.core.hours import HORIZON_S, OpeningHours
from queue_alert.core.wall_time import instant_of
from queue_alert.ports import ConfigProblem

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "hours.md").read_text(encoding="utf-8")


def read(text: str) -> tuple[dict[str, OpeningHours], list[str]]:
    problems: list[ConfigProblem] = []
    hours = read_hours(
        tomllib.loads(text)["hours"], default_timezone="UTC", today=date(2026, 1, 1), problems=problems
    )
    return hours, problem_lines("config.toml", problems)


def example() -> dict[str, OpeningHours]:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    hours, problems = read(text)
    assert problems == []
    return hours


def on_the_wall(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).timestamp()


def test_the_example_is_sound() -> None:
    hours = example()
    assert list(hours) == ["office", "shop", "night", "hotline"]
    monday, tuesday = hours["shop"].week[:2]
    assert ([str(span) for span in monday], [str(span) for span in tuesday]) == (
        ["13:30-17:00"],
        ["09:00-12:30", "13:30-17:00"],
    )


def test_every_deadline_is_as_the_page_says() -> None:
    hours = example()
    rows = re.findall(r"\| `(\w+)` \| (20\S+ \S+) \| (\d+) h \| (\S+ \S+) \|", PAGE)
    assert len(rows) == 10
    for name, start, span_h, due in rows:
        assert hours[name].deadline(on_the_wall(start), int(span_h) * 3600.0) == on_the_wall(due)


def test_the_clocks_changes_are_as_the_page_says() -> None:
    assert "Lord Howe, 4 October 2026: 02:15 is 02:30" in PAGE
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    shown = datetime.fromtimestamp(instant_of(lord_howe, date(2026, 10, 4), 2.25 * 3600), lord_howe)
    assert (shown.hour, shown.minute) == (2, 30)
    assert "London, 25 October 2026: 01:30 is 01:30 summer time" in PAGE
    twice = instant_of(ZoneInfo("Europe/London"), date(2026, 10, 25), 1.5 * 3600)
    assert datetime.fromtimestamp(twice, UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_night_before_a_holiday_goes_on_into_it() -> None:
    text = '[hours.night]\ntimezone = "Europe/London"\nevery_day = ["22:00-06:00"]\nholidays = [2026-12-25]\n'
    hours, _problems = read(text)
    morning = on_the_wall("2026-12-25 06:00")
    assert hours["night"].next_change(on_the_wall("2026-12-25 00:00")) == morning
    assert hours["night"].next_change(morning) == on_the_wall("2026-12-26 22:00")


def test_the_mistakes_are_told_in_the_words_of_the_page() -> None:
    _hours, problems = read(
        '[hours.office]\nmonday = ["9-5"]\ntuesday = ["09:00-12:30", "12:00-17:00"]\nholidays_of = "GB-LND"\n'
    )
    (block,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert problems == block.splitlines()


def test_every_key_and_default_is_in_the_table() -> None:
    for key in HoursTable.__struct_fields__:
        if key not in {"tuesday", "wednesday", "thursday", "friday", "saturday"}:
            assert f"`{key}`" in PAGE
    assert "for this year and the next five" in PAGE
    assert COUNTRY_YEARS == 6
    assert "Ten years are looked ahead" in PAGE
    assert HORIZON_S >= 3653 * 86_400
