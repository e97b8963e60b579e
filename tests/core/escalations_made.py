"""Short words for alerts, profiles and the people behind them."""

from dataclasses import dataclass, field

from queue_alert.core.alerts import Alert, AlertId, AttemptKey, PersonName, RuleName
from queue_alert.core.effects import Severity
from queue_alert.core.escalation import PassedOver, Reached, Way, advance, begin
from queue_alert.core.handling import Answer, acknowledge, hand_on, snooze
from queue_alert.core.profiles import Profile, Step, Target, TargetKind
from queue_alert.core.transitions import fire, new_alert
from queue_alert.core.units import GroupName, Instant

START = 1_700_000_000.0
ALERT = AlertId(RuleName("long-wait"), GroupName("sales"))


def person(name: str) -> Target:
    return Target(kind=TargetKind.PERSON, name=name)


def step(names: str, timeout_s: float = 60.0) -> Step:
    return Step(targets=tuple(map(person, names.split())), timeout_s=timeout_s)


def profile(*steps: Step, **options: object) -> Profile:
    return Profile(name="calls", steps=steps, **options)  # type: ignore[arg-type]


@dataclass
class Desk:
    """One alert under way, and everybody it may reach; each has a phone, those at two have a mobile too."""

    profile: Profile
    severity: Severity = Severity.WARNING
    now: float = START
    absent: dict[str, str] = field(default_factory=dict)
    ways: tuple[str, ...] = ("phone",)
    suppressed_by: str = ""
    tried: list[AttemptKey] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    alert: Alert = field(init=False)

    def __post_init__(self) -> None:
        self.alert = begin(fire(new_alert(ALERT, self.severity, self.now), self.now), self.profile)

    def reach(self, target: Target, _now: Instant) -> Reached:
        if why := self.absent.get(target.name):
            return Reached((), (PassedOver(target.name, why),))
        return Reached(tuple(Way(PersonName(target.name), method) for method in self.ways))

    def at(self, after: float) -> list[str]:
        """Go on at so many seconds after the start; return whom it tells, as ``cycle.step person``."""
        self.now = START + after
        result = advance(self.alert, self.now, self.reach, suppressed_by=self.suppressed_by)
        self.alert = result.alert
        self.tried += result.attempts
        self.said = [
            f"{note.reason}: {note.detail}" if note.detail else str(note.reason) for note in result.notes
        ]
        return [f"{key.cycle}.{key.step} {key.person}" for key in result.attempts]

    def take(self, answer: Answer) -> str:
        self.alert = answer.alert
        return f"{answer.reason}: {answer.detail}"

    def acknowledge(self, who: str = "ann", generation: int = 1) -> str:
        return self.take(acknowledge(self.alert, self.now, generation=generation, person=who))

    def hand_on(self, who: str = "ann") -> str:
        return self.take(hand_on(self.alert, self.now, generation=1, person=who))

    def snooze(self, for_s: float, who: str = "ann") -> str:
        until = self.now + for_s
        return self.take(snooze(self.alert, self.now, generation=1, person=who, until=until))

    @property
    def next_after(self) -> float | None:
        """How long after the start the next step is due."""
        cursor = self.alert.cursor
        return None if cursor is None or cursor.next_at is None else cursor.next_at - START
