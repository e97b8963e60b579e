"""What Home Assistant is told so that it shows the groups by itself: one device, three sensors a group. Pure.

The sensors read what is published for everybody; nothing is said twice. They count as unavailable while we
are not there, and while a group's figures are held and not known: a wrong number is worse than none.

Source: home-assistant.io, MQTT: Device discovery payload, Using availability topics; MQTT Sensor:
device_class, options, value_template; Templating: as_datetime. A component is removed by a payload in which
nothing of it is left but its platform, the device by an empty one.
"""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, unquote

import msgspec

from queue_alert import __version__
from queue_alert.core.effects import Severity
from queue_alert.core.units import GroupName
from queue_alert.protocol.topics import state_status_topic, state_topic

__all__ = ["LONGEST_CONFIG", "MOST_GROUPS", "announced_groups", "device_config", "discovery_topic"]

MOST_GROUPS: Final = 200
"""So many groups are announced: three entities each are as much as a person can look at."""

LONGEST_CONFIG: Final = 4_000_000
"""Bytes; a longer payload is not one of ours."""

_ORIGIN: Final = "Queue Alert"
_SENSORS: Final = ("waiting", "longest-wait", "severity")
_MARKS: Final = str.maketrans({"%": "_", "_": "_5F", ".": "_2E", "~": "_7E"})


class _Origin(msgspec.Struct, frozen=True):
    name: str = ""


class _Config(msgspec.Struct, frozen=True):
    """What of a device's configuration matters to us."""

    origin: _Origin = _Origin()
    components: dict[str, msgspec.Raw] = {}


def discovery_topic(prefix: str, site: str) -> str:
    """Return the topic of our device's configuration.

    Args:
        prefix: Home Assistant's discovery prefix.
        site: Whose groups they are.
    """
    return f"{prefix}/device/{_device(site)}/config"


def device_config(
    site: str,
    known: Iterable[GroupName],
    *,
    awaited: Iterable[GroupName] = (),
    gone: Iterable[GroupName] = (),
) -> bytes:
    """Return the configuration of our device.

    Args:
        site: Whose groups they are.
        known: Groups of which something is published.
        awaited: Groups of before, of which nothing is published yet: shown, and unavailable.
        gone: Groups of before that are no more: Home Assistant is to forget them.
    """
    components: dict[str, Any] = {}
    for group in known:
        components |= _components(site, group, _availability(site, group))
    for group in awaited:
        # What is retained of them is of an earlier run, and that we are online is no word on them.
        unavailable = {
            "topic": state_status_topic(site),
            "payload_available": "heard",
            "payload_not_available": "online",
        }
        components |= _components(site, group, [unavailable])
    for group in gone:
        components |= {f"{_escaped(group)}-{sensor}": {"platform": "sensor"} for sensor in _SENSORS}
    return msgspec.json.encode(
        {
            "device": {
                "identifiers": [_device(site)],
                "name": f"Queue Alert {site}",
                "manufacturer": "Queue Alert",
                "sw_version": __version__,
            },
            "origin": {"name": _ORIGIN, "sw_version": __version__},
            "components": components,
        }
    )


def announced_groups(payload: bytes) -> tuple[GroupName, ...] | None:
    """Return the groups in an earlier configuration of ours, ``None`` if it is none; never raise."""
    if len(payload) > LONGEST_CONFIG:
        return None
    try:
        config = msgspec.json.decode(payload, type=_Config)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if config.origin.name != _ORIGIN:
        return None
    end = f"-{_SENSORS[0]}"
    keys = [key.removesuffix(end) for key in config.components if key.endswith(end)]
    return tuple(GroupName(_unescaped(key)) for key in keys[: 2 * MOST_GROUPS])


def _components(site: str, group: GroupName, availability: list[dict[str, str]]) -> dict[str, Any]:
    specific: dict[str, dict[str, Any]] = {
        "waiting": {
            "name": f"{group} waiting",
            "icon": "mdi:account-clock",
            "unit_of_measurement": "contacts",
            "state_class": "measurement",
            "value_template": "{{ value_json.waiting }}",
        },
        # An instant, for a duration would grow between two publications.
        "longest-wait": {
            "name": f"{group} longest wait since",
            "icon": "mdi:timer-sand",
            "device_class": "timestamp",
            "value_template": (
                "{{ value_json.oldest_queued_at | as_datetime if value_json.oldest_queued_at else None }}"
            ),
        },
        "severity": {
            "name": f"{group} severity",
            "icon": "mdi:alarm-light",
            "device_class": "enum",
            "options": [severity.name.lower() for severity in Severity],
            "value_template": "{{ value_json.severity }}",
        },
    }
    device, topic, group_id = _device(site), state_topic(site, group), _escaped(group)
    return {
        f"{group_id}-{sensor}": {
            "platform": "sensor",
            "unique_id": f"{device}-{group_id}-{sensor}",
            **specific[sensor],
            "state_topic": topic,
            "availability": availability,
            "availability_mode": "all",
        }
        for sensor in _SENSORS
    }


def _availability(site: str, group: GroupName) -> list[dict[str, str]]:
    return [
        {"topic": state_status_topic(site)},
        {
            "topic": state_topic(site, group),
            "value_template": "{{ 'offline' if value_json.stale else 'online' }}",
        },
    ]


def _device(site: str) -> str:
    return f"queue-alert-{_escaped(site)}"


def _escaped(name: str) -> str:
    # Home Assistant allows letters, digits, _ and -; no two names may become one.
    return quote(name, safe="", errors="replace").translate(_MARKS)


def _unescaped(key: str) -> str:
    return unquote(key.replace("_", "%"))
