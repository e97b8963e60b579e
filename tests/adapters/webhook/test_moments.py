import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webhook.moments import instant_of, rfc3339


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-01-05T10:30:00Z", 1767609000.0),
        ("2026-01-05t10:30:00.25z", 1767609000.25),
        ("2026-01-05 11:30:00.250+01:00", 1767609000.25),
        ("2026-01-05T05:00:00-05:30", 1767609000.0),
        ("2016-12-31T23:59:60Z", 1483228799.0),
        ("2026-01-05T10:30:00.123456789Z", 1767609000.123456789),
    ],
)
def test_times_of_rfc_3339_are_read(text: str, expected: float) -> None:
    assert instant_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-05",
        "2026-01-05T10:30:00",
        "2026-13-05T10:30:00Z",
        "2026-02-30T10:30:00Z",
        "2026-01-05T24:00:00Z",
        "2026-01-05T10:30:61Z",
        "2026-01-05T10:30:00+25:00",
        "2026-01-05T10:30:00+01:60",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
        "2026-01-05T10:30:00Z\n",
        "٢٠٢٦-01-05T10:30:00Z",
        "2026-01-05T10:30:00." + "0" * 13 + "Z",
        "2" * 100,
    ],
)
def test_what_is_no_such_time_is_none(text: str) -> None:
    assert instant_of(text) is None


@given(st.floats(min_value=0, max_value=4e9))
def test_a_time_written_is_read_back_to_the_microsecond(at: float) -> None:
    read = instant_of(rfc3339(at))
    assert read is not None
    assert abs(read - at) < 2e-6


@given(st.text())
def test_no_text_makes_it_stumble(text: str) -> None:
    instant_of(text)
