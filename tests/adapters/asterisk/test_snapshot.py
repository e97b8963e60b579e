from typing import Any

import pytest

from adapters.asterisk import snapshot
from queue_alert.ports import Skipped
from tests.adapters.asterisk.helpers import Exchange, frame, joined, left

LIVE = {"type": "feed.status", "state": "live"}


def params(queue: str = "sales", action: str = "a") -> bytes:
    return frame("QueueParams", Queue=queue, Calls="0", ActionID=action)


def member(status: str = "1", queue: str = "sales", action: str = "a", **more: str) -> bytes:
    headers = {"Queue": queue, "Name": "Alice", "Location": "PJSIP/100", "Status": status, "Paused": "0"}
    return frame("QueueMember", **{**headers, **more, "ActionID": action})


def entry(channel: str = "1.1", queue: str = "sales", action: str = "a", **more: str) -> bytes:
    headers = {"Queue": queue, "Position": "1", "Uniqueid": channel, "Wait": "7", "Priority": "0"}
    return frame("QueueEntry", **{**headers, **more, "ActionID": action})


def end(items: int | str, action: str = "a") -> bytes:
    return frame("QueueStatusComplete", ActionID=action, EventList="Complete", ListItems=str(items))


def snap(group: str = "sales", waiting: tuple[Any, ...] = (), agents: tuple[Any, ...] = ()) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": "group.snapshot", "subject": group, "agents": list(agents)}
    return {**fields, "waiting": list(waiting)} if waiting else fields


def test_a_whole_list_is_one_snapshot_a_queue_and_then_the_feed_is_live() -> None:
    exchange = Exchange()
    data = params() + member() + entry(Position="2", Priority="5", CallerIDNum="15550001") + params("support")
    assert exchange.send(data) == []
    assert exchange.send(end(4)) == [
        snap(
            waiting=(
                {"contact": "1.1", "queued_at": 993.0, "position": 2, "priority": 5, "caller": "15550001"},
            ),
            agents=({"agent": "Alice", "state": "available"},),
        ),
        snap("support"),
        LIVE,
    ]
    assert exchange.skipped == []


def test_lists_are_told_apart_by_what_they_answer() -> None:
    exchange = Exchange()
    exchange.send(params(action="a") + params(action="b") + entry(action="b") + member(action="a"))
    assert exchange.send(end(2, "a")) == [snap(agents=({"agent": "Alice", "state": "available"},)), LIVE]
    assert exchange.send(end(2, "b")) == [
        snap(waiting=({"contact": "1.1", "queued_at": 993.0, "position": 1},)),
        LIVE,
    ]


def test_a_list_without_an_identity_is_read() -> None:
    data = frame("QueueParams", Queue="sales") + frame("QueueStatusComplete", EventList="Complete")
    assert Exchange().send(data) == [snap(), LIVE]


def test_a_queue_that_is_gone_is_emptied_once() -> None:
    exchange = Exchange()
    exchange.send(params() + params("support") + end(2))
    exchange.caller("QueueCallerJoin", queue="billing")
    assert exchange.send(params() + end(1)) == [snap(), snap("support"), snap("billing"), LIVE]
    assert exchange.send(params() + end(1)) == [snap(), LIVE]


def test_an_empty_list_empties_nothing() -> None:
    exchange = Exchange()
    exchange.send(params() + end(1))
    assert exchange.send(end(0)) == [LIVE]


def test_a_queue_is_remembered_over_a_reconnect() -> None:
    exchange = Exchange()
    exchange.send(params() + params("support") + end(2))
    exchange.translator.disconnected(1001.0)
    exchange.translator.connected(1002.0)
    assert exchange.send(params() + end(1)) == [snap(), snap("support"), LIVE]


def test_a_list_with_something_missing_says_nothing() -> None:
    exchange = Exchange()
    assert exchange.send(params() + end(2)) == []
    assert exchange.skipped == [(Skipped.TRUNCATED, "QueueStatusComplete: the list is not whole")]


def test_a_list_with_something_unreadable_says_nothing() -> None:
    for item, skipped in (
        (frame("QueueEntry", Queue="sales", ActionID="a"), (Skipped.MISSING_FIELD, "QueueEntry: Uniqueid")),
        (member("77"), (Skipped.BAD_VALUE, "QueueMember: Status")),
        (frame("QueueParams", ActionID="a"), (Skipped.MISSING_FIELD, "QueueParams: Queue")),
    ):
        exchange = Exchange()
        assert exchange.send(params() + item + end(2)) == []
        assert exchange.skipped == [
            skipped,
            (Skipped.TRUNCATED, "QueueStatusComplete: the list is not whole"),
        ]


def test_half_a_list_is_forgotten_with_its_connection() -> None:
    exchange = Exchange()
    exchange.send(params())
    exchange.translator.disconnected(1001.0)
    exchange.translator.connected(1002.0)
    assert exchange.send(params() + end(1)) == [snap(), LIVE]


def test_after_half_a_list_an_agents_state_is_told_again() -> None:
    exchange = Exchange()
    exchange.send(params() + member("2") + end(9))
    assert [event["state"] for event in exchange.agent("2")] == ["talking"]


def test_only_so_many_lists_are_under_way() -> None:
    exchange = Exchange()
    for number in range(snapshot.LIST_LIMIT + 1):
        exchange.send(params(action=str(number)))
    assert exchange.send(end(1, "0")) == []
    assert exchange.send(end(1, "1")) == [snap(), LIVE]


def test_an_agent_who_did_nothing_is_the_same_in_every_list() -> None:
    exchange = Exchange()
    alice = {"agent": "Alice", "state": "not_ready", "reason": "lunch"}
    for action in ("a", "b", "c"):
        data = (
            params(action=action) + member(action=action, Paused="1", PausedReason="lunch") + end(2, action)
        )
        assert exchange.send(data) == [snap(agents=(alice,)), LIVE]


def test_a_list_overrules_what_events_said_though_it_is_the_same_as_the_last() -> None:
    exchange = Exchange()
    first = exchange.send(params() + member("1") + end(2))
    exchange.agent("2")
    assert exchange.send(params() + member("1") + end(2)) == first
    assert [event["state"] for event in exchange.agent("2")] == ["talking"]


def test_wrapup_shows_in_lists_while_it_lasts() -> None:
    exchange = Exchange()
    exchange.send(params() + member("1", Wrapuptime="10") + end(2))
    exchange.caller("AgentComplete", MemberName="Alice")
    states = []
    for _ in range(3):
        exchange.now += 4.0
        (shown, _live) = exchange.send(params() + member("1", Wrapuptime="10") + end(2))
        states.append(shown["agents"])
    assert states == [
        [{"agent": "Alice", "state": "wrapup", "wrapup_s": 6.0}],
        [{"agent": "Alice", "state": "wrapup", "wrapup_s": 2.0}],
        [{"agent": "Alice", "state": "available"}],
    ]


def test_an_agent_without_a_name_goes_by_the_location() -> None:
    (shown, _live) = Exchange().send(params() + member(Name="") + end(2))
    assert shown["agents"] == [{"agent": "PJSIP/100", "state": "available"}]


def test_a_list_ahead_of_the_joining_names_the_same_contact() -> None:
    exchange = Exchange()
    exchange.send(params() + entry() + end(2))
    assert exchange.caller("QueueCallerJoin") == [joined()]


def test_a_caller_known_from_a_list_alone_may_be_bridged_away() -> None:
    exchange = Exchange()
    exchange.send(params() + entry() + end(2))
    assert exchange.say("BridgeEnter", Uniqueid="1.1") == [left("abandoned")]


def test_a_transferred_caller_is_listed_by_the_old_name() -> None:
    exchange = Exchange()
    exchange.caller("QueueCallerJoin")
    exchange.say(
        "AttendedTransfer",
        Result="Success",
        SecondTransfererUniqueid="1.1",
        TransfereeUniqueid="5.5",
        DestType="App",
        DestApp="Queue",
    )
    (shown, _live) = exchange.send(params() + entry("5.5") + end(2))
    assert [one["contact"] for one in shown["waiting"]] == ["1.1"]


def test_a_wait_that_is_no_number_is_not_known() -> None:
    (shown, _live) = Exchange().send(params() + entry(Wait="-3") + end(2))
    assert shown["waiting"] == [{"contact": "1.1", "position": 1}]


def test_a_list_that_never_ends_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "ITEM_LIMIT", 3)
    exchange = Exchange()
    assert exchange.send(params() + entry("1.1") + entry("2.2") + entry("3.3") + end(4)) == []
    assert exchange.skipped == [
        (Skipped.TOO_LONG, "a list of queues is too long"),
        (Skipped.TRUNCATED, "QueueStatusComplete: the list is not whole"),
    ]


def test_only_so_many_queues_and_reports_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_KNOWN_LIMIT", 2)
    monkeypatch.setattr(snapshot, "_REPORT_LIMIT", 1)
    exchange = Exchange()
    for queue in ("a", "b", "c"):
        exchange.caller("QueueCallerJoin", queue=queue)
    agents = tuple({"agent": name, "state": "available"} for name in ("Alice", "Bob"))
    data = params("new") + member(queue="new") + member(queue="new", Name="Bob") + end(3)
    assert exchange.send(data) == [snap("new", agents=agents), snap("c"), LIVE]
    assert exchange.send(data) == [snap("new", agents=agents), LIVE]
