"""Random histories of one alert against a slow, obvious model, the auditor looking on at every step."""

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from queue_alert.core.alerts import Alert, AlertState, Attempt, AttemptKey, AttemptState, PersonName
from queue_alert.core.auditor import audit
from queue_alert.core.dialling import WhyNot, after_restart, why_not_dial
from queue_alert.core.effects import Severity
from queue_alert.core.escalation import PassedOver, Reached, Way, advance, begin, next_due
from queue_alert.core.handling import Handled, acknowledge, hand_on, reapply, resolve, snooze
from queue_alert.core.profiles import Profile, Target
from queue_alert.core.transitions import fire, new_alert
from queue_alert.core.units import Instant
from tests.core.escalation_model import STOPPED, SlowEscalation
from tests.core.escalations_made import ALERT, START, person, profile, step

PEOPLE = st.sampled_from(["ann", "bob", "cid"])
STEPS = st.builds(
    step,
    st.lists(PEOPLE, max_size=3).map(" ".join),
    st.sampled_from([0.0, 0.0, 30.0, 60.0, 600.0]),
)
PROFILES = st.lists(STEPS, min_size=1, max_size=4).flatmap(
    lambda steps: st.builds(
        profile,
        *map(st.just, steps),
        repeat=st.integers(0, 3),
        urgent_only=st.sampled_from([False, False, True]),
        finally_tell=st.lists(PEOPLE.map(person), max_size=2).map(tuple),
        acknowledged_for_s=st.sampled_from([None, 45.0, 300.0]),
    )
)
PAUSES = st.sampled_from([0.0, 1.0, 29.0, 30.0, 31.0, 60.0, 300.0, 5_000.0])
RECORD = msgspec.json.Decoder(tuple[Alert, list[Attempt]])


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.absent: set[str] = set()
        self.attempts: list[Attempt] = []
        self.suppressed_by = ""
        self.alert = new_alert(ALERT, Severity.WARNING, self.now)
        self.runs: list[int] = []

    @initialize(first=PROFILES)
    def fire_first(self, first: Profile) -> None:
        self.fire(first)

    def fire(self, of: Profile) -> None:
        self.alert = begin(fire(self.alert, self.now), of)
        self.runs = [0]
        self.model = SlowEscalation(
            profile=of,
            due=self.now,
            absent=self.absent,
            is_critical=self.alert.severity is Severity.CRITICAL,
            is_suppressed=bool(self.suppressed_by),
        )
        self.go_on()

    def reach(self, target: Target, now: Instant) -> Reached:
        assert now == self.now
        if target.name in self.absent:
            return Reached((), (PassedOver(target.name, "away"),))
        return Reached((Way(PersonName(target.name), "phone"),))

    def go_on(self) -> None:
        """Let both do what is due, then compare whom they told in this firing."""
        self.model.pass_time(self.now)
        result = advance(self.alert, self.now, self.reach, suppressed_by=self.suppressed_by)
        assert result.notes
        self.alert = result.alert
        self.attempts += [
            Attempt(key=key, state=AttemptState.DIALLING, at=self.now) for key in result.attempts
        ]
        self.compare()
        again = advance(self.alert, self.now, self.reach, suppressed_by=self.suppressed_by)
        assert (again.alert, again.attempts) == (self.alert, ())

    def compare(self) -> None:
        cursor = self.alert.cursor
        assert cursor is not None
        if self.runs[-1] < cursor.cycles_before:
            self.runs.append(cursor.cycles_before)
        told = [
            self.place_of(attempt.key)
            for attempt in self.attempts
            if attempt.key.generation == self.alert.generation
        ]
        assert told == [(run, who) for run, _, who in self.model.told]
        model = self.model
        if model.is_over:
            assert (self.alert.state, next_due(self.alert)) == (AlertState.RESOLVED, None)
        elif model.holder is not None:
            assert (self.alert.state, self.alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, model.holder)
            assert next_due(self.alert) == (None if model.holds_until == STOPPED else model.holds_until)
        else:
            assert self.alert.state is AlertState.FIRING
            assert (cursor.exhausted_at is not None) == model.is_exhausted
            is_still = model.is_exhausted or model.was_quiet
            assert next_due(self.alert) == (None if is_still else model.due)

    def place_of(self, key: AttemptKey) -> tuple[int, str]:
        """Return in which run of the escalation, counted from 0, whom an attempt told."""
        return sum(begun <= key.cycle for begun in self.runs) - 1, key.person

    @rule(pause=PAUSES)
    def time_passes(self, pause: float) -> None:
        self.now += pause
        self.go_on()

    @precondition(lambda self: next_due(self.alert) is not None)
    @rule()
    def the_timer_goes_off(self) -> None:
        due = next_due(self.alert)
        assert due is not None
        assert due > self.now
        self.now = due
        self.go_on()

    @rule(who=PEOPLE)
    def somebody_comes_or_goes(self, who: str) -> None:
        self.absent ^= {who}

    @rule(who=PEOPLE, behind=st.sampled_from([0, 0, 0, 1, -1]))
    def somebody_acknowledges(self, who: str, behind: int) -> None:
        of = self.alert.generation - behind
        before = self.alert
        answer = acknowledge(before, self.now, generation=of, person=who)
        self.alert = answer.alert
        if behind:
            assert (answer.reason, answer.alert) == (Handled.STALE_GENERATION, before)
        else:
            self.model.acknowledge(who, self.now)
        self.go_on()

    @rule(who=PEOPLE)
    def somebody_hands_it_on(self, who: str) -> None:
        of = self.alert.generation
        self.alert = hand_on(self.alert, self.now, generation=of, person=who).alert
        self.model.hand_on(who, self.now)
        self.go_on()

    @rule(who=PEOPLE, for_s=st.sampled_from([10.0, 400.0]))
    def somebody_puts_it_off(self, who: str, for_s: float) -> None:
        until, of = self.now + for_s, self.alert.generation
        self.alert = snooze(self.alert, self.now, generation=of, person=who, until=until).alert
        self.model.snooze(who, self.now, until)
        self.go_on()

    @rule()
    def a_silence_begins_or_ends(self) -> None:
        self.suppressed_by = "" if self.suppressed_by else "silence"
        self.model.is_suppressed = bool(self.suppressed_by)
        self.go_on()

    @rule()
    def it_becomes_critical_or_less(self) -> None:
        is_critical = self.alert.severity is not Severity.CRITICAL
        severity = Severity.CRITICAL if is_critical else Severity.WARNING
        self.alert = replace(self.alert, severity=severity)
        self.model.is_critical = is_critical
        self.go_on()

    @rule(new=PROFILES)
    def an_edited_profile_is_applied(self, new: Profile) -> None:
        of = self.alert.generation
        self.alert = reapply(self.alert, self.now, generation=of, profile=new).alert
        self.model.reapply(new, self.now)
        self.go_on()

    @rule()
    def it_is_resolved(self) -> None:
        of = self.alert.generation
        self.alert = resolve(self.alert, self.now, generation=of, person="ann").alert
        self.model.is_over = True
        self.model.holder = None
        self.go_on()

    @precondition(lambda self: self.alert.state is AlertState.RESOLVED)
    @rule(of=PROFILES)
    def it_fires_anew(self, of: Profile) -> None:
        self.now += 1.0
        self.fire(of)

    @rule(pause=PAUSES)
    def the_program_dies_and_is_back(self, pause: float) -> None:
        stored = msgspec.json.encode((self.alert, self.attempts))
        self.alert, attempts = RECORD.decode(stored)
        self.now += pause
        self.attempts = [after_restart(attempt, self.now) for attempt in attempts]
        made = {attempt.key for attempt in self.attempts}
        assert all(why_not_dial(self.alert, key, self.now, made=made) is not None for key in made), (
            "nothing is made twice"
        )
        self.go_on()

    @rule()
    def calls_end(self) -> None:
        self.attempts = [replace(attempt, state=AttemptState.UNANSWERED) for attempt in self.attempts]

    @invariant()
    def nothing_is_dialled_for_what_somebody_has_in_hand(self) -> None:
        if self.alert.state is not AlertState.ACKNOWLEDGED:
            return
        for attempt in self.attempts:
            why = why_not_dial(self.alert, attempt.key, self.now)
            assert why in {WhyNot.ACKNOWLEDGED, WhyNot.OTHER_GENERATION}

    @invariant()
    def the_auditor_finds_nothing_and_no_key_is_there_twice(self) -> None:
        suppressed = {ALERT} if self.suppressed_by else set()
        assert audit([self.alert], self.attempts, self.now, suppressed=suppressed, dialling_for_s=1e9) == []
        assert len({attempt.key for attempt in self.attempts}) == len(self.attempts)


TestHistories = Histories.TestCase
