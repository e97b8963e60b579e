"""An agent's state, from the device state of the phone and the pause in the queue.

Source: Asterisk 22, include/asterisk/devicestate.h (``enum ast_device_state``); apps/app_queue.c.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from adapters.asterisk.frames import Frame, UnreadableFrameError
from adapters.asterisk.outbox import Outbox
from queue_alert.core.events import AgentRemoved, AgentSnapshot, AgentState, AgentStateChanged
from queue_alert.core.units import AgentId, GroupName, Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["AGENT_LIMIT", "AgentDesk", "AgentReport", "agent_name", "read_report"]

AGENT_LIMIT: Final = 20_000
"""How many agents (each counted once a queue) are remembered; past that the oldest is forgotten."""

_BY_DEVICE: Final = {
    "0": AgentState.AVAILABLE,  # unknown: Asterisk rings such a phone all the same
    "1": AgentState.AVAILABLE,
    "2": AgentState.TALKING,
    "3": AgentState.TALKING,  # busy
    "4": AgentState.OFFLINE,  # invalid
    "5": AgentState.OFFLINE,  # unavailable
    "6": AgentState.RESERVED,  # ringing
    "7": AgentState.TALKING,  # in use, and another call rings
    "8": AgentState.ON_HOLD,
}
# A look into an enum costs more than most of what is done here for an event.
_AVAILABLE: Final = AgentState.AVAILABLE
_NOT_READY: Final = AgentState.NOT_READY
_ON_HOLD: Final = AgentState.ON_HOLD
_TALKING: Final = AgentState.TALKING
_WRAPUP: Final = AgentState.WRAPUP

_Key: TypeAlias = tuple[GroupName, AgentId]


class AgentReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one frame says of one agent.

    Attributes:
        agent: The agent's name, or the interface where there is none.
        state: What the phone is doing.
        is_paused: Whether the queue passes the agent over.
        reason: Why, in the words of whoever paused.
        wrapup_time_s: Seconds the agent is left alone after a conversation; 0 where not.
    """

    agent: AgentId
    state: AgentState
    is_paused: bool
    reason: str
    wrapup_time_s: Seconds


@dataclass(slots=True)
class _Agent:
    state: AgentState
    reason: str = ""
    is_paused: bool = False
    wrapup_time_s: Seconds = 0.0
    # When the wrap-up after the last conversation ends.
    wrapup_until: Instant = 0.0
    # What was said last, and what a list makes of it while nothing else is said.
    report: AgentReport | None = None
    snapshot: AgentSnapshot | None = None


def agent_name(frame: Frame) -> AgentId:
    """Return whom an event speaks of: the agent's name, or the interface where there is none.

    Raises:
        UnreadableFrameError: It names nobody.
    """
    return AgentId(frame.word("MemberName", "Interface"))


def read_report(frame: Frame, agent: AgentId) -> AgentReport:
    """Return what a frame says of ``agent``.

    Raises:
        UnreadableFrameError: The state of the phone is missing, or is none that Asterisk has.
    """
    status = frame.text("Status")
    state = _BY_DEVICE.get(status)
    if state is None:
        kind = Skipped.BAD_VALUE if status else Skipped.MISSING_FIELD
        raise UnreadableFrameError(kind, f"{frame.event}: Status")
    is_paused = frame.text("Paused") == "1"
    return AgentReport(
        agent=agent,
        state=state,
        is_paused=is_paused,
        reason=frame.label("PausedReason") if is_paused else "",
        wrapup_time_s=float(frame.count("Wrapuptime") or 0),
    )


class AgentDesk:
    """Knows the last state of every agent, so that what is said again and again is said once.

    Args:
        outbox: Where events go.
        limit: See :data:`AGENT_LIMIT`.
    """

    def __init__(self, outbox: Outbox, *, limit: int = AGENT_LIMIT) -> None:
        self._outbox = outbox
        self._limit = limit
        self._agents: dict[_Key, _Agent] = {}

    def changed(self, frame: Frame) -> None:
        """Take ``QueueMemberStatus``, ``…Added``, ``…Pause``, ``…Penalty``, ``…Ringinuse``: each says all."""
        group, report = GroupName(frame.word("Queue")), read_report(frame, agent_name(frame))
        before = self._agents.get((group, report.agent))
        said = (before.state, before.reason) if before else None
        agent = self._apply(group, report)
        wrapup_s = self._wrapup(agent)
        if wrapup_s is not None or (agent.state, agent.reason) != said:
            self._say((group, report.agent), agent, wrapup_s)

    def removed(self, frame: Frame) -> None:
        """Take ``QueueMemberRemoved``."""
        group, agent = GroupName(frame.word("Queue")), agent_name(frame)
        self._agents.pop((group, agent), None)
        self._outbox.add(AgentRemoved(**self._outbox.stamp(), group=group, agent=agent))

    def completed(self, group: GroupName, name: AgentId) -> None:
        """Begin the wrap-up of an agent whose conversation just ended, where the queue grants one."""
        agent = self._agents.get((group, name))
        if agent is None or not agent.wrapup_time_s:
            return
        agent.wrapup_until = self._outbox.now + agent.wrapup_time_s
        agent.snapshot = None
        if not agent.is_paused:
            agent.state = _WRAPUP
            self._say((group, name), agent, agent.wrapup_time_s)

    def listed(self, group: GroupName, report: AgentReport) -> AgentSnapshot:
        """Return the state of an agent whom a list shows."""
        agent = self._agents.get((group, report.agent))
        if agent is not None and agent.snapshot is not None and agent.report is report:
            return agent.snapshot
        agent = self._apply(group, report)
        wrapup_s = self._wrapup(agent)
        snapshot = AgentSnapshot(
            agent=report.agent, state=agent.state, reason=agent.reason, wrapup_s=wrapup_s
        )
        agent.snapshot = snapshot if wrapup_s is None else None
        return snapshot

    def is_free(self, group: GroupName, name: AgentId) -> bool:
        """Return whether an agent does not talk, as far as was said last."""
        agent = self._agents.get((group, name))
        return agent is None or (agent.state is not _TALKING and agent.state is not _ON_HOLD)

    def clear(self) -> None:
        """Forget everything."""
        self._agents.clear()

    def _apply(self, group: GroupName, report: AgentReport) -> _Agent:
        key = group, report.agent
        agent = self._agents.get(key)
        if agent is None:
            agent = self._remember(key)
        agent.report, agent.snapshot = report, None
        agent.wrapup_time_s = report.wrapup_time_s
        agent.is_paused = report.is_paused
        agent.reason = ""
        if report.is_paused and report.state is not _TALKING and report.state is not _ON_HOLD:
            agent.state = _NOT_READY
            agent.reason = report.reason
        elif report.state is _AVAILABLE and self._outbox.now < agent.wrapup_until:
            agent.state = _WRAPUP
        else:
            agent.state = report.state
        return agent

    def _wrapup(self, agent: _Agent) -> Seconds | None:
        return agent.wrapup_until - self._outbox.now if agent.state is _WRAPUP else None

    def _remember(self, key: _Key) -> _Agent:
        if len(self._agents) >= self._limit:
            del self._agents[next(iter(self._agents))]
        agent = self._agents[key] = _Agent(AgentState.OFFLINE)
        return agent

    def _say(self, key: _Key, agent: _Agent, wrapup_s: Seconds | None) -> None:
        self._outbox.add(
            AgentStateChanged(
                **self._outbox.stamp(),
                group=key[0],
                agent=key[1],
                state=agent.state,
                reason=agent.reason,
                wrapup_s=wrapup_s,
            )
        )
