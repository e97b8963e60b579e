"""The neutral feed over MQTT, and our own state: which topic carries what.

=================================  ========  ====================================================
topic                              retained  payload
=================================  ========  ====================================================
``acd/<site>/<group>/events``      no        one event of :mod:`queue_alert.core.events`
``acd/<site>/<group>/snapshot``    yes       one ``group.snapshot``; empty: the group is no more
``acd/<site>/status``              yes       :class:`PublisherStatus`; its last will says offline
``queue-alert/<site>/<group>/state``  yes    :class:`GroupState`
``queue-alert/<site>/<group>/light``  yes    for Home Assistant: the group as a coloured light
``queue-alert/<site>/<group>/<what>/set``    for Home Assistant: its light or siren is switched there
``queue-alert/<site>/status``      yes       ``online`` or, by last will, ``offline``
=================================  ========  ====================================================

All with QoS 1. Whoever publishes a feed says its status, what it could not say before, every group's snapshot
and again its status (``synced``) after every connection, repeats the snapshots at least every 30 s, and the
status at least every ``heartbeat_s``. It keeps to one client id: then a broker that has not noticed the end
of an earlier connection tells of it (by the last will) before the new one, not after.

Events and snapshots may carry the MQTT 5 user property :data:`RUN_PROPERTY`: then what is left of an earlier
run of the ACD, in a broker's queue or retained, is told from what is said now.
"""

import re
from typing import Final
from urllib.parse import unquote

import msgspec

from queue_alert.core.units import GroupName, Instant, Seconds

__all__ = [
    "RUN_PROPERTY",
    "SITE_PATTERN",
    "GroupState",
    "PublisherStatus",
    "events_filter",
    "events_topic",
    "group_of_topic",
    "light_topic",
    "set_topic",
    "sets_filter",
    "snapshot_topic",
    "snapshots_filter",
    "state_status_topic",
    "state_topic",
    "status_topic",
    "what_is_set",
]

SITE_PATTERN: Final = r"^[A-Za-z0-9._-]{1,64}$"
"""What a site may be called."""

RUN_PROPERTY: Final = "run"
"""Name of the user property whose value is the ``run`` in which an event or a snapshot was said."""

# Besides the marks of MQTT's own: what a broker may refuse in a topic, and close the connection for.
# Source: MQTT 5.0, 1.5.4; mosquitto 2.0, lib/utf8_mosq.c.
_NO_CHARACTERS: Final = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_ESCAPED: Final = re.compile(f"[%/+#\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")
_LONGEST_TOPIC: Final = 1024


class PublisherStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether the publisher of a feed is there."""

    online: bool
    """Whether the ACD's publisher is connected; its last will says that it is not."""
    source: str = ""
    run: str = ""
    """Another one after every start of the ACD."""
    seq: int = 0
    """That of the latest event said: published before this status."""
    time: Instant = 0.0
    """The ACD's clock."""
    synced: bool = False
    """All snapshots have been said since this connection."""
    heartbeat_s: Seconds = 15.0
    """The status is said again at least this often."""
    groups: tuple[GroupName, ...] | None = None
    """All groups there are, so that who listens knows when it has a snapshot of each; ``None``: not told, and
    each group with a retained snapshot is one."""


class GroupState(msgspec.Struct, frozen=True, kw_only=True):
    """One group as we know it, for other programs."""

    group: GroupName
    at: Instant
    """When this was so; it is said again only when something has changed."""
    waiting: int
    """How many wait."""
    oldest_queued_at: Instant | None
    """When the longest wait began; the longest wait is now minus this."""
    severity: str
    """``normal``, ``warning``, ``critical``."""
    stale: bool
    """A feed behind these figures is not live: they are held, not known."""
    agents: dict[str, int]
    """Number of agents by state."""
    service_level: float | None
    """The group's own, over its window, 0 to 1."""
    offered_today: int
    """Since the daily reset."""
    answered_today: int
    """Since the daily reset."""
    abandoned_today: int
    """Since the daily reset."""
    acknowledged: bool = False
    """Somebody has seen how bad it is; until it is worse, or normal again."""
    emergencies: int = 0
    """How many were called here and not acknowledged."""


def events_topic(site: str, group: str) -> str:
    """Return the topic of a group's events."""
    return f"acd/{site}/{_escape(group)}/events"


def events_filter(site: str) -> str:
    """Return the filter for the events of all groups."""
    return f"acd/{site}/+/events"


def snapshots_filter(site: str) -> str:
    """Return the filter for the snapshots of all groups."""
    return f"acd/{site}/+/snapshot"


def snapshot_topic(site: str, group: str) -> str:
    """Return the topic of a group's snapshots."""
    return f"acd/{site}/{_escape(group)}/snapshot"


def status_topic(site: str) -> str:
    """Return the topic on which a feed's publisher says whether it is there."""
    return f"acd/{site}/status"


def state_topic(site: str, group: str) -> str:
    """Return the topic of a group's state as we know it."""
    return f"queue-alert/{site}/{_escape(group)}/state"


def light_topic(site: str, group: str) -> str:
    """Return the topic of a group as a light."""
    return f"queue-alert/{site}/{_escape(group)}/light"


def set_topic(site: str, group: str, what: str) -> str:
    """Return the topic on which a group's ``light`` or ``siren`` is switched."""
    return f"queue-alert/{site}/{_escape(group)}/{what}/set"


def sets_filter(site: str) -> str:
    """Return the filter for everything that is switched."""
    return f"queue-alert/{site}/+/+/set"


def what_is_set(topic: str, site: str) -> tuple[GroupName, str] | None:
    """Return the group and what of it is switched, or ``None`` if the topic is another."""
    before = f"queue-alert/{site}/"
    if len(topic) > _LONGEST_TOPIC or not topic.startswith(before):
        return None
    match topic.removeprefix(before).split("/"):
        case [name, what, "set"] if name and what:
            return GroupName(unquote(name, errors="replace")), what
        case _:
            return None


def state_status_topic(site: str) -> str:
    """Return the topic on which we say whether we are there."""
    return f"queue-alert/{site}/status"


def group_of_topic(topic: str, site: str, kind: str) -> GroupName | None:
    """Return the group of ``acd/<site>/<group>/<kind>``, or ``None`` if the topic is another."""
    before, after = f"acd/{site}/", f"/{kind}"
    if len(topic) > _LONGEST_TOPIC or not (topic.startswith(before) and topic.endswith(after)):
        return None
    name = topic[len(before) : len(topic) - len(after)]
    if not name or "/" in name:
        return None
    return GroupName(unquote(name, errors="replace"))


def _escape(group: str) -> str:
    # A topic's levels are parted by slashes, and + and # are wildcards.
    return _ESCAPED.sub(lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), group)


def _bytes(mark: str) -> bytes:
    return mark.encode(errors="surrogatepass")
