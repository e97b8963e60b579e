"""The agents: free or not, on a break, at work or at home."""

from collections.abc import Callable
from functools import partial

from queue_alert.core.events import AgentState, AgentStateChanged
from queue_alert.core.units import Instant, Seconds
from simulator.floor import Agent
from simulator.habits import BreakHabits, Shift
from simulator.profile import DAY_S
from simulator.switch import Switch

__all__ = ["Staff"]


class Staff:
    """Says every change of an agent's state, in each group the agent serves.

    Args:
        switch: What all share.
        breaks: When agents rest.
    """

    def __init__(self, switch: Switch, breaks: BreakHabits) -> None:
        self._switch = switch
        self._schedule = switch.schedule
        self._breaks = breaks
        self.freed: Callable[[Agent, Instant], None] = _nobody_waits
        """Called with an agent who has just become free, to be given the next contact."""

    def begin(self, agent: Agent, at: Instant) -> None:
        """Let an agent begin, at work or at home as the shift says; nothing is said of it."""
        if agent.shift is not None:
            agent.is_on_shift = _is_on(agent.shift, at - self._switch.midnight)
            self._plan_shift_change(agent, agent.shift, at)
        self.restart(agent, at)

    def restart(self, agent: Agent, at: Instant) -> None:
        """Forget what an agent was doing; nothing is said of it."""
        agent.wants_break = False
        agent.reason = ""
        agent.state = AgentState.AVAILABLE if agent.is_on_shift else AgentState.OFFLINE
        if agent.is_on_shift:
            self._free(agent)
            self._plan_break(agent, at)

    def release(self, agent: Agent, at: Instant) -> None:
        """Let an agent have the next contact, or a break, or go home."""
        if not agent.is_on_shift:
            self.set_state(agent, AgentState.OFFLINE, at)
        elif agent.wants_break:
            self._begin_break(agent, at)
        else:
            self.set_state(agent, AgentState.AVAILABLE, at)
            self._free(agent)
            self.freed(agent, at)

    def send_away(self, agent: Agent, reason: str, away_s: Seconds, at: Instant) -> None:
        """Let an agent be not ready for a while, and then have the next contact."""
        self.set_state(agent, AgentState.NOT_READY, at, reason=reason)
        agent.returns = self._schedule.plan(at + away_s, partial(self.release, agent))

    def set_state(
        self,
        agent: Agent,
        state: AgentState,
        at: Instant,
        *,
        reason: str = "",
        wrapup_s: Seconds | None = None,
    ) -> None:
        """Say an agent's new state in every group that the agent serves."""
        agent.state = state
        agent.reason = reason
        scribe = self._switch.scribe
        for group in agent.levels:
            scribe.say(
                AgentStateChanged(
                    **scribe.stamp(at),
                    group=group,
                    agent=agent.name,
                    state=state,
                    reason=reason,
                    wrapup_s=wrapup_s,
                )
            )

    def occupy(self, agent: Agent) -> None:
        """Let an agent have no contact, in none of the groups."""
        for group in agent.levels:
            self._switch.stations[group].line.occupy(agent)

    def _free(self, agent: Agent) -> None:
        for group in agent.levels:
            self._switch.stations[group].line.free(agent)

    # Breaks

    def _plan_break(self, agent: Agent, at: Instant) -> None:
        between_s = self._breaks.mean_between_s
        if between_s is not None:
            agent.break_due = self._schedule.plan(
                at + agent.random.expovariate(1 / between_s), partial(self._want_break, agent)
            )

    def _want_break(self, agent: Agent, at: Instant) -> None:
        agent.wants_break = True
        if agent.state is AgentState.AVAILABLE:
            self.occupy(agent)
            self._begin_break(agent, at)

    def _begin_break(self, agent: Agent, at: Instant) -> None:
        agent.wants_break = False
        chosen = agent.random.choice(self._breaks.reasons)
        self.set_state(agent, AgentState.NOT_READY, at, reason=chosen.reason)
        agent.returns = self._schedule.plan(
            at + agent.random.uniform(0.5, 1.5) * chosen.mean_s, partial(self._end_break, agent)
        )

    def _end_break(self, agent: Agent, at: Instant) -> None:
        self._plan_break(agent, at)
        self.release(agent, at)

    # Shifts

    def _plan_shift_change(self, agent: Agent, shift: Shift, at: Instant) -> None:
        change = self._end_shift if agent.is_on_shift else self._begin_shift
        time_of_day = shift.ends_s if agent.is_on_shift else shift.begins_s
        since_midnight = at - self._switch.midnight
        ahead_s = (time_of_day - since_midnight) % DAY_S or DAY_S
        late_s = agent.random.uniform(0.0, shift.late_s) if shift.late_s else 0.0
        self._schedule.plan(at + ahead_s + late_s, partial(change, agent, shift), outlives=True)

    def _begin_shift(self, agent: Agent, shift: Shift, at: Instant) -> None:
        agent.is_on_shift = True
        self._plan_shift_change(agent, shift, at)
        self._plan_break(agent, at)
        if agent.state is AgentState.OFFLINE:
            self.release(agent, at)

    def _end_shift(self, agent: Agent, shift: Shift, at: Instant) -> None:
        agent.is_on_shift = False
        agent.wants_break = False
        for planned in (agent.break_due, agent.returns):
            if planned is not None:
                planned.cancel()
        self._plan_shift_change(agent, shift, at)
        if agent.state in (AgentState.AVAILABLE, AgentState.NOT_READY):
            self.occupy(agent)
            self.set_state(agent, AgentState.OFFLINE, at)


def _is_on(shift: Shift, since_midnight: Seconds) -> bool:
    lasts_s = (shift.ends_s - shift.begins_s) % DAY_S
    return (since_midnight - shift.begins_s) % DAY_S < lasts_s


def _nobody_waits(_agent: Agent, _at: Instant) -> None:
    """Have no contact for an agent who has become free."""
