"""A slow, obvious ACD: the truth that the floor is held against."""

from dataclasses import dataclass, field

from queue_alert.core.units import Instant


@dataclass
class TrueVisit:
    contact: str
    group: str
    queued_at: Instant
    left_at: Instant | None = None
    outcome: str | None = None


@dataclass
class TrueFloor:
    """Every visit that ever was, in a list; every figure is counted by walking it."""

    visits: list[TrueVisit] = field(default_factory=list)

    def queue(self, contact: str, group: str, now: Instant) -> TrueVisit:
        visit = TrueVisit(contact, group, now)
        self.visits.append(visit)
        return visit

    def end(self, visit: TrueVisit, outcome: str, now: Instant) -> None:
        visit.left_at, visit.outcome = now, outcome

    def waiting(self, group: str) -> dict[str, Instant]:
        return {v.contact: v.queued_at for v in self.visits if v.group == group and v.outcome is None}

    def outcomes(self, group: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for visit in self.visits:
            if visit.group == group and visit.outcome is not None:
                counts[visit.outcome] = counts.get(visit.outcome, 0) + 1
        return counts

    def offered(self, group: str) -> int:
        return sum(visit.group == group for visit in self.visits)

    def waits(self, group: str, outcome: str) -> list[float]:
        return [
            visit.left_at - visit.queued_at
            for visit in self.visits
            if visit.group == group and visit.outcome == outcome and visit.left_at is not None
        ]
