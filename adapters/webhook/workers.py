"""What Twilio's workers do, from their activity and their reservations. Pure.

A worker belongs to no queue; the queues are those that reserved him once. Reservations only ever move on, so
one that is told late is known by its stage, whatever the order.
"""

from dataclasses import dataclass, field
from typing import Final

from adapters.webhook.outbox import Outbox
from queue_alert.core.events import AgentRemoved, AgentState, AgentStateChanged
from queue_alert.core.units import AgentId, GroupName, Instant

__all__ = ["WORKER_LIMIT", "WorkerDesk"]

WORKER_LIMIT: Final = 5_000
"""How many workers are remembered; past that the one of whom nothing was heard for longest is forgotten."""

_GROUPS_KEPT: Final = 200
_RESERVATIONS_KEPT: Final = 64
_DONE: Final = 9
_STAGES: Final = {"created": 1, "accepted": 2, "wrapup": 3}
_BY_STAGE: Final = {1: AgentState.RESERVED, 2: AgentState.TALKING, 3: AgentState.WRAPUP}


@dataclass(slots=True)
class _Worker:
    activity: AgentState | None = None
    reason: str = ""
    activity_at: Instant = 0.0
    groups: dict[GroupName, None] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)
    said: dict[GroupName, tuple[AgentState, str]] = field(default_factory=dict)


class WorkerDesk:
    """Says an agent's state when it is another one.

    Args:
        outbox: Where events go.
        limit: See :data:`WORKER_LIMIT`.
    """

    def __init__(self, outbox: Outbox, *, limit: int = WORKER_LIMIT) -> None:
        self._outbox = outbox
        self._limit = limit
        self._workers: dict[AgentId, _Worker] = {}

    def __len__(self) -> int:
        """Return how many workers are remembered."""
        return len(self._workers)

    def active(self, agent: AgentId, activity: str, *, is_available: bool | None, at: Instant) -> None:
        """Learn a worker's activity.

        Args:
            agent: The worker.
            activity: Its name, in the words of whoever made it.
            is_available: Whether tasks are assigned to it; ``None``: not said, its name is taken.
            at: Since when; an older one than is known is passed over.
        """
        worker = self._touch(agent)
        if at < worker.activity_at:
            return
        worker.activity_at = at
        state = _activity_state(activity, is_available=is_available)
        worker.activity = state
        worker.reason = activity if state is AgentState.NOT_READY else ""
        self._say(agent, worker, at)

    def reservation(
        self, agent: AgentId, group: GroupName, reservation: str, status: str, at: Instant
    ) -> bool:
        """Learn how far a reservation is.

        Returns:
            Whether that is news: not told before, and nothing later was.
        """
        worker = self._touch(agent)
        if group not in worker.groups and len(worker.groups) < _GROUPS_KEPT:
            worker.groups[group] = None
        stage = _STAGES.get(status, _DONE)
        if stage <= worker.stages.get(reservation, 0):
            return False
        worker.stages[reservation] = stage
        if len(worker.stages) > _RESERVATIONS_KEPT:
            done = [one for one, reached in worker.stages.items() if reached == _DONE]
            del worker.stages[done[0] if done else next(iter(worker.stages))]
        self._say(agent, worker, at)
        return True

    def removed(self, agent: AgentId, at: Instant) -> None:
        """Learn that a worker is no more."""
        worker = self._workers.pop(agent, None)
        for group in worker.groups if worker else ():
            stamp = self._outbox.stamp(f"{agent}/{group}/removed", at)
            self._outbox.add(AgentRemoved(**stamp, group=group, agent=agent))

    def _touch(self, agent: AgentId) -> _Worker:
        worker = self._workers.pop(agent, None)
        if worker is None:
            worker = _Worker()
            if len(self._workers) >= self._limit:
                del self._workers[next(iter(self._workers))]
        self._workers[agent] = worker
        return worker

    def _say(self, agent: AgentId, worker: _Worker, at: Instant) -> None:
        state, reason = _state_of(worker)
        for group in worker.groups:
            if worker.said.get(group) != (state, reason):
                worker.said[group] = state, reason
                stamp = self._outbox.stamp(f"{agent}/{group}/{state}", at)
                self._outbox.add(
                    AgentStateChanged(**stamp, group=group, agent=agent, state=state, reason=reason)
                )


def _state_of(worker: _Worker) -> tuple[AgentState, str]:
    stages = set(worker.stages.values())
    for stage in (2, 1, 3):  # who talks and is rung for another task talks
        if stage in stages:
            return _BY_STAGE[stage], ""
    # Somebody to whom tasks are assigned was available, whatever his activity is called.
    return worker.activity or AgentState.AVAILABLE, worker.reason


def _activity_state(activity: str, *, is_available: bool | None) -> AgentState:
    if activity.casefold() == "offline":
        return AgentState.OFFLINE
    if is_available is None:
        is_available = activity.casefold() in {"available", "idle"}
    return AgentState.AVAILABLE if is_available else AgentState.NOT_READY
