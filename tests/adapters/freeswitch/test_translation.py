"""What single events and answers come to, where a whole session does not show it."""

from typing import Any

import msgspec
import pytest

from adapters.freeswitch.event import SwitchEvent
from adapters.freeswitch.lists import QUEUE_LIMIT
from adapters.freeswitch.outbox import Outbox
from adapters.freeswitch.talks import TalkDesk
from adapters.freeswitch.translation import FreeSwitchTranslator
from adapters.freeswitch.waits import Wait, WaitBook
from queue_alert.core.events import AcdEvent, GroupSnapshotTaken
from queue_alert.core.units import ContactId, GroupName
from queue_alert.ports import Skipped
from tests.adapters.freeswitch.switch import (
    GREETING,
    QUEUE_HEADER,
    Agent,
    Queue,
    Switch,
    answer_frame,
    event_frame,
    small_switch,
)

QUEUE = "support@default"
ALICE = "1000@default"
ENVELOPE = {"id", "source", "seq", "time", "provenance", "subject", "contact", "agent"}


def short(event: AcdEvent) -> dict[str, Any]:
    """Return an event without its envelope, its queue, contact and agent."""
    fields = msgspec.json.decode(msgspec.json.encode(event))
    return {name: value for name, value in fields.items() if name not in ENVELOPE}


def snapshots(events: list[AcdEvent]) -> list[GroupSnapshotTaken]:
    return [event for event in events if isinstance(event, GroupSnapshotTaken)]


class Line:
    """A switch and a translator that hears it."""

    def __init__(self, switch: Switch | None = None, *, lists: bool = True) -> None:
        self.switch = switch or small_switch()
        self.skipped: list[tuple[Skipped, str]] = []
        self.wanted = 0
        self.translator = FreeSwitchTranslator(
            "pbx", lambda kind, detail: self.skipped.append((kind, detail)), wanted=self._want
        )
        self.translator.connected(self.switch.now)
        self.send(GREETING)
        if lists:
            self.send(self.switch.round())

    def send(self, data: bytes) -> list[AcdEvent]:
        return self.translator.receive(data, self.switch.now)

    def hear(self) -> list[dict[str, Any]]:
        return [short(event) for event in self.send(self.switch.take())]

    def say(self, action: str, **fields: str) -> list[dict[str, Any]]:
        """Say a bare event of mod_callcenter's; an underscore in a name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        self.switch.event("CUSTOM", {"CC-Action": action, **named}, "callcenter::info")
        return self.hear()

    def _want(self) -> None:
        self.wanted += 1


def talking(line: Line) -> str:
    """Return a caller who talks to Alice."""
    caller = line.switch.join(QUEUE)
    line.switch.offer(caller, ALICE)
    line.switch.pick_up(caller, ALICE)
    line.switch.bridge(caller, ALICE)
    line.hear()
    return caller


@pytest.mark.parametrize(
    ("reason", "state", "outcome"),
    [
        ("NONE", "hangup", "abandoned"),
        ("BREAK_OUT", "hangup", "abandoned"),
        ("BREAK_OUT", "answered", "rerouted"),
        ("BREAK_OUT", "", "unknown"),
        ("TIMEOUT", "answered", "timeout"),
        ("NO_AGENT_TIMEOUT", "answered", "no_agents"),
        ("EXIT_WITH_KEY", "answered", "exit_key"),
        ("SOMETHING_NEW", "hangup", "unknown"),
    ],
)
def test_a_cancel_reason_and_the_callers_channel_are_one_outcome(
    reason: str, state: str, outcome: str
) -> None:
    line = Line()
    said = line.say(
        "member-queue-end",
        CC_Queue=QUEUE,
        CC_Member_UUID="m1",
        CC_Cause="Cancel",
        CC_Cancel_Reason=reason,
        Answer_State=state,
    )
    assert said == [{"type": "contact.left"} | ({} if outcome == "unknown" else {"outcome": outcome})]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("NO_ANSWER", "no_answer"),
        ("USER_NOT_REGISTERED", "no_answer"),
        ("USER_BUSY", "busy"),
        ("NORMAL_CIRCUIT_CONGESTION", "busy"),
        ("CALL_REJECTED", "rejected"),
        ("LOSE_RACE", "cancelled"),
        ("ORIGINATOR_CANCEL", "cancelled"),
        ("ALLOTTED_TIMEOUT", "timeout"),
    ],
)
def test_a_hangup_cause_tells_why_the_agent_was_not_connected(cause: str, reason: str) -> None:
    line = Line()
    (said,) = line.say(
        "bridge-agent-fail",
        CC_Queue=QUEUE,
        CC_Member_UUID="m1",
        CC_Agent=ALICE,
        CC_Hangup_Cause=cause,
        CC_Agent_Called_Time="1800000000",
        CC_Agent_Aborted_Time="1800000012",
    )
    assert said.pop("reason", "no_answer") == reason
    assert said == {"type": "contact.ring_failed", "ring_s": 12.0}


def test_a_ring_that_is_not_timed_has_no_length() -> None:
    line = Line()
    (said,) = line.say(
        "bridge-agent-fail", CC_Queue=QUEUE, CC_Member_UUID="m", CC_Agent=ALICE, CC_Agent_Called_Time="0"
    )
    assert "ring_s" not in said


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        ("Available", "Waiting", ("available", "")),
        ("Available (On Demand)", "Waiting", ("available", "")),
        ("Available", "Reserved", ("reserved", "")),
        ("Available", "Receiving", ("reserved", "")),
        ("Available", "Idle", ("not_ready", "Idle")),
        ("On Break", "Waiting", ("not_ready", "On Break")),
        ("On Break", "Receiving", ("not_ready", "On Break")),
        ("Logged Out", "Waiting", ("offline", "")),
        ("Logged Out", "In a queue call", ("talking", "")),
        ("On Break", "In a queue call", ("talking", "")),
    ],
)
def test_an_agents_status_and_state_are_one_state(status: str, state: str, told: tuple[str, str]) -> None:
    switch = small_switch()
    switch.agents[ALICE] = Agent(ALICE, status=status, state=state)
    line = Line(switch, lists=False)
    (agent,) = snapshots(line.send(switch.round()))[0].agents or ()
    assert (agent.state.value, agent.reason) == told
    assert line.skipped == []


def test_a_word_of_tomorrow_makes_an_agent_not_ready_and_is_counted() -> None:
    line = Line()
    assert line.say("agent-state-change", CC_Agent=ALICE, CC_Agent_State="Dreaming") == [
        {"type": "agent.state", "state": "not_ready", "reason": "Dreaming"}
    ]
    assert line.say("agent-status-change", CC_Agent=ALICE, CC_Agent_Status="Remote") == [
        {"type": "agent.state", "state": "not_ready", "reason": "Remote"}
    ]
    assert set(line.skipped) == {(Skipped.BAD_VALUE, "agent: status or state")}


def test_an_agent_of_two_queues_is_told_in_both_and_the_same_state_once() -> None:
    switch = small_switch()
    switch.queues["sales@default"] = Queue()
    switch.tiers += [("sales@default", ALICE), ("sales@default", "nobody@default")]
    line = Line(switch)
    switch.set_status(ALICE, "On Break")
    switch.set_status(ALICE, "On Break")
    events = line.send(switch.take())
    assert [(event.group, short(event)["reason"]) for event in events] == [  # type: ignore[union-attr]
        (QUEUE, "On Break"),
        ("sales@default", "On Break"),
    ]


def test_news_that_is_older_than_what_is_known_of_an_agent_changes_nothing() -> None:
    line = Line()
    line.switch.set_state(ALICE, "Receiving")
    late = line.switch.take()
    line.switch.set_state(ALICE, "Waiting")
    assert line.hear() == []
    assert line.send(late) == []


def test_the_same_event_twice_is_taken_once() -> None:
    line = Line()
    line.switch.join(QUEUE)
    said = line.switch.take()
    assert len(line.send(said)) == 1
    assert line.send(said) == []


def test_an_agent_nobody_has_listed_makes_the_lists_wanted() -> None:
    line = Line()
    assert line.say("agent-state-change", CC_Agent="9999@default", CC_Agent_State="Waiting") == []
    assert line.wanted == 1
    assert line.say("agent-add", CC_Agent="9999@default", CC_Agent_Type="callback") == []
    assert line.wanted == 2


def test_a_count_that_is_not_ours_makes_the_lists_wanted() -> None:
    line = Line()
    line.switch.join(QUEUE)
    lost = line.switch.take()
    assert lost
    line.switch.join(QUEUE)
    line.hear()
    assert line.wanted == 1
    assert line.say("members-count", CC_Queue="*", CC_Count="7", CC_Selection="All-Queues") == []
    assert line.wanted == 1


@pytest.mark.parametrize("name", ["MODULE_LOAD", "MODULE_UNLOAD"])
def test_a_module_that_comes_or_goes_makes_the_lists_wanted_if_it_is_the_one(name: str) -> None:
    line = Line()
    line.switch.event(name, {"type": "api", "key": "mod_conference", "filename": "/lib/mod_conference.so"})
    assert line.hear() == []
    assert line.wanted == 0
    line.switch.event(name, {"type": "api", "key": "mod_callcenter", "filename": "/lib/mod_callcenter.so"})
    line.hear()
    assert line.wanted == 1


def test_what_says_nothing_new_is_passed_over_and_what_is_unknown_is_counted() -> None:
    line = Line()
    assert line.say("agent-contact-change", CC_Agent=ALICE, CC_Agent_Contact="user/9") == []
    assert line.skipped == []
    assert line.say("agent-dance") == []
    assert line.say("15550001") == []
    line.switch.event("SHUTDOWN", {})
    assert line.hear() == []
    assert line.skipped == [
        (Skipped.UNKNOWN_EVENT, "agent-dance"),
        (Skipped.UNKNOWN_EVENT, "not a name"),
        (Skipped.UNKNOWN_EVENT, "SHUTDOWN"),
    ]


@pytest.mark.parametrize(
    ("fields", "kind", "detail"),
    [
        ({}, Skipped.MISSING_FIELD, "member-queue-start: CC-Queue"),
        ({"CC_Queue": QUEUE}, Skipped.MISSING_FIELD, "member-queue-start: CC-Member-UUID"),
        ({"CC_Queue": "x" * 256}, Skipped.TOO_LONG, "member-queue-start: CC-Queue"),
    ],
)
def test_an_event_without_what_it_is_about_is_counted_and_makes_the_lists_wanted(
    fields: dict[str, str], kind: Skipped, detail: str
) -> None:
    line = Line()
    assert line.say("member-queue-start", **fields) == []
    assert (line.skipped, line.wanted) == ([(kind, detail)], 1)


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        (b"no json", Skipped.NOT_TEXT, "event is no JSON object"),
        (b"[1]", Skipped.BAD_VALUE, "event: a field is no text"),
        (b'{"CC-Queue":["a","b"]}', Skipped.BAD_VALUE, "event: a field is no text"),
        (b"\xff\xfe", Skipped.NOT_TEXT, "event is no JSON object"),
    ],
)
def test_an_event_that_is_none_is_counted(body: bytes, kind: Skipped, detail: str) -> None:
    line = Line()
    data = b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body
    assert line.send(data) == []
    assert (line.skipped, line.wanted) == ([(kind, detail)], 1)


def test_a_callers_name_in_an_old_encoding_does_not_hide_the_caller() -> None:
    line = Line()
    body = (
        b'{"Event-Name":"CUSTOM","Event-Subclass":"callcenter::info","CC-Action":"member-queue-start",'
        b'"CC-Queue":"q","CC-Member-UUID":"m1","CC-Member-CID-Number":"J\xfcrgen","Event-Sequence":"9000"}'
    )
    (event,) = line.send(b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body)
    assert short(event) == {"type": "contact.queued", "caller": "J\ufffdrgen"}
    assert line.skipped == [(Skipped.NOT_TEXT, "CUSTOM: replaced")]


def test_an_event_without_a_number_or_a_time_has_those_of_its_receipt() -> None:
    line = Line()
    headers = {
        "Event-Name": "CUSTOM",
        "Event-Subclass": "callcenter::info",
        "CC-Action": "member-queue-start",
        "CC-Queue": QUEUE,
        "CC-Member-UUID": "m1",
    }
    (event,) = line.send(event_frame(headers))
    assert (event.seq, event.time) == (0, line.switch.now)
    assert event.id.startswith("own-")


def test_freeswitchs_clock_is_what_its_lists_are_dated_by() -> None:
    switch = small_switch()
    line = Line(switch, lists=False)
    switch.heartbeat()
    events = line.translator.receive(switch.take(), switch.now + 3600.0)
    events += line.translator.receive(switch.round(), switch.now + 3600.5)
    assert {event.time for event in events} == {switch.now}


# Conversations


def test_a_hold_by_the_caller_is_none_of_ours() -> None:
    line = Line()
    caller = talking(line)
    session = line.switch.members[caller].session
    line.switch.event("CHANNEL_HOLD", {"Unique-ID": session, "Other-Leg-Unique-ID": "agents"})
    line.switch.event("CHANNEL_HOLD", {"Unique-ID": "somebody", "Other-Leg-Unique-ID": "else"})
    assert line.hear() == []


def test_a_hold_on_a_channel_that_was_not_said_is_found_by_the_callers() -> None:
    line = Line()
    caller = talking(line)
    session = line.switch.members[caller].session
    fields = {"Unique-ID": "behind a loopback", "Other-Leg-Unique-ID": session}
    line.switch.event("CHANNEL_HOLD", fields)
    line.switch.event("CHANNEL_HOLD", fields)
    assert line.hear() == [{"type": "contact.held"}, {"type": "agent.state", "state": "on_hold"}]
    line.switch.event("CHANNEL_UNHOLD", fields)
    assert line.hear() == [{"type": "contact.unheld"}, {"type": "agent.state", "state": "talking"}]


def test_a_conversation_begun_before_we_came_is_told_at_its_end() -> None:
    switch = small_switch()
    caller = switch.join(QUEUE)
    switch.offer(caller, ALICE)
    switch.pick_up(caller, ALICE)
    switch.bridge(caller, ALICE)
    switch.take()
    line = Line(switch)
    switch.now += 30.0
    switch.end(caller, ALICE)
    assert line.hear() == [
        {"type": "contact.completed", "talk_s": 30.25, "ended_by": "customer"},
        {"type": "agent.state", "state": "available"},
    ]


def test_an_answer_whose_proof_was_lost_is_proved_by_the_list_or_by_the_end() -> None:
    for by_list in (True, False):
        line = Line()
        caller = line.switch.join(QUEUE)
        line.switch.offer(caller, ALICE)
        line.switch.pick_up(caller, ALICE)
        line.hear()
        line.switch.bridge(caller, ALICE)
        line.switch.take()
        if by_list:
            kinds = [short(event)["type"] for event in line.send(line.switch.round())]
            assert kinds == ["feed.heartbeat", "contact.answered", "group.snapshot", "feed.status"]
        line.switch.end(caller, ALICE)
        kinds = [said["type"] for said in line.hear()]
        assert kinds[:2] == (
            ["contact.completed", "agent.state"] if by_list else ["contact.answered", "contact.completed"]
        )


def test_an_agent_known_to_be_in_a_call_answers_at_once() -> None:
    line = Line()
    caller = line.switch.join(QUEUE)
    line.switch.set_state(ALICE, "In a queue call")
    line.hear()
    line.switch.pick_up(caller, ALICE)
    assert [said["type"] for said in line.hear()] == ["contact.answered"]


def test_the_queues_end_tells_a_conversations_end_that_was_lost_once() -> None:
    line = Line()
    caller = talking(line)
    line.switch.now += 10.0
    fields = {"CC_Queue": QUEUE, "CC_Member_UUID": caller, "CC_Agent": ALICE, "CC_Cause": "Terminated"}
    assert line.say("member-queue-end", **fields) == [
        {"type": "contact.completed", "talk_s": 10.0, "held_s": 0.0}
    ]
    assert line.say("member-queue-end", **fields) == []


def test_one_who_hung_up_just_as_the_bridge_stood_was_answered() -> None:
    line = Line()
    caller = talking(line)
    line.switch.leave(caller, "NONE")
    assert line.hear() == []


def test_a_conversation_that_two_lists_do_not_have_is_over() -> None:
    line = Line()
    caller = talking(line)
    line.switch.end(caller, ALICE)
    line.switch.take()
    first = [short(event)["type"] for event in line.send(line.switch.round())]
    assert "contact.completed" not in first
    events = line.send(line.switch.round())
    assert [short(event) for event in events if event.provenance == "inferred"] == [
        {"type": "contact.completed"}
    ]


def test_a_whisper_without_end_is_given_up_after_a_minute() -> None:
    line = Line()
    caller = line.switch.join(QUEUE)
    line.switch.offer(caller, ALICE)
    line.switch.pick_up(caller, ALICE)
    line.hear()
    for seconds, waiting in ((30.0, 0), (31.0, 1)):
        line.switch.now += seconds
        snapshot = snapshots(line.send(line.switch.round()))[0]
        assert len(snapshot.waiting) == waiting


def test_what_is_told_late_of_one_who_is_gone_makes_no_ghost() -> None:
    line = Line()
    caller = line.switch.join(QUEUE)
    joined = line.switch.take()
    line.switch.offer(caller, ALICE)
    line.hear()
    line.switch.pick_up(caller, ALICE)
    started = line.switch.take()
    line.switch.bridge(caller, ALICE)
    line.switch.end(caller, ALICE)
    line.hear()
    assert [short(event)["type"] for event in line.send(started + joined)] == ["contact.queued"]
    snapshot = snapshots(line.send(line.switch.round()))[0]
    assert snapshot.waiting == ()


# Lists


def test_a_list_may_lag_behind_the_joining_but_not_for_long() -> None:
    line = Line()
    caller = line.switch.join(QUEUE)
    line.hear()
    member = line.switch.members.pop(caller)  # said to have joined, not in the table yet
    for seconds, waiting in ((1.0, [(caller, member.joined)]), (5.0, [])):
        line.switch.now += seconds
        snapshot = snapshots(line.send(line.switch.round()))[0]
        assert [(one.contact, one.queued_at) for one in snapshot.waiting] == waiting


def test_only_those_who_wait_are_listed_as_waiting() -> None:
    switch = small_switch()
    names = {}
    for state in ("Waiting", "Trying", "Answered", "Abandoned", "Unknown"):
        names[state] = switch.join(QUEUE)
        switch.members[names[state]].state = state
    switch.take()
    line = Line(switch, lists=False)
    snapshot = snapshots(line.send(switch.round()))[0]
    assert [(one.contact, one.position, one.queued_at) for one in snapshot.waiting] == [
        (names["Waiting"], 1, 1_800_000_000.0),
        (names["Trying"], 2, 1_800_000_000.0),
    ]


def test_a_queue_that_is_no_more_is_emptied_once() -> None:
    switch = small_switch()
    switch.queues["sales@default"] = Queue()
    line = Line(switch)
    del switch.queues["sales@default"]
    for times in (1, 0):
        said = snapshots(line.send(switch.round()))
        assert [event.group for event in said] == [QUEUE, "sales@default"][: 1 + times]


def test_a_queue_whose_name_has_a_space_is_asked_for_in_quotes() -> None:
    switch = Switch(queues={"first line": Queue()})
    line = Line(switch, lists=False)
    questions = []
    for command in ("queue", "agent", "tier"):
        line.send(switch.answer(f"callcenter_config {command} list"))
        questions.append(line.translator.lists.question)
    assert questions == [
        "callcenter_config agent list",
        "callcenter_config tier list",
        "callcenter_config queue list members 'first line'",
    ]
    line.send(switch.answer(questions[-1] or ""))
    assert (line.translator.lists.question, line.translator.lists.rounds) == (None, 1)


@pytest.mark.parametrize(
    ("answers", "kind", "detail"),
    [
        (
            [QUEUE_HEADER + "\nsupport@default|x\n+OK\n"],
            Skipped.TRUNCATED,
            "callcenter_config queue list: a row does not fit its header",
        ),
        (["name|strategy|\na'b|x|\n+OK\n"], Skipped.BAD_VALUE, "callcenter_config queue list: name"),
        (
            ["name|strategy|\nq|x|\n+OK\n", "-ERR Invalid!\n"],
            Skipped.BAD_VALUE,
            "callcenter_config agent list: refused",
        ),
        (
            ["name|strategy|\nq|x|\n+OK\n", "name|status|state\nalice|Available|Waiting\n"],
            Skipped.TRUNCATED,
            "callcenter_config agent list: no +OK at the end",
        ),
        (
            ["name|strategy|\nq|x|\n+OK\n", "+OK\n", "+OK\n", "uuid|state\nu|Waiting\n+OK\n"],
            Skipped.MISSING_FIELD,
            "callcenter_config queue list members: cid_number",
        ),
    ],
)
def test_a_round_that_cannot_be_read_is_broken_off_and_nothing_is_said_of_it(
    answers: list[str], kind: Skipped, detail: str
) -> None:
    line = Line()
    rounds = line.translator.lists.rounds
    assert [event for answer in answers for event in line.send(answer_frame(answer))] == []
    assert (line.skipped, line.translator.lists.question) == ([(kind, detail)], None)
    assert line.translator.lists.rounds == rounds


def test_after_a_round_that_was_broken_off_an_agents_state_is_said_again() -> None:
    line = Line()
    line.send(answer_frame("name|strategy|\nq|x|\n+OK\n") + answer_frame("-ERR\n"))
    line.switch.set_state(ALICE, "Waiting")
    assert line.hear() == [{"type": "agent.state", "state": "available"}]


def test_more_queues_than_anybody_has_are_refused() -> None:
    line = Line()
    rows = "".join(f"q{number}|x|\n" for number in range(QUEUE_LIMIT + 1))
    assert line.send(answer_frame(f"name|strategy|\n{rows}+OK\n")) == []
    assert line.skipped == [(Skipped.TOO_LONG, "callcenter_config queue list: more than 2000")]


def test_an_answer_to_nothing_that_was_asked_is_passed_over() -> None:
    line = Line()
    assert line.send(answer_frame("-ERR strmicroepoch Command not found!\n")) == []
    assert line.send(answer_frame("+OK\n")) == []
    assert (line.skipped, line.wanted) == ([], 0)


def test_a_freeswitch_1_4_is_understood_without_counts_and_with_other_columns() -> None:
    line = Line(lists=False)
    for text in (
        "name|strategy|moh_sound|time_base_score\nq|ring-all|(null)|system\n+OK\n",
        "name|system|uuid|type|contact|status|state\nalice|single_box||callback|user/1|Available|Waiting\n+OK\n",
        "queue|agent|state|level|position\nq|alice|Ready|1|1\n+OK\n",
    ):
        line.send(answer_frame(text))
    said = line.send(
        answer_frame(
            "queue|system|uuid|session_uuid|cid_number|cid_name|system_epoch|joined_epoch|state\n"
            "q|single_box|m1|s1|15550001|Ada|0|0|Waiting\n+OK\n"
        )
    )
    assert [short(event) for event in said] == [
        {
            "type": "group.snapshot",
            "waiting": [{"contact": "m1", "position": 1, "caller": "15550001"}],
            "agents": [{"agent": "alice", "state": "available"}],
        },
        {"type": "feed.status", "state": "live"},
    ]


# Bounds


def test_the_oldest_wait_is_forgotten_before_there_are_too_many() -> None:
    book = WaitBook(limit=2)
    for number in range(3):
        book.put(ContactId(f"c{number}"), Wait(GroupName("q"), float(number)))
    assert list(book.of(GroupName("q"))) == ["c1", "c2"]
    assert (book.find(ContactId("c0")), book.count(GroupName("q"))) == (None, 2)
    book.drop(ContactId("c1"))
    book.drop(ContactId("c1"))
    book.drop(ContactId("c2"))
    assert (book.count(GroupName("q")), book.of(GroupName("q"))) == (0, {})


def test_the_oldest_conversation_is_forgotten_before_there_are_too_many() -> None:
    talks = TalkDesk(Outbox("pbx"), limit=2)
    for number in (0, 1, 1, 2):
        event = SwitchEvent(queue="q", member=f"c{number}", agent=f"a{number}", member_channel=f"s{number}")
        talks.begun(event, ring_s=None, is_proved=True)
    assert [talks.find(ContactId(f"c{number}")) is None for number in range(3)] == [True, False, False]


def test_no_more_numbers_are_remembered_than_can_come_late() -> None:
    line = Line()
    for _ in range(1100):
        line.switch.leave(line.switch.join(QUEUE))
    line.hear()
    assert line.translator._callers._ended.keys() == set(list(line.switch.members)[-1024:])
    assert len(line.translator._outbox._seen) == 1024


def test_so_many_phones_may_ring_for_one() -> None:
    line = Line()
    caller = line.switch.join(QUEUE)
    for number in range(250):
        line.say("agent-offering", CC_Queue=QUEUE, CC_Member_UUID=caller, CC_Agent=f"a{number}")
    wait = line.translator._callers._waits.find(ContactId(caller))
    assert wait is not None
    assert len(wait.rung_at) == 200


def test_queues_that_come_and_go_are_not_remembered_without_end() -> None:
    line = Line()
    for number in range(2 * QUEUE_LIMIT + 5):
        line.say("member-queue-start", CC_Queue=f"q{number}", CC_Member_UUID=f"m{number}")
    assert len(line.translator.lists._known) == 2 * QUEUE_LIMIT


def test_one_who_comes_back_under_his_name_ends_the_conversation_of_before() -> None:
    line = Line()
    caller = line.switch.join(QUEUE)
    line.switch.offer(caller, ALICE)
    line.switch.pick_up(caller, ALICE)
    line.hear()
    line.switch.resume(caller)
    line.hear()
    (snapshot,) = snapshots(line.send(line.switch.round()))
    assert [one.contact for one in snapshot.waiting] == [caller]


def test_a_bridge_that_failed_for_nobody_known_says_nothing() -> None:
    line = Line()
    fields = {"CC_Queue": QUEUE, "CC_Member_UUID": "m1", "CC_Agent": ALICE, "CC_Agent_Bridged": "false"}
    assert line.say("bridge-agent-end", **fields) == []
    assert line.wanted == 0


def test_a_late_status_changes_nothing() -> None:
    line = Line()
    line.switch.set_status(ALICE, "On Break")
    late = line.switch.take()
    line.switch.set_status(ALICE, "Available")
    line.hear()
    assert line.send(late) == []


def test_what_is_held_is_held_until_the_end_and_agents_nobody_listed_hold_too() -> None:
    line = Line()
    fields = {
        "CC_Queue": QUEUE,
        "CC_Member_UUID": "m1",
        "CC_Agent": "9999@default",
        "CC_Agent_UUID": "a1",
        "CC_Member_Session_UUID": "s1",
    }
    line.say("bridge-agent-start", **fields)
    line.switch.event("CHANNEL_HOLD", {"Unique-ID": "a1", "Other-Leg-Unique-ID": "s1"})
    assert line.hear() == [{"type": "contact.held"}]
    line.switch.now += 7.5
    kinds = line.say("bridge-agent-end", **fields)
    assert kinds == [
        {"type": "contact.answered"},
        {"type": "contact.completed", "talk_s": 0.0, "held_s": 7.5},
    ]
