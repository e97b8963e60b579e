import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dashboards.wallboard.text import clean, clock, count, day_clock, duration, fit, how_long, percent, zone
from tests.dashboards.wallboard.floors import NOW, TIMEZONE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sales", "Sales"),
        ("Rückfragen", "Rückfragen"),
        ("u\u0308ber", "über"),
        ("\x1b[2Jgone", "?[2Jgone"),
        ("a\nb\tc\x00", "a?b?c?"),
        ("\x9b31m", "?31m"),
        ("right\u202eleft", "right?left"),
        ("a\u200db", "a?b"),
        ("\ud800", "?"),
        ("a\u2028b\u00a0c", "a?b c"),
        ("x\u0335\u0336\u0337\u0338", "x\u0335\u0336"),
        ("\u0335x", "x"),
        ("❤\ufe0f", "❤"),
        ("予約", "予約"),
    ],
)
def test_text_is_made_safe_for_a_terminal(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("予約 €", "?? ?"), ("Grün ▄█▲", "Grün ▄█▲"), ("x\u0335", "x"), ("+49…12 \u2013 “a”", '+49~12 - "a"')],
)
def test_console_text_keeps_to_what_the_console_draws(text: str, expected: str) -> None:
    assert clean(text, console=True) == expected


def test_endless_text_is_cut() -> None:
    assert clean("x" * 10_000) == "x" * 400


@given(text=st.text(), console=st.booleans())
def test_clean_text_is_printable_and_stays_as_it_is(text: str, console: bool) -> None:
    cleaned = clean(text, console=console)
    assert cleaned.isprintable()
    assert not any(unicodedata.category(character)[0] == "C" for character in cleaned)
    assert clean(cleaned, console=console) == cleaned


@given(text=st.text(), width=st.integers(0, 40), align=st.sampled_from(["left", "right", "centre"]))
def test_fit_gives_exactly_the_width(text: str, width: int, align: str) -> None:
    assert cell_len(fit(clean(text), width, align=align)) == width  # type: ignore[arg-type]


def test_fit_marks_what_was_cut() -> None:
    assert fit("Claims and returns", 10) == "Claims an~"
    assert fit("予約センター", 6, ellipsis="…") == "予約 …"
    assert fit("ab", 6, align="centre") == "  ab  "


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5.0, "00:00"),
        (0.0, "00:00"),
        (59.999, "00:59"),
        (252.0, "04:12"),
        (3599.9, "59:59"),
        (3600.0, "1:00:00"),
        (35_999.0, "9:59:59"),
        (36_000.0, "10h00"),
        (3_599_999.0, "999h59"),
        (3_600_000.0, ">999h"),
        (1e18, ">999h"),
        (float("inf"), ">999h"),
        (float("nan"), ">999h"),
    ],
)
def test_duration_reads_as_on_a_clock(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("number", "width", "expected"),
    [(0, 5, "0"), (99_999, 5, "99999"), (100_000, 5, "100k"), (12_345, 4, "12k"), (10**9, 4, ">99M")],
)
def test_count_never_outgrows_its_column(number: int, width: int, expected: str) -> None:
    assert count(number, width=width) == expected


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (None, "-"),
        (0.7999, "79 %"),
        (0.8, "80 %"),
        (0.29, "29 %"),
        (1.0, "100 %"),
        (2.0, "100 %"),
        (float("nan"), "-"),
    ],
)
def test_percent_is_rounded_down(ratio: float | None, expected: str) -> None:
    assert percent(ratio) == expected


def test_clock_is_the_floors() -> None:
    assert clock(NOW, TIMEZONE) == "12:03:07"
    assert clock(NOW, "UTC") == "11:03:07"


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "\x00", "Europe"])
def test_time_zone_that_does_not_exist_is_utc(name: str) -> None:
    assert clock(NOW, name) == "11:03:07"
    assert str(zone(name)) == "UTC"


def test_instant_beyond_every_calendar_is_dashes() -> None:
    assert clock(1e30, "UTC") == "--:--:--"
    assert day_clock(1e30, NOW, "UTC") == "--:--:--"


def test_instant_of_another_day_names_the_day() -> None:
    assert day_clock(NOW - 86_400, NOW, TIMEZONE) == "Thu 19 12:03:07"
    assert day_clock(NOW - 60, NOW, TIMEZONE) == "12:02:07"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (190_000, "2 d 4 h"),
        (864_000, "10 d"),
        (950_000, "10 d"),
        (float("inf"), "1000 d"),
    ],
)
def test_how_long_is_said_in_words(seconds: float, expected: str) -> None:
    assert how_long(seconds) == expected
    assert len(expected) <= 11
