"""A key that bounces is pressed once; one that was down before is not; one that stays down is stuck."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from queue_alert.app.button_press import NEVER, KeyNews, KeyWatch

DEBOUNCE_S = 4
"""Whole numbers stand for seconds here, so that the model can look at every single one."""
STUCK_AFTER_S = 40

Said = list[tuple[float, KeyNews]]


def watch(hold_s: float = 0, debounce_s: float = DEBOUNCE_S) -> KeyWatch:
    return KeyWatch(debounce_s=debounce_s, hold_s=hold_s, stuck_after_s=STUCK_AFTER_S)


def play(key: KeyWatch, moves: Sequence[tuple[float, bool]], end: float) -> Said:
    """Tell a watch of the moves, and of time exactly when it asks for it."""
    said: Said = []
    steps: list[tuple[float, bool | None]] = [*moves, (end, None)]
    for at, is_down in steps:
        while (due := key.next_at()) <= at:
            news = key.advance(due)
            assert news or key.next_at() > due
            said += [(due, one) for one in news]
        if is_down is not None:
            said += [(at, one) for one in key.moved(at, is_down=is_down)]
    return said


def test_a_key_that_bounces_is_pressed_once() -> None:
    moves = [(0, False), (10, True), (11, False), (13, True), (20, False), (21, True), (23, False)]
    assert play(watch(), moves, 100) == [(17, KeyNews.PRESSED)]


def test_a_touch_too_short_is_no_press() -> None:
    assert play(watch(), [(0, False), (10, True), (13, False)], 100) == []


def test_what_does_not_bounce_counts_at_once_however_short() -> None:
    key = watch(debounce_s=0)
    assert play(key, [(0, False), (10, True), (10, False), (10, True)], 20) == [
        (10, KeyNews.PRESSED),
        (10, KeyNews.PRESSED),
    ]


def test_a_key_that_is_down_at_the_start_is_not_pressed_until_it_was_up() -> None:
    moves = [(0, True), (10, False), (20, True)]
    assert play(watch(), moves, 30) == [(24, KeyNews.PRESSED)]


def test_a_key_that_is_down_at_the_start_may_be_stuck_all_the_same() -> None:
    key = watch()
    assert play(key, [(0, True)], 100) == [(40, KeyNews.STUCK)]
    assert key.is_stuck
    assert play(key, [(100, False), (110, True)], 120) == [(104, KeyNews.FREED), (114, KeyNews.PRESSED)]
    assert not key.is_stuck


def test_stuck_is_said_once_and_its_end_too() -> None:
    moves = [(0, False), (10, True), (200, False), (202, True), (203, False)]
    assert play(watch(), moves, 300) == [
        (14, KeyNews.PRESSED),
        (50, KeyNews.STUCK),
        (207, KeyNews.FREED),
    ]


def test_an_emergency_must_be_held() -> None:
    assert play(watch(hold_s=20), [(0, False), (10, True), (29, False)], 60) == []
    assert play(watch(hold_s=20), [(0, False), (10, True), (31, False)], 60) == [(30, KeyNews.PRESSED)]


def test_a_bounce_while_it_is_held_does_not_begin_it_anew() -> None:
    moves = [(0, False), (10, True), (29, False), (31, True)]
    assert play(watch(hold_s=20), moves, 45) == [(31, KeyNews.PRESSED)]


def test_after_the_device_was_lost_a_key_is_as_if_never_seen() -> None:
    key = watch()
    play(key, [(0, True)], 50)
    assert (key.is_known, key.is_stuck) == (True, True)
    key.forget()
    assert (key.is_known, key.is_stuck, key.next_at()) == (False, False, NEVER)
    assert play(key, [(60, True), (70, False)], 90) == []


@dataclass
class Model:
    """Looks at every instant at all that was ever said: slow and obvious."""

    hold_s: int

    def run(self, levels: list[bool]) -> Said:
        """Return what is said where the key was ``levels[at]`` from ``at`` to ``at + 1``."""
        said: Said = []
        counts = levels[0]
        since = 0
        is_pressed = counts  # who was down at the start has had their press
        is_stuck = False
        for at in range(1, len(levels)):
            lasting = [levels[back] for back in range(max(at - DEBOUNCE_S, 0), at)]
            steady = len(lasting) == DEBOUNCE_S and set(lasting) == {not counts}
            if steady:
                counts = not counts
                since = at - DEBOUNCE_S
                while since > 0 and levels[since - 1] is counts:
                    since -= 1
                if counts:
                    is_pressed = False
                elif is_stuck:
                    is_stuck = False
                    said.append((at, KeyNews.FREED))
            is_held = counts and (levels[at] or levels[at - 1])  # up to this instant counts
            if is_held and not is_pressed and at >= since + self.hold_s:
                is_pressed = True
                said.append((at, KeyNews.PRESSED))
            if is_held and not is_stuck and at >= since + STUCK_AFTER_S:
                is_stuck = True
                said.append((at, KeyNews.STUCK))
        return said


def moves_of(levels: list[bool]) -> list[tuple[float, bool]]:
    return [(at, level) for at, level in enumerate(levels) if at == 0 or level is not levels[at - 1]]


spans = st.lists(st.one_of(st.integers(1, 6), st.integers(1, 60)), min_size=1, max_size=20)


@given(st.booleans(), spans, st.sampled_from([0, 3, 20]))
def test_however_it_bounces_it_says_what_the_slow_model_says(
    begins_down: bool, lengths: list[int], hold_s: int
) -> None:
    levels = [begins_down ^ bool(index % 2) for index, length in enumerate(lengths) for _ in range(length)]
    assert play(watch(hold_s), moves_of(levels), len(levels) - 1) == Model(hold_s).run(levels)


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=40), st.floats(0, 5), st.floats(0, 5))
def test_looking_too_early_or_saying_the_same_again_changes_nothing(
    steps: list[tuple[float, bool]], first: float, again: float
) -> None:
    plain, nervous = watch(), watch()
    now = 0.0
    for wait, is_down in steps:
        for early in sorted({now + min(first, wait), now + min(again, wait)}):
            if plain.next_at() > early:
                assert nervous.advance(early) == []
        now += wait
        expected = plain.moved(now, is_down=is_down)
        assert nervous.moved(now, is_down=is_down) == expected
        assert nervous.moved(now, is_down=is_down) == []
        assert nervous.next_at() == plain.next_at()
        assert plain.next_at() > now or math.isinf(plain.next_at())
