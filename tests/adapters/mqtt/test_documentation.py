"""What the pages say is what the program does."""

import json
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from adapters.mqtt.discovery import discovery_topic
from adapters.mqtt.messages import Reader
from adapters.mqtt.options import MqttFeedOptions, MqttPublisherOptions
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry
from queue_alert.protocol.topics import GroupState, PublisherStatus

DOCS = Path(__file__).parent.parent.parent.parent / "docs"
HOME = DOCS / "how-to" / "show-in-home-assistant.md"
HOW_TO, REFERENCE = DOCS / "how-to" / "connect-mqtt.md", DOCS / "reference" / "feed-mqtt.md"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_is_a_sound_configuration() -> None:
    (example,) = blocks(HOW_TO, "toml")
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    assert [warning.path for warning in setup.warnings] == ["outputs"]
    (feed,) = setup.feeds
    assert feed.options == MqttFeedOptions(
        site="berlin",
        host="broker.example.org",
        tls=True,
        ca_file="ca.pem",
        username="floor",
        password_file="secrets/broker",  # noqa: S106
    )


def test_the_messages_shown_are_messages() -> None:
    event, snapshot, status, state = blocks(REFERENCE, "json")
    reader = Reader("berlin", max_payload=10_000)
    for topic, text in (("sales/events", event), ("sales/snapshot", snapshot), ("status", status)):
        said = reader.read(f"acd/berlin/{topic}", text.encode())
        assert json.loads(msgspec.json.encode(said)) == json.loads(text)
    assert set(json.loads(status)) == set(PublisherStatus.__struct_fields__)
    decoded = msgspec.json.decode(state, type=GroupState)
    assert json.loads(msgspec.json.encode(decoded)) == json.loads(state)


def test_every_option_is_described() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert [
        name for name in (*MqttFeedOptions.__struct_fields__, "interval") if f"`{name}`" not in text
    ] == []


def test_the_example_for_home_assistant_is_a_sound_configuration() -> None:
    (example,) = blocks(HOME, "toml")
    feed = '[feeds.acd]\ndriver = "simulator"\n'
    setup = build_setup(tomllib.loads(feed + example), file="config.toml", base=Path(), registry=Registry())
    (publisher,) = setup.publishers
    assert publisher.options == MqttPublisherOptions(
        site="office", host="broker.example.org", home_assistant=True
    )
    text = HOME.read_text(encoding="utf-8")
    assert f"`{discovery_topic('<discovery_prefix>', '<site>')}`".replace("_3Csite_3E", "<site>") in text
    assert discovery_topic("homeassistant", "office") in text


@pytest.mark.parametrize("page", [HOW_TO, REFERENCE, HOME], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
