"""The live client against scripted event sockets."""

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.freeswitch import feed as feed_module
from adapters.freeswitch.feed import DRIVER, FreeSwitchOptions
from adapters.freeswitch.translation import EVENTS
from queue_alert.core.events import AcdEvent, ContactQueued, FeedState, FeedStatusChanged, GroupSnapshotTaken
from queue_alert.ports import ConfigProblem, DriverError, Skipped
from tests.adapters.freeswitch.server import PASSWORD, REFUSED, Line, Recorder, playing
from tests.adapters.freeswitch.switch import (
    AUTH_REQUEST,
    GOODBYE,
    TURNED_AWAY,
    answer_frame,
    small_switch,
)

QUEUE = "support@default"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PBX_PASSWORD", PASSWORD)


async def failure(recorder: Recorder, port: int, **options: object) -> DriverError:
    """Run a feed to its failure."""
    with pytest.raises(DriverError) as caught:
        await recorder.feed(port, **options).run(recorder.submit)
    return caught.value


def once(recorder: Recorder, is_it: Callable[[AcdEvent], bool]) -> asyncio.Event:
    """Return what is set once an event is such."""
    found = asyncio.Event()

    def look(event: AcdEvent) -> None:
        if is_it(event):
            found.set()

    recorder.on_event = look
    return found


def is_live(event: AcdEvent) -> bool:
    return isinstance(event, FeedStatusChanged) and event.state is FeedState.LIVE


async def test_logs_in_subscribes_asks_and_listens_until_the_other_side_hangs_up() -> None:
    switch = small_switch()
    commands = []

    async def script(line: Line) -> None:
        commands.extend(await line.let_in())
        await line.lists()
        switch.join(QUEUE)
        await line.say(switch.take())
        commands.extend(line.asked_for[2:])

    recorder = Recorder()
    async with playing(script, switch=switch) as port:
        error = await failure(recorder, port)
    assert (str(error), error.recoverable) == (
        f"connection to 127.0.0.1:{port} was lost (closed by the other side)",
        True,
    )
    assert commands == [
        f"auth {PASSWORD}",
        f"event json {EVENTS}",
        "api strmicroepoch",
        "api callcenter_config queue list",
        "api callcenter_config agent list",
        "api callcenter_config tier list",
        f"api callcenter_config queue list members {QUEUE}",
    ]
    assert recorder.kinds() == [
        "feed.status",
        "feed.heartbeat",
        "group.snapshot",
        "feed.status",
        "contact.queued",
        "feed.status",
    ]
    assert recorder.states() == ["syncing", "live", "down"]
    assert recorder.skipped == []


async def test_what_is_recorded_has_the_password_blotted_out() -> None:
    async def script(line: Line) -> None:
        await line.let_in()

    recorder = Recorder()
    async with playing(script) as port:
        await failure(recorder, port)
    assert recorder.tapped[:3] == ["connected", "auth ********\n\n", f"event json {EVENTS}\n\n"]
    assert recorder.tapped[-1] == "disconnected"
    assert recorder.raw.startswith(AUTH_REQUEST)
    assert PASSWORD not in "".join(recorder.tapped)


async def test_what_happens_while_the_lists_are_asked_for_is_neither_lost_nor_counted_twice() -> None:
    switch = small_switch()
    first = switch.join(QUEUE, "+15550001")
    switch.take()

    async def script(line: Line) -> None:
        await line.let_in()
        for _ in range(4):
            await line.answer()
        # She is in the list already when her joining is told.
        switch.join(QUEUE, "+15550002")
        late = switch.take()
        await line.answer()
        await line.say(late)
        switch.leave(first)
        await line.say(switch.take())

    recorder = Recorder()
    async with playing(script, switch=switch) as port:
        await failure(recorder, port)
    (snapshot,) = [event for event in recorder.events if isinstance(event, GroupSnapshotTaken)]
    assert len(snapshot.waiting) == 2
    assert recorder.kinds()[-3:] == ["contact.queued", "contact.left", "feed.status"]


# What is wrong, and where to look


async def test_being_turned_away_points_at_the_list_of_addresses() -> None:
    async def script(line: Line) -> None:
        await line.say(TURNED_AWAY)

    async with playing(script) as port:
        error = await failure(Recorder(), port)
    assert str(error) == (
        f"127.0.0.1:{port} does not let this machine in; event_socket.conf.xml: name a list that allows it "
        "in apply-inbound-acl (without one only loopback.auto is let in), then reload mod_event_socket"
    )
    assert error.recoverable


async def test_a_wrong_password_is_told_with_the_place_to_look_at() -> None:
    async def script(line: Line) -> None:
        await line.say(AUTH_REQUEST)
        await line.asked()
        await line.say(REFUSED)

    async with playing(script) as port:
        error = await failure(Recorder(), port)
    assert str(error) == (
        f"127.0.0.1:{port} refused the password; check password of event_socket.conf.xml "
        "against password_file"
    )
    assert error.recoverable
    assert PASSWORD not in str(error)


async def test_events_that_are_refused_are_told() -> None:
    async def script(line: Line) -> None:
        await line.let_in(b"Content-Type: command/reply\nReply-Text: -ERR permission denied\n\n")
        await line.until_gone()

    async with playing(script) as port:
        error = await failure(Recorder(), port)
    assert str(error) == f"127.0.0.1:{port} does not let us have its events (-ERR permission denied)"


@pytest.mark.parametrize("answer", ["-ERR callcenter_config Command not found!\n", "-USAGE: \n"])
async def test_a_freeswitch_without_mod_callcenter_is_told(answer: str) -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.answer()
        await line.asked()
        await line.say(answer_frame(answer))
        await line.until_gone()

    async with playing(script) as port:
        error = await failure(Recorder(), port)
    assert str(error) == (
        f"127.0.0.1:{port} knows no callcenter_config ({answer.strip()}); modules.conf.xml needs "
        '<load module="mod_callcenter"/>, and now: load mod_callcenter'
    )
    assert error.recoverable


async def test_lists_that_cannot_be_read_are_told() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.answer()
        await line.asked()
        await line.say(answer_frame("name|strategy|\nsupport\n+OK\n"))
        await line.until_gone()

    recorder = Recorder()
    async with playing(script) as port:
        error = await failure(recorder, port)
    assert str(error) == (
        f"127.0.0.1:{port} answered callcenter_config queue list and what follows with lists that cannot be "
        "read; what was wrong is counted and logged"
    )
    assert recorder.skipped == [
        (Skipped.TRUNCATED, "callcenter_config queue list: a row does not fit its header")
    ]
    assert recorder.states() == ["syncing", "down"]


async def test_something_else_on_that_port_is_told() -> None:
    async def script(line: Line) -> None:
        await line.say(b"SSH-2.0-OpenSSH_9.2\r\n")
        await line.until_gone()

    async with playing(script) as port:
        error = await failure(Recorder(), port)
    assert str(error) == (
        f"127.0.0.1:{port} is not FreeSWITCH's event socket; check host and port "
        "(event_socket.conf.xml: listen-port, 8021 by default)"
    )


async def test_nobody_on_that_port_is_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = await failure(Recorder(), port)
    assert str(error) == (
        f"cannot connect to 127.0.0.1:{port} (Connection refused); is FreeSWITCH running, with "
        "mod_event_socket, and are listen-ip and listen-port of event_socket.conf.xml as here?"
    )


async def test_a_connection_that_is_never_made_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_args: object, **_more: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    error = await failure(Recorder(), 8021, connect_timeout=0.02)
    assert str(error) == "127.0.0.1:8021 does not answer; check host, and the firewall in between"


async def test_a_password_that_is_never_asked_for_ends() -> None:
    async def script(line: Line) -> None:
        await line.until_gone()

    async with playing(script) as port:
        error = await failure(Recorder(), port, connect_timeout=0.05)
    assert str(error) == f"127.0.0.1:{port} did not ask for the password or take it within 0.05 s"


async def test_a_password_that_cannot_be_sent_is_no_matter_of_trying_again(tmp_path: Path) -> None:
    async def script(line: Line) -> None:
        await line.say(AUTH_REQUEST)
        await line.until_gone()

    file = tmp_path / "password"
    file.write_bytes(b"Gl\0ck")
    async with playing(script) as port:
        error = await failure(Recorder(), port, password_file=str(file))
    assert str(error) == "the password cannot be sent: it must be one line without control characters"
    assert not error.recoverable


async def test_a_missing_password_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUEUE_ALERT_PBX_PASSWORD")
    error = await failure(Recorder(), 1)
    assert str(error) == (
        'no password: write password_file = "…" in [feeds.pbx], or set QUEUE_ALERT_PBX_PASSWORD'
    )


# How it ends


async def test_freeswitch_takes_leave() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        await line.say(GOODBYE)
        await line.until_gone()

    recorder = Recorder()
    async with playing(script) as port:
        error = await failure(recorder, port)
    assert str(error) == (f"connection to 127.0.0.1:{port} was lost (FreeSWITCH says: Disconnected, goodbye)")
    assert recorder.states() == ["syncing", "live", "down"]


async def test_a_stream_that_cannot_be_cut_any_more_ends_the_connection() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        await line.say(b"Content-Type: text/event-json\nContent-Length: many\n\n{}")
        await line.until_gone()

    recorder = Recorder()
    async with playing(script) as port:
        error = await failure(recorder, port)
    assert str(error) == (
        f"127.0.0.1:{port} said what cannot be read; as it may have been events, all is asked for anew"
    )
    assert recorder.skipped == [(Skipped.BAD_VALUE, "header: Content-Length")]


@pytest.mark.parametrize("question", ["strmicroepoch", "callcenter_config tier list"])
async def test_a_question_that_is_never_answered_ends_the_connection(question: str) -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        while (command := await line.asked()) != f"api {question}":
            await line.say(line.switch.answer(command.removeprefix("api ")))
        await line.until_gone()

    async with playing(script) as port:
        error = await failure(Recorder(), port, connect_timeout=0.1)
    assert str(error) == f"127.0.0.1:{port} has fallen silent: no answer to {question} within 0.1 s"
    assert error.recoverable


async def test_a_line_that_goes_dead_without_a_word_is_noticed_by_the_sign_of_life() -> None:
    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        await asyncio.Event().wait()

    recorder = Recorder()
    server: asyncio.Task[None] | None = None

    async def half_open(line: Line) -> None:
        nonlocal server
        server = asyncio.current_task()
        await script(line)

    async with playing(half_open) as port:
        error = await failure(recorder, port, ping=0.05, connect_timeout=0.1)
        assert server is not None
        server.cancel()
    assert str(error) == f"127.0.0.1:{port} has fallen silent: no answer to strmicroepoch within 0.1 s"
    assert recorder.states() == ["syncing", "live", "down"]


async def test_being_cancelled_says_down_and_takes_leave() -> None:
    leave: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        leave.set_result(await line.asked())

    recorder = Recorder()
    live = once(recorder, is_live)
    async with playing(script) as port:
        task = asyncio.create_task(recorder.feed(port).run(recorder.submit))
        async with asyncio.timeout(5.0):
            await live.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await leave == "exit"
    assert recorder.states() == ["syncing", "live", "down"]


# Rhythms


async def test_the_lists_are_asked_for_again_and_again() -> None:
    switch = small_switch()

    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        await line.lists()

    recorder = Recorder()
    recorder_events = recorder.events
    async with playing(script, switch=switch) as port:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(feed_module, "_SHORTEST_POLL_S", 0.01)
            await failure(recorder, port, poll=0.02)
    assert sum(isinstance(event, GroupSnapshotTaken) for event in recorder_events) == 2


async def test_what_shows_that_something_was_lost_has_the_lists_asked_for_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_module, "_SHORTEST_POLL_S", 0.05)
    switch = small_switch()

    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        switch.join(QUEUE)
        switch.take()
        switch.join(QUEUE)  # of the first one nothing was told but by this one's count
        await line.say(switch.take())
        await line.lists()

    recorder = Recorder()
    async with playing(script, switch=switch) as port:
        await failure(recorder, port, poll=60.0)
    snapshots = [event for event in recorder.events if isinstance(event, GroupSnapshotTaken)]
    assert [len(snapshot.waiting) for snapshot in snapshots] == [0, 2]
    assert sum(isinstance(event, ContactQueued) for event in recorder.events) == 1


async def test_being_asked_for_the_lists_all_the_time_holds_up_no_sign_of_life(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_module, "_SHORTEST_POLL_S", 0.3)
    switch = small_switch()
    asked = []

    async def script(line: Line) -> None:
        await line.let_in()
        await line.lists()
        switch.set_state("1000@default", "Waiting")
        switch.event("CUSTOM", {"CC-Action": "agent-add", "CC-Agent": "x"}, "callcenter::info")
        await line.say(switch.take())
        asked.extend([await line.answer() for _ in range(3)])

    async with playing(script, switch=switch) as port:
        await failure(Recorder(), port, poll=60.0, ping=0.05)
    assert asked == ["strmicroepoch"] * 3


async def test_logging_in_is_logged_without_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "adapters.freeswitch")

    async def script(line: Line) -> None:
        await line.let_in()

    async with playing(script) as port:
        await failure(Recorder(), port)
    assert f"logged in feed=pbx host=127.0.0.1 port={port}" in caplog.text
    assert PASSWORD not in caplog.text


# Configuration


def test_sound_options_have_no_problems() -> None:
    assert DRIVER.check(FreeSwitchOptions()) == []
    assert DRIVER.check(FreeSwitchOptions(host="localhost")) == []
    assert DRIVER.check(FreeSwitchOptions(host="::1")) == []


def test_a_host_that_is_another_machine_is_warned_of() -> None:
    (problem,) = DRIVER.check(FreeSwitchOptions(host="192.0.2.10"))
    assert problem == ConfigProblem(
        path="host",
        message="the password and every caller's number travel in clear; let it be a network of your own, "
        "a VPN, or a tunnel to 127.0.0.1, got 192.0.2.10",
        is_warning=True,
    )
    assert DRIVER.check(FreeSwitchOptions(host="pbx.example"))[0].is_warning


def test_every_mistake_is_told_at_once() -> None:
    options = FreeSwitchOptions(host=" ", port=0, poll=0.5, ping=31.0, connect_timeout=61.0)
    assert DRIVER.check(options) == [
        ConfigProblem(path="host", message="must be one line without control characters, and not empty"),
        ConfigProblem(path="port", message="must be 1 to 65535, got 0"),
        ConfigProblem(path="poll", message="must be 1 s to 3600 s, got 0.5 s"),
        ConfigProblem(path="ping", message="must be 1 s to 30 s, got 31 s"),
        ConfigProblem(path="connect_timeout", message="must be > 0 s and at most 60 s, got 61 s"),
    ]
