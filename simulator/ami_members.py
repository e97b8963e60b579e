"""What an Asterisk says of agents and of messages.

Source: Asterisk 22, apps/app_queue.c (``queue_publish_member_blob``), main/mwi.c;
tests/golden/asterisk/members, …/voicemail.
"""

from collections.abc import Callable

from queue_alert.core.events import AgentRemoved, AgentState, AgentStateChanged, MessageHandled, MessageLeft
from queue_alert.core.units import AgentId, Instant, Seconds
from simulator.ami_floor import AmiFloor, Member, Queue
from simulator.ami_words import Headers

__all__ = ["MemberTeller", "member_headers"]


class MemberTeller:
    """Says what becomes of agents, and of messages.

    Args:
        floor: What the Asterisk holds in memory.
        say: Called with name, class and headers of every frame.
    """

    def __init__(self, floor: AmiFloor, say: Callable[[str, str, Headers], None]) -> None:
        self._floor = floor
        self._say = say

    def changed(self, event: AgentStateChanged) -> None:
        """Take an agent's state: a pause, a change of the phone's state, both or neither."""
        queue = self._floor.queue(event.group)
        member = queue.members.get(event.agent)
        if member is None:
            member = self._floor.member(queue, event.agent, event.time)
            member.membership = "dynamic"
            member.set(event.state, event.reason)
            self._of_member("QueueMemberAdded", queue, member)
            return
        status, is_paused, reason = member.status, member.is_paused, member.reason
        member.set(event.state, event.reason)
        member.is_in_call &= event.state in {AgentState.TALKING, AgentState.ON_HOLD}
        if (member.is_paused, member.reason) != (is_paused, reason):
            if member.is_paused:
                member.last_pause = int(event.time)
            # The pause is said first, the phone's state still being what it was.
            now, member.status = member.status, status
            self._of_member("QueueMemberPause", queue, member)
            member.status = now
        if member.status != status:
            self._of_member("QueueMemberStatus", queue, member)

    def removed(self, event: AgentRemoved) -> None:
        """Take an agent's leaving."""
        queue = self._floor.queue(event.group)
        member = queue.members.pop(event.agent, None)
        if member is not None:
            self._of_member("QueueMemberRemoved", queue, member)

    def learn_wrapup(self, queue: Queue, agent: AgentId, wrapup_s: Seconds) -> None:
        """Say how long the wrap-up is that is to follow, if another length was said before.

        It is told as if somebody had just set it, in whole seconds; below half a second there is none.
        """
        member = queue.members.get(agent)
        if member is not None and member.wrapup_s != round(wrapup_s):
            member.wrapup_s = round(wrapup_s)
            self._of_member("QueueMemberStatus", queue, member)

    def message_left(self, event: MessageLeft) -> None:
        """Take a message."""
        self._message(event, new=1, old=0)

    def message_handled(self, event: MessageHandled) -> None:
        """Take the end of a message."""
        self._message(event, new=-1, old=1)

    def _message(self, event: MessageLeft | MessageHandled, *, new: int, old: int) -> None:
        queue = self._floor.queue(event.group)
        new, old = max(queue.messages[0] + new, 0), queue.messages[1] + old
        queue.messages = new, old
        told: Headers = (
            ("Mailbox", f"{queue.name}@default"),
            ("Waiting", str(int(new > 0))),
            ("New", str(new)),
            ("Old", str(old)),
        )
        if isinstance(event, MessageLeft):
            call = self._floor.call(queue, event.contact, event.time, event.caller)
            told = (*call.channel.headers(), *told)
        self._say("MessageWaiting", "call", told)

    def began_talk(self, queue: Queue, agent: AgentId) -> None:
        """Note that an agent talks to a caller of ``queue``."""
        member = queue.members.get(agent)
        if member is not None:
            member.is_in_call = True

    def ended_talk(self, queue: Queue, agent: AgentId, at: Instant) -> None:
        """Note that the conversation ended ``at``; all queues of the agent count it (``shared_lastcall``)."""
        for other in self._floor.queues.values():
            member = other.members.get(agent)
            if member is not None:
                member.is_in_call &= other is not queue
                member.calls_taken += 1
                member.last_call = int(at)

    def _of_member(self, event: str, queue: Queue, member: Member) -> None:
        self._say(event, "agent", member_headers(queue, member))


def member_headers(queue: Queue, member: Member) -> Headers:
    """Return what every event about a member says of it."""
    return (
        ("Queue", queue.name),
        ("MemberName", member.name),
        ("Interface", member.interface),
        ("StateInterface", member.interface),
        ("Membership", member.membership),
        ("Penalty", "0"),
        ("CallsTaken", str(member.calls_taken)),
        ("LastCall", str(member.last_call)),
        ("LastPause", str(member.last_pause)),
        ("LoginTime", str(int(member.login_at))),
        ("InCall", str(int(member.is_in_call))),
        ("Status", str(member.status)),
        ("Paused", str(int(member.is_paused))),
        ("PausedReason", member.reason),
        ("Ringinuse", "0"),
        ("Wrapuptime", str(member.wrapup_s)),
    )
