"""What is said to lamps over MQTT: topics and payloads out of templates, ready ones for known makes. Pure.

No device of these makes was to be had; the formats are their makers' documentation, named at each preset.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

from devices.kinds import OFF, Kind
from queue_alert.core.units import Seconds

__all__ = ["PLACEHOLDERS", "POSITIONS", "PRESETS", "UNITS", "Place", "Preset", "Wire"]

UNITS: Final = 6
"""So many lights and sounders an NH-FV has."""

POSITIONS: Final = {"red": 0, "yellow": 1, "green": 2, "buzzer": 5}
"""Which of them a lamp of that name is."""

_BUZZER: Final = POSITIONS["buzzer"]
_KEEP: Final = "9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How one make of lamp is spoken to; texts are templates (:data:`PLACEHOLDERS`).

    Attributes:
        topic: Where to; "": it must be configured.
        on: What lights it; "": ditto.
        off: What makes it dark; "": ditto.
        kinds: What it can be; the first by default.
        coloured: What lights it in a colour, where it is an RGB light.
        sounded: What lights it where a tone was chosen.
        tone: Which tone or pattern, by default.
        hold_s: The device goes dark so long after the last word by itself; 0: it does not.
        is_whole: One message says all lamps of the output.
    """

    topic: str = ""
    on: str = ""
    off: str = ""
    kinds: tuple[Kind, ...] = (Kind.LAMP, Kind.TOWER, Kind.TWO_TIER_TOWER, Kind.BUZZER)
    coloured: str = ""
    sounded: str = ""
    tone: str = ""
    hold_s: Seconds = 0.0
    is_whole: bool = False


PLACEHOLDERS: Final = frozenset(
    {"device", "channel", "relay", "hold", "tone", "alert", "hex", "red", "green", "blue"}
)
"""What may stand in a template as ``${name}``: the lamp's device and channel (from 0), the number of its
relay (from 1, nothing for the first), seconds until it goes dark by itself, the tone, six characters for all
lamps of an NH-FV, the colour as six hexadecimal digits, and its parts from 0 to 255."""

_LIGHTS: Final = (Kind.LAMP, Kind.RGB, Kind.TOWER, Kind.TWO_TIER_TOWER)
_COLOURED: Final = '{"state":"ON","color":{"r":${red},"g":${green},"b":${blue}}}'

PRESETS: Final = {
    # Source: Shelly API Docs, Gen2+, Switch.Set (toggle_after: flip-back timer in seconds) and MQTT.
    "shelly": Preset(
        topic="${device}/rpc",
        on='{"id":1,"src":"queue-alert","method":"Switch.Set",'
        '"params":{"id":${channel},"on":true,"toggle_after":${hold}}}',
        off='{"id":1,"src":"queue-alert","method":"Switch.Set","params":{"id":${channel},"on":false}}',
        hold_s=5.0,
    ),
    # Source: Tasmota documentation, MQTT and Commands, Power<x>: without a number it is the first relay.
    "tasmota": Preset(topic="cmnd/${device}/POWER${relay}", on="ON", off="OFF"),
    # Source: zigbee2mqtt.io, MQTT topics and messages, zigbee2mqtt/FRIENDLY_NAME/set.
    "zigbee2mqtt": Preset(
        topic="zigbee2mqtt/${device}/set",
        on='{"state":"ON"}',
        off='{"state":"OFF"}',
        kinds=_LIGHTS,
        coloured=_COLOURED,
    ),
    # Source: zigbee2mqtt.io, devices HS2WD-E and ZR1-EN, "warning"; the modes common to both are these.
    "zigbee2mqtt-siren": Preset(
        topic="zigbee2mqtt/${device}/set",
        on='{"warning":{"mode":"${tone}","duration":${hold},"strobe":false}}',
        off='{"warning":{"mode":"stop","duration":0,"strobe":false}}',
        kinds=(Kind.BUZZER, Kind.LAMP),
        tone="emergency",
        hold_s=10.0,
    ),
    # Source: Patlite, NH-FV Instruction Manual (AWS Procedure), 8.1: R Y G B C Z, 9 keeps one as it is.
    "patlite-nhfv": Preset(on='{"alert":"${alert}"}', off='{"alert":"${alert}"}', tone="1", is_whole=True),
    # Source: home-assistant.io, MQTT Light, JSON schema: what Home Assistant says on a light's command topic.
    "home-assistant-light": Preset(
        on='{"state":"ON"}', off='{"state":"OFF"}', kinds=_LIGHTS, coloured=_COLOURED
    ),
    # Source: home-assistant.io, MQTT Siren, command_topic: the payload without a command template.
    "home-assistant-siren": Preset(
        on='{"state":"ON","duration":${hold}}',
        off='{"state":"OFF"}',
        kinds=(Kind.BUZZER, Kind.LAMP),
        sounded='{"state":"ON","tone":"${tone}","duration":${hold}}',
        hold_s=10.0,
    ),
    "custom": Preset(kinds=tuple(Kind)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which lamp of which device is meant.

    Attributes:
        device: The device's name at the broker.
        channel: Its relay or position there, from 0.
    """

    device: str
    channel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One topic and what is said on it: one lamp, or all of them together.

    Attributes:
        name: The lamp's; "": it is all of them.
        places: Where each of its lamps is.
        topic: Template of the topic.
        on: Template of what lights it.
        off: Template of what makes it dark.
        hold_s: The device goes dark so long after the last word by itself; 0: it does not.
        tone: Which tone or pattern.
    """

    name: str
    places: Mapping[str, Place]
    topic: str
    on: str
    off: str
    hold_s: Seconds = 0.0
    tone: str = ""

    @property
    def address(self) -> str:
        """The topic."""
        return Template(self.topic).substitute(self._words(dict.fromkeys(self.places, OFF)))

    @property
    def dark(self) -> bytes:
        """What makes it dark."""
        return self.payload(dict.fromkeys(self.places, OFF))

    def is_lit(self, lamps: Mapping[str, str]) -> bool:
        """Return whether any of its lamps is lit."""
        return any(lamps[lamp] != OFF for lamp in self.places)

    def payload(self, lamps: Mapping[str, str]) -> bytes:
        """Return what makes its lamps show what is said.

        Args:
            lamps: ``"off"`` or a colour ``"#rrggbb"`` by lamp, its own at least.
        """
        template = self.on if self.is_lit(lamps) else self.off
        return Template(template).substitute(self._words(lamps)).encode()

    def _words(self, lamps: Mapping[str, str]) -> dict[str, object]:
        place = next(iter(self.places.values()))
        colour = next((lamps[lamp] for lamp in self.places if lamps[lamp] != OFF), "#000000")[1:].lower()
        red, green, blue = bytes.fromhex(colour)
        return {
            "device": place.device,
            "channel": place.channel,
            "relay": place.channel + 1 if place.channel else "",
            "hold": f"{self.hold_s:g}",
            "tone": self.tone,
            "alert": self._alert(lamps),
            "hex": colour,
            "red": red,
            "green": green,
            "blue": blue,
        }

    def _alert(self, lamps: Mapping[str, str]) -> str:
        units = [_KEEP] * UNITS
        for lamp, place in self.places.items():
            at = place.channel % UNITS
            lit = self.tone if at == _BUZZER else "1"
            units[at] = "0" if lamps[lamp] == OFF else lit
        return "".join(units)
