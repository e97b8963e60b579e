"""A group as Home Assistant shows it: three sensors, a light and a siren; and what is switched there. Pure.

The light is on while somebody waits or it is bad, in the colour of the severity; the siren while it is
critical and nobody has seen it. Home Assistant gives both a switch: off means *seen*, the siren's on *help*.
Where that is not wanted nobody listens, and the switch falls back to what is so.

Source: home-assistant.io, MQTT Sensor: device_class, options, value_template; MQTT Light, JSON schema; MQTT
Siren; Templating: as_datetime.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

from queue_alert.core.effects import Severity
from queue_alert.core.events import UNREADABLE
from queue_alert.core.units import GroupName
from queue_alert.core.view import GroupView
from queue_alert.protocol.topics import light_topic, set_topic, state_topic, what_is_set

__all__ = ["PLATFORMS", "Switched", "entities", "light_state", "read_switch"]

PLATFORMS: Final = {
    "waiting": "sensor",
    "longest-wait": "sensor",
    "severity": "sensor",
    "light": "light",
    "siren": "siren",
}
"""Home Assistant's platform of each entity of a group."""

_COLOURS: Final = {
    Severity.NORMAL: {"r": 0, "g": 192, "b": 0},
    Severity.WARNING: {"r": 255, "g": 192, "b": 0},
    Severity.CRITICAL: {"r": 255, "g": 0, "b": 0},
}
_LONGEST: Final = 1_000
_SOUNDS: Final = "{{ 'ON' if value_json.severity == 'critical' and not value_json.acknowledged else 'OFF' }}"


class Switched(StrEnum):
    """What somebody means who switches something in Home Assistant."""

    SEEN = "seen"
    """It was switched off."""
    HELP = "help"
    """The siren was switched on."""


def entities(site: str, group: GroupName) -> dict[str, dict[str, Any]]:
    """Return what is particular to each entity of a group, by the names in :data:`PLATFORMS`.

    Args:
        site: Whose group it is.
        group: Its name.
    """
    state = {"state_topic": state_topic(site, group)}
    return {
        "waiting": {
            "name": f"{group} waiting",
            "icon": "mdi:account-clock",
            "unit_of_measurement": "contacts",
            "state_class": "measurement",
            "value_template": "{{ value_json.waiting }}",
            **state,
        },
        # An instant, for a duration would grow between two publications.
        "longest-wait": {
            "name": f"{group} longest wait since",
            "icon": "mdi:timer-sand",
            "device_class": "timestamp",
            "value_template": (
                "{{ value_json.oldest_queued_at | as_datetime if value_json.oldest_queued_at else None }}"
            ),
            **state,
        },
        "severity": {
            "name": f"{group} severity",
            "icon": "mdi:alarm-light",
            "device_class": "enum",
            "options": [severity.name.lower() for severity in Severity],
            "value_template": "{{ value_json.severity }}",
            **state,
        },
        "light": {
            "name": f"{group} light",
            "icon": "mdi:alarm-light-outline",
            "schema": "json",
            "supported_color_modes": ["rgb"],
            "brightness": True,
            "state_topic": light_topic(site, group),
            "command_topic": set_topic(site, group, "light"),
        },
        "siren": {
            "name": f"{group} siren",
            "icon": "mdi:bullhorn",
            "support_duration": False,
            "support_volume_set": False,
            "state_value_template": _SOUNDS,
            "command_topic": set_topic(site, group, "siren"),
            "command_template": "{{ value }}",
            **state,
        },
    }


def light_state(view: GroupView) -> dict[str, Any]:
    """Return a group as a light: what Home Assistant's JSON schema calls its state."""
    if not view.waiting and view.severity is Severity.NORMAL:
        return {"state": "OFF"}
    return {
        "state": "ON",
        "color_mode": "rgb",
        "color": _COLOURS[view.severity],
        "brightness": 102 if view.acknowledged else 255,
    }


class _Wanted(msgspec.Struct, frozen=True):
    state: str


_wanted: Final = msgspec.json.Decoder(_Wanted)


def read_switch(topic: str, payload: bytes, site: str) -> tuple[GroupName, Switched] | None:
    """Return of which group what was switched, ``None`` if nothing that means anything; never raise.

    Args:
        topic: Where it was said.
        payload: ``OFF`` or ``ON``, alone or as the ``state`` of a JSON object.
        site: Whose groups they are.
    """
    found = what_is_set(topic, site)
    if found is None or len(payload) > _LONGEST:
        return None
    group, what = found
    match (what, _state(payload)):
        case (("light" | "siren"), "OFF"):
            return group, Switched.SEEN
        case ("siren", "ON"):
            return group, Switched.HELP
        case _:
            return None


def _state(payload: bytes) -> str:
    if payload in {b"ON", b"OFF"}:
        return payload.decode()
    try:
        return _wanted.decode(payload).state
    except UNREADABLE:
        return ""
