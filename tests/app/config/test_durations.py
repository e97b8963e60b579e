import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.app.config.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("2m", 120.0),
        ("24h", 86_400.0),
        ("250ms", 0.25),
        ("1h30m", 5400.0),
        ("1d", 86_400.0),
        ("1.5h", 5400.0),
        ("0s", 0.0),
        ("-5s", -5.0),
        ("1m500ms", 60.5),
    ],
)
def test_durations_people_write_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "-", "5", "s", "5 s", "30m1h", "5x", "1h1h", "\u0661s", "1e9s", ".5s"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(90.0, "1m30s"), (0.25, "250ms"), (0.0, "0s"), (86_400.0, "24h"), (-5.0, "-5s"), (20.0, "20s")],
)
def test_durations_are_written_as_people_would(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_what_is_written_reads_the_same(millis: int) -> None:
    parsed = parse_duration(format_duration(millis / 1000))
    assert parsed is not None
    assert round(parsed * 1000) == millis


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    parsed = parse_duration(text)
    assert parsed is None or isinstance(parsed, float)
