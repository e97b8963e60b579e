"""What Home Assistant is told: the whole of it, and that what is gone goes."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt import announcer
from adapters.mqtt.discovery import MOST_GROUPS, announced_groups, device_config, discovery_topic
from adapters.mqtt.entities import Switched, light_state, read_switch
from adapters.mqtt.options import MqttPublisherOptions
from adapters.mqtt.publisher import DRIVER
from adapters.mqtt.teller import MqttPublisher
from queue_alert import __version__
from queue_alert.core.effects import Severity
from queue_alert.core.units import GroupName
from queue_alert.core.view import GroupView
from queue_alert.ports import DriverError
from tests.adapters.mqtt.helpers import until
from tests.adapters.mqtt.speaker import Speaker, speaking
from tests.adapters.mqtt.test_publisher import Source, publisher, view
from tests.services.mosquitto import Mosquitto, mosquitto

CONFIG = "homeassistant/device/queue-alert-berlin/config"
STATUS = "queue-alert/berlin/status"
SALES = "queue-alert/berlin/sales/state"
AVAILABILITY = {
    "availability": [
        {"topic": STATUS},
        {"topic": SALES, "value_template": "{{ 'offline' if value_json.stale else 'online' }}"},
    ],
    "availability_mode": "all",
}
WHOLE: dict[str, Any] = {
    "device": {
        "identifiers": ["queue-alert-berlin"],
        "name": "Queue Alert berlin",
        "manufacturer": "Queue Alert",
        "sw_version": __version__,
    },
    "origin": {"name": "Queue Alert", "sw_version": __version__},
    "components": {
        "sales-waiting": {
            "platform": "sensor",
            "unique_id": "queue-alert-berlin-sales-waiting",
            "name": "sales waiting",
            "icon": "mdi:account-clock",
            "unit_of_measurement": "contacts",
            "state_class": "measurement",
            "value_template": "{{ value_json.waiting }}",
            "state_topic": SALES,
            **AVAILABILITY,
        },
        "sales-longest-wait": {
            "platform": "sensor",
            "unique_id": "queue-alert-berlin-sales-longest-wait",
            "name": "sales longest wait since",
            "icon": "mdi:timer-sand",
            "device_class": "timestamp",
            "value_template": (
                "{{ value_json.oldest_queued_at | as_datetime if value_json.oldest_queued_at else None }}"
            ),
            "state_topic": SALES,
            **AVAILABILITY,
        },
        "sales-severity": {
            "platform": "sensor",
            "unique_id": "queue-alert-berlin-sales-severity",
            "name": "sales severity",
            "icon": "mdi:alarm-light",
            "device_class": "enum",
            "options": ["normal", "warning", "critical"],
            "value_template": "{{ value_json.severity }}",
            "state_topic": SALES,
            **AVAILABILITY,
        },
        "sales-light": {
            "platform": "light",
            "unique_id": "queue-alert-berlin-sales-light",
            "name": "sales light",
            "icon": "mdi:alarm-light-outline",
            "schema": "json",
            "supported_color_modes": ["rgb"],
            "brightness": True,
            "state_topic": "queue-alert/berlin/sales/light",
            "command_topic": "queue-alert/berlin/sales/light/set",
            **AVAILABILITY,
        },
        "sales-siren": {
            "platform": "siren",
            "unique_id": "queue-alert-berlin-sales-siren",
            "name": "sales siren",
            "icon": "mdi:bullhorn",
            "support_duration": False,
            "support_volume_set": False,
            "state_value_template": (
                "{{ 'ON' if value_json.severity == 'critical' and not value_json.acknowledged else 'OFF' }}"
            ),
            "command_topic": "queue-alert/berlin/sales/siren/set",
            "command_template": "{{ value }}",
            "state_topic": SALES,
            **AVAILABILITY,
        },
    },
}
AWAITED = {
    "availability": [{"topic": STATUS, "payload_available": "heard", "payload_not_available": "online"}],
    "availability_mode": "all",
}


def names(*groups: str) -> list[GroupName]:
    return [GroupName(group) for group in groups]


# ---- the words


def test_a_group_is_three_sensors_a_light_and_a_siren_of_one_device() -> None:
    assert json.loads(device_config("berlin", names("sales"))) == WHOLE
    assert discovery_topic("homeassistant", "berlin") == CONFIG


def test_a_group_that_is_awaited_is_shown_as_unavailable() -> None:
    config = json.loads(device_config("berlin", (), awaited=names("sales")))
    assert config["components"] == {name: one | AWAITED for name, one in WHOLE["components"].items()}


def test_of_a_group_that_is_gone_only_the_platform_is_left() -> None:
    config = json.loads(device_config("berlin", names("sales"), gone=names("a b")))
    gone = {
        f"a_20b-{entity}": {"platform": platform}
        for entity, platform in (
            ("waiting", "sensor"),
            ("longest-wait", "sensor"),
            ("severity", "sensor"),
            ("light", "light"),
            ("siren", "siren"),
        )
    }
    assert config["components"] == WHOLE["components"] | gone


def test_ids_are_of_the_marks_that_are_allowed_and_differ_as_the_names_do() -> None:
    assert discovery_topic("p", "a.b_c") == "p/device/queue-alert-a_2Eb_5Fc/config"
    keys = list(json.loads(device_config("s", names("ä/1")))["components"])
    entities = ("waiting", "longest-wait", "severity", "light", "siren")
    assert keys == [f"_C3_A4_2F1-{entity}" for entity in entities]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=5, unique=True))
def test_what_was_announced_is_read_again(groups: list[str]) -> None:
    config = device_config("berlin", names(*groups))
    assert announced_groups(config) == tuple(groups)


@given(st.binary(max_size=200) | st.sampled_from([b'{"origin":1}', b"[" * 5000, b'{"origin":{"name":"x"}}']))
def test_what_is_not_ours_is_nothing(payload: bytes) -> None:
    assert announced_groups(payload) is None


def test_what_is_too_long_is_not_ours() -> None:
    assert announced_groups(b" " * 9_000_000) is None


def test_as_many_groups_as_are_announced_fit_into_one_message() -> None:
    longest = [GroupName(f"{number:03}" + "ä" * 197) for number in range(MOST_GROUPS)]
    config = device_config("x" * 64, longest)
    assert announced_groups(config) == tuple(longest)


# ---- at a broker


@asynccontextmanager
async def telling(
    port: int, *views: Any, forget_after_s: float = 60.0, **options: Any
) -> AsyncIterator[Source]:
    source = Source(*views)
    made = publisher(port, **({"home_assistant": True} | options))
    made._announcer._forget_after_s = forget_after_s
    task = asyncio.create_task(made.run(source))
    yield source
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "_GATHER_S", 0.02)


def configs(other: Speaker) -> list[Any]:
    return [json.loads(payload) if payload else None for payload in other.payloads(CONFIG)]


def shown(other: Speaker) -> list[str]:
    """Return the groups that Home Assistant shows at last."""
    components = (configs(other) or [None])[-1]
    return [key.removesuffix("-waiting") for key in (components or WHOLE | {"components": {}})["components"]][
        ::5
    ]


@pytest.mark.process
async def test_the_groups_are_announced_retained_and_new_ones_as_they_come(broker: Mosquitto) -> None:
    async with speaking(broker.port, listen_to="#") as other, telling(broker.port, view()) as source:
        await until(lambda: configs(other))
        assert configs(other) == [WHOLE]
        source.change(view("b"))
        await until(lambda: shown(other) == ["b", "sales"])
    async with speaking(broker.port, listen_to=CONFIG, client_id="late") as late:
        await until(lambda: late.heard)
        assert [retained for _, _, retained in late.heard] == [True]


@pytest.mark.process
async def test_a_group_that_is_not_heard_of_again_is_unavailable_first_and_then_goes(
    broker: Mosquitto,
) -> None:
    async with speaking(broker.port, listen_to="#") as other, telling(broker.port, view(), view("old")):
        await until(lambda: shown(other) == ["old", "sales"])
        await until(lambda: other.payloads("queue-alert/berlin/old/state"))
    async with (
        speaking(broker.port, listen_to="#") as other,
        telling(broker.port, view(), forget_after_s=0.3),
    ):
        await until(lambda: len(configs(other)) == 4)
    _, awaited, going, gone = configs(other)
    assert awaited["components"]["old-waiting"]["availability"] == [
        {"topic": STATUS, "payload_available": "heard", "payload_not_available": "online"}
    ]
    assert going["components"]["old-waiting"] == {"platform": "sensor"}
    assert gone == WHOLE
    assert other.payloads("queue-alert/berlin/old/state")[-1] == b""
    assert other.payloads(SALES)[-1] != b""


@pytest.mark.process
async def test_a_group_that_is_heard_of_late_is_kept(broker: Mosquitto) -> None:
    async with speaking(broker.port, listen_to="#") as other, telling(broker.port, view("learned")):
        await until(lambda: shown(other) == ["learned"])
    async with speaking(broker.port, listen_to="#") as other, telling(broker.port) as source:
        await until(lambda: len(configs(other)) == 2)
        source.change(view("learned"))
        await until(lambda: len(configs(other)) == 3)
    first, awaited, again = configs(other)
    assert first == again
    assert list(awaited["components"]) == list(first["components"])


@pytest.mark.process
async def test_switched_off_it_goes_whole_and_what_is_not_ours_stays(broker: Mosquitto) -> None:
    async with speaking(broker.port, listen_to="#") as other:
        async with telling(broker.port, view()):
            await until(lambda: configs(other))
        async with telling(broker.port, view(), home_assistant=False):
            await until(lambda: configs(other) == [WHOLE, None])
        await other.say(CONFIG, b'{"origin":{"name":"another"}}', retain=True)
        async with telling(broker.port, view(waiting=3), home_assistant=False):
            await until(lambda: json.loads(other.payloads(SALES)[-1])["waiting"] == 3)
    assert len(configs(other)) == 3


@pytest.mark.process
async def test_who_does_not_want_it_is_not_even_asked(broker: Mosquitto) -> None:
    async with speaking(broker.port, listen_to="#") as other:
        async with telling(broker.port, view()):
            await until(lambda: configs(other))
        async with telling(broker.port, view(waiting=3), home_assistant=False, discovery_prefix=""):
            await until(lambda: json.loads(other.payloads(SALES)[-1])["waiting"] == 3)
    assert configs(other) == [WHOLE]


@pytest.mark.process
async def test_of_too_many_groups_the_first_are_announced_and_the_rest_logged_and_published(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer, "MOST_GROUPS", 2)
    async with (
        speaking(broker.port, listen_to="#") as other,
        telling(broker.port, view("b"), view("c"), view("d")) as source,
    ):
        await until(lambda: other.payloads(CONFIG) and other.payloads("queue-alert/berlin/d/state"))
        source.change(view("a"))
        await until(lambda: len(other.payloads(CONFIG)) == 3)
    assert shown(other) == ["a", "b"]
    assert configs(other)[1]["components"]["c-waiting"] == {"platform": "sensor"}
    assert b"" not in other.payloads("queue-alert/berlin/c/state")
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.message for record in warnings if record.name == announcer.__name__] == [
        "too many groups for home assistant publisher=others most=2"
    ]


@pytest.mark.process
async def test_who_may_not_announce_is_told_and_who_may_not_take_back_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite queue-alert/#\ntopic read homeassistant/#\n", encoding="utf-8")
    async with mosquitto(tmp_path, config=[f"acl_file {acl}"], persistent=True) as broker:
        with pytest.raises(DriverError, match=rf"does not let us publish {CONFIG} \(Not authorized\)"):
            await publisher(broker.port, home_assistant=True).run(Source(view()))
        acl.write_text("topic readwrite #\n", encoding="utf-8")
        await broker.stop()
        await broker.start()
        async with speaking(broker.port, listen_to="#") as other, telling(broker.port, view()):
            await until(lambda: configs(other))
        acl.write_text("topic readwrite queue-alert/#\ntopic read homeassistant/#\n", encoding="utf-8")
        await broker.stop()
        await broker.start()
        async with (
            speaking(broker.port, listen_to="#") as other,
            telling(broker.port, view(waiting=3), home_assistant=False),
        ):
            await until(
                lambda: other.payloads(SALES) and json.loads(other.payloads(SALES)[-1])["waiting"] == 3
            )
            await until(lambda: "still shows us" in caplog.text)
    assert (
        f"home assistant still shows us publisher=others topic={CONFIG} reason=Not authorized" in caplog.text
    )


# ---- the light and the siren


@pytest.mark.parametrize(
    ("shown_as", "light"),
    [
        (view(), {"state": "OFF"}),
        (
            msgspec.structs.replace(view(waiting=1), severity=Severity.NORMAL),
            {"state": "ON", "color_mode": "rgb", "color": {"r": 0, "g": 192, "b": 0}, "brightness": 255},
        ),
        (
            view(waiting=2),
            {"state": "ON", "color_mode": "rgb", "color": {"r": 255, "g": 192, "b": 0}, "brightness": 255},
        ),
        (
            msgspec.structs.replace(view(), severity=Severity.CRITICAL, acknowledged=True),
            {"state": "ON", "color_mode": "rgb", "color": {"r": 255, "g": 0, "b": 0}, "brightness": 102},
        ),
    ],
)
def test_the_light_has_the_severitys_colour_and_is_dim_when_it_was_seen(
    shown_as: GroupView, light: dict[str, Any]
) -> None:
    assert light_state(shown_as) == light


@pytest.mark.parametrize(
    ("topic", "payload", "meant"),
    [
        ("queue-alert/berlin/sales/light/set", b'{"state":"OFF"}', ("sales", Switched.SEEN)),
        ("queue-alert/berlin/sales/light/set", b'{"state":"ON","brightness":20}', None),
        ("queue-alert/berlin/a%2Fb/siren/set", b"OFF", ("a/b", Switched.SEEN)),
        ("queue-alert/berlin/sales/siren/set", b"ON", ("sales", Switched.HELP)),
        ("queue-alert/berlin/sales/siren/set", b'{"state":"ON","tone":"x"}', ("sales", Switched.HELP)),
        ("queue-alert/berlin/sales/fan/set", b"OFF", None),
        ("queue-alert/berlin/sales/siren", b"OFF", None),
        ("queue-alert/paris/sales/siren/set", b"OFF", None),
        ("queue-alert/berlin//siren/set", b"OFF", None),
        ("queue-alert/berlin/sales/siren/set", b"OFF" + b" " * 2_000, None),
        ("queue-alert/berlin/" + "s" * 2_000 + "/siren/set", b"OFF", None),
    ],
)
def test_what_a_switch_means(topic: str, payload: bytes, meant: tuple[str, Switched] | None) -> None:
    assert read_switch(topic, payload, "berlin") == meant


@given(
    st.binary(max_size=200) | st.sampled_from([b"[" * 900, b'{"state":1}', b'{"state":null}']),
    st.sampled_from(["light", "siren"]),
)
def test_whatever_is_said_to_a_switch_means_something_or_nothing(payload: bytes, what: str) -> None:
    meant = read_switch(f"queue-alert/berlin/sales/{what}/set", payload, "berlin")
    assert meant is None or b"O" in payload


SIREN = "queue-alert/berlin/sales/siren/set"


@pytest.mark.process
async def test_what_is_switched_there_is_answered_once(broker: Mosquitto) -> None:
    async with (
        speaking(broker.port, listen_to="#") as other,
        telling(broker.port, view(waiting=1), home_assistant_acts=True) as source,
    ):
        await until(lambda: configs(other) and other.payloads("queue-alert/berlin/sales/light"))
        light = {"state": "ON", "color_mode": "rgb", "color": {"r": 255, "g": 192, "b": 0}, "brightness": 255}
        assert json.loads(other.payloads("queue-alert/berlin/sales/light")[-1]) == light
        await other.say(SIREN, b"OFF", retain=True)
        await other.say("queue-alert/berlin/nobody/siren/set", b"OFF")
        await other.say(SIREN, b"ON")
        await other.say(SIREN, b"ON")
        await until(lambda: len(source.answers) == 2)
        assert source.answers == [("seen", "sales"), ("help", "sales")]
        source.change(msgspec.structs.replace(view(waiting=1), emergencies=1))
        await until(lambda: json.loads(other.payloads(SALES)[-1])["emergencies"] == 1)
        await other.say(SIREN, b"ON")
        source.change(view(waiting=2))
        await until(lambda: json.loads(other.payloads(SALES)[-1])["waiting"] == 2)
        await other.say(SIREN, b"ON")
        await until(lambda: len(source.answers) == 3)
        assert source.answers[-1] == ("help", "sales")
    async with (
        speaking(broker.port, listen_to="#", client_id="late") as other,
        telling(broker.port, view(waiting=3), home_assistant_acts=True) as source,
    ):
        await until(lambda: [json.loads(said)["waiting"] for said in other.payloads(SALES)][-1:] == [3])
        await other.say("queue-alert/berlin/sales/light/set", b'{"state":"OFF"}')
        await until(lambda: source.answers)
        assert source.answers == [("seen", "sales")]  # and what was retained before means nothing


@pytest.mark.process
async def test_unless_it_may_act_nobody_listens(broker: Mosquitto) -> None:
    async with (
        speaking(broker.port, listen_to="#") as other,
        telling(broker.port, view(waiting=1)) as source,
    ):
        await until(lambda: configs(other))
        await other.say(SIREN, b"OFF")
        source.change(view(waiting=2))
        await until(lambda: json.loads(other.payloads(SALES)[-1])["waiting"] == 2)
        assert source.answers == []


class RefusingLink:
    """A connection to a broker that lets nobody listen; mosquitto says so only by a plugin."""

    async def listen_to(self, topic: str, *, retained: bool = True) -> str:
        assert (topic, retained) == ("queue-alert/berlin/+/+/set", False)
        return "Not authorized"


async def test_who_may_not_listen_to_switches_is_warned_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    await publisher(1)._listen_to_switches(RefusingLink())  # type: ignore[arg-type]
    assert [record.message for record in caplog.records] == [
        "home assistant cannot act publisher=others topic=queue-alert/berlin/+/+/set reason=Not authorized"
    ]


@pytest.mark.process
async def test_switched_off_the_lights_go_too(broker: Mosquitto) -> None:
    light = "queue-alert/berlin/sales/light"
    async with speaking(broker.port, listen_to="#") as other:
        async with telling(broker.port, view()):
            await until(lambda: configs(other) and other.payloads(light))
        async with telling(broker.port, view(), home_assistant=False):
            await until(lambda: other.payloads(light)[-1] == b"")


# ---- options


def test_to_act_there_must_be_somebody_to_announce_to() -> None:
    options = MqttPublisherOptions(site="berlin", home_assistant_acts=True)
    assert [f"{problem.path}: {problem.message}" for problem in DRIVER.check(options)] == [
        "home_assistant_acts: is of no use without home_assistant = true"
    ]


def test_the_prefix_must_be_one() -> None:
    options = MqttPublisherOptions(site="berlin", home_assistant=True, discovery_prefix="")
    assert [f"{problem.path}: {problem.message}" for problem in DRIVER.check(options)] == [
        'discovery_prefix: must be that of Home Assistant, got "" (write "homeassistant")'
    ]
    options = MqttPublisherOptions(site="berlin", discovery_prefix="a/#")
    assert [f"{problem.path}: {problem.message}" for problem in DRIVER.check(options)] == [
        'discovery_prefix: must be 1 to 64 letters, digits, slashes or ". _ -", got "a/#"'
    ]
    assert DRIVER.check(MqttPublisherOptions(site="berlin", discovery_prefix="")) == []
    assert isinstance(publisher(1), MqttPublisher)
