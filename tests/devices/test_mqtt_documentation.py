"""What the page on lamps over MQTT says is what the program does."""

import re
import tomllib
from pathlib import Path

from devices.mqtt_options import LampAt, MqttLampOptions
from devices.mqtt_words import PLACEHOLDERS, PRESETS
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "light-lamps-over-mqtt.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_example_is_a_sound_configuration() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    feed = '[feeds.acd]\ndriver = "simulator"\n'
    setup = build_setup(tomllib.loads(feed + example), file="config.toml", base=Path(), registry=Registry())
    assert setup.warnings == ()
    assert {plan.name: plan.options for plan in setup.outputs} == {
        "beacon": MqttLampOptions(
            preset="shelly",
            device="shellyplus1-a8032ab12345",
            host="broker.example.org",
            tls=True,
            username="floor",
            password_file="secrets/broker",  # noqa: S106
        ),
        "tower": MqttLampOptions(preset="tasmota", device="tower", kind="tower"),
        "shelf": MqttLampOptions(
            preset="zigbee2mqtt",
            kind="two-tier-tower",
            lamp={"red": LampAt(device="Red Bulb"), "green": LampAt(device="Green Bulb")},
        ),
        "patlite": MqttLampOptions(preset="patlite-nhfv", kind="tower", topic="floor/patlite"),
        "horn": MqttLampOptions(preset="zigbee2mqtt-siren", device="Siren Hall"),
        "other": MqttLampOptions(
            preset="custom",
            kind="rgb",
            topic="floor/led/set",
            on='{"rgb":[${red},${green},${blue}],"seconds":${hold}}',
            off='{"rgb":[0,0,0]}',
        ),
    }


def test_every_option_preset_and_placeholder_is_described() -> None:
    named = [*MqttLampOptions.__struct_fields__, *PRESETS]
    assert [name for name in named if f"`{name}`" not in TEXT and f"`{name}.<name>`" not in TEXT] == []
    assert [name for name in PLACEHOLDERS if f"`${{{name}}}`" not in TEXT] == []


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)", TEXT)
    assert [target for target in targets if not (PAGE.parent / target).exists()] == []
