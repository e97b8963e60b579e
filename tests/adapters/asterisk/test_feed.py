import asyncio
import hashlib
import logging
import socket

import pytest

from adapters.asterisk import feed as feed_module
from adapters.asterisk.feed import DRIVER, AsteriskOptions
from adapters.asterisk.session import Session
from queue_alert.core.events import (
    AcdEvent,
    ContactQueued,
    FeedHeartbeat,
    FeedState,
    FeedStatusChanged,
    GroupSnapshotTaken,
)
from queue_alert.ports import ConfigProblem, DriverError
from tests.adapters.asterisk.captures import FOLDER, Step, translate
from tests.adapters.asterisk.helpers import short
from tests.adapters.asterisk.manager import BANNER, BOOTED, CHALLENGE, SECRET, Line, Recorder, playing


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PBX_SECRET", SECRET)


async def failure(recorder: Recorder, port: int, **options: object) -> DriverError:
    """Run a feed to its failure."""
    with pytest.raises(DriverError) as caught:
        await recorder.feed(port, **options).run(recorder.submit)
    return caught.value


async def test_logs_in_asks_and_listens_until_the_other_side_hangs_up() -> None:
    capture = (FOLDER / "calm.ami").read_bytes().partition(b"\r\n")[2]
    logins = []

    async def script(line: Line) -> None:
        logins.append(await line.let_in())
        await line.list_queue(await line.asked())
        await line.say(capture)

    recorder = Recorder()
    async with playing(script) as port:
        error = await failure(recorder, port)
    assert (str(error), error.recoverable) == (
        f"connection to 127.0.0.1:{port} was lost (closed by the other side)",
        True,
    )
    assert logins == [
        {
            "Action": "Login",
            "ActionID": "qa-2",
            "Username": "queuealert",
            "AuthType": "MD5",
            "Key": hashlib.md5((CHALLENGE + SECRET).encode()).hexdigest(),  # noqa: S324 - Asterisk's choice
            "Events": "agent,system,call,dialplan",
        }
    ]
    expected = translate([Step(1000.0, data=capture)]).events
    assert [short(event) for event in recorder.events] == [
        {"type": "feed.status", "state": "syncing"},
        {"type": "group.snapshot", "subject": "sales", "agents": []},
        {"type": "feed.status", "state": "live"},
        *[short(event) for event in expected],
        {"type": "feed.status", "state": "down", "reason": "connection closed"},
    ]
    assert recorder.raw.endswith(capture)


async def test_what_is_recorded_has_the_secret_blotted_out() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.asked()

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    assert recorder.tapped == [
        "connected",
        "Action: Challenge",
        (
            "Action: Login\nAction: Login\r\nActionID: qa-2\r\nUsername: queuealert\r\nAuthType: MD5\r\n"
            "Key: ********\r\nEvents: agent,system,call,dialplan\r\n\r\n"
        ),
        "Action: Filter",
        "Action: QueueStatus",
        "disconnected",
    ]


async def test_something_else_on_that_port_is_told() -> None:
    async def script(line: Line) -> None:
        await line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await line.say(BANNER)
        await line.until_gone()

    recorder = Recorder()
    async with playing(script) as port:
        error = await failure(recorder, port)
    assert str(error) == (
        f"127.0.0.1:{port} is not Asterisk's manager interface; check host and port (manager.conf: port, "
        "5038 by default)"
    )
    assert recorder.states() == ["syncing", "down"]
    assert recorder.skipped == []


async def test_a_closed_port_is_told_with_what_to_check() -> None:
    async def script(_line: Line) -> None:
        pass

    async with playing(script) as port:
        pass
    recorder = Recorder()
    error = await failure(recorder, port)
    assert str(error).startswith(f"cannot connect to 127.0.0.1:{port} (")
    assert str(error).endswith(
        "; is Asterisk running, and has manager.conf enabled = yes, and bindaddr and port as here?"
    )
    assert (recorder.events, recorder.tapped) == ([], [])


async def test_a_connection_that_takes_too_long_is_given_up() -> None:
    error = await failure(Recorder(), 1, connect_timeout=0.0)
    assert str(error) == "127.0.0.1:1 does not answer; check host, and the firewall in between"


async def test_half_a_list_says_nothing() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.answer(asked := await line.asked())
        await line.say(
            f"Event: QueueParams\r\nQueue: sales\r\nActionID: {asked['ActionID']}\r\n\r\n".encode()
        )
        await line.say(b"Event: QueueEntry\r\nQueue: sa")

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    assert recorder.states() == ["syncing", "down"]
    assert [event for event in recorder.events if isinstance(event, GroupSnapshotTaken)] == []
    assert [kind for kind, _ in recorder.skipped] == ["truncated"]


async def test_silence_is_noticed() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())
        await line.answer(await line.asked())
        await line.until_gone()

    recorder = Recorder()
    async with playing(script) as port:
        error = await failure(recorder, port, ping=0.02, connect_timeout=0.1)
    assert str(error) == f"127.0.0.1:{port} has fallen silent: no answer to Ping within 0.1 s"
    assert recorder.tapped.count("Action: Ping") == 2


async def test_no_answer_about_the_queues_is_silence_too() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.until_gone()

    async with playing(script) as port:
        error = await failure(Recorder(), port, connect_timeout=0.1)
    assert str(error) == f"127.0.0.1:{port} has fallen silent: no answer to QueueStatus within 0.1 s"


async def test_the_queues_are_asked_for_again_and_again() -> None:
    asked = []

    async def script(line: Line) -> None:
        await line.let_in()
        for _ in range(3):
            asked.append(await line.asked())
            await line.list_queue(asked[-1])

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port, poll=0.01)
    assert [one["Action"] for one in asked] == ["QueueStatus"] * 3
    assert len({one["ActionID"] for one in asked}) == 3
    assert recorder.states() == ["syncing", "live", "live", "live", "down"]


async def test_a_question_not_understood_yet_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.answer(await line.asked(), "Error", "Invalid/unknown command: QueueStatus.")
        await line.list_queue(await line.asked())

    recorder = Recorder()
    with caplog.at_level(logging.DEBUG, logger="adapters.asterisk.feed"):
        async with playing(script) as port:
            await failure(recorder, port, poll=0.01)
    assert recorder.states() == ["syncing", "live", "down"]
    assert "queues not told feed=pbx answer=Invalid/unknown command: QueueStatus." in caplog.messages


async def test_a_user_who_may_not_ask_is_told_what_is_missing() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.answer(await line.asked(), "Error", "Permission denied")

    async with playing(script) as port:
        error = await failure(Recorder(), port)
    assert str(error) == (
        f"127.0.0.1:{port} does not let queuealert see the queues (Permission denied); manager.conf: "
        "[queuealert] needs read = agent,system,call,dialplan"
    )


async def test_who_is_never_told_that_asterisk_is_up_asks_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_module, "_BOOT_WAIT_S", 0.01)

    async def script(line: Line) -> None:
        await line.let_in(booted=False)
        await line.list_queue(await line.asked())

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    assert recorder.states() == ["syncing", "live", "down"]


async def test_nothing_is_asked_before_asterisk_is_up() -> None:
    async def script(line: Line) -> None:
        await line.let_in(booted=False)
        question = asyncio.ensure_future(line.asked())
        await asyncio.wait([question], timeout=0.05)
        assert not question.done()
        await line.say(BOOTED)
        await line.list_queue(await question)

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    assert recorder.states() == ["syncing", "live", "down"]


async def test_a_reload_of_the_queues_is_asked_about_at_once() -> None:
    asked = []

    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())
        for module in ("res_pjsip.so", "app_queue.so", "All"):
            await line.say(f"Event: Reload\r\nModule: {module}\r\nStatus: 0\r\n\r\n".encode())
            if module != "res_pjsip.so":
                asked.append((module, (question := await line.asked())["Action"]))
                await line.list_queue(question)
        await line.say(b"Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: True\r\n\r\n")

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    assert asked == [("app_queue.so", "QueueStatus"), ("All", "QueueStatus")]
    assert recorder.states() == ["syncing", "live", "live", "live", "down"]


async def test_numbers_go_on_after_a_reconnect() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())

    recorder = Recorder()
    async with playing(script) as port:
        feed = recorder.feed(port)
        for _ in range(2):
            with pytest.raises(DriverError):
                await feed.run(recorder.submit)
    assert [event.id for event in recorder.events] == ["1", "s1", "2", "3", "4", "s2", "5", "6"]


async def test_being_cancelled_takes_leave() -> None:
    heard = []

    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())
        heard.append((await line.asked())["Action"])
        await line.until_gone()

    recorder = Recorder()
    live = asyncio.Event()
    recorder.on_event = lambda event: live.set() if _is_live(event) else None
    async with playing(script) as port:
        task = asyncio.create_task(recorder.feed(port).run(recorder.submit))
        await live.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert heard == ["Logoff"]
    assert recorder.states() == ["syncing", "live", "down"]
    assert recorder.tapped[-2:] == ["Action: Logoff", "disconnected"]


async def test_our_own_mistake_comes_out_as_it_is() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())
        await line.until_gone()

    def stumble(event: AcdEvent) -> None:
        if _is_live(event):
            raise ZeroDivisionError("a mistake")

    recorder = Recorder()
    recorder.on_event = stumble
    async with playing(script) as port:
        with pytest.raises(ZeroDivisionError, match=r"^a mistake$"):
            await recorder.feed(port).run(recorder.submit)


def _is_live(event: AcdEvent) -> bool:
    return isinstance(event, FeedStatusChanged) and event.state is FeedState.LIVE


# ---- options


def test_options_as_they_come_are_right() -> None:
    assert DRIVER.check(AsteriskOptions(username="queuealert")) == []
    assert DRIVER.check(AsteriskOptions(username="queuealert", events="on")) == []


def test_every_mistake_is_reported() -> None:
    options = AsteriskOptions(
        username=" ",
        host="pbx\r\n",
        port=0,
        poll=0.5,
        ping=4000,
        connect_timeout=0.0,
        events="call",
    )
    assert [str(problem.path) + ": " + problem.message for problem in DRIVER.check(options)] == [
        "username: must be one line without control characters, and not empty",
        "host: must be one line without control characters, and not empty",
        "port: must be 1 to 65535, got 0",
        "poll: must be 1 s to 1 h, got 0.5 s",
        "ping: must be 1 s to 1 h, got 4000 s",
        "connect_timeout: must be > 0 s and at most 60 s, got 0 s",
        'events: must have the class "agent", got "call"',
    ]


def test_doing_without_the_variables_is_warned_of() -> None:
    assert DRIVER.check(AsteriskOptions(username="queuealert", events="agent, call")) == [
        ConfigProblem(
            path="events",
            message='without the class "dialplan" every outcome but an answer is "unknown"',
            is_warning=True,
        )
    ]


# ---- signs of life, and the lack of them


async def test_every_answer_to_a_ping_is_a_sign_of_life() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())
        for _ in range(2):
            asked = await line.asked()
            assert asked["Action"] == "Ping"
            pong = (
                f"Response: Success\r\nActionID: {asked['ActionID']}\r\nPing: Pong\r\nTimestamp: 5.0\r\n\r\n"
            )
            await line.say(pong.encode())
        await line.asked()

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port, ping=0.01)
    beats = [event for event in recorder.events if isinstance(event, FeedHeartbeat)]
    # Its events carry no time, so neither does this: a feed must not speak by two clocks.
    assert [event.time for event in beats] == [1000.0, 1000.0]


async def test_who_has_vanished_without_a_word_is_let_go_at_once() -> None:
    """Half a connection: nothing comes, and nothing that is sent is ever taken."""
    heard = []

    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())
        heard.append(await line.asked())
        try:
            await line.asked()
        except ConnectionResetError as error:
            heard.append({"lost": str(error.errno)})
            raise

    recorder = Recorder()
    async with playing(script) as port:
        error = await failure(recorder, port, ping=0.02, connect_timeout=0.1)
    assert str(error) == f"127.0.0.1:{port} has fallen silent: no answer to Ping within 0.1 s"
    assert [one.get("Action", "") for one in heard][:1] == ["Ping"]
    assert "Action: Logoff" not in recorder.tapped
    assert recorder.states() == ["syncing", "live", "down"]


async def test_answers_out_of_order_and_to_nobody_change_nothing() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        asked = await line.asked()
        await line.say(b"Response: Success\r\nActionID: qa-77\r\nMessage: of somebody else\r\n\r\n")
        await line.say(b"Response: Error\r\nMessage: Missing action in request\r\n\r\n")
        await line.answer({"ActionID": "qa-1"}, "Error", "late")
        await line.list_queue(asked)
        await line.answer(asked, "Error", "twice")

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    assert recorder.states() == ["syncing", "live", "down"]
    assert recorder.skipped == []


async def test_a_flood_is_taken_whole() -> None:
    frame = b"Event: QueueCallerJoin\r\nPrivilege: agent,all\r\nQueue: sales\r\nUniqueid: %d.1\r\n\r\n"
    noise = (
        b"Event: Newexten\r\nPrivilege: dialplan,all\r\nChannel: x\r\nAppData: " + b"y" * 300 + b"\r\n\r\n"
    )

    async def script(line: Line) -> None:
        await line.let_in()
        await line.list_queue(await line.asked())
        for number in range(0, 4_000, 500):
            await line.say(b"".join(noise * 5 + frame % one for one in range(number, number + 500)))

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    joined = [event.contact for event in recorder.events if isinstance(event, ContactQueued)]
    assert joined == [f"{number}.1" for number in range(4_000)]


async def test_a_refused_filter_is_told_once_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def script(line: Line) -> None:
        await line.let_in(filters="Error")
        await line.list_queue(await line.asked())

    recorder = Recorder()
    with caplog.at_level(logging.INFO, logger="adapters.asterisk.feed"):
        async with playing(script) as port:
            feed = recorder.feed(port)
            for _ in range(2):
                with pytest.raises(DriverError):
                    await feed.run(recorder.submit)
    assert recorder.states() == ["syncing", "live", "down"] * 2
    assert [message for message in caplog.messages if "filter=" in message] == [
        (
            "feed=pbx filter=refused answer=Permission denied: all events come; to have Asterisk send "
            "fewer, put the eventfilter lines of docs/how-to/connect-asterisk.md into [queuealert] of "
            "manager.conf"
        )
    ]


async def test_no_filter_is_asked_for_where_that_is_not_wanted() -> None:
    asked = []

    async def script(line: Line) -> None:
        await line.challenge()
        await line.answer({"ActionID": "qa-2"})
        await line.say(BOOTED)
        asked.append(await line.asked())

    async with playing(script) as port:
        await failure(Recorder(), port, event_filter=False)
    assert [one["Action"] for one in asked] == ["QueueStatus"]


async def test_a_filter_that_is_never_answered_is_silence() -> None:
    async def script(line: Line) -> None:
        await line.answer(await line.challenge())
        await line.until_gone()

    async with playing(script) as port:
        error = await failure(Recorder(), port, connect_timeout=0.1)
    assert str(error) == f"127.0.0.1:{port} has fallen silent: no answer to Filter within 0.1 s"


async def test_what_is_held_back_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        for number in range(6):
            asked = await line.asked()
            action = asked["ActionID"]
            await line.answer(asked)
            await line.say(
                f"Event: QueueParams\r\nQueue: sales\r\nActionID: {action}\r\n\r\n"
                f"Event: QueueEntry\r\nQueue: sales\r\nUniqueid: 1.{number}\r\nActionID: {action}\r\n\r\n"
                f"Event: QueueStatusComplete\r\nActionID: {action}\r\n\r\n".encode()
            )

    recorder = Recorder()
    with caplog.at_level(logging.WARNING, logger="adapters.asterisk.feed"):
        async with playing(script) as port:
            await failure(recorder, port, poll=0.01)
    (message,) = caplog.messages
    assert message.startswith("feed=pbx user=queuealert callers wait whose joining is not told")
    live = [event.reason for event in recorder.events if isinstance(event, FeedStatusChanged)][-2]
    assert live.startswith("callers wait whose joining is not told")


async def test_the_kernel_is_told_to_watch_the_wire() -> None:
    async def script(line: Line) -> None:
        await line.until_gone()

    async with playing(script) as port:
        session = Session(lambda: None, lambda _data: None, secret="", tap=None)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: session, "127.0.0.1", port)
        wire = transport.get_extra_info("socket")
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        session.close()
