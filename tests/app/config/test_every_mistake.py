"""One file with many mistakes: all are told, to the letter, and the exit code is 2."""

from pathlib import Path

import msgspec
import pytest

from queue_alert.app.cli import main
from queue_alert.app.config.convert import convert_sound_part

BAD = """
timezone = "Europe/Londn"
daily_reset = "25:00"
colour = "red"
[http]
listen = "0.0.0.0:9469"
[patterns]
on_s = "50ms"
[groups.sales]
service_level = { goal = 80, within = "-5s", formula = "ofered" }
warning = { waiting = 6, longest_wait = "2m" }
critical = { waiting = 3, longest_wait = "2m" }
window = 30
[groups.support]
warning = { waiting = "many" }
critical = { waiting = 0 }
[feeds.pbx]
driver = "asterix"
[feeds.other]
driver = "asterisk"
port = 99999
ping = "2h"
connect_timeout = "soon"
[outputs.lamp]
driver = "gpio-lamp"
pin = 17
[outputs.other]
driver = "gpio-lamp"
pin = 17
[outputs.third]
driver = "gpio-lamp"
pin = 99
factory = "magic"
[outputs.fourth]
driver = "gpio-lamp"
"""

SAID = """\
config.toml: colour: is not an option; known are: timezone, daily_reset, show_numbers, http, patterns, \
group_defaults, groups, store, hours, rules, profiles, staff, lists, rotations, regions, overrides, feeds, \
outputs, buttons, publishers
config.toml: timezone: must be a time zone such as "Europe/London", got "Europe/Londn"; did you mean \
"Europe/London"?
config.toml: daily_reset: must be a time of day such as "00:00" or "04:30", got "25:00"
config.toml: http.listen: must be a loopback address such as "127.0.0.1:9469", got "0.0.0.0:9469": the pages \
ask for no password, so other machines may read them only through a proxy on this one that does
config.toml: groups.sales.service_level.goal: must be 0 to 1, got 80
config.toml: groups.sales.service_level.within: must be > 0 s, got "-5s"
config.toml: groups.sales.service_level.formula: must be "answered", "asterisk2", "late_abandons" or \
"offered", got "ofered"; did you mean "offered"?
config.toml: groups.sales.window: must have a unit, got 30 (write "30s")
config.toml: groups.sales.warning.waiting: must be below critical.waiting (3), got 6
config.toml: groups.sales.warning.longest_wait: must be below critical.longest_wait (120 s), got 120 s
config.toml: groups.support.warning.waiting: must be "off" or whole number, got "many"
config.toml: groups.support.critical.waiting: must be 1 to 1000000, got 0
config.toml: feeds.pbx.driver: must be one of: asterisk, freeswitch, mqtt, recording, simulator, webhook, \
websocket, got "asterix"; did you mean "asterisk"?
config.toml: feeds.other.connect_timeout: must be a duration such as "90s", "2m" or "1h30m", got "soon"
config.toml: feeds.other.username: is missing; write username = "…"
config.toml: feeds.other.port: must be 1 to 65535, got 99999
config.toml: feeds.other.ping: must be 1 s to 1 h, got 7200 s
config.toml: outputs.other: gpio17 is already used by outputs.lamp; choose another
config.toml: outputs.third.factory: must be "lgpio" or "mock", got "magic"
config.toml: outputs.third.pin: must be a BCM pin number, 0 to 27, got 99
config.toml: outputs.fourth.pin: is missing; write pin = <whole number>
config.toml: patterns.on_s: must be 0.1 to 1 s, got 0.05 s
"""


def test_a_file_full_of_mistakes_is_told_all_of_them_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text(BAD)
    assert main(["check", "--config", "config.toml"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == SAID


def test_where_nothing_can_stand_in_for_what_is_missing_the_rest_is_not_guessed_at() -> None:
    class Numbers(msgspec.Struct):
        first: int
        second: int = 2

    assert convert_sound_part({"second": 3}, Numbers) is None


def test_a_struct_that_refuses_what_is_left_is_not_checked_further() -> None:
    class Picky(msgspec.Struct):
        name: str
        size: int = 0

        def __post_init__(self) -> None:
            if self.name == "unknown":
                raise ValueError("not with this name")

    assert convert_sound_part({"size": 3}, Picky) is None


def test_only_a_struct_can_be_made_from_a_table() -> None:
    with pytest.raises(TypeError, match="is no struct"):
        convert_sound_part({}, int)  # type: ignore[type-var]
