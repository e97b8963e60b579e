"""Rules tried on recorded days: what would have fired, for how long, and who would have been told.

Nobody answers on a recorded day: an alert ends when its figures say so, and an escalation runs on until then
or until it is exhausted. What is counted as told is therefore the most that it would have been.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from queue_alert.app.logs import SkippedCounter
from queue_alert.app.recordings import Recording
from queue_alert.app.registry import Registry
from queue_alert.app.replay import Replay, replay_policy, translator_of
from queue_alert.core.alerts import AlertId, Move, RuleName
from queue_alert.core.effects import AlertMoved, CallPeople, Effect
from queue_alert.core.policy import Policy
from queue_alert.core.units import Instant, Seconds
from queue_alert.ports import RecordedData

__all__ = ["Outcome", "RuleOutcome", "backtest"]


@dataclass(slots=True)
class RuleOutcome:
    """What became of one rule.

    Attributes:
        fired: How often.
        lasted_s: How long all of that was together.
        longest_s: The longest.
    """

    fired: int = 0
    lasted_s: Seconds = 0.0
    longest_s: Seconds = 0.0

    def add(self, lasted_s: Seconds) -> None:
        """Count one alert that is over, or that the recordings ended on."""
        self.lasted_s += lasted_s
        self.longest_s = max(self.longest_s, lasted_s)


@dataclass(slots=True)
class Outcome:
    """What became of all rules.

    Attributes:
        rules: By rule, in the configuration's order; also those that never fired.
        told: How often each person would have been told, at most.
    """

    rules: dict[RuleName, RuleOutcome] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)


class _Ear:
    """Hears the effects of one recording."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._fired_at: dict[AlertId, Instant] = {}

    def hear(self, effect: Effect, _now: Instant) -> None:
        """Count an effect."""
        if isinstance(effect, CallPeople):
            self._outcome.told.update(key.person for key in effect.attempts)
        elif isinstance(effect, AlertMoved):
            which = effect.alert.id
            if effect.move is Move.FIRED:
                self._outcome.rules[which.rule].fired += 1
                self._fired_at[which] = effect.alert.fired_at or 0.0
            elif effect.move is Move.RESOLVED and which in self._fired_at:
                self._outcome.rules[which.rule].add(effect.alert.state_since - self._fired_at.pop(which))

    def end(self, now: Instant) -> None:
        """Count what still fires."""
        for which, fired_at in self._fired_at.items():
            self._outcome.rules[which.rule].add(max(now - fired_at, 0.0))


def backtest(
    policy: Policy,
    recordings: Iterable[Recording],
    registry: Registry,
    *,
    progress: Callable[[int], None] = lambda _size: None,
) -> Outcome:
    """Play recordings through the real core and return what became of the rules.

    Args:
        policy: The rules, and how the groups are counted.
        recordings: Each begins with an empty floor.
        registry: The installed formats and translators.
        progress: Called with the bytes of each piece that was played.
    """
    outcome = Outcome(rules={rule.name: RuleOutcome() for rule in policy.rules})
    for recording in recordings:
        ear = _Ear(outcome)
        replay = Replay(
            replay_policy(policy),
            translator=translator_of(recording, registry),
            started_at=recording.started_at,
            heard=ear.hear,
        )
        for item in recording.format.read(recording.path, SkippedCounter("recording")):
            for _ in replay.play(item):
                pass
            if isinstance(item, RecordedData):
                progress(len(item.data))
        # Not the minute behind the end that decides outcomes: nobody knows what happened then.
        ear.end(replay.view().at)
    return outcome
