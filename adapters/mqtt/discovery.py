"""What Home Assistant is told so that it shows the groups by itself: one device, five entities a group. Pure.

Three sensors, a light and a siren (:mod:`~adapters.mqtt.entities`). They count as unavailable while we are
not there, and while a group's figures are held and not known: a wrong number is worse than none.

Source: home-assistant.io, MQTT: Device discovery payload, Using availability topics. A component is removed
by a payload in which nothing of it is left but its platform, the device by an empty one.
"""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, unquote

import msgspec

from adapters.mqtt.entities import PLATFORMS, entities
from queue_alert import __version__
from queue_alert.core.units import GroupName
from queue_alert.protocol.topics import state_status_topic, state_topic

__all__ = ["LONGEST_CONFIG", "MOST_GROUPS", "announced_groups", "device_config", "discovery_topic"]

MOST_GROUPS: Final = 200
"""So many groups are announced: five entities each are as much as a person can look at."""

LONGEST_CONFIG: Final = 8_000_000
"""Bytes; a longer payload is not one of ours."""

_ORIGIN: Final = "Queue Alert"
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
        components |= {
            f"{_escaped(group)}-{entity}": {"platform": platform} for entity, platform in PLATFORMS.items()
        }
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
    end = f"-{next(iter(PLATFORMS))}"
    keys = [key.removesuffix(end) for key in config.components if key.endswith(end)]
    return tuple(GroupName(_unescaped(key)) for key in keys[: 2 * MOST_GROUPS])


def _components(site: str, group: GroupName, availability: list[dict[str, str]]) -> dict[str, Any]:
    device, group_id = _device(site), _escaped(group)
    return {
        f"{group_id}-{entity}": {
            "platform": PLATFORMS[entity],
            "unique_id": f"{device}-{group_id}-{entity}",
            **specific,
            "availability": availability,
            "availability_mode": "all",
        }
        for entity, specific in entities(site, group).items()
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
