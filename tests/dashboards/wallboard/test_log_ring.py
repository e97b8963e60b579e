import logging
import os
import sys

from dashboards.wallboard.log_ring import SHOWN_S, LogRing, divert, drain


def ring_at(times: list[float]) -> LogRing:
    return LogRing(lambda: times[-1])


def test_last_warning_shows_for_some_seconds() -> None:
    times = [100.0]
    ring = ring_at(times)
    assert ring.notice() == ""
    ring.add("first\nsecond\n\n")
    assert ring.notice() == "second"
    times.append(100.0 + SHOWN_S)
    assert ring.notice() == ""
    assert ring.lines() == ["first", "second"]


def test_ring_keeps_the_last_two_hundred_lines_and_500_characters_each() -> None:
    ring = ring_at([0.0])
    for index in range(300):
        ring.add(f"{index} {'x' * 1000}")
    assert len(ring.lines()) == 200
    assert ring.lines()[0].startswith("100 ")
    assert {len(line) for line in ring.lines()} == {500}


def test_warnings_are_kept_and_chatter_is_not() -> None:
    ring = ring_at([0.0])
    logger = logging.getLogger("tests.ring")
    logger.addHandler(ring)
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.warning("disk full path=%s", "/var")
    logger.info("chatter")
    logger.warning("%d", "no number")
    logger.removeHandler(ring)
    assert ring.lines() == ["disk full path=/var", ring.lines()[1]]
    assert ring.lines()[1].startswith("unreadable log record from tests.ring:")


def test_what_libraries_write_to_the_descriptors_lands_in_the_ring() -> None:
    ring = ring_at([0.0])
    reading, other = os.pipe()
    before = os.fstat(other)
    with divert((other,)) as diverted:
        os.write(other, b"tearing \xff the board\n" * 300)
        drain(diverted, ring)
        drain(diverted, ring)
    after = os.fstat(other)
    assert ring.lines()[0] == "tearing \ufffd the board"
    assert (before.st_ino, before.st_dev) == (after.st_ino, after.st_dev)
    os.close(reading)
    os.close(other)


def test_flood_is_refused_instead_of_waited_for() -> None:
    reading, other = os.pipe()
    with divert((other,)):
        written = os.write(other, b"x" * 10_000_000)
    assert written < 10_000_000
    os.close(reading)
    os.close(other)


def test_standard_descriptors_are_led_away_by_default() -> None:
    with divert() as diverted:
        os.write(2, b"torn\n")
        os.write(1, b"too\n")
        ring = ring_at([0.0])
        drain(diverted, ring)
    assert ring.lines() == ["torn", "too"]
    assert sys.stderr is not None
