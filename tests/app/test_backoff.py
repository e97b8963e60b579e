import random

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.app.backoff import Backoff
from tests.app.fakes import Randomness


def test_delays_double_up_to_half_a_minute_and_start_again() -> None:
    backoff = Backoff(Randomness())  # type: ignore[arg-type]
    assert [backoff.next_delay() for _ in range(7)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    backoff.reset()
    assert backoff.next_delay() == 1.0


@given(st.integers(), st.integers(min_value=1, max_value=50))
def test_every_delay_is_half_a_second_to_half_a_minute(seed: int, tries: int) -> None:
    backoff = Backoff(random.Random(seed))
    assert all(0.5 <= backoff.next_delay() <= 30.0 for _ in range(tries))
