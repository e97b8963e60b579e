from typing import Any

import pytest

from adapters.websocket.feed import DRIVER
from adapters.websocket.options import WebSocketOptions, check, goes_in_clear
from queue_alert.ports import ConfigProblem

HERE = "ws://127.0.0.1:9470/feed"


def mistakes(**options: Any) -> list[tuple[str, str]]:
    return [(found.path, found.message) for found in check(WebSocketOptions(**{"url": HERE, **options}))]


@pytest.mark.parametrize("url", [HERE, "wss://acd.example/feed?group=a", "ws://[::1]:9470", "ws://acd:1/x"])
def test_sound_options_have_no_mistakes(url: str) -> None:
    assert mistakes(url=url) == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("acd", 'must be ws:// or wss:// with a host, such as ws://127.0.0.1:9470/feed, got "acd"'),
        (
            "http://acd/",
            'must be ws:// or wss:// with a host, such as ws://127.0.0.1:9470/feed, got "http://acd/"',
        ),
        (
            "ws:///feed",
            'must be ws:// or wss:// with a host, such as ws://127.0.0.1:9470/feed, got "ws:///feed"',
        ),
        ("ws://a:0", 'must be ws:// or wss:// with a host, such as ws://127.0.0.1:9470/feed, got "ws://a:0"'),
        ("ws://me:pass@acd/", "must not hold a user or password; write the token into token_file"),
        ("ws://acd/a b", "must be one word without spaces"),
        ("ws://acd/\x7f", "must be one word without spaces"),
        ("ws://acd/#x", "must not hold a #"),
        (
            "ws://acd:99999/",
            "is no address (Port out of range 0-65535); write one such as ws://127.0.0.1:9470/feed",
        ),
    ],
)
def test_what_is_no_address_is_told(url: str, message: str) -> None:
    assert mistakes(url=url) == [("url", message)]


def test_a_token_may_not_go_over_the_network_in_clear() -> None:
    reason = "the token could be read on the way; write wss:// (a certificate of your own: ca_file)"
    assert mistakes(url="ws://acd/", token_file="t") == [("url", reason)]  # noqa: S106
    assert mistakes(token_file="t") == mistakes(url="wss://acd/", token_file="t") == []  # noqa: S106


@pytest.mark.parametrize(
    ("url", "is_clear"),
    [
        ("ws://localhost/", False),
        ("ws://127.8.0.1/", False),
        ("ws://[::1]:1/", False),
        ("wss://acd/", False),
        ("ws://10.0.0.1/", True),
        ("ws://localhost.example/", True),
    ],
)
def test_only_this_machine_is_reached_without_being_overheard(url: str, is_clear: bool) -> None:
    assert goes_in_clear(url) is is_clear


def test_every_limit_has_bounds() -> None:
    nothing = float("nan")
    assert mistakes(
        connect_timeout=0.0, sync_timeout=nothing, ping=0.5, max_message=10, max_groups=0, ca_file="x"
    ) == [
        ("ca_file", "is of use with wss:// only; write it in url"),
        ("connect_timeout", "must be > 0 s and at most 60 s, got 0 s"),
        ("sync_timeout", "must be > 0 s and at most 300 s, got nan s"),
        ("ping", "must be 1 s to 1 h, got 0.5 s"),
        ("max_message", "must be 4096 to 16777216, got 10"),
        ("max_groups", "must be 1 to 5000, got 0"),
    ]


def test_the_driver_says_what_it_is() -> None:
    assert (DRIVER.summary, DRIVER.translator, DRIVER.stale_after_s) == (
        "an ACD that serves the neutral feed over a WebSocket",
        "",
        45.0,
    )
    assert all(isinstance(found, ConfigProblem) for found in DRIVER.check(WebSocketOptions(url="")))
