from hypothesis import given
from hypothesis import strategies as st

from queue_alert.core.events import AgentState, AgentStateChanged
from queue_alert.core.floor import Floor
from queue_alert.core.group import Group
from queue_alert.core.policy import Policy
from queue_alert.core.units import AgentId, FeedName, GroupName, Instant, Seconds

START = 1_800_000_000.0
SALES = GroupName("sales")
PBX = FeedName("pbx")


def known(floor: Floor) -> dict[AgentId, tuple[AgentState, str, Instant, Instant, FeedName]]:
    """Return all that the floor knows of its agents."""
    return {
        name: (record.state, record.reason, record.since, record.wrapup_until, record.source)
        for name, record in group_of(floor).agents.items()
    }


def group_of(floor: Floor) -> Group:
    group = floor.group(SALES, START)
    assert group is not None
    return group


@given(
    said=st.lists(
        st.tuples(
            st.sampled_from([AgentId("100"), AgentId("101")]),
            st.sampled_from([AgentState.AVAILABLE, AgentState.NOT_READY, AgentState.WRAPUP]),
            st.sampled_from(["", "lunch"]),
            st.sampled_from([None, 0.0, 5.0, 20.0]),
            st.sampled_from([0.0, 1.0, 6.0]),
        ),
        max_size=20,
    )
)
def test_an_event_sets_an_agent_as_a_list_does(
    said: list[tuple[AgentId, AgentState, str, Seconds | None, Seconds]],
) -> None:
    told, listed = Floor(Policy(), START), Floor(Policy(), START)
    now = START
    for number, (agent, state, reason, wrapup_s, later_s) in enumerate(said):
        now += later_s
        told.advance(now)
        listed.advance(now)
        event = AgentStateChanged(
            id=str(number),
            source=PBX,
            time=now,
            group=SALES,
            agent=agent,
            state=state,
            reason=reason,
            wrapup_s=wrapup_s,
        )
        told.agent_state(event, now)
        listed.set_agent(group_of(listed), agent, state, reason, wrapup_s, now, PBX)
        assert known(told) == known(listed)
        assert told.deadlines.next_at() == listed.deadlines.next_at()
