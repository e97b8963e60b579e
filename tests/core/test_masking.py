import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.masking import mask


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("+442079460123", "*********123"),
        ("(020) 7946 0123", "********123"),
        ("15550001", "*****001"),
        ("112", "***"),
        ("7", "*"),
        ("", ""),
        ("anonymous", "anonymous"),
        ("Unknown", "Unknown"),
        ("bob@example.com", "b***@example.com"),
        ("Bob Smith", "B***"),
    ],
)
def test_what_identifies_a_caller_is_hidden(caller: str, shown: str) -> None:
    assert mask(caller) == shown


@given(st.text(alphabet="0123456789", min_size=4, max_size=40))
def test_no_more_than_three_digits_of_a_number_are_ever_shown(number: str) -> None:
    assert sum(character.isdigit() for character in mask(number)) == 3
