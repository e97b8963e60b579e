from pathlib import Path

import pytest

from queue_alert.app.config.places import (
    ListenAddress,
    parse_listen,
    parse_time_of_day,
    system_timezone,
    timezone_mistake,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00", 0.0), ("04:30", 16_200.0), ("23:59:59", 86_399.0), ("24:00", None), ("4", None)],
)
def test_a_time_of_day_is_in_seconds_after_midnight(text: str, seconds: float | None) -> None:
    assert parse_time_of_day(text) == seconds


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9469", ListenAddress("127.0.0.1", 9469)),
        ("localhost:0", ListenAddress("localhost", 0)),
        ("127.3.2.1:80", ListenAddress("127.3.2.1", 80)),
        ("[::1]:9469", ListenAddress("::1", 9469)),
    ],
)
def test_the_loopback_may_be_listened_on(text: str, address: ListenAddress) -> None:
    assert parse_listen(text) == address


@pytest.mark.parametrize("text", ["0.0.0.0:9469", "[::]:9469", "192.0.2.1:80", "pi.example:80"])
def test_nothing_beyond_the_loopback_may_be_listened_on(text: str) -> None:
    assert parse_listen(text) == (
        f'must be a loopback address such as "127.0.0.1:9469", got "{text}": the pages ask for no password, '
        "so other machines may read them only through a proxy on this one that does"
    )


@pytest.mark.parametrize("text", ["", "9469", "127.0.0.1", "127.0.0.1:65536", "::1:80", "127.0.0.1:x"])
def test_what_is_no_address_is_said_so(text: str) -> None:
    assert parse_listen(text) == (
        f'must be an address and a port such as "127.0.0.1:9469", or "off", got "{text}"'
    )


def test_a_wrong_time_zone_comes_with_the_nearest() -> None:
    assert timezone_mistake("Europe/London") == ""
    assert timezone_mistake("Europe/Lodon") == (
        'must be a time zone such as "Europe/London", got "Europe/Lodon"; did you mean "Europe/London"?'
    )


@pytest.mark.parametrize("name", ["", "../etc/passwd", "Europe", "/etc/passwd", "a\0b"])
def test_no_odd_name_is_a_time_zone(name: str) -> None:
    assert timezone_mistake(name) != ""


def test_the_systems_time_zone_comes_from_tz_then_localtime_then_is_utc(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert system_timezone(environ={"TZ": ":Asia/Tokyo"}, localtime=link) == "Asia/Tokyo"
    assert system_timezone(environ={"TZ": "CET-1CEST"}, localtime=link) == "Europe/Berlin"
    assert system_timezone(environ={}, localtime=tmp_path / "none") == "UTC"
