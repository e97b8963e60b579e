"""A level to flashes: pure, and all on one beat.

The beat is ``on_s + off_s``, counted from the epoch of the steady line. Every lamp of every output lights up
at the start of a beat and at no other instant, whatever it says and whenever it began. So all lamps are in
phase, flashes of different lamps coincide, and the flashes of a whole room of lamps are never more than there
are beats (see :mod:`devices.limits`). Lengths that are no whole number of beats are rounded up.

==========  =====================================================  ===================================
rhythm      looks like                                             says
==========  =====================================================  ===================================
dark        never lit                                              nobody waits
steady      always lit                                             nobody waits (a tower's idle green);
                                                                   a severity without anybody waiting
flashes     dark; N flashes, then a rest; a long one is ten        N contacts wait
eclipses    lit; N times dark, then a rest; a long one is ten      N contacts wait, *warning*
alarm       2 Hz without a rest, as long lit as dark               *critical*
                                                                   (seen by somebody: as without a
                                                                   severity, or steady)
slow        0.5 Hz, as long lit as dark                            the figures are stale
beeps       a sounder: short beeps, or one long, once              it got worse, or the feed was lost
test        each lamp lit for a second, in turn, once              nothing (:mod:`devices.lamp_test`)
==========  =====================================================  ===================================
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import msgspec

from devices.kinds import OFF, TIER_COLOURS, TIERS, Kind, kind_of
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.core.units import Seconds
from queue_alert.ports import Duration

__all__ = [
    "Colours",
    "Edge",
    "Escalation",
    "Pattern",
    "PatternOptions",
    "Rhythm",
    "Tempo",
    "beeps_for",
    "dark_pattern",
    "pattern_for",
    "why_preempt",
]


class Colours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a lit lamp is said to show, ``"#rrggbb"``.

    An RGB lamp is given it; for others it is what the wallboard draws. The three severities differ in more
    than hue, and each has a rhythm of its own besides.
    """

    lamp: str = "#ffb000"
    """A lamp of one colour."""
    normal: str = "#0000ff"
    warning: str = "#ffb000"
    critical: str = "#ff0000"
    stale: str = "#ffffff"


class PatternOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How depth and severity become flashes: the configuration's table ``[patterns]``."""

    on_s: Duration = 0.25
    """How long a short flash is lit, 0.1 to 1 s."""
    off_s: Duration = 0.25
    """How long it is dark between two flashes, 0.1 to 1 s. ``on_s + off_s`` is the beat."""
    gap_s: Duration = 1.5
    """At least how long the rest after a group of flashes is, beside ``off_s``: two beats to 10 s."""
    long_s: Duration = 0.75
    """At least how long a flash that stands for ten is lit: twice ``on_s`` to 5 s."""
    critical_hz: float = 2.0
    """At most how many flashes a second say *critical*, 0.4 to 3; never more than one a beat."""
    stale_hz: float = 0.5
    """At most how many flashes a second say *stale*, 0.1 to half of ``critical_hz``."""
    count_up_to: int = 99
    """The largest number that is flashed, 1 to 99; it stands for itself and all above."""
    idle: Literal["dark", "steady"] = "dark"
    """What a tower's green tier does while nobody waits."""
    warning_beeps: int = 2
    """How often a buzzer beeps when the severity rises to warning, 0 to 9."""
    critical_beeps: int = 3
    """How often it beeps when the severity rises to critical, 0 to 9."""
    stale_beep: bool = True
    """Whether it gives one long beep when the feed is lost."""
    min_on_s: Duration = 0.0
    """At least how long a level is shown before one that says less takes its place, 0 to 60 s."""
    quiet_hours: tuple[str, ...] = ()
    """Spans of local time in which no buzzer sounds: ``"22:00-06:30"``."""
    brightness: dict[str, int] = {}
    """Per cent of its colour, 1 to 100, that an RGB light shows within a span of local time."""
    lamp_test_at: str = "off"
    """Local time of day, ``"07:45"``, at which every lamp is lit in turn; ``"off"``: never."""
    own_flash_hz: dict[str, float] = {}
    """Flashes a second, 0.2 to 3, of lamps that flash by themselves while they have power, by output."""
    colours: Colours = Colours()


class Rhythm(StrEnum):
    """What a pattern looks like."""

    DARK = "dark"
    STEADY = "steady"
    FLASHES = "flashes"
    ECLIPSES = "eclipses"
    ALARM = "alarm"
    SLOW = "slow"
    BEEPS = "beeps"
    TEST = "test"


class Escalation(StrEnum):
    """Why a new level is shown at the next beat and not after the cycle that is running."""

    FEED_LOST = "feed_lost"
    SEVERITY_ROSE = "severity_rose"
    FEED_REGAINED = "feed_regained"


@dataclass(frozen=True, slots=True)
class Tempo:
    """The options in beats.

    Attributes:
        beat_s: Seconds from one beat to the next, > 0.
        on_s: Seconds that a short flash is lit, less than ``beat_s``.
        rest: Beats of rest after a group, >= 1.
        long: Beats that a flash of ten takes, the dark after it included, >= 2.
        alarm: Beats of one flash that says critical, >= 1.
        slow: Beats of one flash that says stale, >= 2.
    """

    beat_s: Seconds
    on_s: Seconds
    rest: int
    long: int
    alarm: int
    slow: int

    @classmethod
    def of(cls, options: PatternOptions) -> "Tempo":
        """Return the tempo that ``options`` ask for, lengths rounded up to whole beats."""
        beat_s = options.on_s + options.off_s

        def beats(seconds: Seconds) -> int:
            # A length that is whole but for the rounding of floats is not rounded up.
            return math.ceil(seconds / beat_s - 1e-9)

        return cls(
            beat_s=beat_s,
            on_s=options.on_s,
            rest=max(beats(options.gap_s), 1),
            long=max(beats(options.long_s + options.off_s), 2),
            alarm=max(beats(1 / options.critical_hz), 1),
            slow=max(beats(1 / options.stale_hz), 2),
        )


@dataclass(frozen=True, slots=True)
class Edge:
    """A change: ``after_s`` seconds after the start of beat ``beat`` of the cycle the lamps go on or off."""

    beat: int
    after_s: Seconds
    is_lit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A cycle of edges; the lamps that take part are lit or dark together.

    Attributes:
        rhythm: What it looks like.
        lit: Every lamp as it is while the pattern is lit.
        dark: Every lamp off.
        edges: In the order of time, the first at the start of the cycle. All that light up do it on a beat.
        beats: Length of the cycle; 0 where nothing ever happens after the first edge.
        rest_beat: Beat at which the rest begins, ``None`` where there is none.
        is_ground_lit: What it rests in; ``None`` where it never rests.
    """

    rhythm: Rhythm
    lit: Mapping[str, str]
    dark: Mapping[str, str]
    edges: tuple[Edge, ...]
    beats: int = 0
    rest_beat: int | None = None
    is_ground_lit: bool | None = None

    @property
    def ground(self) -> Mapping[str, str] | None:
        """The lamps while it rests, ``None`` where it never does."""
        if self.is_ground_lit is None:
            return None
        return self.lit if self.is_ground_lit else self.dark

    @property
    def active(self) -> frozenset[str]:
        """Names of the lamps that are ever lit."""
        lit = any(edge.is_lit for edge in self.edges)
        return frozenset(lamp for lamp, shown in self.lit.items() if lit and shown != OFF)

    def needs_rest_after(self, before: "Pattern", *, is_whole: bool) -> bool:
        """Return whether this must begin with its rest, so that its first group is not misread.

        Args:
            before: What was played until now.
            is_whole: Whether its last cycle was played to the end.
        """
        if self.rest_beat is None or (is_whole and before.ground == self.ground):
            return False
        return self.is_ground_lit is True or not self.active.isdisjoint(before.active)


def pattern_for(lamps: Sequence[str], level: SignalLevel, options: PatternOptions) -> Pattern:
    """Return what an output of light shows for a level.

    Args:
        lamps: Names of its lamps.
        level: What is to be said.
        options: How.
    """
    kind = kind_of(lamps)
    if level.stale:
        return _pattern(Rhythm.SLOW, lamps, _stale_colours(kind, lamps, options), options)
    depth = max(level.depth, 0)
    if kind in {Kind.TOWER, Kind.TWO_TIER_TOWER}:
        return _tower(lamps, depth, level, options)
    colour = options.colours.lamp if kind is Kind.LAMP else _severity_colour(level.severity, options)
    counted, uncounted = _SEEN if level.acknowledged and level.severity else _RHYTHMS[level.severity]
    rhythm = counted if depth else uncounted
    return _pattern(rhythm, lamps, dict.fromkeys(lamps, colour), options, depth=depth)


def beeps_for(
    lamps: Sequence[str], before: SignalLevel, after: SignalLevel, options: PatternOptions
) -> Pattern:
    """Return what a sounder does, once, when ``before`` becomes ``after``: silence if nothing got worse."""
    tempo = Tempo.of(options)
    match why_preempt(before, after):
        case Escalation.FEED_LOST if options.stale_beep:
            edges, beats = _flashes(10, tempo)
        case Escalation.SEVERITY_ROSE:
            is_critical = after.severity is Severity.CRITICAL
            edges, beats = _flashes(options.critical_beeps if is_critical else options.warning_beeps, tempo)
        case _:
            edges, beats = [], 0
    if not edges:
        return dark_pattern(lamps)
    return Pattern(
        rhythm=Rhythm.BEEPS,
        lit=dict.fromkeys(lamps, options.colours.lamp),
        dark=dict.fromkeys(lamps, OFF),
        edges=tuple(edges),
        beats=beats,
    )


def dark_pattern(lamps: Sequence[str]) -> Pattern:
    """Return the pattern of all lamps off for good."""
    off = dict.fromkeys(lamps, OFF)
    edges = (Edge(0, 0.0, is_lit=False),)
    return Pattern(rhythm=Rhythm.DARK, lit=off, dark=off, edges=edges, is_ground_lit=False)


def why_preempt(before: SignalLevel, after: SignalLevel) -> Escalation | None:
    """Return why ``after`` may not wait until the cycle that shows ``before`` is over, or ``None``.

    A severity that changes while the figures are stale is no news: it is held, not known. The same severity
    for another reason than the one that was acknowledged is as good as a higher one.
    """
    if after.stale:
        return None if before.stale else Escalation.FEED_LOST
    is_news = before.acknowledged and not after.acknowledged and after.severity is not Severity.NORMAL
    if after.severity > before.severity or (is_news and after.severity is before.severity):
        return Escalation.SEVERITY_ROSE
    return Escalation.FEED_REGAINED if before.stale else None


_RHYTHMS: Final = {
    Severity.NORMAL: (Rhythm.FLASHES, Rhythm.DARK),
    Severity.WARNING: (Rhythm.ECLIPSES, Rhythm.STEADY),
    Severity.CRITICAL: (Rhythm.ALARM, Rhythm.ALARM),
}
"""What one lamp does while contacts wait, and while none does."""

_SEEN: Final = (Rhythm.FLASHES, Rhythm.STEADY)
"""The same where somebody has seen how bad it is: the count alone; tier and colour tell the rest."""

_TIER_OF: Final = dict(zip(reversed(Severity), TIERS, strict=True))


def _tower(lamps: Sequence[str], depth: int, level: SignalLevel, options: PatternOptions) -> Pattern:
    severity = level.severity
    tier = _tier(lamps, severity)
    if depth == 0:
        is_idle = severity is Severity.NORMAL
        rhythm = Rhythm.DARK if is_idle and options.idle == "dark" else Rhythm.STEADY
    elif level.acknowledged:
        rhythm = Rhythm.FLASHES
    elif severity is Severity.CRITICAL and tier == _tier(lamps, Severity.WARNING):
        rhythm = Rhythm.ALARM  # the position does not tell the two apart, so the rhythm must
    else:
        rhythm = Rhythm.FLASHES
    return _pattern(rhythm, lamps, {tier: TIER_COLOURS[tier]}, options, depth=depth)


def _tier(lamps: Sequence[str], severity: Severity) -> str:
    tier = _TIER_OF[severity]
    return tier if tier in lamps else "red"


def _stale_colours(kind: Kind, lamps: Sequence[str], options: PatternOptions) -> Mapping[str, str]:
    match kind:
        case Kind.TOWER | Kind.TWO_TIER_TOWER:
            # Green would say that all is well, which is not known.
            return {lamp: TIER_COLOURS[lamp] for lamp in lamps if lamp != "green"}
        case Kind.RGB:
            return dict.fromkeys(lamps, options.colours.stale)
        case _:
            return dict.fromkeys(lamps, options.colours.lamp)


def _severity_colour(severity: Severity, options: PatternOptions) -> str:
    colours = options.colours
    return (colours.normal, colours.warning, colours.critical)[severity]


def _pattern(
    rhythm: Rhythm, lamps: Sequence[str], lit: Mapping[str, str], options: PatternOptions, *, depth: int = 0
) -> Pattern:
    if rhythm is Rhythm.DARK:
        return dark_pattern(lamps)
    tempo = Tempo.of(options)
    dark = dict.fromkeys(lamps, OFF)
    beats = 0
    rest_beat: int | None = None
    is_ground_lit: bool | None = None
    match rhythm:
        case Rhythm.FLASHES | Rhythm.ECLIPSES:
            is_ground_lit = rhythm is Rhythm.ECLIPSES
            number = min(depth, options.count_up_to)
            edges, rest_beat = _flashes(number, tempo, is_ground_lit=is_ground_lit)
            beats = rest_beat + tempo.rest
        case Rhythm.ALARM | Rhythm.SLOW:
            beats = tempo.alarm if rhythm is Rhythm.ALARM else tempo.slow
            middle, half = divmod(beats, 2)
            edges = [Edge(0, 0.0, is_lit=True), Edge(middle, half * tempo.beat_s / 2, is_lit=False)]
        case _:
            is_ground_lit = True
            edges = [Edge(0, 0.0, is_lit=True)]
    return Pattern(
        rhythm=rhythm,
        lit={**dark, **lit},
        dark=dark,
        edges=tuple(edges),
        beats=beats,
        rest_beat=rest_beat,
        is_ground_lit=is_ground_lit,
    )


def _flashes(number: int, tempo: Tempo, *, is_ground_lit: bool = False) -> tuple[list[Edge], int]:
    """Return the edges of a group and the beat after it: the tens as long ones, then the ones.

    On a lit ground it is the dark that is long.
    """
    edges: list[Edge] = []
    tens, ones = divmod(number, 10)
    beat = 0
    for length in [tempo.long] * tens + [1] * ones:
        off_beat = beat if is_ground_lit else beat + length - 1
        edges += [Edge(beat, 0.0, is_lit=True), Edge(off_beat, tempo.on_s, is_lit=False)]
        beat += length
    if is_ground_lit:
        edges.append(Edge(beat, 0.0, is_lit=True))
    return edges, beat
