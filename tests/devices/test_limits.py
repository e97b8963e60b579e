"""How fast lamps may flash, whatever they are told."""

import math
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from devices.kinds import Kind
from devices.limits import FLASH_LIMIT, check_options, check_rate, lateness, worst_flash_rate
from devices.own_flash import most_starts
from devices.patterns import Colours, PatternOptions
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import ConfigProblem
from tests.devices.helpers import EPOCH, Change, Stage, flash_starts, worst_second

ROOM = {kind.value: kind.lamps for kind in Kind}
LIGHTS = list(ROOM.values())


def test_the_options_as_they_come_are_right() -> None:
    assert check_options(PatternOptions()) == []
    assert check_rate(ROOM, PatternOptions()) == []
    assert worst_flash_rate(LIGHTS, PatternOptions()) == FLASH_LIMIT


def test_sounders_do_not_flash() -> None:
    fast = PatternOptions(on_s=0.1, off_s=0.1)
    assert worst_flash_rate([Kind.BUZZER.lamps], fast) == 0
    assert check_rate({"bell": Kind.BUZZER.lamps}, fast) == []
    assert worst_flash_rate([], fast) == 0


def test_too_short_a_beat_is_refused_with_what_to_change() -> None:
    assert check_rate(ROOM, PatternOptions(on_s=0.1, off_s=0.15)) == [
        ConfigProblem(
            path="patterns",
            message=(
                "up to 5 flashes could begin within one second, 3 are allowed (WCAG 2.3.1): on_s + off_s is "
                "0.25 s; raise on_s or off_s until it is more than 0.35 s"
            ),
        )
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"on_s": 0.01}, ("on_s", "must be 0.1 to 1 s, got 0.01 s")),
        ({"off_s": 3.0}, ("off_s", "must be 0.1 to 1 s, got 3 s")),
        ({"gap_s": 0.5}, ("gap_s", "must be 1 to 10 s (at least twice on_s + off_s), got 0.5 s")),
        ({"long_s": 0.4}, ("long_s", "must be 0.5 to 5 s (at least twice on_s), got 0.4 s")),
        ({"critical_hz": 5.0}, ("critical_hz", "must be 0.4 to 3 Hz, got 5 Hz")),
        ({"stale_hz": 1.5}, ("stale_hz", "must be 0.1 to 1 Hz (half of critical_hz), got 1.5 Hz")),
        ({"count_up_to": 100}, ("count_up_to", "must be 1 to 99, got 100")),
        ({"warning_beeps": -1}, ("warning_beeps", "must be 0 to 9, got -1")),
        ({"critical_beeps": 10}, ("critical_beeps", "must be 0 to 9, got 10")),
        ({"min_on_s": 61.0}, ("min_on_s", "must be 0 to 60 s, got 61 s")),
        (
            {"quiet_hours": ("late",)},
            ("quiet_hours[0]", 'must be a span of local time such as "22:00-06:30", got "late"'),
        ),
        (
            {"colours": Colours(warning="#000000")},
            (
                "colours.warning",
                'must be a colour such as "#ffb000" that is not black, got "#000000"',
            ),
        ),
        (
            {"colours": Colours(lamp="amber")},
            ("colours.lamp", 'must be a colour such as "#ffb000" that is not black, got "amber"'),
        ),
    ],
)
def test_every_option_has_its_bounds(options: dict[str, object], problem: tuple[str, str]) -> None:
    path, message = problem
    assert check_options(msgspec.structs.replace(PatternOptions(), **options)) == [
        ConfigProblem(path=f"patterns.{path}", message=message)
    ]


def test_all_mistakes_are_reported_at_once() -> None:
    problems = check_options(PatternOptions(gap_s=0.1, long_s=0.1, count_up_to=0))
    assert [problem.path for problem in problems] == [
        "patterns.gap_s",
        "patterns.long_s",
        "patterns.count_up_to",
    ]


def test_a_frequency_that_is_slowed_down_to_the_beat_is_a_warning() -> None:
    assert check_options(PatternOptions(critical_hz=1.5)) == [
        ConfigProblem(
            path="patterns.critical_hz",
            message=(
                "is played as 1 Hz, got 1.5 Hz: every flash begins on a beat, "
                "and a beat (on_s + off_s) is 0.5 s"
            ),
            is_warning=True,
        )
    ]


def test_a_longer_beat_slows_the_alarm_down_and_says_so() -> None:
    problems = check_options(PatternOptions(off_s=0.35))
    assert [(problem.path, problem.is_warning) for problem in problems] == [
        ("patterns.critical_hz", True),
        ("patterns.stale_hz", True),
    ]
    assert problems[0].message.startswith("is played as 1.67 Hz, got 2 Hz")


levels = st.builds(SignalLevel, st.integers(0, 35), st.sampled_from(Severity), st.booleans(), st.booleans())
tempos = st.builds(
    PatternOptions,
    on_s=st.floats(0.1, 0.5),
    off_s=st.floats(0.1, 0.5),
    gap_s=st.floats(0.2, 3.0),
    long_s=st.floats(0.2, 2.0),
    critical_hz=st.floats(0.4, 10.0),
    stale_hz=st.floats(0.1, 5.0),
    idle=st.sampled_from(["dark", "steady"]),
    min_on_s=st.sampled_from([0.0, 0.0, 1.3, 10.0]),
    quiet_hours=st.sampled_from([(), ("08:00-08:01",), ("07:00-08:00",)]),
    brightness=st.sampled_from([{}, {"08:00-08:01": 40, "07:00-09:00": 80}]),
    lamp_test_at=st.sampled_from(["off", "08:00", "08:01"]),
)
lamps_of_outputs = st.sampled_from([*(kind.lamps for kind in Kind), ("left", "right")])
rooms = st.lists(lamps_of_outputs, min_size=1, max_size=5).map(
    lambda outputs: {f"{number} {'-'.join(lamps)}": lamps for number, lamps in enumerate(outputs)}
)


def play_at_random(
    room: dict[str, tuple[str, ...]], options: PatternOptions, data: st.DataObject, *, steps: bool
) -> list[float]:
    """Play levels that change at random, late at random; return the true instants at which it flashed."""
    # Shortly before a full minute, at which hours begin and end and lamps are tested.
    stage = Stage(room, options, now=EPOCH + data.draw(st.sampled_from([-2.0, 58.0])))
    for name in room:
        stage.scheduler.begin(name, stage.now)
    for _ in range(data.draw(st.integers(1, 12), label="changes")):
        stage.show(data.draw(st.sampled_from(sorted(room))), data.draw(levels))
        if data.draw(st.integers(0, 4), label="lamp test") == 0:
            stage.scheduler.test(data.draw(st.sampled_from(sorted(room))), stage.now)
        name = data.draw(st.sampled_from(sorted(room)))
        # One that flashes by itself is dark for the engine's pause first, and only then opened.
        if data.draw(st.integers(0, 4), label="reopened") == 0 and name not in options.own_flash_hz:
            stage.reopen(name)
        end = stage.now + data.draw(st.floats(0.0, 5.0), label="until")
        while (deadline := stage.scheduler.next_deadline()) is not None and deadline <= end:
            is_held_up = data.draw(st.integers(0, 9), label="held up") == 0
            late = data.draw(st.floats(0.0, 2.0 if is_held_up else lateness(options)), label="late")
            stage.advance(max(deadline, stage.now) + late)
        stage.now = max(stage.now, end)
        if steps:
            stage.step_clock(data.draw(st.sampled_from([-3600.0, -1.3, 1.3, 3600.1]), label="step"))
            stage.advance(stage.now + data.draw(st.floats(0.0, 0.3), label="noticed after"))
    starts = set(
        flash_starts(
            [
                [(at, lamps) for at, who, lamps in stage.changes if who == name]
                for name in light(room)
                if name not in options.own_flash_hz
            ]
        )
    )
    own = [start for name, hz in options.own_flash_hz.items() for start in own_starts(stage, name, 1 / hz)]
    return sorted([*starts, *own])


def own_starts(stage: Stage, output: str, period_s: float) -> Iterator[float]:
    """Give the instants at which a lamp that has a flasher of its own began to flash."""
    history = [(at, lamps) for at, who, lamps in stage.changes if who == output]
    for lamp in history[0][1] if history else ():
        for since, length in exact_spans(history, lamp, stage.now):
            yield from (since + number * period_s for number in range(math.ceil(length / period_s - 1e-9)))


def exact_spans(history: Sequence[Change], lamp: str, end: float) -> list[tuple[float, float]]:
    """Return when a lamp had power, and for how long; what is off and on at one instant never lost it."""
    spans: list[tuple[float, float]] = []
    since: float | None = None
    for at, lamps in [*history, (end, {lamp: "off"})]:
        is_lit = lamps[lamp] != "off"
        if is_lit and since is None:
            since = at
            if spans and at - sum(spans[-1]) < 1e-3:
                since = spans.pop()[0]
        elif not is_lit and since is not None:
            spans.append((since, at - since))
            since = None
    return spans


def light(room: dict[str, tuple[str, ...]]) -> list[str]:
    return [name for name, lamps in room.items() if lamps != Kind.BUZZER.lamps]


@given(rooms, tempos, st.data())
def test_no_room_of_lamps_ever_flashes_faster_than_the_worst_rate(
    room: dict[str, tuple[str, ...]], options: PatternOptions, data: st.DataObject
) -> None:
    starts = play_at_random(room, options, data, steps=False)
    assert worst_second(starts) <= worst_flash_rate(room.values(), options)


@given(rooms, tempos, st.data())
def test_a_room_whose_options_pass_the_check_never_exceeds_three_flashes_a_second(
    room: dict[str, tuple[str, ...]], options: PatternOptions, data: st.DataObject
) -> None:
    assume(check_rate(room, options) == [])
    assert worst_second(play_at_random(room, options, data, steps=False)) <= FLASH_LIMIT


@given(rooms, tempos, st.data())
def test_a_clock_that_is_stepped_again_and_again_does_not_break_the_limit(
    room: dict[str, tuple[str, ...]], options: PatternOptions, data: st.DataObject
) -> None:
    assume(check_rate(room, options) == [])
    assert worst_second(play_at_random(room, options, data, steps=True)) <= FLASH_LIMIT


@given(st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_the_worst_rate_is_reached_by_an_alarm_and_one_late_flash(on_s: float, off_s: float) -> None:
    options = PatternOptions(on_s=on_s, off_s=off_s, critical_hz=10.0)
    beat_s = on_s + off_s
    stage = Stage({"lamp": ("lamp",)}, options, now=0.0).begin({"lamp": SignalLevel(1, Severity.CRITICAL)})
    stage.advance(lateness(options) * 0.999)
    stage.play(3.0)
    starts = flash_starts([[(at, lamps) for at, _who, lamps in stage.changes]])
    exact = (1.0 + lateness(options)) / beat_s
    assume(abs(exact - round(exact)) > 0.01)  # where rounding decides nothing
    assert worst_second(starts) == worst_flash_rate([("lamp",)], options)


OWN_KINDS = (Kind.LAMP, Kind.TOWER, Kind.TWO_TIER_TOWER)
own_hz = st.sampled_from([0.4, 0.5, 0.8, 1.0, 1.3, 1.5, 1.7, 2.0, 2.5, 3.0])


@given(st.sampled_from(OWN_KINDS), own_hz, tempos, st.data())
def test_a_lamp_that_flashes_by_itself_never_begins_more_flashes_than_are_counted(
    kind: Kind, hz: float, options: PatternOptions, data: st.DataObject
) -> None:
    options = msgspec.structs.replace(options, own_flash_hz={"beacon": hz})
    starts = play_at_random({"beacon": kind.lamps}, options, data, steps=False)
    assert worst_second(starts) <= most_starts(kind.lamps, hz, options, late_s=lateness(options))


@given(rooms, st.sampled_from(OWN_KINDS), own_hz, tempos, st.data())
def test_a_room_with_a_lamp_that_flashes_by_itself_keeps_the_limit_too(
    room: dict[str, tuple[str, ...]], kind: Kind, hz: float, options: PatternOptions, data: st.DataObject
) -> None:
    sounders = {name: lamps for name, lamps in room.items() if lamps == Kind.BUZZER.lamps}
    room = {**(room if hz < 1 else sounders), "beacon": kind.lamps}
    options = msgspec.structs.replace(options, own_flash_hz={"beacon": hz})
    if check_rate(room, options):
        room = {"beacon": kind.lamps}
    if not check_rate(room, options):
        assert worst_second(play_at_random(room, options, data, steps=False)) <= FLASH_LIMIT


@pytest.mark.parametrize(
    ("kind", "hz", "most"),
    [
        (Kind.LAMP, 0.5, 2),
        (Kind.LAMP, 1.0, 2),
        (Kind.LAMP, 1.5, 3),
        (Kind.LAMP, 2.0, 3),
        (Kind.LAMP, 2.5, 4),
        (Kind.LAMP, 3.0, 4),
        (Kind.TOWER, 1.0, 4),
    ],
)
def test_its_own_rate_counts_as_does_getting_power_again(kind: Kind, hz: float, most: int) -> None:
    options = PatternOptions()
    assert most_starts(kind.lamps, hz, options, late_s=lateness(options)) == most


def test_a_tower_with_flashers_of_its_own_needs_a_slower_beat() -> None:
    tower = {"tower": Kind.TOWER.lamps}
    slow = PatternOptions(on_s=0.5, off_s=0.5, own_flash_hz={"tower": 0.9})
    assert check_rate(tower, slow) == []
    (problem,) = check_rate(tower, PatternOptions(own_flash_hz={"tower": 0.9}))
    assert "by itself tower begins 4 (on_s + off_s is 0.5 s)" in problem.message


def test_a_beacon_beside_lamps_that_we_flash_is_refused_with_what_to_do() -> None:
    options = PatternOptions(own_flash_hz={"beacon": 1.0})
    assert check_rate({"beacon": ("lamp",)}, options) == []
    assert check_rate({"beacon": ("lamp",), "bell": Kind.BUZZER.lamps}, options) == []
    assert check_rate({"beacon": ("lamp",), "tower": Kind.TOWER.lamps}, options) == [
        ConfigProblem(
            path="patterns",
            message=(
                "up to 5 flashes could begin within one second, 3 are allowed (WCAG 2.3.1): by itself beacon "
                "begins 2, the others 3 (on_s + off_s is 0.5 s); take a beacon that flashes more slowly or "
                "is steady, raise on_s and off_s, or light fewer lamps"
            ),
        )
    ]


def test_everything_at_once_stays_at_the_limit() -> None:
    names = [name for name in ROOM if name != "buzzer"]
    stage = Stage(ROOM).begin(
        {
            "lamp": SignalLevel(23),
            "tower": SignalLevel(7, Severity.WARNING),
            "two-tier-tower": SignalLevel(9, Severity.CRITICAL),
            "rgb": SignalLevel(0, stale=True),
            "buzzer": SignalLevel(3, Severity.CRITICAL),
        }
    )
    stage.play(60.0)
    histories = [[(at, lamps) for at, who, lamps in stage.changes if who == name] for name in names]
    starts = flash_starts(histories)
    assert starts == [EPOCH + beat * 0.5 for beat in range(121)]
    assert worst_second(starts) == FLASH_LIMIT
