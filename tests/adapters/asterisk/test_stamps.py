"""Times in events (timestampevents), and signs of life."""

import pytest

from queue_alert.core.events import FeedHeartbeat
from queue_alert.ports import Skipped
from tests.adapters.asterisk.helpers import Exchange, frame

PRIVILEGE = "agent,all"


def times(exchange: Exchange, data: bytes) -> list[float]:
    """Return when things happened that an exchange is told of."""
    return [event.time for event in exchange.translator.receive(data, exchange.now)]


def join(channel: str, stamp: str = "") -> bytes:
    more = {"Timestamp": stamp} if stamp else {}
    return frame("QueueCallerJoin", Privilege=PRIVILEGE, **more, Queue="sales", Uniqueid=channel)


def pong(stamp: str = "5000.25") -> bytes:
    return f"Response: Success\r\nActionID: qa-9\r\nPing: Pong\r\nTimestamp: {stamp}\r\n\r\n".encode()


LISTED = frame("QueueParams", Queue="sales", ActionID="qa-1") + frame("QueueStatusComplete", ActionID="qa-1")


def test_an_event_has_the_time_that_stands_in_it() -> None:
    assert times(Exchange(), join("1.1", "1003.500000")) == [1003.5]


def test_without_one_the_receipt_is_all_there_is_also_for_signs_of_life() -> None:
    exchange = Exchange()
    assert times(exchange, join("1.1") + pong()) == [1000.0, 1000.0]
    # What is not looked at any more costs nothing, and is looked at again after a reload.
    assert times(exchange, join("1.2", "1003.500000")) == [1000.0]
    exchange.say("Reload", Privilege="system,all", Module="All", Status="0")
    assert times(exchange, join("1.3", "1003.500000")) == [1003.5]


def test_lists_and_signs_of_life_are_told_by_the_clock_of_the_events() -> None:
    exchange = Exchange()
    times(exchange, join("1.1", "1003.500000"))
    exchange.now = 1010.0
    assert times(exchange, LISTED) == [1013.5, 1013.5]
    assert times(exchange, pong("1013.750000")) == [1013.75]
    assert times(exchange, pong("never")) == [1013.5]
    assert [event.time for event in exchange.translator.disconnected(1010.0)] == [1013.5]
    assert [event.time for event in exchange.translator.connected(1011.0)] == [1014.5]


def test_a_sign_of_life_before_any_event_is_told_by_its_receipt() -> None:
    (beat,) = Exchange().translator.receive(pong(), 1000.0)
    assert beat == FeedHeartbeat(id="1", source=beat.source, seq=1, time=1000.0)


@pytest.mark.parametrize("stamp", ["soon", "nan", "inf", "-1e300", "99999999999.0"])
def test_what_is_no_time_is_counted_and_passed_over(stamp: str) -> None:
    exchange = Exchange()
    assert times(exchange, join("1.1", stamp)) == [1000.0]
    assert exchange.skipped == [(Skipped.BAD_VALUE, "QueueCallerJoin: Timestamp")]
    assert times(exchange, join("1.2", "1003.500000")) == [1003.5]


def test_the_event_after_a_login_proves_nothing() -> None:
    exchange = Exchange()
    booted = frame("FullyBooted", Privilege="system,all", Uptime="5", LastReload="5", Status="Fully Booted")
    assert times(exchange, booted + join("1.1", "1003.500000")) == [1003.5]
