"""What a session of the simulated Asterisk answers."""

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import AgentState
from queue_alert.core.units import AgentId, FeedName
from simulator.acd import Simulation
from simulator.ami_filters import FILTER_LIMIT, read_classes
from simulator.ami_protocol import Account, ManagerSession, Said
from simulator.ami_words import Frame
from simulator.exchange import Exchange
from tests.simulator.ami_rig import ACCOUNT, SECRET, Office, action, frames
from tests.simulator.helpers import NOTHING_GOES_RIGHT, START

PBX = FeedName("pbx")
JOIN = Frame(event="QueueCallerJoin", kind="agent", headers=(("Queue", "sales"),), at=START + 0.25)
NOBODY = AgentId("Nobody's")
VARIABLE = Frame(event="VarSet", kind="dialplan", headers=(("Variable", "QUEUEWAIT"),), at=START)


def session(account: Account = ACCOUNT) -> ManagerSession:
    office = Office(Exchange(Simulation(NOTHING_GOES_RIGHT, seed=1, start=START, source=PBX), source=PBX))
    office.at = START + 90.5
    return ManagerSession(account, office, challenge=lambda: "314159")


def answers(one: ManagerSession, data: bytes) -> list[Said]:
    one.take(data)
    return list(_until_silent(one))


def _until_silent(one: ManagerSession) -> Iterator[Said]:
    while (said := one.answer()) is not None:
        yield said


def ask(one: ManagerSession, name: str, **headers: str) -> str:
    return b"".join(said.data for said in answers(one, action(name, **headers))).decode()


def logged_in(account: Account = ACCOUNT, **headers: str) -> ManagerSession:
    one = session(account)
    ask(one, "Login", Username="queuealert", Secret=account.secret, **headers)
    assert one.is_logged_in
    return one


# ---- who it is


def test_a_login_is_accepted_and_told_how_long_the_exchange_is_up() -> None:
    said = ask(session(), "Login", Username="queuealert", Secret=SECRET, ActionID="7", Events="on")
    assert said == (
        "Response: Success\r\nActionID: 7\r\nMessage: Authentication accepted\r\n\r\n"
        "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 90\r\nLastReload: 90\r\n"
        "Status: Fully Booted\r\n\r\n"
    )


def test_names_of_actions_and_headers_may_be_in_any_case_and_lines_end_as_they_like() -> None:
    one = session()
    answers(one, b"aCTION:login\nUSERNAME:queuealert\n  secret :  s3cret\r\n\n")
    assert one.is_logged_in


def test_only_who_may_read_class_system_is_told_that_the_exchange_is_up() -> None:
    said = ask(session(), "Login", Username="queuealert", Secret=SECRET, Events="agent,call")
    assert said == "Response: Success\r\nMessage: Authentication accepted\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"Username": "queuealert", "Secret": "wrong"},
        {"Username": "queuealert", "Secret": ""},
        {"Username": "somebody", "Secret": SECRET},
        {"Username": "queuealert", "AuthType": "MD5", "Key": "0" * 32},
        {"Username": "queuealert", "AuthType": "MD5", "Secret": SECRET},
        {"Username": "queuealert", "AuthType": "PLAIN", "Secret": SECRET},
    ],
)
def test_whoever_has_the_wrong_secret_is_told_late_and_closed(headers: dict[str, str]) -> None:
    one = session()
    told = answers(one, action("Login", **headers) + action("Ping"))
    refusal = b"Response: Error\r\nMessage: Authentication failed\r\n\r\n"
    assert told == [Said(data=refusal, after_s=1.0, is_last=True)]
    assert answers(one, action("Login", Username="queuealert", Secret=SECRET)) == []
    assert not one.is_logged_in


def test_the_secret_need_not_be_sent() -> None:
    one = session()
    said = ask(one, "Challenge", AuthType="MD5", ActionID="1")
    assert said == "Response: Success\r\nActionID: 1\r\nChallenge: 314159\r\n\r\n"
    key = hashlib.md5(f"314159{SECRET}".encode(), usedforsecurity=False).hexdigest()
    ask(one, "Login", AuthType="md5", Username="queuealert", Key=key.upper())
    assert one.is_logged_in


def test_a_challenge_is_of_one_kind() -> None:
    assert ask(session(), "Challenge") == "Response: Error\r\nMessage: Must specify AuthType\r\n\r\n"


def test_before_the_login_nothing_else_is_allowed() -> None:
    for name in ("Ping", "QueueStatus", "Nonsense"):
        assert ask(session(), name) == "Response: Error\r\nMessage: Permission denied\r\n\r\n"


def test_a_second_login_changes_nothing() -> None:
    one = logged_in()
    assert ask(one, "Login", Username="x") == "Response: Success\r\nMessage: Already authenticated\r\n\r\n"
    assert one.is_logged_in


def test_a_logoff_is_answered_and_closes() -> None:
    told = answers(logged_in(), action("Logoff", ActionID="9") + action("Ping"))
    assert [(said.data, said.is_last) for said in told] == [
        (b"Response: Goodbye\r\nActionID: 9\r\nMessage: Thanks for all the fish.\r\n\r\n", True)
    ]


# ---- what it asks


def test_a_ping_is_answered_with_the_time_by_the_exchanges_clock() -> None:
    assert ask(logged_in(), "Ping", ActionID="2") == (
        "Response: Success\r\nActionID: 2\r\nPing: Pong\r\nTimestamp: 1800000090.500000\r\n\r\n"
    )


def test_the_queues_are_listed_with_the_mark_of_who_asked() -> None:
    said = ask(logged_in(), "QueueStatus", ActionID="rec-3")
    items = frames(said.encode())
    assert said.startswith(
        "Response: Success\r\nActionID: rec-3\r\nEventList: start\r\n"
        "Message: Queue status will follow\r\n\r\nEvent: QueueParams\r\nQueue: crowded\r\n"
    )
    assert said.endswith(
        "Event: QueueStatusComplete\r\nActionID: rec-3\r\nEventList: Complete\r\n"
        f"ListItems: {len(items) - 2}\r\n\r\n"
    )
    assert {list(item)[-1] for item in items[1:-1]} == {"ActionID"}


def test_the_queues_are_listed_in_part_and_without_a_mark() -> None:
    items = frames(ask(logged_in(), "QueueStatus", Queue="crowded", Member="Agent 2").encode())
    names = [item["Name"] for item in items if item.get("Event") == "QueueMember"]
    assert (names, {item["Queue"] for item in items[1:-1]}) == (["Agent 2"], {"crowded"})
    assert "ActionID" not in items[1]


def test_the_queues_are_summed_up() -> None:
    one = logged_in()
    items = frames(ask(one, "QueueSummary", ActionID="5").encode())
    assert [item["Queue"] for item in items[1:-1]] == ["crowded", "patient", "deserted", "silent"]
    office = one._office
    assert isinstance(office, Office)
    for item, queue in zip(items[1:-1], office.floor.queues.values(), strict=True):
        free = sum(member.status == 1 and not member.is_paused for member in queue.members.values())
        assert (item["Available"], item["LoggedIn"]) == (str(free), str(len(queue.members)))
        waits = [int(office.at) - int(call.joined_at) for call in queue.waiting.values()]
        assert (item["Callers"], item["LongestHoldTime"]) == (str(len(waits)), str(max(waits, default=0)))
    only = frames(ask(one, "QueueSummary", Queue="silent").encode())
    assert [item["Queue"] for item in only[1:-1]] == ["silent"]


def test_who_is_gone_is_not_logged_in() -> None:
    one = logged_in()
    office = one._office
    assert isinstance(office, Office)
    office.look()
    office.look = lambda: None  # type: ignore[method-assign]
    office.floor.queues[office.exchange.groups[3]].members[NOBODY].set(AgentState.OFFLINE, "")
    items = frames(ask(one, "QueueSummary", Queue="silent").encode())
    assert (items[1]["LoggedIn"], items[1]["Available"]) == ("0", "0")


def test_the_state_of_the_core_is_told() -> None:
    assert ask(logged_in(), "CoreStatus", ActionID="1").startswith(
        "Response: Success\r\nActionID: 1\r\nCoreStartupDate: 2027-01-15\r\nCoreStartupTime: 08:00:00\r\n"
        "CoreReloadDate: 2027-01-15\r\nCoreReloadTime: 08:00:00\r\nCoreCurrentCalls: "
    )


def test_while_the_exchange_starts_nobody_knows_what_a_queue_is() -> None:
    one = session()
    one._office.is_booted = False  # type: ignore[misc]
    said = ask(one, "Login", Username="queuealert", Secret=SECRET)
    assert said == "Response: Success\r\nMessage: Authentication accepted\r\n\r\n"
    assert ask(one, "QueueStatus", ActionID="rec-11") == (
        "Response: Error\r\nActionID: rec-11\r\nMessage: Invalid/unknown command: QueueStatus. "
        "Use Action: ListCommands to show available commands.\r\n\r\n"
    )
    assert ask(one, "Ping").startswith("Response: Success")


def test_what_it_does_not_know_is_refused() -> None:
    one = logged_in()
    assert ask(one, "Originate") == (
        "Response: Error\r\nMessage: Invalid/unknown command: Originate. "
        "Use Action: ListCommands to show available commands.\r\n\r\n"
    )
    assert ask(one, "") == "Response: Error\r\nMessage: Missing action in request\r\n\r\n"


def test_who_may_write_nothing_may_still_ask_for_the_queues() -> None:
    account = Account(username="queuealert", secret=SECRET, write=frozenset())
    one = logged_in(account)
    for name in ("CoreStatus", "Filter"):
        assert ask(one, name) == "Response: Error\r\nMessage: Permission denied\r\n\r\n"
    assert ask(one, "QueueStatus").startswith("Response: Success")
    commands = frames(ask(one, "ListCommands").encode())[0]
    assert list(commands) == [
        "Response", "Challenge", "Events", "ListCommands", "Login", "Logoff", "Ping", "QueueStatus",
        "QueueSummary",
    ]  # fmt: skip
    assert commands["Ping"] == "Keepalive command. (Priv: <none>)"
    everything = frames(ask(logged_in(), "ListCommands").encode())[0]
    assert everything["CoreStatus"] == "Show PBX core status variables. (Priv: reporting,system)"


# ---- what it hears


def test_before_the_login_nothing_is_heard() -> None:
    assert session().hear(JOIN) == b""


@pytest.mark.parametrize(
    ("mask", "answer", "heard"),
    [
        ("off", "Events: Off", 0),
        ("on", "Events: On", 2),
        ("agent,system", "Events: On", 1),
        ("all,none", "Events: On", 2),
        ("nonsense", "Events: Off", 0),
    ],
)
def test_events_come_by_the_classes_asked_for(mask: str, answer: str, heard: int) -> None:
    one = logged_in(Events="off")
    assert ask(one, "Events", EventMask=mask, ActionID="1") == (
        f"Response: Success\r\nActionID: 1\r\n{answer}\r\n\r\n"
    )
    assert sum(one.hear(frame) != b"" for frame in (JOIN, VARIABLE)) == heard


def test_a_mask_must_be_given() -> None:
    assert ask(logged_in(), "Events") == "Response: Error\r\nMessage: Invalid event mask\r\n\r\n"


def test_no_more_is_heard_than_may_be_read() -> None:
    one = logged_in(Account(username="queuealert", secret=SECRET, read=frozenset({"agent"})), Events="on")
    assert (one.hear(VARIABLE), one.hear(JOIN)) == (b"", JOIN.encode())


def test_events_carry_their_time_where_that_is_wanted() -> None:
    one = logged_in(Account(username="queuealert", secret=SECRET, is_timed=True))
    assert one.hear(JOIN) == (
        b"Event: QueueCallerJoin\r\nPrivilege: agent,all\r\nTimestamp: 1800000000.250000\r\n"
        b"Queue: sales\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("filters", "heard"),
    [
        (["Event: QueueCallerJoin"], ["QueueCallerJoin"]),
        (["Event: QueueCallerLeave"], []),
        (["!Event: VarSet"], ["QueueCallerJoin"]),
        (["Event: Var.*", "Queue: sales"], ["QueueCallerJoin", "VarSet"]),
        (["Event: QueueCallerJoin", "!Queue: sales"], []),
        (["Event: (a|b)"], ["QueueCallerJoin", "VarSet"]),
        (["!Event: (a|b)"], ["QueueCallerJoin", "VarSet"]),
    ],
)
def test_filters_let_through_what_they_name(filters: list[str], heard: list[str]) -> None:
    one = logged_in()
    for text in filters:
        said = ask(one, "Filter", Operation="Add", Filter=text)
        assert said == "Response: Success\r\nMessage: Added Filter\r\n\r\n"
    assert [frame.event for frame in (JOIN, VARIABLE) if one.hear(frame)] == heard


def test_filters_are_checked_and_counted() -> None:
    one = logged_in()
    assert "Unknown operation" in ask(one, "Filter", Operation="Remove")
    for text in ("", "!"):
        assert "formatted incorrectly" in ask(one, "Filter", Operation="add", Filter=text)
    said = [ask(one, "Filter", Operation="add", Filter="Event: X") for _ in range(FILTER_LIMIT + 1)]
    assert ["Success" in one for one in said] == [True] * FILTER_LIMIT + [False]


def test_no_mask_is_no_class_named() -> None:
    assert read_classes("") is None


# ---- what is not so


def test_a_line_too_long_is_refused_wherever_it_is_cut() -> None:
    refusal = b"Response: Error\r\nMessage: Failed to parse message: line too long\r\n\r\n"
    for size in (1, 700, 5_000):
        one = logged_in()
        line = b"Action: " + b"x" * 4_000 + b"\r\n"
        pieces = [line[at : at + size] for at in range(0, len(line), size)]
        assert [said.data for piece in pieces for said in answers(one, piece)] == [refusal]
        assert ask(one, "Ping").startswith("Response: Success")


def test_too_many_lines_are_refused() -> None:
    lines = b"".join(b"Header-%d: x\r\n" % number for number in range(10_000))
    told = answers(logged_in(), b"Action: Ping\r\nActionID: 3\r\n" + lines + b"\r\n")
    assert [said.data for said in told] == [
        b"Response: Error\r\nActionID: 3\r\nMessage: Too many lines in message or allocation failure\r\n\r\n"
    ]


@given(
    data=st.lists(
        st.binary(max_size=60)
        | st.sampled_from(
            [b"\r\n\r\n", b"\n", b"Action: ", b"Ping", b"x" * 1_030, b"QueueStatus", b"ActionID: 1", b": "]
        ),
        max_size=40,
    ).map(b"".join),
    cut=st.integers(1, 50),
)
def test_whatever_is_received_and_wherever_it_is_cut_the_answers_are_the_same(data: bytes, cut: int) -> None:
    whole, pieces = logged_in(), logged_in()
    told = [said.data for said in answers(whole, data)]
    again = [said.data for at in range(0, len(data), cut) for said in answers(pieces, data[at : at + cut])]
    assert again == told
    assert len(pieces._lines) <= 128
