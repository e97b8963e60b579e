"""Agents: what each is doing, put together from a status, a state, a hold and the rest after a conversation.

FreeSWITCH says an agent's *status* (what he wants: available, on break, logged out) and his *state* (what he
does: waiting, being rung, in a call) apart, and of neither for which queue: that is in the tiers, which no
event tells. So an agent's state is said once for every queue that the last list of tiers has him in.

Source: FreeSWITCH 1.10, mod_callcenter.c (``cc_agent_update``, ``agents_callback``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from adapters.freeswitch.event import SwitchEvent, epoch, whole_number
from adapters.freeswitch.outbox import Outbox
from adapters.freeswitch.vocabulary import (
    AVAILABLE,
    IDLE,
    IN_CALL,
    LOGGED_OUT,
    ON_BREAK,
    READY_STATES,
    RINGING,
)
from queue_alert.core.events import AgentSnapshot, AgentState, AgentStateChanged
from queue_alert.core.units import AgentId, GroupName, Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["AgentDesk", "AgentRow", "TierRow"]

AgentRow = tuple[str, ...]
"""Name, status, state, wrap_up_time, last_bridge_end."""

TierRow = tuple[str, ...]
"""Queue, agent."""

_SAME_END_S: Final = 2.0
_KNOWN_STATUSES: Final = AVAILABLE | {LOGGED_OUT, ON_BREAK}


@dataclass(slots=True)
class _Agent:
    status: str = ""
    state: str = ""
    # In FreeSWITCH's order: what comes late and is older changes nothing.
    status_number: int = 0
    state_number: int = 0
    wrapup_s: Seconds = 0.0
    bridge_ended_at: Instant = 0.0
    is_holding: bool = False
    groups: tuple[GroupName, ...] = ()
    said: tuple[AgentState, str] | None = None


class AgentDesk:
    """Knows the last state of every agent whom the lists named.

    Args:
        outbox: Where events go.
        skipped: Called for words that FreeSWITCH is not known to have.
        unknown: Called when an agent is spoken of whom no list has named.
    """

    def __init__(
        self, outbox: Outbox, skipped: Callable[[Skipped, str], None], unknown: Callable[[], None]
    ) -> None:
        self._outbox = outbox
        self._skipped = skipped
        self._unknown = unknown
        self._agents: dict[AgentId, _Agent] = {}
        self._by_group: dict[GroupName, list[AgentId]] = {}

    def status_changed(self, event: SwitchEvent) -> None:
        """Take ``agent-status-change``."""
        name = event.the_agent()
        agent = self._find(name)
        if agent is not None and self._outbox.number >= agent.status_number:
            agent.status, agent.status_number = event.agent_status, self._outbox.number
            self._say(name, agent)

    def state_changed(self, event: SwitchEvent) -> None:
        """Take ``agent-state-change``."""
        name = event.the_agent()
        agent = self._find(name)
        if agent is not None and self._outbox.number >= agent.state_number:
            agent.state, agent.state_number = event.agent_state, self._outbox.number
            if agent.state != IN_CALL:
                agent.is_holding = False
            self._say(name, agent)

    def is_in_call(self, name: AgentId) -> bool:
        """Return whether the last that was said of an agent is that he is in a queue's call."""
        agent = self._agents.get(name)
        return agent is not None and agent.state == IN_CALL

    def holding(self, name: AgentId, *, is_holding: bool) -> None:
        """Note that an agent put his caller on hold, or took him off."""
        agent = self._agents.get(name)
        if agent is not None:
            agent.is_holding = is_holding
            self._say(name, agent)

    def bridge_ended(self, name: AgentId) -> None:
        """Note the end of a conversation: from here on the rest after it is counted."""
        agent = self._agents.get(name)
        if agent is not None:
            agent.bridge_ended_at = self._outbox.time
            agent.is_holding = False

    def listed(self, agents: Iterable[AgentRow], tiers: Iterable[TierRow]) -> None:
        """Take the lists of agents and of tiers: both are newer than all events before them."""
        known, self._agents, self._by_group = self._agents, {}, {}
        for name, status, state, wrapup, bridge_end in agents:
            agent = known.get(AgentId(name)) or _Agent()
            if state != IN_CALL:
                agent.is_holding = False
            agent.status, agent.state, agent.groups = status, state, ()
            agent.wrapup_s = float(whole_number(wrapup) or 0)
            ended_at = epoch(bridge_end) or 0.0
            if abs(ended_at - agent.bridge_ended_at) > _SAME_END_S:  # else the event's is the same, and finer
                agent.bridge_ended_at = ended_at
            self._agents[AgentId(name)] = agent
        for queue, name in tiers:
            agent = self._agents.get(AgentId(name)) or _Agent()
            if AgentId(name) in self._agents:
                agent.groups += (GroupName(queue),)
                self._by_group.setdefault(GroupName(queue), []).append(AgentId(name))

    def snapshot(self, group: GroupName) -> tuple[AgentSnapshot, ...]:
        """Return all agents of a queue as they are now."""
        found = []
        for name in self._by_group.get(group, ()):
            agent = self._agents[name]
            state, reason, wrapup_s = self._judge(agent, self._outbox.their_time)
            agent.said = state, reason
            found.append(AgentSnapshot(agent=name, state=state, reason=reason, wrapup_s=wrapup_s))
        return tuple(found)

    def say_anew(self) -> None:
        """Take nothing for said: a list was not said to its end."""
        for agent in self._agents.values():
            agent.said = None

    def clear(self) -> None:
        """Forget everything."""
        self._agents.clear()
        self._by_group.clear()

    def _find(self, name: AgentId) -> _Agent | None:
        agent = self._agents.get(name)
        if agent is None:
            self._unknown()
        return agent

    def _say(self, name: AgentId, agent: _Agent) -> None:
        state, reason, wrapup_s = self._judge(agent, self._outbox.time)
        if (state, reason) == agent.said:
            return
        agent.said = state, reason
        for group in agent.groups:
            self._outbox.add(
                AgentStateChanged(
                    **self._outbox.stamp(),
                    group=group,
                    agent=name,
                    state=state,
                    reason=reason,
                    wrapup_s=wrapup_s,
                )
            )

    def _judge(self, agent: _Agent, at: Instant) -> tuple[AgentState, str, Seconds | None]:
        """Return an agent's state in our words, the reason, and how long a rest still lasts."""
        status, state = agent.status, agent.state
        if state == IN_CALL:  # whatever he may be when it is over
            return (AgentState.ON_HOLD if agent.is_holding else AgentState.TALKING), "", None
        if status == LOGGED_OUT:
            return AgentState.OFFLINE, "", None
        if status not in _KNOWN_STATUSES or state not in READY_STATES:
            self._skipped(Skipped.BAD_VALUE, "agent: status or state")
            return AgentState.NOT_READY, (status if status not in _KNOWN_STATUSES else state)[:200], None
        if status == ON_BREAK:
            return AgentState.NOT_READY, ON_BREAK, None
        if state in RINGING:
            return AgentState.RESERVED, "", None
        if state == IDLE:
            return AgentState.NOT_READY, IDLE, None
        rest_s = agent.bridge_ended_at + agent.wrapup_s - at
        if agent.wrapup_s and rest_s > 0:
            return AgentState.WRAPUP, "", min(rest_s, agent.wrapup_s)
        return AgentState.AVAILABLE, "", None
