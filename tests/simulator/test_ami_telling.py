"""What the simulated Asterisk says of a small floor, whole, and against what a real one says."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import (
    AgentRemoved,
    AgentSnapshot,
    AgentState,
    AgentStateChanged,
    Channel,
    ContactAnswered,
    ContactCompleted,
    ContactDequeued,
    ContactHeld,
    ContactLeft,
    ContactQueued,
    ContactRingFailed,
    ContactRung,
    ContactTransferred,
    ContactUnheld,
    ContactWrapped,
    EndedBy,
    EscalationRequested,
    FeedEvent,
    FeedHeartbeat,
    GroupCounters,
    GroupSnapshotTaken,
    MessageHandled,
    MessageLeft,
    Outcome,
    RingFailure,
    TransferKind,
    WaitingContact,
)
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant
from simulator import ami_floor
from simulator.ami_floor import AmiFloor
from simulator.ami_lists import queue_status, queue_summary
from simulator.ami_telling import AmiTeller
from simulator.ami_words import encode
from tests.adapters.asterisk.captures import FOLDER, NAMES
from tests.simulator.ami_rig import frames

GOLDEN = Path(__file__).parents[1] / "golden" / "simulator" / "ami-small-floor.txt"
START: Instant = 1_800_000_000.0
ALICE, KATE, ZOE = AgentId("Alice"), AgentId("Kate O'Neil"), AgentId("Zoë")
ANNA, BOB, CYD, DAN, EVE = (ContactId(f"1800000000.{number}") for number in range(1, 6))
SALES, BILLING = GroupName("sales"), GroupName("billing")


class Script:
    """Events written down one after another."""

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []

    def say(self, at: float, event: type[Any], /, *, group: GroupName = SALES, **more: Any) -> None:
        number = len(self.events) + 1
        envelope = {"id": str(number), "source": FeedName("pbx"), "seq": number, "time": START + at}
        self.events.append(event(**envelope, group=group, **more))

    def state(self, at: float, agent: AgentId, state: AgentState, **more: Any) -> None:
        self.say(at, AgentStateChanged, agent=agent, state=state, **more)


def one_day() -> Script:
    """Return a script in which everything happens once."""
    script = Script()
    say, state = script.say, script.state
    say(1.25, ContactQueued, contact=ANNA, position=1, caller="+442079460001")
    say(1.25, ContactRung, contact=ANNA, agent=ALICE)
    state(1.25, ALICE, AgentState.RESERVED)
    say(3, ContactQueued, contact=BOB, position=2)
    say(11.25, ContactRingFailed, contact=ANNA, agent=ALICE, ring_s=10.0)
    state(11.25, ALICE, AgentState.NOT_READY, reason="No answer")
    say(11.25, ContactRung, contact=ANNA, agent=KATE)
    state(11.25, KATE, AgentState.RESERVED)
    say(12, ContactQueued, contact=CYD, position=1, priority=5, caller="+442079460003")
    say(13.5, ContactAnswered, contact=ANNA, agent=KATE, queue_s=12.25, ring_s=2.25)
    state(13.5, KATE, AgentState.TALKING)
    say(20, ContactHeld, contact=ANNA, agent=KATE)
    state(20, KATE, AgentState.ON_HOLD)
    say(25, ContactUnheld, contact=ANNA, agent=KATE)
    state(25, KATE, AgentState.TALKING)
    state(30, ALICE, AgentState.AVAILABLE)
    say(30, ContactRung, contact=CYD, agent=ALICE)
    state(30, ALICE, AgentState.RESERVED)
    say(33, ContactRingFailed, contact=CYD, agent=ALICE, reason=RingFailure.CANCELLED, ring_s=3.0)
    say(33, ContactLeft, contact=CYD, outcome=Outcome.ABANDONED, queue_s=21.0)
    state(33, ALICE, AgentState.AVAILABLE)
    say(40, ContactCompleted, contact=ANNA, agent=KATE, talk_s=21.5, held_s=5.0, ended_by=EndedBy.AGENT)
    state(40, KATE, AgentState.WRAPUP, wrapup_s=15.0)
    say(50, ContactLeft, contact=BOB, outcome=Outcome.TIMEOUT, queue_s=47.0)
    say(50, ContactQueued, group=BILLING, contact=BOB, position=1)
    say(55, ContactWrapped, contact=ANNA, agent=KATE, acw_s=15.0)
    state(55, KATE, AgentState.AVAILABLE)
    say(58, ContactLeft, group=BILLING, contact=BOB, outcome=Outcome.EXIT_KEY, queue_s=8.0)
    say(60, ContactQueued, contact=DAN, position=1, caller="+442079460004")
    say(60, ContactRung, contact=DAN, agent=ALICE)
    say(60, ContactRingFailed, contact=DAN, agent=ALICE, reason=RingFailure.BUSY)
    say(60, ContactRung, contact=DAN, agent=KATE)
    say(62, ContactAnswered, contact=DAN, agent=KATE)
    say(70, ContactTransferred, contact=DAN, agent=KATE, kind=TransferKind.BLIND, to="6002")
    say(70, ContactCompleted, contact=DAN, agent=KATE, talk_s=8.0, ended_by=EndedBy.TRANSFER)
    say(70, ContactQueued, group=BILLING, contact=DAN, position=1, caller="+442079460004")
    say(71, ContactRung, group=BILLING, contact=DAN, agent=ZOE)
    say(72, ContactAnswered, group=BILLING, contact=DAN, agent=ZOE)
    say(80, ContactTransferred, group=BILLING, contact=DAN, kind=TransferKind.CONSULT, to="104")
    say(80, ContactTransferred, group=BILLING, contact=DAN, kind=TransferKind.CONFERENCE, to="104")
    say(80, ContactCompleted, group=BILLING, contact=DAN, agent=ZOE, ended_by=EndedBy.TRANSFER)
    say(90, MessageLeft, contact=EVE, caller="+442079460005", channel=Channel.VOICEMAIL)
    say(95, MessageHandled, contact=EVE, agent=ALICE)
    say(96, EscalationRequested, agent=ALICE)
    state(97, AgentId("New one"), AgentState.OFFLINE)
    say(98, AgentRemoved, agent=AgentId("New one"))
    return script


def snapshot(group: GroupName = SALES, **more: Any) -> GroupSnapshotTaken:
    return GroupSnapshotTaken(id="0", source=FeedName("pbx"), time=START, group=group, **more)


def small_floor() -> AmiFloor:
    floor = AmiFloor((SALES, BILLING), START)
    free = AgentState.AVAILABLE
    sales = tuple(AgentSnapshot(agent=name, state=free) for name in (ALICE, KATE))
    floor.take((snapshot(agents=sales), snapshot(BILLING, agents=(AgentSnapshot(agent=ZOE, state=free),))))
    return floor


def told(events: Sequence[FeedEvent], floor: AmiFloor | None = None) -> list[dict[str, str]]:
    """Return what is said of ``events``, each in a call of its own."""
    teller = AmiTeller(floor or small_floor())
    return frames(b"".join(frame.encode() for event in events for frame in teller.tell([event])))


def short(said: list[dict[str, str]], *names: str) -> list[str]:
    """Return the frames' events, and of each the values of ``names`` that it has."""
    return [" ".join([one["Event"], *(one[name] for name in names if name in one)]) for one in said]


def the_small_floor_told() -> bytes:
    floor = small_floor()
    teller = AmiTeller(floor)
    events = one_day().events
    half = next(number for number, event in enumerate(events) if event.time > START + 12)
    said = [frame.encode() for frame in teller.tell(events[:half])]
    said += [encode(item) for item in queue_status(floor, START + 13)]
    said += [encode(item) for item in queue_summary(floor, START + 13)]
    said += [frame.encode() for frame in teller.tell(events[half:])]
    said += [encode(item) for item in queue_status(floor, START + 100, queue=SALES)]
    return b"".join(said)


def test_the_small_floor_is_told_as_written_down() -> None:
    assert the_small_floor_told().decode().replace("\r\n", "\n") == GOLDEN.read_text()


def captured() -> dict[str, set[tuple[str, ...]]]:
    """Return the names of the headers of every event that a real Asterisk sent, in their order."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for name in NAMES:
        for frame in (FOLDER / f"{name}.ami").read_bytes().split(b"\r\n\r\n"):
            names = tuple(line.partition(b": ")[0].decode() for line in frame.split(b"\r\n"))
            if names[0] == "Event":
                event = frame.partition(b"\r\n")[0].decode().removeprefix("Event: ")
                found.setdefault(event, set()).add(tuple(name for name in names if name != "ActionID"))
    return found


@cache
def captured_events() -> set[str]:
    return set(captured())


def test_every_frame_has_the_headers_of_a_real_one_in_their_order() -> None:
    real = captured()
    for frame in frames(the_small_floor_told()):
        is_without_channel = frame["Event"] == "MessageWaiting" and "Channel" not in frame
        names = {
            tuple(name for name in one if is_without_channel is False or name in frame)
            for one in real[frame["Event"]]
        }
        assert tuple(frame) in names, frame["Event"]


def test_every_value_that_a_real_asterisk_never_varies_is_the_same() -> None:
    fixed = {"Privilege", "ChannelStateDesc", "Language", "AccountCode", "Penalty", "Weight", "Result"}
    real: dict[tuple[str, str], set[str]] = {}
    for name in NAMES:
        for raw in (FOLDER / f"{name}.ami").read_text().split("\n\n"):
            headers = [line.partition(": ")[::2] for line in raw.split("\n")]
            for header, value in headers:
                if header in fixed:
                    real.setdefault((headers[0][1], header), set()).add(value)
    for frame in frames(the_small_floor_told()):
        for header in fixed & set(frame):
            assert frame[header] in real[frame["Event"], header], (frame["Event"], header)


# ---- why a wait ended


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.ABANDONED, ["ABANDONED=TRUE", "Abandon", "Leave", "Hangup"]),
        (Outcome.TIMEOUT, ["ABANDONED=TRUE", "Abandon", "Leave", "QUEUESTATUS=TIMEOUT"]),
        (Outcome.REROUTED, ["ABANDONED=TRUE", "Abandon", "Leave", "QUEUESTATUS=TIMEOUT"]),
        (Outcome.NO_AGENTS, ["ABANDONED=TRUE", "Abandon", "Leave", "QUEUESTATUS=LEAVEEMPTY"]),
        (Outcome.WITHDRAWN, ["ABANDONED=TRUE", "Abandon", "Leave", "QUEUESTATUS=WITHDRAW"]),
        (Outcome.EXIT_KEY, ["Leave"]),
        (Outcome.CALLBACK, ["Leave"]),
        (Outcome.UNKNOWN, ["Leave", "QUEUESTATUS=CONTINUE"]),
        (Outcome.ANSWERED, ["Leave", "QUEUESTATUS=CONTINUE"]),
    ],
)
def test_an_end_without_answer_is_told_as_asterisk_tells_it(outcome: Outcome, said: list[str]) -> None:
    script = Script()
    script.say(0, ContactQueued, contact=ANNA)
    script.say(5, ContactLeft, contact=ANNA, outcome=outcome)
    assert summary(told(script.events)[3:]) == said


def summary(said: list[dict[str, str]]) -> list[str]:
    """Return the frames about callers in a word each, without the variables that tell nothing."""
    words = []
    for frame in said:
        if frame["Event"] != "VarSet":
            words.append(frame["Event"].removeprefix("QueueCaller"))
        elif frame["Variable"] in {"ABANDONED", "QUEUESTATUS"}:
            words.append(f"{frame['Variable']}={frame['Value']}")
    return words


def test_a_ringing_phone_stops_when_the_caller_leaves() -> None:
    script = Script()
    script.say(0, ContactQueued, contact=ANNA)
    script.say(1, ContactRung, contact=ANNA, agent=ALICE)
    script.say(5, ContactLeft, contact=ANNA, outcome=Outcome.EXIT_KEY)
    said = told(script.events)
    assert [frame["Channel"] for frame in said if frame["Event"] == "Hangup"] == ["PJSIP/100-000f4241"]


def test_other_phones_that_rang_stop_when_one_is_answered() -> None:
    script = Script()
    script.say(0, ContactQueued, contact=ANNA)
    script.say(1, ContactRung, contact=ANNA, agent=ALICE)
    script.say(1, ContactRung, contact=ANNA, agent=KATE)
    script.say(3, ContactAnswered, contact=ANNA, agent=KATE)
    said = told(script.events)
    assert short(said[5:], "CallerIDName", "Cause-txt")[0] == "Hangup Alice Answered elsewhere"


# ---- order in the line


def test_positions_shift_without_a_word() -> None:
    script = Script()
    script.say(0, ContactQueued, contact=ANNA)
    script.say(1, ContactQueued, contact=BOB)
    script.say(2, ContactQueued, contact=CYD, position=1, priority=9)
    script.say(3, ContactLeft, contact=ANNA)
    said = [frame for frame in told(script.events) if frame["Event"].startswith("QueueCaller")]
    assert short(said, "Uniqueid", "Position", "Count") == [
        f"QueueCallerJoin {ANNA} 1 1",
        f"QueueCallerJoin {BOB} 2 2",
        f"QueueCallerJoin {CYD} 1 3",
        f"QueueCallerLeave {ANNA} 2 2",
    ]


def test_more_callers_than_can_be_are_forgotten_from_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_floor, "_LIMIT", 2)
    script = Script()
    for contact in (ANNA, BOB, CYD):
        script.say(0, ContactQueued, contact=contact)
    for contact in (DAN, EVE, ContactId("x")):
        script.say(0, ContactAnswered, contact=contact, agent=ALICE)
    floor = small_floor()
    told(script.events, floor)
    queue = floor.queues[SALES]
    assert (list(queue.waiting), list(queue.talks)) == ([BOB, CYD], [EVE, "x"])


def test_one_who_joins_twice_waits_once() -> None:
    script = Script()
    for _ in range(2):
        script.say(0, ContactQueued, contact=ANNA)
    floor = small_floor()
    assert short(told(script.events, floor), "Count") == ["VarSet", "VarSet", "QueueCallerJoin 1"] * 2
    assert list(floor.queues[SALES].waiting) == [ANNA]


def test_the_wait_is_a_difference_of_whole_seconds() -> None:
    script = Script()
    script.say(0.9, ContactQueued, contact=ANNA)
    script.say(2.1, ContactAnswered, contact=ANNA, agent=ALICE, queue_s=1.2)
    said = told(script.events)
    assert short(said, "HoldTime", "RingTime")[-3] == "AgentConnect 2 0"


# ---- what was not seen from the beginning


def test_of_a_contact_nobody_knows_an_answer_is_told_and_a_leaving_is_not() -> None:
    script = Script()
    script.say(10, ContactLeft, contact=BOB, outcome=Outcome.ABANDONED)
    script.say(10, ContactDequeued, contact=BOB)
    script.say(10, ContactHeld, contact=ANNA)
    script.say(10, ContactUnheld, contact=ANNA)
    script.say(10, ContactTransferred, contact=ANNA)
    script.say(10, ContactAnswered, contact=ANNA, agent=ALICE, queue_s=7.0, ring_s=3.0)
    script.say(10, ContactAnswered, contact=ANNA, agent=ALICE, queue_s=7.0)
    said = [frame for frame in told(script.events) if frame["Event"] not in {"VarSet", "BridgeEnter"}]
    assert short(said, "HoldTime", "RingTime") == [
        "QueueCallerLeave",
        "AgentConnect 7 3",
    ]


def test_one_who_was_rung_for_unseen_and_then_listed_leaves_once_though_it_is_said_twice() -> None:
    script = Script()
    script.say(10, ContactRung, contact=ANNA, agent=ALICE)
    script.say(11, GroupSnapshotTaken, waiting=(WaitingContact(contact=ANNA, queued_at=START + 9),))
    script.say(12, ContactLeft, contact=ANNA, outcome=Outcome.ABANDONED)
    script.say(12, ContactLeft, contact=ANNA, outcome=Outcome.ABANDONED)
    said = [frame["Event"] for frame in told(script.events)]
    assert said.count("QueueCallerAbandon") == said.count("QueueCallerLeave") == 1


def test_one_who_is_rung_for_unseen_is_known_from_then_on() -> None:
    script = Script()
    script.say(10, ContactRung, contact=ANNA, agent=ALICE)
    script.say(10, ContactRingFailed, contact=ANNA, agent=KATE)
    script.say(12, ContactAnswered, contact=ANNA, agent=ALICE)
    said = [frame for frame in told(script.events) if frame["Event"] not in {"VarSet", "BridgeEnter"}]
    assert short(said, "DestChannel", "RingTime") == [
        "AgentCalled PJSIP/100-000f4241",
        "AgentRingNoAnswer PJSIP/101-000f4242 1",
        "Hangup",
        "QueueCallerLeave",
        "AgentConnect PJSIP/100-000f4241 2",
    ]


def test_a_conversation_that_began_unseen_ends_without_the_agents_channel() -> None:
    script = Script()
    script.say(10, ContactCompleted, contact=ANNA, talk_s=61.5, held_s=1.0)
    said = told(script.events)
    assert short(said, "MemberName", "HoldTime", "TalkTime", "Reason") == [
        "AgentComplete unknown 0 62 caller",
        "VarSet",
        "Hangup",
    ]
    assert not any(name.startswith("Dest") for name in said[0])


def test_one_whom_a_snapshot_has_no_more_can_still_be_told_to_leave() -> None:
    floor = small_floor()
    floor.take((snapshot(waiting=(WaitingContact(contact=ANNA, queued_at=START - 5),)),))
    floor.take((snapshot(),))
    script = Script()
    script.say(1, ContactLeft, contact=ANNA, outcome=Outcome.TIMEOUT)
    script.say(1, ContactLeft, contact=ANNA, outcome=Outcome.TIMEOUT)
    said = told(script.events, floor)
    assert summary(said) == ["ABANDONED=TRUE", "Abandon", "Leave", "QUEUESTATUS=TIMEOUT"]
    assert short(said, "HoldTime")[1] == "QueueCallerAbandon 6"


def test_a_leaving_told_before_its_reason_is_told_once() -> None:
    script = Script()
    script.say(0, ContactQueued, contact=ANNA)
    script.say(5, ContactDequeued, contact=ANNA)
    script.say(5, ContactDequeued, contact=ANNA)
    script.say(5, ContactAnswered, contact=ANNA, agent=ALICE)
    script.say(6, ContactQueued, contact=BOB)
    script.say(7, ContactDequeued, contact=BOB)
    script.say(7, ContactLeft, contact=BOB, outcome=Outcome.NO_AGENTS)
    said = [frame for frame in told(script.events) if frame["Event"] != "BridgeEnter"]
    assert summary(said) == ["Join", "Leave", "AgentConnect", "Join", "Leave", "QUEUESTATUS=LEAVEEMPTY"]


def test_some_events_are_told_as_nothing() -> None:
    script = Script()
    script.say(0, ContactWrapped, contact=ANNA)
    script.say(0, EscalationRequested)
    script.say(0, AgentRemoved, agent=AgentId("Nobody"))
    heartbeat = FeedHeartbeat(id="1", source=FeedName("pbx"), time=START)
    assert told([*script.events, heartbeat, snapshot()]) == []


@given(
    st.lists(
        st.sampled_from(one_day().events) | st.sampled_from([snapshot(), snapshot(BILLING)]), max_size=80
    )
)
def test_events_in_any_order_lost_and_doubled_are_told_in_whole_frames(events: list[FeedEvent]) -> None:
    floor = small_floor()
    said = told(events, floor)
    real = captured_events()
    assert {frame["Event"] for frame in said} <= real
    items = [dict(item) for item in queue_status(floor, START + 200)]
    for group in (SALES, BILLING):
        entries = [item for item in items if item["Event"] == "QueueEntry" and item["Queue"] == group]
        (params,) = [item for item in items if item["Event"] == "QueueParams" and item["Queue"] == group]
        assert params["Calls"] == str(len(entries))
        assert [entry["Position"] for entry in entries] == [
            str(number) for number in range(1, len(entries) + 1)
        ]


# ---- agents


def test_another_length_of_wrap_up_is_told_before_what_it_follows() -> None:
    script = Script()
    for at, wrapup_s in ((40, 15.2), (80, 15.0), (120, None), (160, 0.4)):
        script.say(at, ContactCompleted, contact=ANNA, agent=ALICE)
        state = AgentState.AVAILABLE if wrapup_s is None else AgentState.WRAPUP
        script.state(at, ALICE, state, wrapup_s=wrapup_s)
    script.say(200, ContactCompleted, contact=ANNA, agent=ALICE)
    script.state(200, ALICE, AgentState.NOT_READY, reason="Tea")
    script.say(240, ContactCompleted, contact=ANNA, agent=ALICE)
    said = frames(b"".join(frame.encode() for frame in AmiTeller(small_floor()).tell(script.events)))
    told_of_agents = [frame for frame in said if "MemberName" in frame]
    assert short(told_of_agents, "Wrapuptime", "Status", "CallsTaken") == [
        "QueueMemberStatus 15 1 0",
        "AgentComplete",
        "AgentComplete",
        "QueueMemberStatus 0 1 2",
        "AgentComplete",
        "AgentComplete",
        "AgentComplete",
        "QueueMemberPause 0 1 5",
        "AgentComplete",
    ]


def test_a_conversation_counts_in_all_queues_of_the_agent() -> None:
    script = Script()
    script.say(0, AgentStateChanged, group=BILLING, agent=ALICE, state=AgentState.AVAILABLE)
    script.say(0, ContactAnswered, contact=ANNA, agent=ALICE)
    script.say(9, ContactCompleted, contact=ANNA, agent=ALICE)
    floor = small_floor()
    told(script.events, floor)
    members = [floor.queues[group].members[ALICE] for group in (SALES, BILLING)]
    assert [(one.calls_taken, one.last_call, one.is_in_call) for one in members] == [
        (1, 1_800_000_009, False)
    ] * 2


def test_one_who_serves_no_queue_may_answer_all_the_same() -> None:
    script = Script()
    script.say(0, ContactAnswered, contact=ANNA, agent=ZOE)
    script.say(9, ContactCompleted, contact=ANNA, agent=ZOE)
    said = [frame for frame in told(script.events) if frame["Event"].startswith("Agent")]
    assert short(said, "MemberName", "TalkTime") == ["AgentConnect Zoë", "AgentComplete Zoë 9"]


def test_an_agent_of_two_groups_has_one_phone() -> None:
    script = Script()
    script.say(0, AgentStateChanged, group=BILLING, agent=ALICE, state=AgentState.TALKING)
    assert short(told(script.events), "Interface", "Membership", "Status") == [
        "QueueMemberAdded PJSIP/100 dynamic 2"
    ]


def test_a_line_break_in_a_name_forges_no_header() -> None:
    script = Script()
    script.say(0, ContactQueued, contact=ANNA, caller="1\r\nEvent: Shutdown\r\n\r\nx")
    said = told(script.events)
    assert [frame["Event"] for frame in said] == ["VarSet", "VarSet", "QueueCallerJoin"]
    assert said[2]["CallerIDNum"] == "1  Event: Shutdown    x"


def test_names_are_escaped_in_channels_and_nowhere_else() -> None:
    script = Script()
    script.say(0, ContactQueued, contact=ANNA)
    script.say(1, ContactRung, contact=ANNA, agent=KATE)
    rung = told(script.events)[-1]
    assert (rung["DestCallerIDName"], rung["MemberName"]) == ("Kate O\\'Neil", "Kate O'Neil")


# ---- what is kept


def test_a_snapshot_puts_the_floor_right() -> None:
    floor = small_floor()
    script = Script()
    script.say(0, ContactQueued, contact=ANNA, position=1)
    script.say(0, ContactQueued, contact=BOB, position=2)
    told(script.events, floor)
    floor.take(
        (
            snapshot(
                waiting=(
                    WaitingContact(contact=ContactId("x"), position=1, priority=3),
                    WaitingContact(contact=BOB, position=2),
                ),
                agents=(AgentSnapshot(agent=ALICE, state=AgentState.ON_HOLD),),
                counters=GroupCounters(completed=7, lost=4),
            ),
        )
    )
    items = [dict(item) for item in queue_status(floor, START + 9, queue=SALES)]
    assert short(
        items, "Calls", "Completed", "Abandoned", "Name", "Status", "Uniqueid", "Wait", "Priority"
    ) == [
        "QueueParams 2 7 4",
        "QueueMember Alice 8",
        "QueueEntry x 9 3",
        f"QueueEntry {BOB} 9 0",
    ]


def test_abandons_alone_add_up_with_the_other_ends() -> None:
    floor = small_floor()
    script = Script()
    script.say(0, ContactQueued, contact=ANNA)
    script.say(1, ContactLeft, contact=ANNA, outcome=Outcome.TIMEOUT)
    told(script.events, floor)
    for _ in range(2):
        floor.take((snapshot(counters=GroupCounters(abandoned=3)), snapshot(counters=GroupCounters())))
    assert floor.queues[SALES].counts.abandoned == 4


def test_after_a_restart_nobody_waits_and_everybody_is_free() -> None:
    floor = small_floor()
    script = one_day()
    told(script.events[:16], floor)
    floor.restart(START + 1_000)
    items = [dict(item) for item in queue_status(floor, START + 1_000, queue=SALES)]
    assert short(items, "Calls", "Completed", "Name", "Status", "Paused", "LoginTime") == [
        "QueueParams 0 0",
        "QueueMember Alice 1 0 1800001000",
        "QueueMember Kate O'Neil 1 0 1800001000",
    ]


def test_lists_can_be_asked_for_in_part() -> None:
    floor = small_floor()
    by_name = [dict(item) for item in queue_status(floor, START, member=ALICE)]
    assert short(by_name, "Queue", "Name") == [
        "QueueParams sales",
        "QueueMember sales Alice",
        "QueueParams billing",
    ]
    assert queue_status(floor, START, member="PJSIP/100", queue=SALES) == queue_status(
        floor, START, member=ALICE, queue=SALES
    )
    assert queue_status(floor, START, queue="nowhere") == queue_summary(floor, START, queue="nowhere") == []


def test_the_small_floor_has_every_kind_of_event() -> None:
    kinds = {type(event) for event in one_day().events}
    assert kinds | {ContactDequeued, FeedHeartbeat, GroupSnapshotTaken} == set(get_args(FeedEvent))
