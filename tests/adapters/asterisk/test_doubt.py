"""What Asterisk seems to hold back, found out from what it does say."""

from queue_alert.core.events import FeedState, FeedStatusChanged
from tests.adapters.asterisk.captures import NAMES, Step, steps, translate, without_variables
from tests.adapters.asterisk.helpers import Exchange, frame


def listed(*channels: str) -> bytes:
    entries = b"".join(
        frame("QueueEntry", Queue="sales", Uniqueid=channel, ActionID="q") for channel in channels
    )
    return (
        frame("QueueParams", Queue="sales", ActionID="q")
        + entries
        + frame("QueueStatusComplete", ActionID="q")
    )


def doubts(recording: list[Step]) -> set[str]:
    """Return what was doubted while the feed was live."""
    events = translate(recording).events
    return {
        event.reason
        for event in events
        if isinstance(event, FeedStatusChanged) and event.state is FeedState.LIVE
    } - {""}


def without(recording: list[Step], start: bytes) -> list[Step]:
    """Return a recording without the events that begin so."""
    found, rest = [], b""
    for step in recording:
        *whole, rest = (rest + step.data).split(b"\r\n\r\n")
        kept = [one for one in whole if not one.startswith(start) or b"\r\nPrivilege: " not in one]
        found.append(Step(step.at, b"".join(one + b"\r\n\r\n" for one in kept), step.mark))
    return found


def test_who_may_see_everything_doubts_nothing() -> None:
    assert {name: doubts(steps(name)) for name in NAMES if name != "agentonly"} == {
        name: set() for name in NAMES if name != "agentonly"
    }


def test_callers_who_come_unannounced_point_at_the_class_agent() -> None:
    deaf = without(without(steps("priority"), b"Event: Queue"), b"Event: Agent")
    (doubt,) = doubts(deaf)
    assert doubt == (
        "callers wait whose joining is not told, so they are seen only when asked for; manager.conf: this "
        "user's read lacks agent, or an eventfilter or disabledevents holds QueueCallerJoin back"
    )


def test_callers_who_give_up_without_a_variable_point_at_the_class_dialplan() -> None:
    expected = {
        (
            "why callers leave is not told, so outcomes are unknown; manager.conf: this user's read "
            "lacks dialplan, or an eventfilter or disabledevents holds VarSet back"
        )
    }
    assert doubts(steps("agentonly")) == expected
    assert doubts(without_variables(steps("abandon"))) == expected


def test_one_list_ahead_of_the_events_proves_nothing() -> None:
    exchange = Exchange()
    exchange.send(listed("1.1") + listed("1.1", "1.2"))
    assert exchange.translator.doubt == ""
    exchange.send(listed("1.1", "1.2", "1.3"))
    assert exchange.translator.doubt
    exchange.caller("QueueCallerJoin", "1.3")
    exchange.send(listed("1.1", "1.2", "1.3"))
    assert exchange.translator.doubt == ""


def test_a_new_connection_is_believed_anew() -> None:
    exchange = Exchange()
    exchange.send(listed() + listed("1.1") + listed("1.2"))
    assert exchange.translator.doubt
    exchange.translator.connected(1.0)
    assert exchange.translator.doubt == ""
