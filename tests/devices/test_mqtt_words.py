"""What every preset says, byte for byte, and the mistakes that can be made with it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.mqtt import DRIVER
from devices.mqtt_options import LampAt, MqttLampOptions, check, claims, wires
from devices.mqtt_words import PLACEHOLDERS, PRESETS
from queue_alert.ports import ConfigProblem

AMBER = "#ffb000"
Said = list[tuple[str, str, str]]
"""Topic, what lights it and what makes it dark, of every wire."""


def options(preset: Any = "shelly", **more: Any) -> MqttLampOptions:
    settings: dict[str, Any] = {"preset": preset, "device": "beacon"} | more
    return MqttLampOptions(**settings)


def said(preset: str, **more: Any) -> Said:
    made = options(preset, **more)
    assert check(made) == []
    lit = dict.fromkeys(made.lamps, AMBER)
    return [(wire.address, wire.payload(lit).decode(), wire.dark.decode()) for wire in wires(made)]


def switch(channel: int, on: str) -> str:
    return (
        '{"id":1,"src":"queue-alert","method":"Switch.Set","params":{"id":'
        + str(channel)
        + ',"on":'
        + on
        + "}}"
    )


def test_a_shelly_goes_dark_by_itself() -> None:
    assert said("shelly", device="shellyplus1-a8032ab12345", hold=2.0) == [
        ("shellyplus1-a8032ab12345/rpc", switch(0, 'true,"toggle_after":2'), switch(0, "false"))
    ]
    assert said("shelly", channel=1)[0][1] == switch(1, 'true,"toggle_after":5')


def test_a_shelly_with_several_relays_is_a_tower() -> None:
    assert said("shelly", kind="tower", channel=1) == [
        ("beacon/rpc", switch(number, 'true,"toggle_after":5'), switch(number, "false"))
        for number in (1, 2, 3)
    ]


def test_a_tasmota_relay_is_switched_by_name_and_number() -> None:
    assert said("tasmota") == [("cmnd/beacon/POWER", "ON", "OFF")]
    assert said("tasmota", kind="two-tier-tower") == [
        ("cmnd/beacon/POWER", "ON", "OFF"),
        ("cmnd/beacon/POWER2", "ON", "OFF"),
    ]


def test_each_lamp_of_a_tower_may_be_a_device_of_its_own() -> None:
    lamp = {"red": LampAt(device="r"), "green": LampAt(device="g", channel=1, on="1", off="0")}
    assert said("tasmota", kind="two-tier-tower", lamp=lamp) == [
        ("cmnd/r/POWER", "ON", "OFF"),
        ("cmnd/g/POWER2", "1", "0"),
    ]


def test_zigbee2mqtt_has_lights_of_one_colour_and_of_any_and_sirens() -> None:
    topic = "zigbee2mqtt/beacon/set"
    assert said("zigbee2mqtt") == [(topic, '{"state":"ON"}', '{"state":"OFF"}')]
    assert said("zigbee2mqtt", kind="rgb") == [
        (topic, '{"state":"ON","color":{"r":255,"g":176,"b":0}}', '{"state":"OFF"}')
    ]
    stop = '{"warning":{"mode":"stop","duration":0,"strobe":false}}'
    assert said("zigbee2mqtt-siren") == [
        (topic, '{"warning":{"mode":"emergency","duration":10,"strobe":false}}', stop)
    ]
    assert said("zigbee2mqtt-siren", tone="burglar", hold=3.0) == [
        (topic, '{"warning":{"mode":"burglar","duration":3,"strobe":false}}', stop)
    ]


def test_a_patlite_is_told_all_its_lamps_at_once_and_keeps_what_is_not_ours() -> None:
    made = options("patlite-nhfv", topic="floor/tower", kind="tower")
    assert check(made) == []
    (wire,) = wires(made)
    shown = [
        wire.payload({"red": red, "yellow": "off", "green": green}).decode()
        for red, green in (("off", "off"), (AMBER, "off"), ("off", AMBER), (AMBER, AMBER))
    ]
    assert shown == [f'{{"alert":"{units}999"}}' for units in ("000", "100", "001", "101")]
    assert (wire.address, wire.dark) == ("floor/tower", b'{"alert":"000999"}')
    assert said("patlite-nhfv", topic="t", kind="buzzer", tone="4") == [
        ("t", '{"alert":"999994"}', '{"alert":"999990"}')
    ]
    assert said("patlite-nhfv", topic="t", channel=3) == [("t", '{"alert":"999199"}', '{"alert":"999099"}')]
    white = {"green": LampAt(channel=4)}
    assert said("patlite-nhfv", topic="t", kind="two-tier-tower", lamp=white)[0][1] == '{"alert":"199919"}'


def test_what_understands_home_assistant_is_spoken_to_as_it_does() -> None:
    assert said("home-assistant-light", topic="floor/light/set") == [
        ("floor/light/set", '{"state":"ON"}', '{"state":"OFF"}')
    ]
    assert said("home-assistant-light", topic="t", kind="rgb") == [
        ("t", '{"state":"ON","color":{"r":255,"g":176,"b":0}}', '{"state":"OFF"}')
    ]
    assert said("home-assistant-siren", topic="t") == [
        ("t", '{"state":"ON","duration":10}', '{"state":"OFF"}')
    ]
    assert said("home-assistant-siren", topic="t", tone="bell") == [
        ("t", '{"state":"ON","tone":"bell","duration":10}', '{"state":"OFF"}')
    ]


def test_anything_else_is_said_by_templates() -> None:
    assert said(
        "custom",
        topic="x/$device",
        kind="rgb",
        on="#$hex $red,$green,$blue for ${hold}s $$",
        off="-",
        hold=1.5,
    ) == [("x/beacon", "#ffb000 255,176,0 for 1.5s $", "-")]
    lamp = {"red": LampAt(topic="r"), "green": LampAt(topic="g")}
    assert said("custom", kind="two-tier-tower", on="1", off="0", lamp=lamp) == [
        ("r", "1", "0"),
        ("g", "1", "0"),
    ]


def test_what_it_is_follows_from_what_it_understands() -> None:
    kinds = {name: MqttLampOptions(preset=name).lamps for name in PRESETS}  # type: ignore[arg-type]
    assert {name: lamps for name, lamps in kinds.items() if lamps != ("lamp",)} == {
        "zigbee2mqtt-siren": ("buzzer",),
        "home-assistant-siren": ("buzzer",),
    }


def test_two_outputs_on_one_lamp_are_found() -> None:
    assert claims(options(kind="two-tier-tower")) == (
        "topic beacon/rpc channel 0 at 127.0.0.1:1883",
        "topic beacon/rpc channel 1 at 127.0.0.1:1883",
    )
    assert claims(options("tasmota", port=1, channel=2)) == ("topic cmnd/beacon/POWER3 at 127.0.0.1:1",)
    assert claims(options("patlite-nhfv", topic="t", kind="buzzer")) == (
        "topic t channel 5 at 127.0.0.1:1883",
    )


WITHOUT = "without + and #, not beginning with $"
ALIKE = {"red": LampAt(device="a"), "green": LampAt(device="a")}
MISTAKES: dict[str, tuple[MqttLampOptions, list[str]]] = {
    "no device": (options(device=""), ['device: must name the device, got ""']),
    "no device of one lamp": (
        options(
            "tasmota", device="", kind="two-tier-tower", lamp={"red": LampAt(device="a"), "green": LampAt()}
        ),
        ['lamp.green.device: must name the device, got ""'],
    ),
    "no topic": (options("patlite-nhfv"), ['topic: must be written with preset "patlite-nhfv"']),
    "nothing": (
        options("custom"),
        [f'{name}: must be written with preset "custom"' for name in ("topic", "on", "off")],
    ),
    "a kind that it cannot be": (
        options(kind="rgb"),
        ['kind: must be "lamp", "tower", "two-tier-tower" or "buzzer" with preset "shelly", got "rgb"'],
    ),
    "no such lamp": (options(lamp={"red": LampAt()}), ["lamp.red: must be one of its lamps: lamp"]),
    "more than a channel": (
        options("patlite-nhfv", topic="t", lamp={"lamp": LampAt(on="1")}),
        ["lamp.lamp: may have a channel only: one message says all lamps"],
    ),
    "no placeholder of ours": (
        options(topic="$nonsense"),
        [f"topic: must have only placeholders of {', '.join(sorted(PLACEHOLDERS))}, got nonsense"],
    ),
    "no template": (options(on="5 $"), ['on: must be a template, got "5 $" (write $$ for a dollar sign)']),
    "no template for one lamp": (
        options(lamp={"lamp": LampAt(off="5 $")}),
        ['lamp.lamp.off: must be a template, got "5 $" (write $$ for a dollar sign)'],
    ),
    "a wildcard": (
        options(device="a/#"),
        [f"topic: must make a topic of at most 1024 characters {WITHOUT}, got 'a/#/rpc'"],
    ),
    "too much": (options(on="x" * 5000), ["on: must make a payload of at most 4096 bytes"]),
    "numbers": (
        options(hold=0.5, again=float("nan"), channel=32, lamp={"lamp": LampAt(channel=-1)}),
        [
            "hold: must be 1 s to 1 h, got 0.5 s",
            "again: must be 1 s to 1 h, got nan s",
            "channel: must be 0 to 31, got 32",
            "lamp.lamp.channel: must be 0 to 31, got -1",
        ],
    ),
    "half a second of a siren": (
        options("zigbee2mqtt-siren", hold=1.5),
        ["hold: must be whole seconds, got 1.5 s"],
    ),
    "a tone that would break out": (
        options("home-assistant-siren", topic="t", tone='"'),
        ['tone: must be at most 64 letters, digits, spaces or ". _ -", got """'],
    ),
    "no such pattern": (
        options("patlite-nhfv", topic="t", tone="5", channel=6),
        ['tone: must be a buzzer pattern "1" to "4", got "5"', "channel: must be 0 to 5, got 6"],
    ),
    "one lamp twice": (
        options("tasmota", kind="two-tier-tower", lamp=ALIKE),
        ["lamp: each lamp must be one of its own, got topic cmnd/a/POWER at 127.0.0.1:1883 twice"],
    ),
    "a hold that nothing has": (
        options("tasmota", hold=2.0),
        ['hold: is of no use with preset "tasmota": nothing goes dark by itself (no ${hold} in on)'],
    ),
    "the broker's": (options(port=-1), ["port: must be 0 to 65535, got -1"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told(mistake: str) -> None:
    made, problems = MISTAKES[mistake]
    assert [f"{problem.path}: {problem.message}" for problem in check(made)] == problems


def test_a_password_in_the_clear_is_warned_of_and_no_more() -> None:
    assert DRIVER.check(options(host="broker", username="floor")) == [
        ConfigProblem(
            path="tls", message="the password goes to broker in the clear; write tls = true", is_warning=True
        )
    ]


TEXTS = st.text(st.sampled_from('ab$ {}/#+\x00"device hold channel tone é'), max_size=20)


@given(
    preset=st.sampled_from(list(PRESETS)),
    texts=st.fixed_dictionaries(dict.fromkeys(("device", "topic", "on", "off", "tone"), TEXTS)),
    hold=st.none() | st.floats(),
    channel=st.integers(),
)
def test_whatever_is_written_is_a_mistake_or_can_be_said(
    preset: Any, texts: dict[str, str], hold: float | None, channel: int
) -> None:
    made = options(preset, hold=hold, channel=channel, **texts)
    if check(made) == []:
        for wire in wires(made):
            assert len(wire.payload(dict.fromkeys(made.lamps, AMBER))) <= 4096
            assert not set(wire.address) & set("+#\x00")
