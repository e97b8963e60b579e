import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from queue_alert.app.cli import main
from queue_alert.app.replay import FigureLine, Replay, replay_policy
from queue_alert.core.events import (
    ContactAnswered,
    ContactDequeued,
    ContactQueued,
    FeedState,
    FeedStatusChanged,
    Outcome,
)
from queue_alert.core.policy import Policy
from queue_alert.core.units import ContactId, FeedName, GroupName
from queue_alert.ports import RecordedEvent, RecordedItem, RecordedMark

GOLDEN = Path(__file__).parent.parent / "golden" / "asterisk"
START = 1_700_000_000.5
PBX = FeedName("pbx")
SALES = GroupName("sales")

# What Asterisk's own log calls an outcome, and what we do. Source: Asterisk, "Queue Logs".
OUTCOMES = {
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timeout",
    "EXITWITHKEY": "exit_key",
    "EXITEMPTY": "no_agents",
    "WITHDRAW": "withdrawn",
}


def queued(at: float, name: str) -> RecordedEvent:
    event = ContactQueued(id=f"q{name}", source=PBX, time=START + at, group=SALES, contact=ContactId(name))
    return RecordedEvent(at=at, event=event)


def answered(at: float, name: str) -> RecordedEvent:
    event = ContactAnswered(id=f"a{name}", source=PBX, time=START + at, group=SALES, contact=ContactId(name))
    return RecordedEvent(at=at, event=event)


def play(items: list[RecordedItem]) -> tuple[list[FigureLine], dict[str, Any]]:
    replay = Replay(replay_policy(Policy()), translator=None, started_at=START)
    lines = [line for item in items for line in replay.play(item)]
    lines += replay.finish()
    return lines, replay.final()


def line(
    t: float, waiting: int, oldest: float, offered: int, answered: int, abandoned: int = 0
) -> FigureLine:
    return FigureLine(
        t=t,
        group="sales",
        waiting=waiting,
        oldest_wait_s=oldest,
        offered=offered,
        answered=answered,
        abandoned=abandoned,
        rerouted=0,
    )


def test_a_line_follows_every_change_of_a_groups_figures() -> None:
    live = FeedStatusChanged(id="l", source=PBX, time=START, state=FeedState.LIVE)
    lines, final = play(
        [
            RecordedMark(at=0.0, kind="connected"),
            RecordedEvent(at=0.0, event=live),
            queued(1.0, "a"),
            queued(3.5, "b"),
            answered(4.25, "a"),
        ]
    )
    assert lines == [
        line(1.0, 1, 0.0, 1, 0),
        line(3.5, 2, 2.5, 2, 0),
        line(4.25, 1, 0.75, 2, 1),
    ]
    assert final == {
        "final": True,
        "groups": {
            "sales": {
                "waiting": 1,
                "oldest_wait_s": 60.75,
                "offered": 2,
                "answered": 1,
                "abandoned": 0,
                "rerouted": 0,
                "outcomes": {"answered": 1},
                "service_level": {
                    "answered": 1.0,
                    "asterisk2": 1.0,
                    "offered": 1.0,
                    "late_abandons": 1.0,
                },
                "asa_s": 3.25,
                "corrections": 0,
            }
        },
    }


def test_an_outcome_that_time_decides_is_said_at_its_instant() -> None:
    left = ContactDequeued(
        id="d",
        source=PBX,
        time=START + 2.0,
        group=SALES,
        contact=ContactId("a"),
        presumed=Outcome.ABANDONED,
        settle_s=1.5,
    )
    lines, final = play([queued(1.0, "a"), RecordedEvent(at=2.0, event=left)])
    assert lines == [
        line(1.0, 1, 0.0, 1, 0),
        line(2.0, 0, 0.0, 1, 0),
        line(3.5, 0, 0.0, 1, 0, abandoned=1),
    ]
    assert final["groups"]["sales"]["outcomes"] == {"abandoned": 1}


def test_no_daily_reset_falls_into_a_recording_however_long() -> None:
    later = msgspec.structs.replace(queued(0, "b").event, id="b", time=START + 86_400.0 * 3)
    lines, final = play([queued(0, "a"), RecordedEvent(at=86_400.0 * 3, event=later)])
    assert [line.offered for line in lines] == [1, 2]
    assert final["groups"]["sales"]["offered"] == 2


def oracle(name: str) -> dict[str, Counter[str]]:
    """Return each group's outcomes as Asterisk's own log counts them."""
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in (GOLDEN / f"{name}.queue_log").read_text(encoding="utf-8").splitlines():
        _time, _contact, group, _agent, event, *_ = row.split("|")
        if event == "ENTERQUEUE":
            groups[group]["offered"] += 1
        if event in OUTCOMES:
            groups[group][OUTCOMES[event]] += 1
    return dict(groups)


def replayed(name: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["replay", str(GOLDEN / f"{name}.ami"), "--json"]) == 0
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "name",
    [
        "calm",
        "abandon",
        "hold_transfer",
        "members",
        "priority",
        "reload",
        "restart",
        "voicemail",
    ],
)
def test_a_recorded_asterisk_ends_with_the_outcomes_of_its_own_log(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    *_lines, final = replayed(name, capsys)
    ours = {
        group: Counter({"offered": figures["offered"], **figures["outcomes"]})
        for group, figures in final["groups"].items()
        if figures["offered"]
    }
    assert ours == oracle(name)


def test_with_the_agent_class_alone_an_abandon_cannot_be_told_and_is_said_to_be_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    *_lines, final = replayed("agentonly", capsys)
    for group, log in oracle("agentonly").items():
        expected = Counter({"answered": log["answered"], "unknown": log["abandoned"]})
        assert Counter(final["groups"][group]["outcomes"]) == +expected
        assert final["groups"][group]["offered"] == log["offered"]


@pytest.mark.parametrize("name", ["crash", "surgery"])
def test_where_asterisk_lost_its_own_memory_every_contact_still_has_an_outcome(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    *_lines, final = replayed(name, capsys)
    log = oracle(name)
    for group, figures in final["groups"].items():
        assert figures["waiting"] == 0
        assert sum(figures["outcomes"].values()) == figures["offered"]
        assert figures["answered"] == log.get(group, Counter())["answered"]


def test_the_lines_are_in_order_and_the_last_of_each_group_is_the_final_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    *lines, final = replayed("abandon", capsys)
    times = [entry["t"] for entry in lines]
    assert times == sorted(times)
    last = {entry["group"]: entry for entry in lines}
    for group, figures in final["groups"].items():
        assert {key: figures[key] for key in ("waiting", "offered", "answered", "abandoned", "rerouted")} == {
            key: last[group][key] for key in ("waiting", "offered", "answered", "abandoned", "rerouted")
        }


def test_elsewhere_than_on_a_terminal_a_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(GOLDEN / "calm.ami")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "group    waiting  offered  answered  abandoned  rerouted  service level    ASA",
        "billing        0        2         2          0         0         100.0%  4.0 s",
        "support        0        4         4          0         0         100.0%  2.5 s",
        "sales          0        4         3          1         0          75.0%  2.7 s",
    ]


def test_a_recording_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(GOLDEN / "nothing.ami"), "--json"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("queue-alert: there is no recording ")
    assert error.count("\n") == 1


def test_a_recording_of_what_nobody_understands_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.pigeon"
    path.write_bytes(b"moo")
    assert main(["replay", str(path), "--json"]) == 1
    assert capsys.readouterr().err == (
        f'queue-alert: {path}: was recorded from "pigeon", and no translator of it is installed\n'
    )


def test_without_times_a_recording_is_replayed_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "calm.ami"
    path.write_bytes((GOLDEN / "calm.ami").read_bytes())
    assert main(["replay", str(path), "--json"]) == 0
    out, error = capsys.readouterr()
    assert error == f"queue-alert: {path}: the times are missing; waits mean nothing\n"
    final = json.loads(out.splitlines()[-1])
    assert {group: figures["offered"] for group, figures in final["groups"].items()} == {
        "billing": 2,
        "support": 4,
        "sales": 4,
    }


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "inf", "nan"])
def test_a_speed_that_is_none_is_wrong_use(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "x.ami", "--speed", speed]) == 2
    assert 'must be "max" or a number > 0' in capsys.readouterr().err
