"""From a recorded manager connection to the figures, against what Asterisk itself wrote down.

The oracle is ``queue_log`` for who was offered and how each ended, and ``QueueStatus`` for who waits.
"""

from collections import Counter

import pytest

from adapters.asterisk.translation import AsteriskTranslator
from queue_alert.core.monitor import Monitor
from queue_alert.core.policy import Policy
from queue_alert.core.units import Instant
from queue_alert.core.view import GroupView
from tests.adapters.asterisk.captures import NAMES, Step, logged, steps, without_variables

START: Instant = 1_795_297_567.0
SETTLED_S = 60.0


class Floor:
    """A translator and a monitor, fed frame by frame."""

    def __init__(self) -> None:
        self.skipped: list[str] = []
        self.translator = AsteriskTranslator("pbx", lambda _kind, detail: self.skipped.append(detail))
        self.monitor = Monitor(Policy(reset_at_s=None), START)
        self.now = START
        self.compared: list[tuple[str, int, int]] = []
        self._calls: dict[str, int] = {}
        self._rest = b""

    def play(self, recording: list[Step]) -> None:
        for step in recording:
            self.pass_time(START + step.at)
            if step.mark:
                self._rest = b""
                happened = getattr(self.translator, step.mark)
                for event in happened(self.now):
                    self.monitor.handle(event, self.now)
            *whole, self._rest = (self._rest + step.data).split(b"\r\n\r\n")
            for frame in whole:
                for event in self.translator.receive(frame + b"\r\n\r\n", self.now):
                    self.monitor.handle(event, self.now)
                self._compare(
                    dict(line.split(": ", 1) for line in frame.decode().split("\r\n") if ": " in line)
                )
        self.pass_time(self.now + SETTLED_S)

    def pass_time(self, now: Instant) -> None:
        while (deadline := self.monitor.next_deadline()) is not None and deadline <= now:
            self.monitor.advance(deadline)
        self.now = now

    def groups(self) -> dict[str, GroupView]:
        return {group.name: group for group in self.monitor.view(self.now).groups}

    def _compare(self, headers: dict[str, str]) -> None:
        """Note who waits by us and by Asterisk at the end of every list."""
        if headers.get("Event") == "QueueParams":
            self._calls[headers["Queue"]] = int(headers["Calls"])
        elif headers.get("Event") == "QueueStatusComplete":
            groups = self.groups()
            self.compared += [(name, groups[name].waiting, calls) for name, calls in self._calls.items()]
            self._calls = {}


def outcomes_in_the_log(name: str) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for group, _contact, what in logged(name):
        counts.setdefault(group, Counter())["offered" if what == "joined" else what] += 1
    return counts


def outcomes_of(floor: Floor) -> dict[str, Counter[str]]:
    return {
        name: Counter(group.today.outcomes) + Counter(offered=group.today.offered)
        for name, group in floor.groups().items()
        if group.today.offered
    }


@pytest.mark.parametrize("name", NAMES)
def test_whoever_asterisk_says_is_waiting_is_waiting_here(name: str) -> None:
    floor = Floor()
    floor.play(steps(name))
    assert len(floor.compared) > 20
    assert [entry for entry in floor.compared if entry[1] != entry[2]] == []
    assert floor.skipped == []


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"agentonly", "crash"}))
def test_everybody_ends_as_the_log_says(name: str) -> None:
    floor = Floor()
    floor.play(steps(name))
    assert outcomes_of(floor) == outcomes_in_the_log(name)
    corrections = sum(group.corrections for group in floor.groups().values())
    # A queue deleted by a reload strands two callers: gone by the list, and their true end is told later.
    assert corrections == (4 if name == "reload" else 0)


def test_after_a_crash_no_ghost_waits_and_each_is_a_correction() -> None:
    floor = Floor()
    floor.play(steps("crash"))
    groups = floor.groups()
    vanished = {"sales": 2, "support": 2, "billing": 1}
    assert {name: group.waiting for name, group in groups.items()} == dict.fromkeys(vanished, 0)
    assert {name: group.corrections for name, group in groups.items()} == vanished
    assert {name: group.today.unknown for name, group in groups.items()} == vanished
    told = {name: +(counts - Counter(unknown=vanished[name])) for name, counts in outcomes_of(floor).items()}
    assert told == outcomes_in_the_log("crash")
    (feed,) = floor.monitor.view(floor.now).feeds
    assert feed.corrections == 5


@pytest.mark.parametrize("name", NAMES)
def test_who_may_not_see_variables_gets_unknown_outcomes_but_never_wrong_ones(name: str) -> None:
    floor = Floor()
    floor.play(without_variables(steps(name)))
    for group, counts in outcomes_of(floor).items():
        logged_counts = outcomes_in_the_log(name)[group]
        unknown = counts.pop("unknown", 0)
        assert counts["offered"] == logged_counts["offered"]
        assert counts["answered"] == logged_counts["answered"]
        too_many = {what: number for what, number in counts.items() if number > logged_counts[what]}
        assert too_many == {}
        assert unknown == counts["offered"] - sum(
            number for what, number in counts.items() if what != "offered"
        )
