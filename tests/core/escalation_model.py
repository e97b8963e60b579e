"""A slow, obvious escalation: every step of every cycle written out in one long list, walked one by one."""

from dataclasses import dataclass, field

from queue_alert.core.profiles import Profile

STOPPED = float("inf")


@dataclass
class SlowEscalation:
    """One firing of one alert. Times are absolute; who is told is ``(run, place, person)``."""

    profile: Profile
    due: float
    absent: set[str] = field(default_factory=set)
    is_critical: bool = False
    is_suppressed: bool = False
    was_quiet: bool = False
    is_snoozed: bool = False
    holder: str | None = None
    holds_until: float = STOPPED
    is_over: bool = False
    run: int = 0
    place: int = 0
    told: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def plan(self) -> list[int]:
        """The numbers of the steps in the order in which they are done, all cycles one behind the other."""
        return list(range(len(self.profile.steps))) * (self.profile.repeat + 1)

    @property
    def is_exhausted(self) -> bool:
        return self.place > len(self.plan)

    def begin_anew(self, now: float) -> None:
        self.run, self.place, self.due = self.run + 1, 0, now

    def pass_time(self, now: float) -> None:
        if self.is_over:
            return
        if self.holder is not None:
            if now < self.holds_until:
                return
            self.holder, self.is_snoozed = None, False
            self.was_quiet = False
            self.begin_anew(now)
        if self.is_suppressed or (self.profile.urgent_only and not self.is_critical):
            self.was_quiet = True
            return
        if self.was_quiet:
            self.was_quiet = False
            if not (self.is_snoozed and now < self.due):
                if self.place >= len(self.plan):
                    self.begin_anew(now)
                self.due = now
        if now >= self.due:
            self.do_what_is_due(now)

    def do_what_is_due(self, now: float) -> None:
        self.is_snoozed = False
        at_once: set[str] = set()
        while self.place < len(self.plan):
            number = self.plan[self.place]
            step = self.profile.steps[number]
            here = [target.name for target in step.targets if target.name not in self.absent]
            self.tell(here, str(number), at_once)
            self.place += 1
            if here and step.timeout_s > 0:
                self.due = now + step.timeout_s
                return
        self.place, self.due = len(self.plan) + 1, STOPPED
        last = [target.name for target in self.profile.finally_tell if target.name not in self.absent]
        self.tell(last, "end", at_once)

    def tell(self, people: list[str], place: str, at_once: set[str]) -> None:
        for who in people:
            if who not in at_once:
                at_once.add(who)
                self.told.append((self.run, place, who))

    def acknowledge(self, who: str, now: float) -> None:
        if self.is_over or self.holder is not None:
            return
        self.holder, self.is_snoozed, self.was_quiet = who, False, False
        for_s = self.profile.acknowledged_for_s
        self.holds_until = STOPPED if for_s is None else now + for_s

    def hand_on(self, who: str, now: float) -> None:
        if self.is_over or self.holder not in {None, who}:
            return
        self.holder, self.is_snoozed = None, False
        if self.is_exhausted:
            self.begin_anew(now)
        self.due = now

    def snooze(self, who: str, now: float, until: float) -> None:
        if self.is_over or self.holder not in {None, who}:
            return
        self.holder = None
        if self.place >= len(self.plan):
            self.begin_anew(now)
        self.due, self.is_snoozed = until, True

    def reapply(self, profile: Profile, now: float) -> None:
        if self.is_over:
            return
        self.profile = profile
        self.is_snoozed = False
        self.begin_anew(now)
        if self.holder is not None and self.holds_until == STOPPED and profile.acknowledged_for_s is not None:
            self.holds_until = now + profile.acknowledged_for_s
