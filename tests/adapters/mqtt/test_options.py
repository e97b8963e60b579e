import socket

from adapters.mqtt.feed import DRIVER
from adapters.mqtt.options import MqttFeedOptions
from queue_alert.broker_options import client_id_of, port_of, where
from queue_alert.ports import ConfigProblem


def test_options_as_they_come_are_right() -> None:
    assert DRIVER.check(MqttFeedOptions(site="berlin")) == []
    assert DRIVER.check(MqttFeedOptions(site="berlin", username="floor", tls=True, host="broker")) == []


def test_every_mistake_is_reported() -> None:
    options = MqttFeedOptions(
        site="a/b",
        host=" ",
        port=70_000,
        client_id="a\nb",
        password_file="p",  # noqa: S106
        key_file="k",
        ca_file="ca.pem",
        keepalive=1.0,
        connect_timeout=61.0,
        session_expiry=float("nan"),
        receive_maximum=0,
        max_payload=1,
    )
    assert [f"{problem.path}: {problem.message}" for problem in DRIVER.check(options)] == [
        "client_id: must be one line of at most 200 characters without control characters",
        'host: must name the broker, got ""',
        "port: must be 0 to 65535, got 70000",
        "keepalive: must be 5 s to 1 h, got 1 s",
        "connect_timeout: must be > 0 s and at most 60 s, got 61 s",
        "password_file: needs a username",
        "key_file: needs a cert_file",
        "ca_file: is of no use without tls = true",
        'site: must be 1 to 64 letters, digits or ". _ -", got "a/b"',
        "session_expiry: must be 1 s to 168 h, got nan s",
        "receive_maximum: must be 1 to 1000, got 0",
        "max_payload: must be 1000 to 16000000 bytes, got 1",
    ]


def test_a_password_in_the_clear_is_warned_of() -> None:
    assert DRIVER.check(MqttFeedOptions(site="berlin", host="broker", username="floor")) == [
        ConfigProblem(
            path="tls", message="the password goes to broker in the clear; write tls = true", is_warning=True
        )
    ]


def test_port_and_name_follow_from_the_rest() -> None:
    plain, tls = MqttFeedOptions(site="a", host="::1"), MqttFeedOptions(site="a", tls=True, client_id="x")
    assert (port_of(plain), port_of(tls), port_of(MqttFeedOptions(site="a", port=1))) == (1883, 8883, 1)
    assert (where(plain), where(tls)) == ("[::1]:1883", "127.0.0.1:8883")
    assert (client_id_of(plain, "feeds", "pbx"), client_id_of(tls, "feeds", "pbx")) == (
        f"queue-alert-{socket.gethostname()}-feeds-pbx",
        "x",
    )
