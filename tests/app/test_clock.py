from queue_alert.app.clock import SteadyClock


class Times:
    """A wall clock and a monotonic one, both set by hand."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000.0
        self.monotonic = 50.0

    def clock(self) -> SteadyClock:
        return SteadyClock(wall=lambda: self.wall, monotonic=lambda: self.monotonic)


def test_the_line_starts_at_the_wall_clock_and_follows_the_monotonic_one() -> None:
    times = Times()
    clock = times.clock()
    times.wall += 1000
    times.monotonic += 2.5
    assert clock.now() == 1_700_000_002.5


def test_a_difference_of_up_to_a_second_is_no_step() -> None:
    times = Times()
    clock = times.clock()
    times.wall += 1.0
    assert clock.check_step() is None
    assert clock.now() == 1_700_000_000.0


def test_a_step_is_returned_once_and_then_followed() -> None:
    times = Times()
    clock = times.clock()
    times.wall += 3600.0
    assert clock.check_step() == 3600.0
    assert clock.now() == 1_700_003_600.0
    assert clock.check_step() is None


def test_a_step_back_is_followed_too() -> None:
    times = Times()
    clock = times.clock()
    times.wall -= 3600.0
    assert clock.check_step() == -3600.0
    assert clock.now() == 1_699_996_400.0
