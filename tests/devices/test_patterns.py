"""What a level looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from devices.kinds import Kind, kind_of
from devices.patterns import (
    Edge,
    Escalation,
    Pattern,
    PatternOptions,
    Rhythm,
    Tempo,
    beeps_for,
    dark_pattern,
    pattern_for,
    why_preempt,
)
from queue_alert.core.effects import Severity, SignalLevel

NORMAL, WARNING, CRITICAL = Severity.NORMAL, Severity.WARNING, Severity.CRITICAL
OPTIONS = PatternOptions()
LAMP, TOWER, TWO, RGB, BUZZER = (
    kind.lamps for kind in (Kind.LAMP, Kind.TOWER, Kind.TWO_TIER_TOWER, Kind.RGB, Kind.BUZZER)
)
ON, OFF = True, False


def lit_of(pattern: Pattern) -> dict[str, str]:
    return {lamp: pattern.lit[lamp] for lamp in sorted(pattern.active)}


def test_tempo_rounds_lengths_up_to_whole_beats() -> None:
    assert Tempo.of(OPTIONS) == Tempo(beat_s=0.5, on_s=0.25, rest=3, long=2, alarm=1, slow=4)
    assert Tempo.of(PatternOptions(off_s=0.35)) == Tempo(
        beat_s=0.6, on_s=0.25, rest=3, long=2, alarm=1, slow=4
    )


def test_nobody_waiting_is_dark() -> None:
    assert pattern_for(LAMP, SignalLevel(), OPTIONS) == dark_pattern(LAMP)
    assert dark_pattern(LAMP).active == frozenset()
    assert dark_pattern(LAMP).ground == {"lamp": "off"}


def test_depth_is_as_many_flashes_and_a_rest() -> None:
    assert pattern_for(LAMP, SignalLevel(2), OPTIONS) == Pattern(
        rhythm=Rhythm.FLASHES,
        lit={"lamp": "#ffb000"},
        dark={"lamp": "off"},
        edges=(Edge(0, 0.0, ON), Edge(0, 0.25, OFF), Edge(1, 0.0, ON), Edge(1, 0.25, OFF)),
        beats=5,
        rest_beat=2,
        is_ground_lit=False,
    )


def test_a_long_flash_stands_for_ten() -> None:
    pattern = pattern_for(LAMP, SignalLevel(21), OPTIONS)
    assert pattern.edges == (
        Edge(0, 0.0, ON),
        Edge(1, 0.25, OFF),
        Edge(2, 0.0, ON),
        Edge(3, 0.25, OFF),
        Edge(4, 0.0, ON),
        Edge(4, 0.25, OFF),
    )
    assert (pattern.rest_beat, pattern.beats) == (5, 8)


def test_a_warning_is_counted_in_the_dark_of_a_lit_lamp() -> None:
    assert pattern_for(LAMP, SignalLevel(11, WARNING), OPTIONS) == Pattern(
        rhythm=Rhythm.ECLIPSES,
        lit={"lamp": "#ffb000"},
        dark={"lamp": "off"},
        edges=(
            Edge(0, 0.0, ON),
            Edge(0, 0.25, OFF),
            Edge(2, 0.0, ON),
            Edge(2, 0.25, OFF),
            Edge(3, 0.0, ON),
        ),
        beats=6,
        rest_beat=3,
        is_ground_lit=True,
    )


def test_critical_is_an_alarm_without_a_rest() -> None:
    pattern = pattern_for(LAMP, SignalLevel(4, CRITICAL), OPTIONS)
    assert (pattern.rhythm, pattern.edges, pattern.beats, pattern.rest_beat) == (
        Rhythm.ALARM,
        (Edge(0, 0.0, ON), Edge(0, 0.25, OFF)),
        1,
        None,
    )
    assert pattern.ground is None


def test_what_somebody_has_seen_is_counted_without_urgency_where_and_as_bad_as_it_is() -> None:
    seen = {
        (kind, level.severity): pattern_for(kind.lamps, structs.replace(level, acknowledged=True), OPTIONS)
        for kind in (Kind.LAMP, Kind.TWO_TIER_TOWER, Kind.RGB)
        for level in (SignalLevel(3, Severity.WARNING), SignalLevel(3, Severity.CRITICAL))
    }
    assert {pattern.rhythm for pattern in seen.values()} == {Rhythm.FLASHES}
    assert {key: dict(pattern.lit) for key, pattern in seen.items()} == {
        (kind, severity): dict(pattern_for(kind.lamps, SignalLevel(3, severity), OPTIONS).lit)
        for kind, severity in seen
    }


def test_the_same_severity_for_another_reason_than_the_one_that_was_seen_beeps() -> None:
    seen = SignalLevel(4, Severity.CRITICAL, acknowledged=True)
    news = SignalLevel(4, Severity.CRITICAL)
    buzzer = Kind.BUZZER.lamps
    assert why_preempt(seen, news) is Escalation.SEVERITY_ROSE
    assert beeps_for(buzzer, seen, news, OPTIONS) == beeps_for(buzzer, SignalLevel(), news, OPTIONS)
    assert beeps_for(buzzer, news, seen, OPTIONS).rhythm is Rhythm.DARK
    assert why_preempt(seen, SignalLevel(1)) is None


def test_stale_is_slow_whatever_else_is_said() -> None:
    patterns = {
        pattern_for(LAMP, SignalLevel(depth, severity, stale=True), OPTIONS).edges
        for depth in (0, 7)
        for severity in Severity
    }
    assert patterns == {(Edge(0, 0.0, ON), Edge(2, 0.0, OFF))}


def test_half_of_an_odd_number_of_beats_is_within_a_beat() -> None:
    options = PatternOptions(off_s=0.5)  # a beat of 0.75 s, three of them for a slow flash
    assert pattern_for(LAMP, SignalLevel(stale=True), options).edges == (
        Edge(0, 0.0, ON),
        Edge(1, 0.375, OFF),
    )


def test_a_number_above_the_largest_is_shown_as_the_largest() -> None:
    largest = pattern_for(LAMP, SignalLevel(99), OPTIONS)
    assert pattern_for(LAMP, SignalLevel(1000), OPTIONS) == largest
    assert pattern_for(LAMP, SignalLevel(7), PatternOptions(count_up_to=5)) == pattern_for(
        LAMP, SignalLevel(5), OPTIONS
    )


def test_position_says_the_severity_of_a_tower() -> None:
    shown = {
        severity: (pattern.rhythm, lit_of(pattern))
        for severity in Severity
        for pattern in [pattern_for(TOWER, SignalLevel(3, severity), OPTIONS)]
    }
    assert shown == {
        NORMAL: (Rhythm.FLASHES, {"green": "#00c000"}),
        WARNING: (Rhythm.FLASHES, {"yellow": "#ffc000"}),
        CRITICAL: (Rhythm.FLASHES, {"red": "#ff0000"}),
    }


def test_rhythm_tells_warning_from_critical_where_a_tower_has_no_yellow() -> None:
    shown = {
        severity: (pattern.rhythm, lit_of(pattern))
        for severity in Severity
        for pattern in [pattern_for(TWO, SignalLevel(3, severity), OPTIONS)]
    }
    assert shown == {
        NORMAL: (Rhythm.FLASHES, {"green": "#00c000"}),
        WARNING: (Rhythm.FLASHES, {"red": "#ff0000"}),
        CRITICAL: (Rhythm.ALARM, {"red": "#ff0000"}),
    }


def test_a_tower_without_anybody_waiting_is_dark_or_steady_green() -> None:
    assert pattern_for(TOWER, SignalLevel(), OPTIONS).rhythm is Rhythm.DARK
    steady = pattern_for(TOWER, SignalLevel(), PatternOptions(idle="steady"))
    assert (steady.rhythm, lit_of(steady), steady.beats) == (Rhythm.STEADY, {"green": "#00c000"}, 0)


def test_a_severity_without_anybody_waiting_is_never_dark() -> None:
    rhythms = {
        (kind, severity): pattern_for(kind.lamps, SignalLevel(0, severity), OPTIONS).rhythm
        for kind in (Kind.LAMP, Kind.TOWER, Kind.RGB)
        for severity in (WARNING, CRITICAL)
    }
    assert rhythms == {
        (Kind.LAMP, WARNING): Rhythm.STEADY,
        (Kind.LAMP, CRITICAL): Rhythm.ALARM,
        (Kind.TOWER, WARNING): Rhythm.STEADY,
        (Kind.TOWER, CRITICAL): Rhythm.STEADY,
        (Kind.RGB, WARNING): Rhythm.STEADY,
        (Kind.RGB, CRITICAL): Rhythm.ALARM,
    }


@pytest.mark.parametrize("lamps", [TOWER, TWO])
def test_a_stale_tower_never_shows_green(lamps: tuple[str, ...]) -> None:
    pattern = pattern_for(lamps, SignalLevel(stale=True), OPTIONS)
    assert pattern.active == set(lamps) - {"green"}


def test_an_rgb_light_differs_in_colour_and_in_rhythm() -> None:
    levels = [SignalLevel(3), SignalLevel(3, WARNING), SignalLevel(3, CRITICAL), SignalLevel(3, stale=True)]
    shown = [
        (pattern_for(RGB, level, OPTIONS).rhythm, lit_of(pattern_for(RGB, level, OPTIONS)))
        for level in levels
    ]
    assert shown == [
        (Rhythm.FLASHES, {"rgb": "#0000ff"}),
        (Rhythm.ECLIPSES, {"rgb": "#ffb000"}),
        (Rhythm.ALARM, {"rgb": "#ff0000"}),
        (Rhythm.SLOW, {"rgb": "#ffffff"}),
    ]


def test_a_buzzer_beeps_as_often_as_it_is_bad_and_once() -> None:
    patterns = {
        severity: beeps_for(BUZZER, SignalLevel(), SignalLevel(9, severity), OPTIONS) for severity in Severity
    }
    assert {severity: (len(p.edges) // 2, p.beats, p.rhythm) for severity, p in patterns.items()} == {
        NORMAL: (0, 0, Rhythm.DARK),
        WARNING: (2, 2, Rhythm.BEEPS),
        CRITICAL: (3, 3, Rhythm.BEEPS),
    }


def test_a_buzzer_gives_one_long_beep_when_the_feed_is_lost() -> None:
    lost = beeps_for(BUZZER, SignalLevel(2), SignalLevel(2, stale=True), OPTIONS)
    assert (lost.edges, lost.beats) == ((Edge(0, 0.0, ON), Edge(1, 0.25, OFF)), 2)


def test_a_buzzer_can_be_told_to_keep_silent() -> None:
    options = PatternOptions(warning_beeps=0, stale_beep=False)
    silent = dark_pattern(BUZZER)
    assert beeps_for(BUZZER, SignalLevel(), SignalLevel(1, WARNING), options) == silent
    assert beeps_for(BUZZER, SignalLevel(), SignalLevel(1, stale=True), options) == silent


def test_a_buzzer_is_silent_when_nothing_gets_worse() -> None:
    silent = dark_pattern(BUZZER)
    assert beeps_for(BUZZER, SignalLevel(2, CRITICAL), SignalLevel(5, WARNING), OPTIONS) == silent
    assert beeps_for(BUZZER, SignalLevel(stale=True), SignalLevel(5), OPTIONS) == silent


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (SignalLevel(1), SignalLevel(5), None),
        (SignalLevel(5, WARNING), SignalLevel(5), None),
        (SignalLevel(1), SignalLevel(1, WARNING), Escalation.SEVERITY_ROSE),
        (SignalLevel(1), SignalLevel(1, stale=True), Escalation.FEED_LOST),
        (SignalLevel(1, stale=True), SignalLevel(1), Escalation.FEED_REGAINED),
        (SignalLevel(1, stale=True), SignalLevel(1, CRITICAL), Escalation.SEVERITY_ROSE),
        (SignalLevel(1, stale=True), SignalLevel(1, CRITICAL, stale=True), None),
    ],
)
def test_only_an_escalation_pre_empts(
    before: SignalLevel, after: SignalLevel, reason: Escalation | None
) -> None:
    assert why_preempt(before, after) is reason


def test_unknown_names_of_lamps_flash_as_one_lamp() -> None:
    assert kind_of(("left", "right")) is Kind.LAMP
    assert pattern_for(("left", "right"), SignalLevel(1), OPTIONS).active == {"left", "right"}


levels = st.builds(SignalLevel, st.integers(0, 150), st.sampled_from(Severity), st.booleans(), st.booleans())
kinds = st.sampled_from([kind for kind in Kind if kind is not Kind.BUZZER])
option_sets = st.builds(
    PatternOptions,
    on_s=st.floats(0.1, 1.0),
    off_s=st.floats(0.1, 1.0),
    gap_s=st.floats(0.2, 10.0),
    long_s=st.floats(0.2, 5.0),
    critical_hz=st.floats(0.4, 5.0),
    stale_hz=st.floats(0.1, 2.5),
    idle=st.sampled_from(["dark", "steady"]),
)


@given(kinds, levels, option_sets)
def test_every_lamp_lights_up_on_a_beat_and_every_cycle_is_whole(
    kind: Kind, level: SignalLevel, options: PatternOptions
) -> None:
    pattern = pattern_for(kind.lamps, level, options)
    tempo = Tempo.of(options)
    instants = [edge.beat * tempo.beat_s + edge.after_s for edge in pattern.edges]
    assert all(edge.after_s == 0.0 for edge in pattern.edges if edge.is_lit)
    assert instants == sorted(instants)
    assert instants[0] == 0.0
    assert all(0.0 <= edge.after_s < tempo.beat_s for edge in pattern.edges)
    assert pattern.beats == 0 or instants[-1] <= pattern.beats * tempo.beat_s
    assert set(pattern.lit) == set(pattern.dark) == set(kind.lamps)


@given(kinds, levels)
def test_only_a_normal_level_with_nobody_waiting_is_ever_dark(kind: Kind, level: SignalLevel) -> None:
    is_dark = not pattern_for(kind.lamps, level, OPTIONS).active
    assert is_dark is (level == SignalLevel())
