"""What the recordings do not have, or not alone."""

from queue_alert.core.units import FeedName
from queue_alert.ports import Skipped
from tests.adapters.asterisk.helpers import Exchange, dequeued, frame, joined, left


def waiting() -> Exchange:
    """Return an exchange with one caller waiting in sales, whose variables are seen."""
    exchange = Exchange()
    exchange.caller("QueueCallerJoin")
    exchange.variable("QUEUEWAIT", "")
    return exchange


# ---- joining


def test_caller_position_and_number_are_taken() -> None:
    assert Exchange().caller("QueueCallerJoin", CallerIDNum="15550001", Position="3", Count="3") == [
        joined(caller="15550001", position=3)
    ]


def test_a_caller_without_a_number_has_none() -> None:
    for number in ("<unknown>", "unknown", ""):
        assert Exchange().caller("QueueCallerJoin", CallerIDNum=number) == [joined()]


def test_an_event_is_stamped_with_the_instant_of_its_receipt_even_where_it_has_its_own() -> None:
    exchange = Exchange()
    data = frame("QueueCallerJoin", Timestamp="1795298402.689104", Queue="sales", Uniqueid="1.1")
    (event,) = exchange.translator.receive(data, 1000.0)
    assert (event.time, event.source, event.seq, event.id) == (1000.0, FeedName("pbx"), 1, "1")


def test_only_the_header_event_says_what_an_event_is() -> None:
    exchange = Exchange()
    assert exchange.say("UserEvent", UserEvent="QueueCallerJoin", Queue="sales", Uniqueid="1.1") == []
    forged = (
        b"Event: UserEvent\r\nUserEvent: x\r\nEvent: QueueCallerJoin\r\nQueue: sales\r\nUniqueid: 1.1\r\n\r\n"
    )
    assert exchange.send(forged) == []
    assert exchange.skipped == []


# ---- leaving, with the variables in sight


def test_who_abandons_and_hangs_up_has_abandoned() -> None:
    exchange = waiting()
    assert exchange.caller("QueueCallerAbandon", HoldTime="13") == []
    assert exchange.caller("QueueCallerLeave") == [dequeued(presumed="abandoned")]
    assert exchange.say("Hangup", Uniqueid="1.1") == [left("abandoned", queue_s=13)]


def test_each_status_is_an_outcome() -> None:
    for status, outcome in (
        ("TIMEOUT", "timeout"),
        ("WITHDRAW", "withdrawn"),
        ("LEAVEEMPTY", "no_agents"),
        ("LEAVEUNAVAIL", "no_agents"),
        ("CONTINUE", "abandoned"),
        ("SOMETHINGNEW", "unknown"),
    ):
        exchange = waiting()
        exchange.caller("QueueCallerAbandon")
        exchange.caller("QueueCallerLeave")
        assert exchange.variable("QUEUESTATUS", status) == [left(outcome)]
        assert exchange.say("Hangup", Uniqueid="1.1") == []


def test_an_older_asterisk_without_the_event_of_an_abandon_is_understood_by_status() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    assert exchange.variable("QUEUESTATUS", "TIMEOUT") == [left("timeout")]


def test_who_leaves_without_a_word_pressed_a_key() -> None:
    exchange = waiting()
    assert exchange.caller("QueueCallerLeave") == [dequeued(presumed="exit_key")]
    exchange.now += 1.0
    assert exchange.say("Hangup", Uniqueid="1.1") == [left("exit_key")]


def test_what_was_presumed_is_not_told_again_later() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    exchange.now += 5.0
    assert exchange.say("Hangup", Uniqueid="1.1") == []


def test_what_is_known_better_later_is_told() -> None:
    exchange = Exchange()
    exchange.caller("QueueCallerJoin")
    assert exchange.caller("QueueCallerLeave") == [dequeued()]
    exchange.variable("QUEUEPOSITION", "1")
    exchange.now += 5.0
    assert exchange.say("Hangup", Uniqueid="1.1") == [left("exit_key")]


def test_while_a_phone_rings_a_caller_who_left_has_longer_to_be_connected() -> None:
    exchange = waiting()
    exchange.caller("AgentCalled", MemberName="Alice")
    assert exchange.caller("QueueCallerLeave") == [dequeued(presumed="exit_key", settle_s=10.0)]


def test_a_phone_given_up_no_longer_rings() -> None:
    exchange = waiting()
    exchange.caller("AgentCalled", MemberName="Alice")
    exchange.caller("AgentRingNoAnswer", MemberName="Alice", RingTime="0")
    assert exchange.caller("QueueCallerLeave") == [dequeued(presumed="exit_key")]


def test_after_an_agent_hung_up_unconnected_nothing_is_presumed() -> None:
    exchange = waiting()
    assert exchange.caller("AgentDump", MemberName="Alice") == [
        {
            "type": "contact.ring_failed",
            "subject": "sales",
            "contact": "1.1",
            "agent": "Alice",
            "reason": "rejected",
        }
    ]
    assert exchange.caller("QueueCallerLeave") == [dequeued()]
    assert exchange.say("Hangup", Uniqueid="1.1") == [left("unknown")]


def test_continue_without_an_abandon_tells_nothing() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    assert exchange.variable("QUEUESTATUS", "CONTINUE") == [left("unknown")]


def test_joining_the_next_queue_ends_the_wait_in_the_last() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    assert exchange.caller("QueueCallerJoin", queue="billing") == [
        left("exit_key"),
        joined(group="billing"),
    ]


def test_being_refused_by_the_next_queue_ends_the_wait_in_the_last() -> None:
    for status in ("FULL", "JOINEMPTY", "JOINUNAVAIL"):
        exchange = waiting()
        exchange.caller("QueueCallerLeave")
        assert exchange.variable("QUEUESTATUS", status) == [left("exit_key")]


def test_who_is_refused_was_never_offered() -> None:
    exchange = Exchange()
    assert exchange.variable("QUEUESTATUS", "FULL") == []
    assert exchange.say("Hangup", Uniqueid="1.1") == []


def test_a_status_set_while_waiting_or_emptied_tells_nothing() -> None:
    exchange = waiting()
    assert exchange.variable("QUEUESTATUS", "") == []
    assert exchange.variable("QUEUESTATUS", "TIMEOUT") == []
    exchange.caller("QueueCallerLeave")
    assert exchange.variable("QUEUESTATUS", "") == []


def test_an_answered_caller_may_wait_again_in_the_same_queue_and_give_up() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    exchange.caller("AgentConnect", MemberName="Alice", HoldTime="1", RingTime="1", DestUniqueid="2.2")
    exchange.caller("AgentComplete", MemberName="Alice", HoldTime="1", TalkTime="4", Reason="agent")
    assert exchange.variable("QUEUESTATUS", "CONTINUE") == []
    assert exchange.caller("QueueCallerJoin") == [joined()]
    exchange.variable("ABANDONED", "TRUE")
    exchange.caller("QueueCallerAbandon", HoldTime="9")
    assert exchange.caller("QueueCallerLeave") == [dequeued(presumed="abandoned")]
    assert exchange.say("Hangup", Uniqueid="1.1") == [left("abandoned", queue_s=9)]


# ---- leaving, the variables out of sight


def test_without_variables_no_outcome_is_guessed() -> None:
    for events in (["QueueCallerAbandon", "QueueCallerLeave"], ["QueueCallerLeave"]):
        exchange = Exchange()
        exchange.caller("QueueCallerJoin")
        for event in events[:-1]:
            exchange.caller(event)
        assert exchange.caller(events[-1]) == [dequeued()]
        assert exchange.say("Hangup", Uniqueid="1.1") == [left("unknown")]


def test_without_variables_an_answer_is_known_all_the_same() -> None:
    exchange = Exchange()
    exchange.caller("QueueCallerJoin")
    exchange.caller("QueueCallerLeave")
    assert exchange.caller("AgentConnect", MemberName="Alice", HoldTime="12", RingTime="3") == [
        {
            "type": "contact.answered",
            "subject": "sales",
            "contact": "1.1",
            "agent": "Alice",
            "queue_s": 12,
            "ring_s": 3,
        }
    ]


# ---- what Asterisk does not say


def test_a_hang_up_without_a_leave_ends_the_wait() -> None:
    exchange = waiting()
    assert exchange.say("Hangup", Uniqueid="1.1") == [left("unknown")]
    assert exchange.caller("QueueCallerJoin") == [joined()]


def test_joining_elsewhere_without_a_leave_ends_the_wait() -> None:
    exchange = waiting()
    assert exchange.caller("QueueCallerJoin", queue="billing") == [left("unknown"), joined(group="billing")]


def test_joining_again_without_a_leave_is_told_again() -> None:
    assert waiting().caller("QueueCallerJoin") == [joined()]


def test_after_a_bridge_late_events_of_the_wait_are_passed_over() -> None:
    exchange = waiting()
    assert exchange.say("BridgeEnter", Uniqueid="1.1") == [left("abandoned")]
    assert exchange.caller("QueueCallerAbandon", HoldTime="5") == []
    assert exchange.caller("QueueCallerLeave") == []
    assert exchange.say("BridgeEnter", Uniqueid="1.1") == []
    assert exchange.say("Hangup", Uniqueid="1.1") == []


def test_a_bridged_caller_may_join_again() -> None:
    exchange = waiting()
    exchange.say("BridgeEnter", Uniqueid="1.1")
    assert exchange.caller("QueueCallerJoin") == [joined()]
    assert exchange.caller("QueueCallerLeave") == [dequeued()]


def test_an_answered_caller_enters_a_bridge_and_that_is_all() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    exchange.caller("AgentConnect", MemberName="Alice")
    assert exchange.say("BridgeEnter", Uniqueid="1.1") == []


# ---- attended transfer into a queue


def handed(exchange: Exchange, **more: str) -> list[dict[str, object]]:
    headers = {
        "Result": "Success",
        "OrigTransfererUniqueid": "8.8",
        "SecondTransfererUniqueid": "1.1",
        "TransfereeUniqueid": "5.5",
        "DestType": "App",
        "DestApp": "Queue",
    }
    return exchange.say("AttendedTransfer", **{**headers, **more})


def test_a_transferred_caller_keeps_the_place_and_name_of_who_queued_for_him() -> None:
    exchange = waiting()
    assert handed(exchange) == []
    assert exchange.variable("QUEUESTATUS", "CONTINUE") == []
    assert exchange.say("Hangup", Uniqueid="1.1") == []
    exchange.variable("QUEUEWAIT", "5", channel="5.5")
    exchange.caller("QueueCallerAbandon", channel="5.5")
    assert exchange.caller("QueueCallerLeave", channel="5.5") == [dequeued(presumed="abandoned")]
    assert exchange.say("Hangup", Uniqueid="5.5") == [left("abandoned")]


def test_a_transferred_caller_is_answered_and_completed_by_the_old_name() -> None:
    exchange = waiting()
    handed(exchange)
    exchange.caller("QueueCallerLeave", channel="5.5")
    (answered,) = exchange.caller("AgentConnect", channel="5.5", MemberName="Bob")
    (completed,) = exchange.caller("AgentComplete", channel="5.5", MemberName="Bob", TalkTime="3")
    assert (answered["contact"], completed["contact"]) == ("1.1", "1.1")


def test_a_transferred_caller_who_joins_once_more_is_himself_again() -> None:
    exchange = waiting()
    handed(exchange)
    assert exchange.caller("QueueCallerJoin", channel="5.5") == [left("unknown"), joined("5.5")]


def test_a_transfer_that_failed_or_went_elsewhere_moves_nobody() -> None:
    for more in ({"Result": "Fail"}, {"DestType": "Bridge"}, {"DestApp": "VoiceMail"}):
        exchange = waiting()
        handed(exchange, **more)
        assert exchange.caller("QueueCallerLeave") == [dequeued(presumed="exit_key")]


def test_who_has_left_already_is_not_replaced() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    handed(exchange)
    assert exchange.say("Hangup", Uniqueid="1.1") == [left("exit_key")]


# ---- connections


def test_disconnecting_gives_up_on_who_was_about_to_be_explained() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerAbandon")
    exchange.caller("QueueCallerLeave")
    exchange.caller("QueueCallerJoin", channel="2.2")
    events = exchange.translator.disconnected(1001.0)
    assert [(event.time, event.seq) for event in events] == [(1001.0, 4), (1001.0, 5)]
    assert [getattr(event, "outcome", None) or getattr(event, "state", None) for event in events] == [
        "unknown",
        "down",
    ]


def test_disconnecting_leaves_those_alone_whose_outcome_was_presumed_long_ago() -> None:
    exchange = waiting()
    exchange.caller("QueueCallerLeave")
    assert len(exchange.translator.disconnected(1100.0)) == 1


def test_a_new_connection_knows_nobody() -> None:
    exchange = waiting()
    handed(exchange)
    exchange.translator.disconnected(1001.0)
    assert [event.state for event in exchange.translator.connected(1002.0)] == ["syncing"]  # type: ignore[union-attr]
    assert exchange.caller("QueueCallerLeave", channel="5.5") == [dequeued("5.5")]


def test_half_a_frame_of_the_connection_before_is_counted_and_forgotten() -> None:
    exchange = Exchange()
    exchange.send(b"Event: QueueCallerJoin\r\nQueue: sa")
    exchange.translator.disconnected(1001.0)
    exchange.translator.connected(1002.0)
    assert exchange.caller("QueueCallerJoin") == [joined()]
    assert exchange.skipped == [(Skipped.TRUNCATED, "frame cut by the end of the connection")]


# ---- damage


def test_an_event_without_its_caller_or_queue_is_counted() -> None:
    exchange = Exchange()
    for event in (
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueCallerAbandon",
        "AgentCalled",
        "AgentComplete",
    ):
        assert exchange.say(event, Uniqueid="1.1", MemberName="Alice") == []
        assert exchange.skipped.pop() == (Skipped.MISSING_FIELD, f"{event}: Queue")
    assert exchange.say("AgentConnect", Uniqueid="1.1", Queue="sales") == []
    assert exchange.skipped == [(Skipped.MISSING_FIELD, "AgentConnect: MemberName")]


def test_a_number_that_is_none_is_left_out_and_counted() -> None:
    for value in ("-1", "seven", "1" * 13, "٣"):
        exchange = Exchange()
        assert exchange.caller("QueueCallerJoin", Position=value) == [joined()]
        assert exchange.skipped == [(Skipped.BAD_VALUE, "QueueCallerJoin: Position")]


def test_an_identifier_that_is_too_long_is_refused() -> None:
    exchange = Exchange()
    assert exchange.caller("QueueCallerJoin", channel="1" * 201) == []
    assert exchange.skipped == [(Skipped.BAD_VALUE, "QueueCallerJoin: Uniqueid is too long")]


def test_a_text_for_people_is_cut() -> None:
    (event,) = Exchange().caller("QueueCallerJoin", CallerIDNum="9" * 300)
    assert event["caller"] == "9" * 200
