"""A small, slow FreeSWITCH: its queues as plain tables, and what mod_callcenter says and answers of them.

Every step does to the tables what the source does, in the source's order, and says what the source says, with
its fields. Source: FreeSWITCH 1.10, src/mod/applications/mod_callcenter/mod_callcenter.c
(``callcenter_function``, ``outbound_agent_thread_run``, ``cc_agent_update``, ``cc_config_api_function``);
src/switch_event.c; src/mod/event_handlers/mod_event_socket/mod_event_socket.c.
"""

import json
from collections import Counter
from dataclasses import dataclass, field

CORES = ("6c2e8b1a-0d4f-4b8e-9a57-2f6f0c1d3e01", "b7f3d5c2-91aa-4c0b-8f0e-5d2f7a9e4402")

AUTH_REQUEST = b"Content-Type: auth/request\n\n"
ACCEPTED = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
SUBSCRIBED = b"Content-Type: command/reply\nReply-Text: +OK event listener enabled json\n\n"
GREETING = AUTH_REQUEST + ACCEPTED + SUBSCRIBED
GOODBYE = (
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)
TURNED_AWAY = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"

QUEUE_HEADER = (
    "name|strategy|moh_sound|time_base_score|tier_rules_apply|tier_rule_wait_second|"
    "tier_rule_wait_multiply_level|tier_rule_no_agent_no_wait|discard_abandoned_after|"
    "abandoned_resume_allowed|max_wait_time|max_wait_time_with_no_agent|"
    "max_wait_time_with_no_agent_time_reached|record_template|calls_answered|calls_abandoned|"
    "ring_progressively_delay|skip_agents_with_external_calls|agent_no_answer_status"
)
AGENT_HEADER = (
    "name|instance_id|uuid|type|contact|status|state|max_no_answer|wrap_up_time|reject_delay_time|"
    "busy_delay_time|no_answer_delay_time|last_bridge_start|last_bridge_end|last_offered_call|"
    "last_status_change|no_answer_count|calls_answered|talk_time|ready_time|external_calls_count"
)
MEMBER_HEADER = (
    "queue|instance_id|uuid|session_uuid|cid_number|cid_name|system_epoch|joined_epoch|rejoined_epoch|"
    "bridge_epoch|abandoned_epoch|base_score|skill_score|serving_agent|serving_system|state|score"
)


def event_frame(headers: dict[str, str]) -> bytes:
    """Return an event as ``event json`` says it."""
    body = json.dumps(headers, ensure_ascii=False, separators=(",", ":")).encode()
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body


def answer_frame(text: str) -> bytes:
    """Return the answer to an ``api`` command."""
    body = text.encode()
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body


@dataclass
class Agent:
    name: str
    status: str = "Available"
    state: str = "Waiting"
    wrap_up_time: int = 0
    last_bridge_end: float = 0.0
    is_holding: bool = False
    contact: str = "[leg_timeout=10]user/1000|user/1001"


@dataclass
class Member:
    uuid: str
    queue: str
    session: str
    number: str
    name: str
    joined: float
    rejoined: float = 0.0
    abandoned: float = 0.0
    state: str = "Waiting"
    serving_agent: str = ""
    called: float = 0.0
    answered: float = 0.0
    # Which is no column: an agent has picked up.
    is_picked_up: bool = False


@dataclass
class Queue:
    calls_answered: int = 0
    calls_abandoned: int = 0


@dataclass
class Switch:
    """The tables, FreeSWITCH's clock, and what was said since it was last taken."""

    queues: dict[str, Queue] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    tiers: list[tuple[str, str]] = field(default_factory=list)
    now: float = 1_800_000_000.25
    members: dict[str, Member] = field(default_factory=dict)
    core: str = CORES[0]
    sequence: int = 5_000
    said: list[bytes] = field(default_factory=list)
    made: int = 0
    # The truth, counted here and nowhere else.
    offered: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    completed: Counter[str] = field(default_factory=Counter)

    def take(self) -> bytes:
        """Return what was said, and begin anew."""
        said, self.said = b"".join(self.said), []
        return said

    def waiting(self, queue: str) -> dict[str, float]:
        """Return who waits in truth, and since when."""
        return {
            member.uuid: member.rejoined or member.joined
            for member in self.members.values()
            if member.queue == queue and member.state in {"Waiting", "Trying"} and not member.is_picked_up
        }

    # What happens

    def join(self, queue: str, number: str = "+15550001", name: str = "Ada Byron") -> str:
        """Let a caller join; return his uuid."""
        self.made += 1
        member = Member(
            uuid=f"aaaaaaaa-0000-4000-8000-{self.made:012}",
            queue=queue,
            session=f"cccccccc-0000-4000-8000-{self.made:012}",
            number=number,
            name=name,
            joined=self.now,
        )
        self._queue_member(member, "member-queue-start")
        self.members[member.uuid] = member
        self._count(queue)
        return member.uuid

    def resume(self, uuid: str) -> None:
        """Let one who abandoned come back to his place."""
        member = self.members[uuid]
        member.state, member.rejoined, member.is_picked_up = "Waiting", self.now, False
        self.made += 1
        member.session = f"cccccccc-0000-4000-8000-{self.made:012}"
        self._queue_member(member, "member-queue-resume")
        self._count(member.queue)

    def offer(self, uuid: str, name: str) -> None:
        """Let an agent be rung for a caller."""
        member = self.members[uuid]
        member.state, member.serving_agent, member.called = "Trying", name, self.now
        self.set_state(name, "Receiving")
        self._say(
            "agent-offering",
            {"CC-Agent": name, "CC-Agent-Type": "callback", "CC-Agent-System": "single_box"},
            member,
        )

    def not_answered(self, uuid: str, name: str, cause: str = "NO_ANSWER") -> None:
        """Let an agent not pick up."""
        member = self.members[uuid]
        if member.state == "Trying":
            member.state, member.serving_agent = "Waiting", ""
        self._say(
            "bridge-agent-fail",
            {
                "CC-Hangup-Cause": cause,
                "CC-Agent": name,
                "CC-Agent-System": "single_box",
                "CC-Agent-Called-Time": str(int(member.called)),
                "CC-Agent-Aborted-Time": str(int(self.now)),
            },
            member,
            joined=True,
        )
        self.set_state(name, "Waiting")

    def pick_up(self, uuid: str, name: str) -> None:
        """Let an agent pick up; the bridge is still to come."""
        member = self.members[uuid]
        member.answered, member.is_picked_up = self.now, True
        self._say("bridge-agent-start", self._bridge_fields(member, name), member, agent_channel=name)

    def bridge(self, uuid: str, name: str) -> None:
        """Let caller and agent be put together."""
        member = self.members[uuid]
        member.state = "Answered"
        self.outcomes[member.queue, "answered"] += 1
        self.set_state(name, "In a queue call")
        self.queues[member.queue].calls_answered += 1
        self._count(member.queue)

    def bridge_fails(self, uuid: str, name: str) -> None:
        """Let the agent be gone before he is put together with the caller, who waits on."""
        member = self.members[uuid]
        member.state, member.is_picked_up = "Waiting", False
        self._say(
            "bridge-agent-end",
            {**self._bridge_fields(member, name), "CC-Agent-Bridged": "false", "CC-Hangup-Cause": "SUCCESS"},
            member,
            agent_channel=name,
            hung_up=True,
        )
        self.set_state(name, "Waiting")

    def bridge_fails_gone(self, uuid: str, name: str) -> None:
        """Let the agent be let go whose caller has hung up meanwhile."""
        member = self.members[uuid]
        fields = {**self._bridge_fields(member, name), "CC-Agent-Bridged": "false"}
        self._say("bridge-agent-end", fields, member, agent_channel=name, hung_up=True)
        self.set_state(name, "Waiting")

    def end(self, uuid: str, name: str, *, by: str = "send_bye", disposition: str = "ANSWER") -> None:
        """Let a conversation end."""
        member, agent = self.members[uuid], self.agents[name]
        fields = {
            **self._bridge_fields(member, name),
            "CC-Agent-Bridged": "true",
            "CC-Hangup-Cause": "SUCCESS",
            "CC-Bridge-Terminated-Time": str(int(self.now)),
            "variable_sip_hangup_disposition": by,
            "variable_endpoint_disposition": disposition,
        }
        self._say("bridge-agent-end", fields, member, agent_channel=name, hung_up=True)
        agent.last_bridge_end, agent.is_holding = self.now, False
        del self.members[uuid]
        self.completed[member.queue] += 1
        terminated = {
            **self._bridge_fields(member, name),
            "CC-Hangup-Cause": "SUCCESS",
            "CC-Cause": "Terminated",
            "CC-Member-Leaving-Time": str(int(self.now)),
        }
        self._say("member-queue-end", terminated, member, caller_channel=True, hung_up=True)
        self.set_state(name, "Idle" if agent.status == "Available (On Demand)" else "Waiting")

    def leave(self, uuid: str, reason: str = "BREAK_OUT", *, hung_up: bool = True) -> None:
        """Let a caller leave unanswered."""
        member = self.members[uuid]
        member.state, member.abandoned, member.is_picked_up = "Abandoned", self.now, False
        outcome = {
            "NONE": "abandoned",
            "BREAK_OUT": "abandoned" if hung_up else "rerouted",
            "TIMEOUT": "timeout",
            "NO_AGENT_TIMEOUT": "no_agents",
            "EXIT_WITH_KEY": "exit_key",
        }[reason]
        self.outcomes[member.queue, outcome] += 1
        self._say(
            "member-queue-end",
            {
                "CC-Member-Leaving-Time": str(int(self.now)),
                "CC-Cause": "Cancel",
                "CC-Cancel-Reason": reason,
            },
            member,
            joined=True,
            caller_channel=True,
            hung_up=hung_up,
        )
        self.queues[member.queue].calls_abandoned += 1
        self._count(member.queue)

    def set_status(self, name: str, status: str) -> None:
        """Let an agent be available, on break or logged out."""
        self.agents[name].status = status
        self._callcenter("agent-status-change", {"CC-Agent": name, "CC-Agent-Status": status})

    def set_state(self, name: str, state: str) -> None:
        """Let an agent's state be another one."""
        self.agents[name].state = state
        self._callcenter("agent-state-change", {"CC-Agent": name, "CC-Agent-State": state})

    def hold(self, uuid: str, name: str, *, is_hold: bool = True) -> None:
        """Let an agent put his caller on hold, or take him off."""
        self.agents[name].is_holding = is_hold
        fields = {
            **_channel(self._agent_channel(name)),
            "Other-Type": "originatee",
            "Other-Leg-Unique-ID": self.members[uuid].session,
        }
        self.event("CHANNEL_HOLD" if is_hold else "CHANNEL_UNHOLD", fields)

    def heartbeat(self) -> None:
        """Say the core's heartbeat."""
        self.event("HEARTBEAT", {"Event-Info": "System Ready", "Session-Count": "2", "Idle-CPU": "97.3"})

    def restart(self) -> None:
        """Begin anew: nobody of before is on a line any more, and nothing is said of it."""
        self.core, self.sequence, self.said = CORES[1], 300, []
        for member in self.members.values():
            member.state, member.is_picked_up = "Abandoned", False
        for agent in self.agents.values():
            agent.state, agent.is_holding = "Waiting", False
        for queue in self.queues.values():
            queue.calls_answered = queue.calls_abandoned = 0

    def event(self, name: str, fields: dict[str, str], subclass: str = "") -> None:
        """Say an event with all that every event has."""
        self.sequence += 7  # others have happened that nobody here asked for
        envelope = {
            "Event-Name": name,
            "Core-UUID": self.core,
            "FreeSWITCH-Hostname": "pbx",
            "FreeSWITCH-Switchname": "pbx",
            "FreeSWITCH-IPv4": "192.0.2.10",
            "Event-Date-Local": "2027-01-15 08:00:00",
            "Event-Date-GMT": "Fri, 15 Jan 2027 08:00:00 GMT",
            "Event-Date-Timestamp": str(round(self.now * 1e6)),
            "Event-Calling-File": "mod_callcenter.c",
            "Event-Sequence": str(self.sequence),
        }
        head = {"Event-Subclass": subclass} if subclass else {}
        self.said.append(event_frame({**head, **fields, **envelope}))

    # What is answered

    def answer(self, command: str) -> bytes:
        """Return the answer to an ``api`` command (without that word)."""
        if command == "strmicroepoch":
            return answer_frame(str(round(self.now * 1e6)))
        if command == "callcenter_config queue list":
            return answer_frame(self._table(QUEUE_HEADER, [self._queue_row(name) for name in self.queues]))
        if command == "callcenter_config agent list":
            return self._rows(AGENT_HEADER, [self._agent_row(agent) for agent in self.agents.values()])
        if command == "callcenter_config tier list":
            rows = [f"{queue}|{agent}|Ready|1|1" for queue, agent in self.tiers]
            return self._rows("queue|agent|state|level|position", rows)
        prefix = "callcenter_config queue list members "
        if command.startswith(prefix):
            queue = command.removeprefix(prefix).strip("'")
            rows = [self._member_row(one) for one in self.members.values() if one.queue == queue]
            return self._rows(MEMBER_HEADER, rows)
        return answer_frame(f"-ERR {command.partition(' ')[0]} Command not found!\n")

    def round(self) -> bytes:
        """Return the answers to all questions of one round."""
        commands = [
            "strmicroepoch",
            *(f"callcenter_config {what} list" for what in ("queue", "agent", "tier")),
        ]
        commands += [f"callcenter_config queue list members {name}" for name in self.queues]
        return b"".join(self.answer(command) for command in commands)

    def _rows(self, header: str, rows: list[str]) -> bytes:
        return answer_frame(self._table(header, rows) if rows else "+OK\n")

    @staticmethod
    def _table(header: str, rows: list[str]) -> str:
        return "\n".join([header, *rows, "+OK", ""])

    def _queue_row(self, name: str) -> str:
        queue = self.queues[name]
        return (
            f"{name}|longest-idle-agent|local_stream://moh|system|false|300|true|false|60|true|0|0|5|(null)|"
            f"{queue.calls_answered}|{queue.calls_abandoned}|10|false|On Break"
        )

    @staticmethod
    def _agent_row(agent: Agent) -> str:
        return (
            f"{agent.name}|single_box||callback|{agent.contact}|{agent.status}|{agent.state}|3|"
            f"{agent.wrap_up_time}|10|60|0|0|{int(agent.last_bridge_end)}|0|0|0|0|0|0|0"
        )

    def _member_row(self, member: Member) -> str:
        return (
            f"{member.queue}|single_box|{member.uuid}|{member.session}|{member.number}|{member.name}|"
            f"{int(member.joined)}|{int(member.joined)}|{int(member.rejoined)}|0|{int(member.abandoned)}|0|0|"
            f"{member.serving_agent}|single_box|{member.state}|{int(self.now - member.joined)}"
        )

    # How it is said

    def _queue_member(self, member: Member, action: str) -> None:
        self.offered[member.queue] += 1
        self._say(action, {}, member, caller_channel=True)

    def _count(self, queue: str) -> None:
        count = sum(
            member.queue == queue and member.state in {"Waiting", "Trying"}
            for member in self.members.values()
        )
        fields = {"CC-Queue": queue, "CC-Count": str(count), "CC-Selection": "Single-Queue"}
        self._callcenter("members-count", fields)

    def _bridge_fields(self, member: Member, name: str) -> dict[str, str]:
        return {
            "CC-Agent": name,
            "CC-Agent-System": "single_box",
            "CC-Agent-UUID": self._agent_channel(name),
            "CC-Agent-Called-Time": str(int(member.called)),
            "CC-Agent-Answered-Time": str(int(member.answered)),
            "CC-Member-Joined-Time": str(int(member.joined)),
        }

    @staticmethod
    def _agent_channel(name: str) -> str:
        return f"dddddddd-0000-4000-8000-{name.partition('@')[0]:>012}"

    def _say(
        self,
        action: str,
        fields: dict[str, str],
        member: Member,
        *,
        joined: bool = False,
        caller_channel: bool = False,
        agent_channel: str = "",
        hung_up: bool = False,
    ) -> None:
        channel: dict[str, str] = {}
        if caller_channel:
            channel = _channel(member.session, hung_up=hung_up)
        elif agent_channel:
            channel = _channel(self._agent_channel(agent_channel), hung_up=hung_up)
        if joined:
            fields = {**fields, "CC-Member-Joined-Time": str(int(member.rejoined or member.joined))}
        about = {
            "CC-Member-UUID": member.uuid,
            "CC-Member-Session-UUID": member.session,
            "CC-Member-CID-Name": member.name,
            "CC-Member-CID-Number": member.number,
        }
        self._callcenter(action, {**channel, "CC-Queue": member.queue, **fields, **about})

    def _callcenter(self, action: str, fields: dict[str, str]) -> None:
        self.event("CUSTOM", {"CC-Action": action, **fields}, "callcenter::info")


def _channel(uuid: str, *, hung_up: bool = False) -> dict[str, str]:
    """Return what an event says of the channel that it is about."""
    ended = {"Hangup-Cause": "NORMAL_CLEARING"} if hung_up else {}
    return {
        "Channel-State": "CS_EXECUTE",
        "Channel-State-Number": "10" if hung_up else "4",
        "Channel-Name": "sofia/internal/1000@192.0.2.20",
        "Unique-ID": uuid,
        "Call-Direction": "inbound",
        "Channel-Call-UUID": uuid,
        "Answer-State": "hangup" if hung_up else "answered",
        **ended,
        "Caller-Caller-ID-Number": "+15550001",
        "variable_sip_from_user": "+15550001",
        "variable_read_codec": "PCMA",
    }


def small_switch(**agents: str) -> Switch:
    """Return one with the queue ``support@default`` and the agents given, by name and status."""
    names = agents or {"1000": "Available"}
    switch = Switch(queues={"support@default": Queue()})
    for name, status in names.items():
        switch.agents[f"{name}@default"] = Agent(f"{name}@default", status=status)
        switch.tiers.append(("support@default", f"{name}@default"))
    return switch
