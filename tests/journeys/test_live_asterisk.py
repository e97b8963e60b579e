"""An Asterisk that restarts, crashes and reloads, over real sockets: feed, supervisor, monitor."""

import asyncio
import random
from collections import Counter
from contextlib import suppress

import pytest

from queue_alert.app.supervisor import FeedSupervisor
from queue_alert.core.events import AcdEvent
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, Instant
from queue_alert.core.view import GroupView
from tests.adapters.asterisk.captures import Step, steps
from tests.adapters.asterisk.manager import SECRET, Line, Recorder, playing
from tests.journeys.test_recordings_against_asterisks_own_log import SETTLED_S, START, outcomes_in_the_log


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ALERT_PBX_SECRET", SECRET)


class Floor(Recorder):
    """A monitor whose time is that of what is played to it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.monitor = Monitor(Policy(reset_at_s=None, feeds=(FeedPolicy(name=FeedName("pbx")),)), START)
        self.states_seen: list[str] = []
        self.awaited = 0
        self.is_heard = asyncio.Event()

    def now(self) -> Instant:
        return self.at

    def submit(self, event: AcdEvent) -> None:
        self.monitor.handle(event, self.at)
        (feed,) = self.monitor.view(self.at).feeds
        if feed.state not in self.states_seen[-1:]:
            self.states_seen.append(feed.state)

    def received(self, data: bytes) -> None:
        super().received(data)
        if len(self.raw) >= self.awaited:
            asyncio.get_running_loop().call_soon(self.is_heard.set)

    def pass_time(self, until: Instant) -> None:
        while (deadline := self.monitor.next_deadline()) is not None and deadline <= until:
            self.monitor.advance(deadline)
        self.at = until

    async def play(self, recording: list[Step]) -> None:
        """Play every connection of a recording on one of ours."""
        left = [step for step in recording if step.mark != "connected"]
        is_over = asyncio.Event()

        async def script(line: Line) -> None:
            await line.let_in()
            await line.answer(await line.asked())
            while left:
                step = left.pop(0)
                self.pass_time(START + step.at)
                if step.mark:
                    break
                self.awaited = len(self.raw) + len(step.data)
                self.is_heard.clear()
                await line.say(step.data)
                async with asyncio.timeout(5):
                    await self.is_heard.wait()
            if not left:
                is_over.set()

        async with playing(script) as port:
            supervisor = FeedSupervisor(
                "pbx",
                feed=self.feed(port, poll=3600.0, ping=3600.0),
                submit=self.submit,
                clock=self,
                randomness=random.Random(1),
            )
            running = asyncio.create_task(supervisor.run(), name="supervisor")
            async with asyncio.timeout(20):
                await is_over.wait()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        self.pass_time(self.at + SETTLED_S)

    def groups(self) -> dict[str, GroupView]:
        return {group.name: group for group in self.monitor.view(self.at).groups}

    def outcomes(self) -> dict[str, Counter[str]]:
        return {
            name: Counter(group.today.outcomes) + Counter(offered=group.today.offered)
            for name, group in self.groups().items()
            if group.today.offered
        }


@pytest.mark.parametrize("name", ["restart", "reload", "calm"])
async def test_everybody_ends_as_the_log_says_also_over_a_restart_and_a_reload(name: str) -> None:
    floor = Floor()
    await floor.play(steps(name))
    assert floor.outcomes() == outcomes_in_the_log(name)
    again = ["down", "syncing", "live"] if name == "restart" else []
    assert floor.states_seen == ["syncing", "live", *again, "down"]
    assert floor.skipped == []


async def test_after_a_crash_nobody_waits_who_is_not_there() -> None:
    floor = Floor()
    await floor.play(steps("crash"))
    vanished = {"sales": 2, "support": 2, "billing": 1}
    assert {name: group.waiting for name, group in floor.groups().items()} == dict.fromkeys(vanished, 0)
    assert {name: group.today.unknown for name, group in floor.groups().items()} == vanished
    assert {name: group.corrections for name, group in floor.groups().items()} == vanished
    told = {name: +(counts - Counter(unknown=vanished[name])) for name, counts in floor.outcomes().items()}
    assert told == outcomes_in_the_log("crash")


def with_a_hole(recording: list[Step], begin: float, end: float) -> list[Step]:
    """Return a recording as of a network that was gone for a while; the answers of then are lost, too."""
    found = [step for step in recording if step.at < begin or step.at >= end]
    at = next(index for index, step in enumerate(found) if step.at >= end)
    rest = b"".join(step.data for step in recording if step.at < end)
    # What comes after begins with a whole frame.
    tail = len(rest) - (rest.rfind(b"\r\n\r\n") + 4)
    if tail:
        head = found[at].data
        found[at] = Step(end, head[head.index(b"\r\n\r\n") + 4 :])
    return [*found[:at], Step(begin, mark="disconnected"), Step(end, mark="connected"), *found[at:]]


@pytest.mark.parametrize(
    ("begin", "end"), [(5.0, 14.0), (12.0, 22.0), (20.0, 30.0), (8.0, 34.0), (30.0, 41.0), (15.0, 50.0)]
)
async def test_who_came_and_went_while_the_network_was_gone_is_counted(begin: float, end: float) -> None:
    """By Asterisk's own counts: an answer is an answer, and what cannot be known is unknown, not left out."""
    floor = Floor()
    await floor.play(with_a_hole(steps("calm"), begin, end))
    truth = outcomes_in_the_log("calm")
    found = floor.outcomes()
    for group, counts in truth.items():
        ours = Counter(found[group])
        assert (ours["offered"], ours["answered"]) == (counts["offered"], counts["answered"]), group
