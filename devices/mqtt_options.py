"""Options of lamps over MQTT, the mistakes in them, and the wires that follow from them."""

import re
from collections.abc import Iterator
from string import Template
from typing import Final, Literal

import msgspec

from devices.kinds import Kind
from devices.mqtt_words import PLACEHOLDERS, POSITIONS, PRESETS, UNITS, Place, Preset, Wire
from queue_alert.broker_options import BrokerOptions, check_broker, where
from queue_alert.core.units import Seconds
from queue_alert.ports import ConfigProblem, Duration

__all__ = ["LampAt", "MqttLampOptions", "check", "claims", "wires"]

PresetName = Literal[
    "shelly",
    "tasmota",
    "zigbee2mqtt",
    "zigbee2mqtt-siren",
    "patlite-nhfv",
    "home-assistant-light",
    "home-assistant-siren",
    "custom",
]

_HOLD_S: Final = (1.0, 3600.0)
_AGAIN_S: Final = (1.0, 3600.0)
_LAST_CHANNEL: Final = 31
_LONGEST_TOPIC: Final = 1024
_LONGEST_PAYLOAD: Final = 4096
_HOLD_UNLESS_SAID_S: Final[Seconds] = 5.0
_HOLD: Final = re.compile(r"\$(\{hold\}|hold\b)")
_NUMBERED: Final = re.compile(r"\$(\{(channel|alert)\}|(channel|alert)\b)")
_NO_TOPIC: Final = re.compile(r"[+#\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TONE: Final = re.compile(r"[A-Za-z0-9 ._-]{0,64}")
_PATLITE_TONE: Final = re.compile(r"[1-4]")


class LampAt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One lamp of several, where it differs from what the output says of all."""

    device: str = ""
    """Its device; "": the output's."""
    channel: int | None = None
    """Its relay or position on the device, from 0; none: 0 on a device of its own, else the output's
    ``channel`` for the first lamp and so on."""
    topic: str = ""
    """Template of the topic; "": the output's."""
    on: str = ""
    """Template of what lights it; "": the output's."""
    off: str = ""
    """Template of what makes it dark; "": the output's."""


class MqttLampOptions(BrokerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lamps are behind which broker, and what they understand."""

    preset: PresetName
    """What the device understands; ``custom``: what ``topic``, ``on`` and ``off`` say."""
    kind: Literal["lamp", "tower", "two-tier-tower", "rgb", "buzzer"] | None = None
    """What it is; by default a siren is a ``buzzer`` and all others are a ``lamp``."""
    device: str = ""
    """The device's name at the broker: Shelly's id, Tasmota's topic, zigbee2mqtt's friendly name."""
    channel: int = 0
    """Relay or position of the first lamp on the device, from 0; further lamps have the next ones."""
    topic: str = ""
    """Template of the topic; "": the preset's."""
    on: str = ""
    """Template of what lights a lamp; "": the preset's."""
    off: str = ""
    """Template of what makes a lamp dark; "": the preset's."""
    hold: Duration | None = None
    """The device goes dark so long after our last word by itself, where it can; 5 s by default, a siren
    10 s."""
    tone: str = ""
    """Mode, tone or pattern of a siren or buzzer; "": the preset's."""
    again: Duration = 30.0
    """What is shown is said again after so long, for a lamp that was switched off and on meanwhile; while it
    is lit, at least twice in ``hold``."""
    connect_timeout: Duration = 5.0
    """Longest wait for the connection, and for any answer."""
    lamp: dict[str, LampAt] = msgspec.field(default_factory=dict)
    """Lamps that differ, by name: ``[outputs.NAME.lamp.red]``."""

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return Kind(self.kind or PRESETS[self.preset].kinds[0]).lamps


def wires(options: MqttLampOptions) -> tuple[Wire, ...]:
    """Return what is said where, for options without a mistake.

    A lamp has a wire of its own, because a connection has one last will, unless one message says them all.
    """
    preset = PRESETS[options.preset]
    if preset.is_whole:
        places = {lamp: _place(options, lamp) for lamp in options.lamps}
        return (_wire(options, "", places),)
    return tuple(_wire(options, lamp, {lamp: _place(options, lamp)}) for lamp in options.lamps)


def _wire(options: MqttLampOptions, name: str, places: dict[str, Place]) -> Wire:
    preset, at = PRESETS[options.preset], options.lamp.get(name, LampAt())
    on = at.on or options.on or _on(preset, options)
    held = _HOLD.search(on) is not None
    return Wire(
        name=name,
        places=places,
        topic=at.topic or options.topic or preset.topic,
        on=on,
        off=at.off or options.off or preset.off,
        hold_s=(options.hold or preset.hold_s or _HOLD_UNLESS_SAID_S) if held else 0.0,
        tone=options.tone or preset.tone,
    )


def _on(preset: Preset, options: MqttLampOptions) -> str:
    if options.kind == "rgb" and preset.coloured:
        return preset.coloured
    return preset.sounded if options.tone and preset.sounded else preset.on


def _place(options: MqttLampOptions, lamp: str) -> Place:
    at = options.lamp.get(lamp, LampAt())
    if PRESETS[options.preset].is_whole:
        following = POSITIONS.get(lamp, options.channel)
    else:
        following = 0 if at.device else options.channel + options.lamps.index(lamp)
    return Place(device=at.device or options.device, channel=following if at.channel is None else at.channel)


def claims(options: MqttLampOptions) -> tuple[str, ...]:
    """Return what the output occupies alone: each lamp by broker, topic and where it matters channel."""
    return tuple(claim for wire in wires(options) for claim in _claims(options, wire))


def _claims(options: MqttLampOptions, wire: Wire) -> Iterator[str]:
    is_numbered = _NUMBERED.search(wire.on) is not None
    for place in wire.places.values():
        number = f" channel {place.channel}" if is_numbered else ""
        yield f"topic {wire.address}{number} at {where(options)}"


def check(options: MqttLampOptions) -> list[ConfigProblem]:
    """Return the mistakes in options that their types allow."""
    problems = check_broker(options) + _check_numbers(options) + _check_lamps(options)
    if problems and not all(problem.is_warning for problem in problems):
        return problems
    for wire in wires(options):
        problems += _check_wire(options, wire)
    if problems and not all(problem.is_warning for problem in problems):
        return problems
    return problems + _check_apart(options) + _check_hold(options)


def _check_numbers(options: MqttLampOptions) -> list[ConfigProblem]:
    problems = []
    least, most = _HOLD_S
    # Written so that a duration that is no number is refused too.
    if options.hold is not None and not least <= options.hold <= most:
        problems.append(ConfigProblem(path="hold", message=f"must be 1 s to 1 h, got {options.hold:g} s"))
    elif options.hold is not None and options.preset.endswith("siren") and options.hold % 1:
        problems.append(ConfigProblem(path="hold", message=f"must be whole seconds, got {options.hold:g} s"))
    least, most = _AGAIN_S
    if not least <= options.again <= most:
        problems.append(ConfigProblem(path="again", message=f"must be 1 s to 1 h, got {options.again:g} s"))
    if options.preset == "patlite-nhfv":
        if options.tone and not _PATLITE_TONE.fullmatch(options.tone):
            message = f'must be a buzzer pattern "1" to "4", got "{options.tone[:80]}"'
            problems.append(ConfigProblem(path="tone", message=message))
    elif not _TONE.fullmatch(options.tone):
        message = f'must be at most 64 letters, digits, spaces or ". _ -", got "{options.tone[:80]}"'
        problems.append(ConfigProblem(path="tone", message=message))
    at_most = UNITS - 1 if PRESETS[options.preset].is_whole else _LAST_CHANNEL
    channels = {"channel": options.channel}
    channels |= {f"lamp.{name}.channel": at.channel or 0 for name, at in options.lamp.items()}
    problems += [
        ConfigProblem(path=path, message=f"must be 0 to {at_most}, got {channel}")
        for path, channel in channels.items()
        if not 0 <= channel <= at_most
    ]
    return problems


def _check_lamps(options: MqttLampOptions) -> list[ConfigProblem]:
    kinds = PRESETS[options.preset].kinds
    if options.kind is not None and Kind(options.kind) not in kinds:
        message = f'must be {_either(kinds)} with preset "{options.preset}", got "{options.kind}"'
        return [ConfigProblem(path="kind", message=message)]
    problems = [
        ConfigProblem(
            path=f"lamp.{name[:80]}", message=f"must be one of its lamps: {', '.join(options.lamps)}"
        )
        for name in options.lamp
        if name not in options.lamps
    ]
    if PRESETS[options.preset].is_whole:
        problems += [
            ConfigProblem(
                path=f"lamp.{name[:80]}", message="may have a channel only: one message says all lamps"
            )
            for name, at in options.lamp.items()
            if at != LampAt(channel=at.channel)
        ]
    return problems


def _either(words: tuple[str, ...]) -> str:
    *first, last = [f'"{word}"' for word in words]
    return f"{', '.join(first)} or {last}" if first else last


def _check_wire(options: MqttLampOptions, wire: Wire) -> list[ConfigProblem]:
    inside = f"lamp.{wire.name}." if wire.name in options.lamp else ""
    problems = []
    for name in ("topic", "on", "off"):
        text = getattr(wire, name)
        path = inside + name if inside and getattr(options.lamp[wire.name], name) else name
        if not text:
            problems.append(
                ConfigProblem(path=path, message=f'must be written with preset "{options.preset}"')
            )
        elif message := _why_no_template(text):
            problems.append(ConfigProblem(path=path, message=message))
        elif "device" in Template(text).get_identifiers() and not all(
            place.device for place in wire.places.values()
        ):
            problems.append(ConfigProblem(path=inside + "device", message='must name the device, got ""'))
    if not problems:
        problems = _check_words(wire, inside)
    return problems


def _why_no_template(text: str) -> str:
    template = Template(text)
    if not template.is_valid():
        return f'must be a template, got "{text[:80]}" (write $$ for a dollar sign)'
    unknown = sorted(set(template.get_identifiers()) - PLACEHOLDERS)
    if unknown:
        return f"must have only placeholders of {', '.join(sorted(PLACEHOLDERS))}, got {unknown[0][:80]}"
    return ""


def _check_words(wire: Wire, inside: str) -> list[ConfigProblem]:
    address = wire.address
    if (
        not address.strip("/ ")
        or address.startswith("$")
        or _NO_TOPIC.search(address)
        or len(address) > _LONGEST_TOPIC
    ):
        message = (
            f"must make a topic of at most {_LONGEST_TOPIC} characters without + and #, not beginning with "
            f"$, got {address[:80]!a}"
        )
        return [ConfigProblem(path=f"{inside}topic", message=message)]
    lit = dict.fromkeys(wire.places, "#ffffff")
    if max(len(wire.payload(lit)), len(wire.dark)) > _LONGEST_PAYLOAD:
        message = f"must make a payload of at most {_LONGEST_PAYLOAD} bytes"
        return [ConfigProblem(path=f"{inside}on", message=message)]
    return []


def _check_apart(options: MqttLampOptions) -> list[ConfigProblem]:
    claimed = claims(options)
    return [
        ConfigProblem(path="lamp", message=f"each lamp must be one of its own, got {claim} twice")
        for claim in sorted({claim for claim in claimed if claimed.count(claim) > 1})
    ]


def _check_hold(options: MqttLampOptions) -> list[ConfigProblem]:
    if options.hold is None or all(wire.hold_s for wire in wires(options)):
        return []
    message = f'is of no use with preset "{options.preset}": nothing goes dark by itself (no ${{hold}} in on)'
    return [ConfigProblem(path="hold", message=message)]
