"""Whatever happens to a feed on its way, once it is quiet the floor is the ACD's."""

from collections import deque
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.websocket.session import Session
from adapters.websocket.states import Limits, SessionError, State
from queue_alert.core.events import AgentState, FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy, SignalPolicy
from queue_alert.core.units import FeedName, GroupName, SignalName
from tests.adapters.websocket.acd import SALES, START, SUPPORT, TrueAcd, say
from tests.adapters.websocket.helpers import FEED

GROUPS = (SALES, SUPPORT, GroupName("night"))
STATES = (AgentState.AVAILABLE, AgentState.TALKING, AgentState.NOT_READY)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(0, 5), st.sampled_from(GROUPS[:2])),
        st.tuples(st.just("move"), st.integers(0, 5), st.sampled_from(GROUPS)),
        st.tuples(st.just("agent"), st.integers(0, 2), st.sampled_from(STATES)),
        st.tuples(st.just("deliver"), st.integers(1, 6), st.just("")),
        st.tuples(st.just("deliver"), st.integers(1, 6), st.just("")),
        st.tuples(st.just("drop"), st.integers(0, 3), st.just("")),
        st.tuples(st.just("double"), st.integers(0, 3), st.just("")),
        st.tuples(st.just("swap"), st.integers(0, 3), st.just("")),
        st.tuples(st.just("garble"), st.integers(0, 3), st.sampled_from(["", "{", '{"type":"new"}'])),
        st.tuples(st.sampled_from(["cut", "restart", "heartbeat", "forget"]), st.just(0), st.just("")),
        st.tuples(st.just("pass"), st.integers(1, 40), st.just("")),
    ),
    max_size=70,
)


class Road:
    """An ACD at one end, a session and a monitor at the other, and messages on the way."""

    def __init__(self, acd: TrueAcd) -> None:
        self.acd = acd
        self.monitor = Monitor(
            Policy(
                feeds=(FeedPolicy(name=FeedName(FEED)),), signals=(SignalPolicy(name=SignalName("beacon")),)
            ),
            START,
        )
        self.session = Session(FEED, lambda *_: None, lambda: acd.now, Limits(synced_within_s=20.0))
        self.on_the_way: deque[str] = deque()
        self.is_told = False
        self.connect()

    @property
    def now(self) -> float:
        return self.acd.now - START

    def connect(self) -> None:
        self.on_the_way.clear()
        self.is_told = False
        self.session.connected(self.now)
        self.on_the_way.append(self.acd.hello())

    def happened(self, event: Any) -> None:
        if self.is_told:
            self.on_the_way.append(say(event))

    def deliver(self) -> None:
        """Let one message arrive, and what it leads to happen."""
        try:
            for event in self.session.receive(self.on_the_way.popleft(), self.now):
                self.monitor.handle(event, self.acd.now)
        except SessionError:
            self.connect()
        self.answer()

    def answer(self) -> None:
        for word in self.session.take_messages():
            self.on_the_way.extend(self.acd.replies(word))
            self.is_told = True

    def let_pass(self, seconds: float) -> None:
        self.acd.now += seconds
        self.monitor.advance(self.acd.now)
        try:
            self.session.advance(self.now)
        except SessionError:
            self.connect()
        self.answer()

    def settle(self) -> None:
        """Let nothing be lost any more, until all has been said."""
        for _ in range(12):
            while self.on_the_way:
                self.deliver()
            self.let_pass(5.0)
            if self.is_told:
                self.on_the_way.append(self.acd.heartbeat())

    def waiting(self) -> dict[str, set[str]]:
        groups = self.monitor._floor.groups.values()
        return {group.name: set(group.waiting) for group in groups if group.waiting}

    def agents(self) -> dict[str, dict[str, AgentState]]:
        groups = self.monitor._floor.groups.values()
        return {
            group.name: {name: record.state for name, record in group.agents.items()}
            for group in groups
            if group.agents
        }


def play(road: Road, script: list[Any]) -> None:
    acd = road.acd
    for what, number, which in script:
        if what == "move":
            contact = f"c{number}"
            present = contact in acd.waiting.get(which, {})
            acd.now += 0.25
            end = acd.answer if number % 2 else acd.leave
            road.happened(end(which, contact) if present else acd.queue(which, contact))
        elif what == "agent":
            acd.now += 0.25
            road.happened(acd.agent(SALES, f"a{number}", which))
        elif what == "deliver":
            for _ in range(min(number, len(road.on_the_way))):
                road.deliver()
        elif what == "pass":
            road.let_pass(number)
        elif what == "cut":
            road.connect()
        elif what == "restart":
            acd.restart()
            acd.waiting.pop(GROUPS[2], None)
            road.connect()
        elif what == "heartbeat":
            if road.is_told:
                road.on_the_way.append(acd.heartbeat())
        elif what == "forget":
            acd.log.clear()
        elif number < len(road.on_the_way):
            meddle(road.on_the_way, what, number, which)


def meddle(texts: deque[str], what: str, number: int, which: str) -> None:
    if what == "drop":
        del texts[number]
    elif what == "double":
        texts.insert(number + 2, texts[number])
    elif what == "swap":
        texts[number], texts[-1] = texts[-1], texts[number]
    else:
        texts[number] = which


@given(steps)
def test_once_it_is_quiet_the_floor_is_the_acds_whatever_happened_on_the_way(script: list[Any]) -> None:
    road = Road(TrueAcd(log_kept=8))
    play(road, script)
    road.settle()
    assert road.session.state is State.LIVE
    (feed,) = road.monitor.view(road.acd.now).feeds
    assert feed.state is FeedState.LIVE
    assert road.waiting() == {group: set(line) for group, line in road.acd.waiting.items() if line}
    assert road.agents() == {group: agents for group, agents in road.acd.agents.items() if agents}


@given(steps)
def test_it_is_never_taken_for_live_while_something_is_missing(script: list[Any]) -> None:
    """While nothing is on the way and the feed counts as live, the floor is the ACD's too."""
    road = Road(TrueAcd())
    for step in script:
        if step[0] in {"move", "agent", "cut", "restart", "pass", "forget"}:
            play(road, [step])
            while road.on_the_way:
                road.deliver()
            if road.session.state is State.LIVE:
                assert road.waiting() == {
                    group: set(line) for group, line in road.acd.waiting.items() if line
                }


@given(steps)
def test_the_core_sees_one_rising_order_over_everything_that_is_not_late(script: list[Any]) -> None:
    road = Road(TrueAcd(log_kept=8))
    numbers: list[int] = []
    handle = road.monitor.handle

    def note(event: Any, now: float) -> Any:
        if event.seq:
            numbers.append(event.seq)
        return handle(event, now)

    road.monitor.handle = note  # type: ignore[method-assign]
    play(road, [step for step in script if step[0] not in {"double", "swap", "garble"}])
    road.settle()
    assert numbers == sorted(numbers)
