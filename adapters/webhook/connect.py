"""Amazon Connect's events, as EventBridge posts them, to ours. Pure.

They come on a best-effort basis, in any order, maybe twice. Each carries the instants of all that happened to
the contact before, so whichever comes tells them.

Source: Amazon Connect Administrator Guide, "Contact events" and "Agent event streams data model"; Amazon
EventBridge User Guide, "API destinations". Names of fields are written with a small and with a capital first
letter in samples of the same page, and both are read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.webhook.cloudevents import RefusedError
from adapters.webhook.contacts import ContactBook
from adapters.webhook.fields import mapping, moment, name, span, text
from adapters.webhook.outbox import Outbox
from queue_alert.core.events import (
    AcdEvent,
    AgentState,
    AgentStateChanged,
    Channel,
    EndedBy,
    Outcome,
    TransferKind,
)
from queue_alert.core.units import AgentId, ContactId, FeedName, GroupName, Instant, Seconds
from queue_alert.ports import Skipped

__all__ = ["AGENT_LIMIT", "OLDEST_S", "PASSED_LIMIT", "ConnectTranslator"]

OLDEST_S: Final[Seconds] = 25 * 3600.0
"""EventBridge tries for a day; an older event was sent again by somebody else."""
AGENT_LIMIT: Final = 5_000
"""How many agents are remembered; past that the one of whom nothing was heard for longest is forgotten."""

PASSED_LIMIT: Final = 5_000
"""Of so many contacts is remembered that they went on as others."""

_CHANNELS: Final = {
    "VOICE": Channel.VOICE,
    "CHAT": Channel.CHAT,
    "EMAIL": Channel.EMAIL,
    "TASK": Channel.EMAIL,  # work that lies there; nobody waits on a line
}
_TRANSFERS: Final = frozenset({"TRANSFER", "QUEUE_TRANSFER"})
_OUTCOMES: Final = {
    "": Outcome.ABANDONED,
    "CUSTOMER_DISCONNECT": Outcome.ABANDONED,
    "EXPIRED": Outcome.TIMEOUT,
    "CONTACT_FLOW_DISCONNECT": Outcome.TIMEOUT,
}
_ENDED_BY: Final = {"CUSTOMER_DISCONNECT": EndedBy.CUSTOMER, "AGENT_DISCONNECT": EndedBy.AGENT}
_BUSY: Final = {
    "CONNECTED": AgentState.TALKING,
    "CONNECTED_ONHOLD": AgentState.ON_HOLD,
    "INCOMING": AgentState.RESERVED,
    "PENDING": AgentState.RESERVED,
    "CONNECTING": AgentState.RESERVED,
    "ENDED": AgentState.WRAPUP,
}
_BUSIEST_FIRST: Final = ("CONNECTED", "CONNECTED_ONHOLD", "CONNECTING", "INCOMING", "PENDING", "ENDED")


@dataclass(slots=True)
class _Agent:
    told_at: Instant = 0.0
    username: str = ""
    said: dict[GroupName, tuple[AgentState, str]] = field(default_factory=dict)


class ConnectTranslator:
    """Translates one event after another, whatever their order.

    Args:
        source: The feed's name.
        skipped: Called for what never came.
        give_up_s: A contact of which nothing was heard for so long waits no more.
        names: What queues and agents are called, by the last part of their ARN.
    """

    def __init__(
        self,
        source: FeedName,
        skipped: Callable[[Skipped, str], None],
        *,
        give_up_s: Seconds,
        names: Mapping[str, str],
    ) -> None:
        self._outbox = Outbox(source)
        self._contacts = ContactBook(self._outbox, skipped, give_up_s=give_up_s)
        self._names = names
        self._agents: dict[str, _Agent] = {}
        self._passed_on: dict[ContactId, tuple[str, Instant]] = {}
        """How and when contacts went on to another queue or agent, as the contact they became told it."""

    def translate(self, event: Mapping[str, Any], now: Instant) -> list[AcdEvent]:
        """Return our events; none where it tells nothing new, or nothing of waiting and answering.

        Args:
            event: What EventBridge posts, or an event of the agent event stream.
            now: When it was received.

        Raises:
            RefusedError: It is neither, lacks what it must have, or is too old.
        """
        self._outbox.now = now
        if "AgentARN" in event:
            self._agent(event, now)
            return self._outbox.take()
        kind = text(event, "detail-type")
        if not kind.endswith("Contact Event"):
            raise RefusedError(
                Skipped.UNKNOWN_EVENT, "detail-type is none of Amazon Connect's contact events"
            )
        told_at = moment(event, "time") or now
        if told_at < now - OLDEST_S:
            raise RefusedError(Skipped.TOO_OLD, f"the event is older than {OLDEST_S / 3600:g} h")
        self._contact(_small(event.get("detail")), told_at)
        return self._outbox.take()

    def advance(self, now: Instant) -> list[AcdEvent]:
        """Return what time alone has brought about."""
        self._outbox.now = now
        self._contacts.advance()
        return self._outbox.take()

    def next_at(self) -> Instant:
        """Return when :meth:`advance` next has something to do; infinity if never again."""
        return self._contacts.next_at()

    def _contact(self, detail: Mapping[str, Any], told_at: Instant) -> None:
        kind, contact = name(detail, "eventType"), ContactId(name(detail, "contactId"))
        method = text(detail, "initiationMethod")
        before = ContactId(text(detail, "previousContactId"))
        if before and method in _TRANSFERS:
            self._note_passing(before, method, moment(detail, "initiationTimestamp") or told_at)
        queue, agent = _small(detail.get("queueInfo")), _small(detail.get("agentInfo"))
        group = self._group(queue) or self._contacts.group_of(contact)
        if group is None:
            return  # it has not been in a queue: an outbound call, a contact still in a flow
        began = moment(queue, "enqueueTimestamp")
        if kind == "QUEUED":
            channel = _CHANNELS.get(text(detail, "channel").upper(), Channel.VOICE)
            self._contacts.queued(
                contact,
                group,
                began or told_at,
                channel=Channel.CALLBACK if method == "CALLBACK" else channel,
                caller=text(_small(detail.get("customerEndpoint")), "address"),
            )
        answered_at = moment(agent, "connectedToAgentTimestamp")
        if kind == "CONNECTED_TO_AGENT":
            answered_at = answered_at or told_at
        if answered_at is not None:
            self._contacts.answered(
                contact, group, answered_at, agent=self._agent_name(text(agent, "agentArn")), began=began
            )
        if kind in {"DISCONNECTED", "COMPLETED"}:
            self._ended(contact, group, detail, agent, moment(detail, "disconnectTimestamp") or told_at)
        if kind == "COMPLETED":
            self._wrapped(contact, group, agent, told_at)
        self._tell_passing(contact)

    def _ended(
        self,
        contact: ContactId,
        group: GroupName,
        detail: Mapping[str, Any],
        agent: Mapping[str, Any],
        at: Instant,
    ) -> None:
        reason = text(detail, "disconnectReason")
        if agent or self._contacts.was_answered(contact):
            self._contacts.completed(
                contact,
                group,
                at,
                held_s=span(agent, "agentInitiatedHoldDuration"),
                ended_by=_ENDED_BY.get(reason, EndedBy.UNKNOWN),
            )
            return
        # That it went on to another queue is told by that contact's beginning, which may come later.
        outcome = _OUTCOMES.get(reason, Outcome.UNKNOWN)
        began = moment(_small(detail.get("queueInfo")), "enqueueTimestamp")
        self._contacts.left(contact, group, at, outcome=outcome, began=began, is_presumed=True)

    def _wrapped(
        self, contact: ContactId, group: GroupName, agent: Mapping[str, Any], told_at: Instant
    ) -> None:
        began = moment(agent, "afterContactWorkStartTimestamp")
        ended = moment(agent, "afterContactWorkEndTimestamp")
        acw_s = span(agent, "afterContactWorkDuration")
        if acw_s is None and began is not None and ended is not None:
            acw_s = max(ended - began, 0.0)
        if acw_s is not None:
            self._contacts.wrapped(contact, group, ended or told_at, acw_s=acw_s)

    def _note_passing(self, before: ContactId, method: str, at: Instant) -> None:
        """Learn that a contact went on as another; nothing may have been heard of it yet."""
        self._passed_on.setdefault(before, (method, at))
        if len(self._passed_on) > PASSED_LIMIT:
            del self._passed_on[next(iter(self._passed_on))]
        self._tell_passing(before)

    def _tell_passing(self, contact: ContactId) -> None:
        method, at = self._passed_on.get(contact, ("", 0.0))
        group = self._contacts.group_of(contact)
        if not method or group is None:
            return
        if method == "TRANSFER":
            self._contacts.transferred(contact, at, kind=TransferKind.BLIND, to="")
        elif not self._contacts.was_answered(contact):
            self._contacts.left(contact, group, at, outcome=Outcome.REROUTED)

    def _agent(self, event: Mapping[str, Any], now: Instant) -> None:
        arn, at = name(event, "AgentARN"), moment(event, "EventTimestamp") or now
        snapshot = mapping(event.get("CurrentAgentSnapshot"))
        configuration = mapping(snapshot.get("Configuration"))
        known = self._agents.pop(arn, None) or _Agent()
        self._agents[arn] = known
        if len(self._agents) > AGENT_LIMIT:
            del self._agents[next(iter(self._agents))]
        if at < known.told_at:
            return
        known.told_at = at
        known.username = text(configuration, "Username") or known.username
        agent = self._agent_name(arn)
        is_gone = text(event, "EventType") == "LOGOUT"
        state = (AgentState.OFFLINE, "") if is_gone else _agent_state(snapshot)
        queues = mapping(configuration.get("RoutingProfile")).get("InboundQueues")
        for queue in queues if isinstance(queues, list) else []:
            arn_of_queue = text(mapping(queue), "ARN")
            group = self._group({"queueArn": arn_of_queue}) if arn_of_queue else None
            if group is not None and known.said.get(group) != state:
                known.said[group] = state
                stamp = self._outbox.stamp(f"{agent}/{group}/{state[0]}", at)
                self._outbox.add(
                    AgentStateChanged(**stamp, group=group, agent=agent, state=state[0], reason=state[1])
                )

    def _group(self, queue: Mapping[str, Any]) -> GroupName | None:
        last = _last_part(text(queue, "queueArn"))
        return GroupName(self._names.get(last, last)) if last else None

    def _agent_name(self, arn: str) -> AgentId:
        known, last = self._agents.get(arn), _last_part(arn)
        return AgentId(self._names.get(last, (known.username if known else "") or last))


def _small(value: Any) -> Mapping[str, Any]:
    """Return an object with the first letters of its names made small."""
    return {key[:1].lower() + key[1:]: part for key, part in mapping(value).items()}


def _last_part(arn: str) -> str:
    return arn.rpartition("/")[2]


def _agent_state(snapshot: Mapping[str, Any]) -> tuple[AgentState, str]:
    contacts = snapshot.get("Contacts")
    states = {text(mapping(one), "State") for one in contacts} if isinstance(contacts, list) else set()
    for state in _BUSIEST_FIRST:
        if state in states:
            return _BUSY[state], ""
    status = mapping(snapshot.get("AgentStatus"))
    called, kind = text(status, "Name"), text(status, "Type")
    if kind == "OFFLINE" or called.casefold() == "offline":
        return AgentState.OFFLINE, ""
    if kind == "ROUTABLE" or (not kind and called.casefold() == "available"):
        return AgentState.AVAILABLE, ""
    return AgentState.NOT_READY, called
