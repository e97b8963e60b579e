from typing import Any

import pytest

from adapters.asterisk.agents import AgentDesk
from adapters.asterisk.frames import Frame
from adapters.asterisk.outbox import Outbox
from queue_alert.ports import Skipped
from tests.adapters.asterisk.helpers import Exchange


def state(what: str, **more: Any) -> dict[str, Any]:
    return {"type": "agent.state", "subject": "sales", "agent": "Alice", "state": what, **more}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("0", "available"),
        ("1", "available"),
        ("2", "talking"),
        ("3", "talking"),
        ("4", "offline"),
        ("5", "offline"),
        ("6", "reserved"),
        ("7", "talking"),
        ("8", "on_hold"),
    ],
)
def test_each_state_of_a_phone_is_one_of_an_agent(status: str, expected: str) -> None:
    assert Exchange().agent(status) == [state(expected)]


def test_a_paused_agent_is_not_ready() -> None:
    for status in ("0", "1", "5", "6"):
        assert Exchange().agent(status, paused="1", reason="lunch") == [state("not_ready", reason="lunch")]


def test_a_paused_agent_who_talks_is_talking() -> None:
    assert Exchange().agent("2", paused="1", reason="lunch") == [state("talking")]
    assert Exchange().agent("8", paused="1") == [state("on_hold")]


def test_what_is_said_again_is_said_once() -> None:
    exchange = Exchange()
    exchange.agent("1", paused="1", reason="coffee")
    assert exchange.agent("5", paused="1", reason="coffee") == []
    assert exchange.agent("1", paused="1", reason="lunch") == [state("not_ready", reason="lunch")]


def test_each_kind_of_event_tells_all() -> None:
    for event in (
        "QueueMemberAdded",
        "QueueMemberPause",
        "QueueMemberPenalty",
        "QueueMemberRinginuse",
        "QueueMemberStatus",
    ):
        assert Exchange().say(event, Queue="sales", MemberName="Alice", Status="6", Paused="0") == [
            state("reserved")
        ]


def test_an_agent_without_a_name_goes_by_the_interface() -> None:
    (event,) = Exchange().say(
        "QueueMemberStatus", Queue="sales", MemberName="", Interface="PJSIP/100", Status="1"
    )
    assert event["agent"] == "PJSIP/100"


def test_a_removed_agent_is_forgotten() -> None:
    exchange = Exchange()
    exchange.agent("1")
    assert exchange.say("QueueMemberRemoved", Queue="sales", MemberName="Alice", Status="1") == [
        {"type": "agent.removed", "subject": "sales", "agent": "Alice"}
    ]
    assert exchange.agent("1") == [state("available")]


def test_a_state_that_asterisk_has_not_is_counted() -> None:
    exchange = Exchange()
    assert exchange.agent("9") == []
    assert exchange.agent("") == []
    assert exchange.skipped == [
        (Skipped.BAD_VALUE, "QueueMemberStatus: Status"),
        (Skipped.MISSING_FIELD, "QueueMemberStatus: Status"),
    ]


# ---- wrap-up


def wrapping(wrapup: str = "10") -> tuple[Exchange, list[dict[str, Any]]]:
    exchange = Exchange()
    exchange.agent("2", wrapup=wrapup)
    exchange.caller("AgentConnect", MemberName="Alice")
    return exchange, exchange.caller("AgentComplete", MemberName="Alice")[1:]


def test_wrapup_begins_with_the_end_of_the_conversation() -> None:
    assert wrapping()[1] == [state("wrapup", wrapup_s=10.0)]


def test_without_a_wrapup_time_there_is_none() -> None:
    assert wrapping("0")[1] == []


def test_an_agent_never_heard_of_has_no_wrapup() -> None:
    exchange = Exchange()
    assert len(exchange.caller("AgentComplete", MemberName="Alice")) == 1


def test_a_phone_that_is_free_again_does_not_end_wrapup() -> None:
    exchange, _ = wrapping()
    exchange.now += 4.0
    assert exchange.agent("1", wrapup="10") == [state("wrapup", wrapup_s=6.0)]
    exchange.now += 6.0
    assert exchange.agent("1", wrapup="10") == [state("available")]


def test_a_pause_or_a_call_ends_wrapup() -> None:
    exchange, _ = wrapping()
    assert exchange.agent("2", wrapup="10") == [state("talking")]
    exchange, _ = wrapping()
    assert exchange.agent("1", paused="1", wrapup="10") == [state("not_ready")]


def test_an_agent_paused_in_the_conversation_has_no_wrapup() -> None:
    exchange = Exchange()
    exchange.agent("2", paused="1", reason="lunch", wrapup="10")
    exchange.caller("AgentConnect", MemberName="Alice")
    assert exchange.caller("AgentComplete", MemberName="Alice")[1:] == []
    assert exchange.agent("1", paused="1", reason="lunch", wrapup="10") == [
        state("not_ready", reason="lunch")
    ]


def test_only_so_many_agents_are_remembered() -> None:
    outbox = Outbox("pbx")
    desk = AgentDesk(outbox, limit=2)
    for name in ("Alice", "Bob", "Carol", "Carol", "Bob", "Alice"):
        data = f"Event: QueueMemberStatus\r\nQueue: sales\r\nMemberName: {name}\r\nStatus: 1"
        desk.changed(Frame(data, lambda _kind, _detail: None))
    assert [event.agent for event in outbox.take()] == ["Alice", "Bob", "Carol", "Alice"]  # type: ignore[union-attr]
