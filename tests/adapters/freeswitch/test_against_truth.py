"""A legal run of anything that can happen in a call centre, told by ESL: our figures are the switch's own."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.freeswitch.translation import FreeSwitchTranslator
from queue_alert.core.events import FeedState
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import FeedPolicy, Policy
from queue_alert.core.units import FeedName, GroupName, Instant
from queue_alert.core.view import FloorView, GroupView
from tests.adapters.freeswitch.switch import GREETING, Agent, Queue, Switch

QUEUES = ("support@default", "sales@default")
AGENTS = ("1000@default", "1001@default", "1002@default")
START = 1_800_000_000.25
OUR_CLOCK_S = 0.02

ACTIONS = (
    "join",
    "join",
    "offer",
    "offer",
    "fail",
    "pick up",
    "pick up",
    "bridge",
    "bridge",
    "end",
    "hang up",
    "let go",
    "resume",
    "status",
    "hold",
    "beat",
    "lists",
    "lists ahead",
)
happening = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 50), st.floats(0.01, 20.0))
histories = st.lists(happening, max_size=70)
REASONS = ("TIMEOUT", "NO_AGENT_TIMEOUT", "EXIT_WITH_KEY", "BREAK_OUT")
STATUSES = ("Available", "Available (On Demand)", "On Break", "Logged Out")


def a_switch() -> Switch:
    switch = Switch(queues={name: Queue() for name in QUEUES}, now=START)
    switch.agents = {name: Agent(name) for name in AGENTS}
    switch.tiers = [
        (QUEUES[0], AGENTS[0]),
        (QUEUES[0], AGENTS[1]),
        (QUEUES[1], AGENTS[1]),
        (QUEUES[1], AGENTS[2]),
    ]
    return switch


def step(switch: Switch, what: str, number: int) -> None:
    """Let something happen, if it can."""
    if what == "lists ahead":
        what = ACTIONS[number % ACTIONS.index("lists")]
    for member in switch.members.values():
        # No whisper to an agent lasts a minute.
        if member.is_picked_up and member.state == "Trying" and switch.now > member.answered + 30.0:
            switch.bridge(member.uuid, member.serving_agent)
    members = list(switch.members.values())

    def one(*states: str, picked_up: bool = False) -> Any:
        found = [m for m in members if m.state in states and m.is_picked_up is picked_up]
        return found[number % len(found)] if found else None

    free = [a for a in switch.agents.values() if a.status.startswith("Available") and a.state == "Waiting"]
    if what == "join":
        switch.join(QUEUES[number % 2], f"+1555{number:04}", "Ada|Lovelace" if number % 3 else "Bob")
    elif what == "offer" and free and (member := one("Waiting")):
        switch.offer(member.uuid, free[number % len(free)].name)
    elif what == "fail" and (member := one("Trying")):
        cause = ("NO_ANSWER", "USER_BUSY", "CALL_REJECTED")[number % 3]
        switch.not_answered(member.uuid, member.serving_agent, cause)
    elif what == "pick up" and (member := one("Trying")):
        switch.pick_up(member.uuid, member.serving_agent)
    elif what == "bridge" and (member := one("Trying", picked_up=True)):
        switch.bridge(member.uuid, member.serving_agent)
    elif what == "end" and (member := one("Answered", picked_up=True)):
        switch.end(member.uuid, member.serving_agent, by=("send_bye", "recv_bye")[number % 2])
    elif what == "hang up" and (member := one("Waiting", "Trying", picked_up=bool(number % 2))):
        rung, picked_up = member.serving_agent if member.state == "Trying" else "", member.is_picked_up
        switch.leave(member.uuid, "NONE" if picked_up else "BREAK_OUT")
        if picked_up:
            switch.bridge_fails_gone(member.uuid, rung)
        elif rung:
            switch.not_answered(member.uuid, rung, "ORIGINATOR_CANCEL")
    elif what == "let go" and (member := one("Waiting")):
        switch.leave(member.uuid, REASONS[number % 4], hung_up=False)
    elif what == "resume" and (member := one("Abandoned")):
        switch.resume(member.uuid)
    elif what == "status":
        name = AGENTS[number % 3]
        if switch.agents[name].state in {"Waiting", "Idle"}:
            switch.set_status(name, STATUSES[number % 4])
            switch.set_state(name, "Waiting")
    elif what == "hold" and (member := one("Answered", picked_up=True)):
        name = member.serving_agent
        switch.hold(member.uuid, name, is_hold=not switch.agents[name].is_holding)
    elif what == "beat":
        switch.heartbeat()


class Ours:
    """Our side: the translator and the monitor."""

    def __init__(self) -> None:
        self.skipped: list[Any] = []
        self.wanted = 0
        self.translator = FreeSwitchTranslator(
            "pbx", lambda kind, detail: self.skipped.append((kind, detail)), wanted=self._want
        )
        feed = FeedPolicy(name=FeedName("pbx"))
        self.monitor = Monitor(Policy(feeds=(feed,), reset_at_s=None), START)

    def hear(self, data: bytes, at: Instant) -> None:
        self.monitor.advance(at)
        for event in self.translator.receive(data, at):
            self.monitor.handle(event, at)

    def connect(self, at: Instant) -> None:
        for event in self.translator.connected(at):
            self.monitor.handle(event, at)
        self.hear(GREETING, at)

    def view(self, at: Instant) -> FloorView:
        self.monitor.advance(at)
        return self.monitor.view(at)

    def _want(self) -> None:
        self.wanted += 1


def group_of(view: FloorView, name: str) -> GroupView:
    return next(group for group in view.groups if group.name == GroupName(name))


def true_state(agent: Agent) -> str:
    if agent.state == "In a queue call":
        return "on_hold" if agent.is_holding else "talking"
    if agent.status == "Logged Out":
        return "offline"
    if agent.status == "On Break" or agent.state == "Idle":
        return "not_ready"
    return "reserved" if agent.state == "Receiving" else "available"


def assert_waiting(view: FloorView, switch: Switch) -> None:
    for name in QUEUES:
        group, truth = group_of(view, name), switch.waiting(name)
        assert group.waiting == len(truth)
        if truth:
            assert group.oldest_queued_at is not None
            assert abs(group.oldest_queued_at - min(truth.values())) <= 2.5
        else:
            assert group.oldest_queued_at is None


def assert_agents(view: FloorView, switch: Switch, *, holds: bool) -> None:
    for name in QUEUES:
        told = {agent.agent: agent.state for agent in group_of(view, name).agent_list}
        truth = {agent: true_state(switch.agents[agent]) for queue, agent in switch.tiers if queue == name}
        if not holds:
            told = {agent: state.replace("on_hold", "talking") for agent, state in told.items()}
            truth = {agent: state.replace("on_hold", "talking") for agent, state in truth.items()}
        assert told == truth


@given(histories)
def test_undisturbed_every_figure_is_the_switchs_own_and_nothing_is_corrected(history: list[Any]) -> None:
    switch, ours = a_switch(), Ours()
    ours.connect(START)
    ours.hear(switch.round(), START)
    for what, number, pause in history:
        switch.now = round(switch.now + pause, 6)
        step(switch, what, number)
        # An answer may be written before the events of a moment ago are.
        lists, said = switch.round() if what.startswith("lists") else b"", switch.take()
        data = lists + said if what == "lists ahead" else said + lists
        ours.hear(data, switch.now + OUR_CLOCK_S)
    view = ours.view(switch.now + OUR_CLOCK_S)
    assert_waiting(view, switch)
    assert_agents(view, switch, holds=True)
    for name in QUEUES:
        group = group_of(view, name)
        outcomes = {outcome: n for (queue, outcome), n in switch.outcomes.items() if queue == name}
        assert group.today.outcomes == outcomes
        assert group.today.offered == switch.offered[name]
        assert group.today.completed == switch.completed[name]
        assert group.corrections == 0
        if all(what != "lists ahead" for what, *_ in history):
            assert group.agent_corrections == 0
    assert view.feeds[0].state is FeedState.LIVE
    assert ours.skipped == []
    assert ours.wanted == 0


def frames(data: bytes) -> list[bytes]:
    found = []
    while data:
        head, _, rest = data.partition(b"\n\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\n")[0])
        found.append(head + b"\n\n" + rest[:length])
        data = rest[length:]
    return found


FATES = st.lists(
    st.sampled_from(["keep", "keep", "keep", "drop", "double", "late"]), min_size=20, max_size=20
)


@given(histories, FATES, st.booleans())
def test_whatever_is_lost_doubled_or_late_two_rounds_of_lists_give_the_truth(
    history: list[Any], fates: list[str], is_lost_at_the_end: bool
) -> None:
    switch, ours = a_switch(), Ours()
    ours.connect(START)
    ours.hear(switch.round(), START)
    count, late = 0, b""
    for what, number, pause in history:
        switch.now = round(switch.now + pause, 6)
        step(switch, what, number)
        data = b""
        for frame in frames(switch.take()):
            fate = fates[count % len(fates)]
            count += 1
            if fate == "late":
                data, late = data + late, frame
            elif fate != "drop":
                data += frame * (2 if fate == "double" else 1)
        ours.hear(data + (switch.round() if what == "lists" else b""), switch.now + OUR_CLOCK_S)
    if not is_lost_at_the_end:
        ours.hear(late, switch.now + OUR_CLOCK_S)
    for _ in range(2):
        switch.now = round(switch.now + 61.0, 6)
        ours.hear(switch.round(), switch.now + OUR_CLOCK_S)
        for member in list(switch.members.values()):
            if member.is_picked_up and member.state == "Trying":
                switch.bridge(member.uuid, member.serving_agent)
    ours.hear(switch.take() + switch.round(), switch.now + OUR_CLOCK_S)
    view = ours.view(switch.now + 10.0)
    assert_waiting(view, switch)
    assert_agents(view, switch, holds=False)
    assert ours.skipped == []
    for name in QUEUES:
        figures = group_of(view, name).today
        assert figures.offered == (
            figures.answered
            + figures.abandoned
            + figures.rerouted
            + figures.unknown
            + group_of(view, name).waiting
        )


@given(histories, st.integers(1, 60))
def test_after_a_restart_only_those_who_joined_since_are_waiting(history: list[Any], at: int) -> None:
    switch, ours = a_switch(), Ours()
    ours.connect(START)
    ours.hear(switch.round(), START)
    for position, (what, number, pause) in enumerate(history):
        switch.now = round(switch.now + pause, 6)
        if position == at:
            ours.hear(switch.take(), switch.now)
            switch.restart()
            for event in ours.translator.disconnected(switch.now):
                ours.monitor.handle(event, switch.now)
            ours.connect(switch.now)
            ours.hear(switch.round(), switch.now + OUR_CLOCK_S)
            switch.now += 1.0
        step(switch, what, number)
        ours.hear(switch.take(), switch.now + OUR_CLOCK_S)
    assert_waiting(ours.view(switch.now + OUR_CLOCK_S), switch)
