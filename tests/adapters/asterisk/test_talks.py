from typing import Any

import pytest

from adapters.asterisk import talks
from adapters.asterisk.frames import Frame
from adapters.asterisk.outbox import Outbox
from adapters.asterisk.talks import TalkDesk
from adapters.asterisk.tally import Tally
from queue_alert.core.events import AcdEvent, ContactCompleted, Provenance
from queue_alert.core.units import AgentId, ContactId, GroupName
from tests.adapters.asterisk.helpers import Exchange


def talking(channel: str = "1.1", agent_channel: str = "9.9", agent: str = "Alice") -> Exchange:
    exchange = Exchange()
    connect(exchange, channel, agent_channel, agent)
    return exchange


def connect(exchange: Exchange, channel: str, agent_channel: str, agent: str = "Alice") -> None:
    exchange.caller("AgentConnect", channel=channel, MemberName=agent, DestUniqueid=agent_channel)


def completed(contact: str = "1.1", **more: Any) -> dict[str, Any]:
    return {"type": "contact.completed", "subject": "sales", "contact": contact, "agent": "Alice", **more}


def complete(exchange: Exchange, channel: str = "1.1", **more: str) -> list[dict[str, Any]]:
    return exchange.caller("AgentComplete", channel=channel, **{"MemberName": "Alice", **more})


def test_who_ended_it() -> None:
    for reason, ended_by in (("caller", "customer"), ("agent", "agent"), ("transfer", "transfer")):
        assert complete(talking(), Reason=reason, TalkTime="7") == [completed(talk_s=7.0, ended_by=ended_by)]
    assert complete(talking(), Reason="else") == [completed()]


def test_time_on_hold_is_no_conversation() -> None:
    exchange = talking()
    exchange.say("BridgeEnter", Uniqueid="9.9")
    exchange.now += 2.0
    assert exchange.say("Hold", Uniqueid="9.9") == [
        {"type": "contact.held", "subject": "sales", "contact": "1.1", "agent": "Alice"}
    ]
    exchange.now += 3.0
    assert exchange.say("Unhold", Uniqueid="9.9") == [
        {"type": "contact.unheld", "subject": "sales", "contact": "1.1", "agent": "Alice"}
    ]
    assert complete(exchange, TalkTime="10") == [completed(talk_s=7.0, held_s=3.0)]


def test_a_hold_that_never_ended_lasts_to_the_end() -> None:
    exchange = talking()
    exchange.say("Hold", Uniqueid="9.9")
    exchange.now += 4.0
    assert complete(exchange, TalkTime="3") == [completed(talk_s=0.0, held_s=4.0)]


def test_a_reader_who_sees_no_calls_does_not_know_of_holds() -> None:
    assert complete(talking(), TalkTime="3") == [completed(talk_s=3.0)]


def test_a_reader_who_sees_calls_knows_that_there_was_no_hold() -> None:
    exchange = talking()
    exchange.say("BridgeEnter", Uniqueid="9.9")
    assert complete(exchange, TalkTime="3") == [completed(talk_s=3.0, held_s=0.0)]


def test_a_second_hold_and_an_unhold_without_one_say_nothing() -> None:
    exchange = talking()
    assert exchange.say("Unhold", Uniqueid="9.9") == []
    exchange.say("Hold", Uniqueid="9.9")
    assert exchange.say("Hold", Uniqueid="9.9") == []


def test_the_customers_own_hold_and_a_strangers_do_not_count() -> None:
    exchange = talking()
    assert exchange.say("Hold", Uniqueid="1.1") == []
    assert exchange.say("Hold", Uniqueid="7.7") == []
    assert exchange.say("Hold") == []


def test_the_end_may_lack_the_agents_channel_and_come_after_everybody_hung_up() -> None:
    exchange = talking()
    exchange.say("Hangup", Uniqueid="9.9")
    exchange.say("Hangup", Uniqueid="1.1")
    assert complete(exchange, TalkTime="5", Reason="caller") == [completed(talk_s=5.0, ended_by="customer")]


def test_the_end_may_name_another_callers_channel() -> None:
    exchange = talking(channel="local;2")
    assert complete(exchange, channel="real", DestUniqueid="9.9") == [completed("local;2")]


def test_the_end_may_name_another_callers_channel_and_no_agents() -> None:
    exchange = talking(channel="local;2")
    connect(exchange, "3.3", "4.4", agent="Bob")
    assert complete(exchange, channel="real") == [completed("local;2")]


def test_an_end_that_could_be_of_two_is_of_its_own_channel() -> None:
    exchange = talking(channel="1.1")
    connect(exchange, "2.2", "8.8")
    assert complete(exchange, channel="real") == [completed("real")]


def test_the_end_of_a_conversation_in_another_queue_is_not_mixed_up() -> None:
    exchange = talking()
    assert exchange.caller(
        "AgentComplete", queue="support", channel="5.5", MemberName="Alice", DestUniqueid="9.9"
    ) == [{"type": "contact.completed", "subject": "support", "contact": "5.5", "agent": "Alice"}]


def test_one_agent_may_talk_to_many() -> None:
    exchange = talking(channel="1.1", agent_channel="9.1")
    connect(exchange, "2.2", "9.2")
    assert complete(exchange, channel="2.2") == [completed("2.2")]
    assert complete(exchange, channel="1.1") == [completed("1.1")]


def test_connecting_again_forgets_the_conversation_before() -> None:
    exchange = talking(agent_channel="9.1")
    connect(exchange, "1.1", "9.2")
    assert exchange.say("Hold", Uniqueid="9.1") == []
    assert exchange.say("Hold", Uniqueid="9.2") != []


def test_transfers_of_strangers_and_failed_ones_say_nothing() -> None:
    exchange = talking()
    assert exchange.say("BlindTransfer", Result="Success", TransfererUniqueid="7.7", Extension="105") == []
    assert exchange.say("BlindTransfer", Result="Fail", TransfererUniqueid="9.9", Extension="105") == []
    assert exchange.say("BlindTransfer", Result="Success", TransfererUniqueid="9.9", Extension="105") == [
        {"type": "contact.transferred", "subject": "sales", "contact": "1.1", "to": "105", "agent": "Alice"}
    ]


def test_only_so_many_conversations_are_remembered() -> None:
    outbox = Outbox("pbx")
    desk = TalkDesk(outbox, Tally(lambda: outbox.now), limit=2)
    for number in range(1, 4):
        headers = f"Queue: sales\r\nUniqueid: 1.{number}\r\nDestUniqueid: 9.{number}"
        data = f"Event: AgentConnect\r\n{headers}"
        desk.answered(Frame(data, lambda _kind, _detail: None), ContactId(f"1.{number}"), AgentId("Alice"))
    outbox.take()
    for number in range(1, 4):
        desk.held(Frame(f"Event: Hold\r\nUniqueid: 9.{number}", lambda _kind, _detail: None))
    assert [event.contact for event in outbox.take()] == ["1.2", "1.3"]  # type: ignore[union-attr]


# ---- ends that nobody told

SALES = GroupName("sales")


def said(event: str, **headers: str) -> Frame:
    lines = [f"Event: {event}", *(f"{name}: {value}" for name, value in headers.items())]
    return Frame("\r\n".join(lines), lambda _kind, _detail: None)


class Desk:
    """A desk of conversations, lists at will, and what was counted."""

    def __init__(self) -> None:
        self.outbox = Outbox("pbx")
        self.tally = Tally(lambda: self.outbox.now)
        self.outbox.now = 1_000.0
        self.desk = TalkDesk(self.outbox, self.tally)
        self.tally.listed(SALES, self.outbox.now)

    def connect(self, channel: str, agent: str, agent_channel: str = "") -> None:
        self.outbox.now += 10.0
        heard = said("AgentConnect", Queue="sales", Uniqueid=channel, DestUniqueid=agent_channel)
        self.desk.answered(heard, ContactId(channel), AgentId(agent))

    def complete(self, channel: str, agent: str, talk_s: float) -> list[AcdEvent]:
        self.outbox.take()
        heard = said("AgentComplete", Queue="sales", Uniqueid=channel, TalkTime=f"{talk_s:.0f}")
        self.desk.completed(heard, AgentId(agent))
        return self.outbox.take()

    def review(self, *free: str, times: int = 1) -> None:
        for _ in range(times):
            self.outbox.now += 30.0
            self.desk.review(lambda _group, agent: agent in free)

    def surely_over(self) -> list[str]:
        return [talk.contact for talk in self.desk.under_way(SALES) if talk.is_surely_over]

    def counted(self) -> tuple[int | None, int | None]:
        counters = self.tally.counters(SALES, (0, 0), self.desk)
        return counters.answered, counters.completed


def test_a_conversation_whose_agent_two_lists_show_free_is_over() -> None:
    office = Desk()
    office.connect("1.1", "Alice")
    office.connect("1.2", "Bob")
    office.review("Alice")
    assert office.surely_over() == []
    office.review("Alice")
    assert office.surely_over() == ["1.1"]
    office.review()
    assert office.surely_over() == []


def test_one_whose_agent_answers_another_caller_is_over_though_the_agent_never_seems_free() -> None:
    office = Desk()
    office.connect("1.1", "Alice")
    office.connect("1.2", "Alice")
    office.review(times=2)
    assert office.surely_over() == ["1.1"]


def test_one_whose_agent_ends_another_is_over_too() -> None:
    office = Desk()
    office.connect("1.1", "Alice")
    office.outbox.now += 90.0
    assert len(office.complete("1.2", "Alice", 60)) == 1
    office.review(times=2)
    assert office.surely_over() == ["1.1"]
    assert office.counted() == (2, 1)


def test_after_its_agent_was_seen_to_hang_up_the_end_is_waited_for_an_hour() -> None:
    office = Desk()
    office.connect("1.1", "Alice", "9.9")
    office.desk.hung_up("9.9")
    office.desk.hung_up("8.8")
    office.review("Alice", times=100)
    assert office.surely_over() == []
    office.review("Alice", times=22)
    assert office.surely_over() == ["1.1"]


def test_one_that_asterisk_never_counts_is_forgotten_at_last() -> None:
    office = Desk()
    office.connect("1.1", "Alice")
    office.review("Alice", times=9)
    assert len(office.desk.under_way(SALES)) == 1
    office.review("Alice")
    assert office.desk.under_way(SALES) == []
    assert len(office.complete("1.1", "Alice", 150)) == 1
    office.connect("1.2", "Alice")
    office.review("Alice", times=120)
    (event,) = office.complete("1.2", "Alice", 9)
    assert isinstance(event, ContactCompleted)
    assert office.counted() == (3, 2)  # nobody knows any more that it was answered


def test_an_end_that_was_found_and_is_told_after_all_is_told_once() -> None:
    office = Desk()
    office.connect("1.1", "Alice")
    (talk,) = office.desk.under_way(SALES)
    office.outbox.take()
    office.outbox.now += 60.0
    office.desk.end_unheard(talk)
    (event,) = office.outbox.take()
    assert isinstance(event, ContactCompleted)
    assert (event.contact, event.agent, event.provenance) == ("1.1", "Alice", Provenance.INFERRED)
    assert office.complete("1.1", "Alice", 60) == []
    assert office.counted() == (1, 1)


def test_what_is_said_twice_is_one_conversation() -> None:
    office = Desk()
    office.connect("1.1", "Alice", "9.9")
    office.connect("1.1", "Alice", "9.9")
    office.outbox.now += 5.0
    assert len(office.complete("1.1", "Alice", 15)) == 1
    assert office.complete("1.1", "Alice", 15) == []
    assert office.counted() == (1, 1)


def test_an_end_said_twice_is_one_though_the_connection_was_held_up_meanwhile() -> None:
    office = Desk()
    office.connect("1.1", "Alice", "9.9")
    office.outbox.now += 45.0  # the end comes late, so it seems to have begun later than it did
    assert len(office.complete("1.1", "Alice", 30)) == 1
    office.outbox.now += 5.0
    assert office.complete("1.1", "Alice", 30) == []
    assert office.counted() == (1, 1)
    assert len(office.complete("1.1", "Alice", 4)) == 1
    assert office.counted() == (2, 2)


def test_a_beginning_behind_its_end_is_told_and_not_counted_again() -> None:
    office = Desk()
    office.outbox.now += 60.0
    office.complete("1.1", "Alice", 20)
    office.connect("1.1", "Alice")
    assert len(office.outbox.take()) == 1
    assert office.counted() == (1, 1)


def test_one_that_was_under_way_at_the_first_list_was_not_answered_for_us() -> None:
    office = Desk()
    office.desk.carried(SALES, AgentId("Alice"))
    office.desk.carried(SALES, AgentId("Bob"))
    office.outbox.now += 60.0
    office.complete("1.1", "Alice", 300)
    office.review("Bob", times=2)
    (bob,) = office.desk.under_way(SALES)
    assert bob.is_surely_over
    office.desk.end_unheard(bob)
    assert office.outbox.take() == []
    assert office.counted() == (0, 1)


def test_over_a_lost_connection_a_conversation_is_known_and_its_holds_are_not() -> None:
    exchange = talking()
    exchange.say("BridgeEnter", Uniqueid="9.9")
    exchange.say("Hold", Uniqueid="9.9")
    exchange.translator.disconnected(exchange.now)
    exchange.translator.connected(exchange.now)
    exchange.now += 9.0
    assert complete(exchange, TalkTime="9") == [completed(talk_s=9.0)]


def test_only_so_many_ended_conversations_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talks, "_ENDED_LIMIT", 1)
    office = Desk()
    for channel in ("1.1", "1.2"):
        office.connect(channel, "Alice")
        office.complete(channel, "Alice", 0)
    assert office.complete("1.2", "Alice", 0) == []
    assert len(office.complete("1.1", "Alice", 0)) == 1
