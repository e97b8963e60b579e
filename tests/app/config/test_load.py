import tomllib
from pathlib import Path
from typing import Any

import pytest

from queue_alert.app.config import ConfigurationError, ListenAddress, build_setup, load_setup, problem_lines
from queue_alert.core.policy import FeedPolicy, GroupPolicy, Policy, SignalPolicy, Thresholds
from queue_alert.core.units import FeedName, GroupName, SignalName
from tests.app.fakes import FEED, PIN, EngineOptions, PinOptions, ScriptOptions, registry

FEED_TABLE = '[feeds.pbx]\ndriver = "script"\nhost = "pbx1"\n'
OUTPUT_TABLE = '[outputs.beacon]\ndriver = "pin"\npin = 17\n'

WHOLE = f"""
timezone = "Europe/London"
daily_reset = "04:30"
show_numbers = true
[http]
listen = "127.0.0.1:9000"
[patterns]
pause = "2s"
[group_defaults]
window = "15m"
service_level = {{ within = "30s" }}
warning = {{ waiting = 3, longest_wait = "60s" }}
critical = {{ waiting = 6, longest_wait = "2m" }}
[groups.sales]
service_level = {{ goal = 0.9, formula = "answered" }}
warning = {{ waiting = 2 }}
[groups."front desk"]
short_abandon = "0s"
expected_wait = "mitel"
critical = {{ longest_wait = "off" }}
{FEED_TABLE}
{OUTPUT_TABLE}
groups = ["sales", "front*"]
"""


def build(text: str, **more: str) -> Any:
    return build_setup(
        tomllib.loads(text), file="config.toml", base=Path("/etc/queue-alert"), registry=registry(**more)
    )


def mistakes(text: str, **more: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        build(text, **more)
    return str(caught.value).splitlines()


def warnings(text: str) -> list[str]:
    return problem_lines("config.toml", build(text).warnings)


def test_a_whole_file_becomes_a_setup() -> None:
    setup = build(WHOLE)
    default = GroupPolicy(
        service_level_threshold_s=30.0,
        window_s=900.0,
        warning=Thresholds(waiting=3, longest_wait_s=60.0),
        critical=Thresholds(waiting=6, longest_wait_s=120.0),
    )
    assert setup.policy == Policy(
        groups={
            GroupName("sales"): GroupPolicy(
                service_level_threshold_s=30.0,
                service_level_goal=0.9,
                service_level_formula="answered",
                window_s=900.0,
                warning=Thresholds(waiting=2, longest_wait_s=60.0),
                critical=Thresholds(waiting=6, longest_wait_s=120.0),
            ),
            GroupName("front desk"): GroupPolicy(
                service_level_threshold_s=30.0,
                short_abandon_s=0.0,
                window_s=900.0,
                expected_wait_method="mitel",
                warning=Thresholds(waiting=3, longest_wait_s=60.0),
                critical=Thresholds(waiting=6),
            ),
        },
        default_group=default,
        signals=(SignalPolicy(name=SignalName("beacon"), groups=("sales", "front*")),),
        feeds=(FeedPolicy(name=FeedName("pbx")),),
        timezone="Europe/London",
        reset_at_s=16_200.0,
        show_numbers=True,
    )
    assert [(feed.name, feed.driver_name, feed.driver, feed.options) for feed in setup.feeds] == [
        ("pbx", "script", FEED, ScriptOptions(host="pbx1"))
    ]
    assert [(plan.name, plan.driver_name, plan.driver, plan.options) for plan in setup.outputs] == [
        ("beacon", "pin", PIN, PinOptions(pin=17))
    ]
    assert setup.engine_options == {"levels": EngineOptions(pause=2.0)}
    assert setup.listen == ListenAddress("127.0.0.1", 9000)
    assert setup.base == Path("/etc/queue-alert")
    assert setup.warnings == ()


def test_the_smallest_file_has_a_feed_and_warns_that_nothing_lights_up() -> None:
    setup = build(FEED_TABLE)
    assert setup.policy.default_group == GroupPolicy()
    assert setup.listen == ListenAddress("127.0.0.1", 9469)
    assert problem_lines("config.toml", setup.warnings) == [
        "config.toml: outputs: warning: there is no output: nothing will light up"
    ]


def test_pages_can_be_switched_off() -> None:
    assert build(f'[http]\nlisten = "off"\n{FEED_TABLE}{OUTPUT_TABLE}').listen is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[groups.sales]\nservice_level = { within = "-5s" }',
            'groups.sales.service_level.within: must be > 0 s, got "-5s"',
        ),
        (
            "[groups.sales]\nservice_level = { goal = 80 }",
            "groups.sales.service_level.goal: must be 0 to 1, got 80",
        ),
        (
            '[groups.sales]\nservice_level = { formula = "offers" }',
            (
                'groups.sales.service_level.formula: must be "answered", "asterisk2", "late_abandons" or '
                '"offered", got "offers"; did you mean "offered"?'
            ),
        ),
        ('[groups.sales]\nwindow = "5s"', 'groups.sales.window: must be 60 s to 86400 s, got "5s"'),
        ("[groups.sales]\nwindow = 1800", 'groups.sales.window: must have a unit, got 1800 (write "30m")'),
        (
            "[groups.sales]\nwarning = { waiting = 6 }\ncritical = { waiting = 6 }",
            "groups.sales.warning.waiting: must be below critical.waiting (6), got 6",
        ),
        (
            '[groups.sales]\nwarning = { longest_wait = "3m" }\ncritical = { longest_wait = "2m" }',
            "groups.sales.warning.longest_wait: must be below critical.longest_wait (120 s), got 180 s",
        ),
        (
            "[group_defaults]\nwarning = { waiting = 9 }\ncritical = { waiting = 6 }\n[groups.sales]",
            "group_defaults.warning.waiting: must be below critical.waiting (6), got 9",
        ),
        (
            "[groups.sales]\nwarn_ing = { waiting = 3 }",
            'groups.sales.warn_ing: is not an option; did you mean "warning"?',
        ),
        ("[groups]\nsales = 1", "groups.sales: must be a table, got 1"),
        ('[groups."a\\u0007"]', 'groups."a\\u0007": the name must not hold control characters'),
        ('[groups.""]', 'groups."": the name must be 1 to 100 characters long, got 0'),
        (
            "[group_defaults]\nwindow = true",
            'group_defaults.window: must be a duration such as "90s", "2m" or "1h30m", got true',
        ),
        ("[htpp]", 'htpp: is not an option; did you mean "http"?'),
        (
            '[http]\nlisten = "0.0.0.0:80"',
            (
                'http.listen: must be a loopback address such as "127.0.0.1:9469", got "0.0.0.0:80": '
                "the pages ask for no password, so other machines may read them only through a proxy on "
                "this one that does"
            ),
        ),
        ("[patterns]\npuase = 1", 'patterns.puase: is not an option; did you mean "pause"?'),
        ("patterns.pause = 1", 'patterns.pause: must have a unit, got 1 (write "1s")'),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    assert mistakes(f"{text}\n{FEED_TABLE}{OUTPUT_TABLE}") == [f"config.toml: {message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'timezone = "Europe/Lodon"',
            (
                'timezone: must be a time zone such as "Europe/London", got "Europe/Lodon"; '
                'did you mean "Europe/London"?'
            ),
        ),
        (
            'daily_reset = "25:00"',
            'daily_reset: must be a time of day such as "00:00" or "04:30", got "25:00"',
        ),
        ("daily_reset = 00:00:00", "daily_reset: must be text, got 00:00:00"),
        ('show_numbers = "no"', 'show_numbers: must be true or false, got "no" (write false)'),
        ("groups = []", "groups: must be a table, got []"),
        ("patterns = 1", "patterns: must be a table, got 1"),
        ("group_defaults = 1", "group_defaults: must be a table, got 1"),
    ],
)
def test_a_mistake_at_the_top_is_named_with_its_place(text: str, message: str) -> None:
    assert mistakes(f"{text}\n{FEED_TABLE}{OUTPUT_TABLE}") == [f"config.toml: {message}"]


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ("", 'feeds: must hold at least one feed; write [feeds.pbx] with driver = "…"'),
        ("[feeds.pbx]\nhost = 'a'", "feeds.pbx.driver: is missing; write one of: needy, script"),
        (
            "[feeds.pbx]\ndriver = 'scripts'",
            'feeds.pbx.driver: must be one of: needy, script, got "scripts"; did you mean "script"?',
        ),
        ("[feeds.pbx]\ndriver = 1", "feeds.pbx.driver: must be one of: needy, script, got 1"),
        ("feeds = { pbx = 1 }", "feeds.pbx: must be a table, got 1"),
        ("feeds = [1]", "feeds: must be a table, got [1]"),
        ("[feeds.pbx]\ndriver = 'script'", 'feeds.pbx.host: is missing; write host = "…"'),
        ("[feeds.pbx]\ndriver = 'script'\nhost = 'nowhere'", "feeds.pbx.host: must be somewhere"),
        (
            "[feeds.pbx]\ndriver = 'needy'\nhost = 'a'",
            (
                'feeds.pbx: driver "needy" needs the package package_nobody_has; '
                'install it with: pip install "queue-alert[needy]"'
            ),
        ),
    ],
)
def test_a_mistake_in_a_feed_is_named_with_its_place(feeds: str, message: str) -> None:
    assert mistakes(f"{feeds}\n{OUTPUT_TABLE}") == [f"config.toml: {message}"]


def test_a_driver_that_cannot_be_loaded_is_said_so() -> None:
    assert mistakes(f"[feeds.pbx]\ndriver = 'broken'\n{OUTPUT_TABLE}", broken="no_such_module:DRIVER") == [
        (
            'config.toml: feeds.pbx.driver: feed driver "broken" cannot be loaded from '
            "no_such_module:DRIVER: No module named 'no_such_module'"
        )
    ]


def test_two_outputs_on_one_pin_are_found() -> None:
    text = FEED_TABLE + OUTPUT_TABLE + OUTPUT_TABLE.replace("beacon", "horn")
    assert mistakes(text) == [
        "config.toml: outputs.horn: gpio17 is already used by outputs.beacon; choose another"
    ]


def test_a_mistake_in_an_outputs_groups_is_named_with_its_place() -> None:
    assert mistakes(f'{FEED_TABLE}{OUTPUT_TABLE}groups = "sales"') == [
        'config.toml: outputs.beacon.groups: must be a list of text, got "sales" (write ["sales"])'
    ]


def test_a_pattern_that_matches_nothing_is_a_warning() -> None:
    text = f'[groups.sales]\n{FEED_TABLE}{OUTPUT_TABLE}groups = ["sale", "support-*", "s*"]'
    place = "config.toml: outputs.beacon.groups: warning"
    assert warnings(text) == [
        f'{place}: "sale" matches no group of [groups]; did you mean "sales"?',
        f'{place}: "support-*" matches no group of [groups]',
    ]


def test_patterns_are_not_judged_where_only_the_feed_knows_the_groups() -> None:
    assert warnings(f'{FEED_TABLE}{OUTPUT_TABLE}groups = ["support-*"]') == []


def test_an_engines_own_words_are_passed_on() -> None:
    assert warnings(f'[patterns]\npause = "2m"\n{FEED_TABLE}{OUTPUT_TABLE}') == [
        "config.toml: patterns.pause: warning: is longer than anybody waits"
    ]


def test_every_mistake_of_a_file_is_said_at_once() -> None:
    text = """
    timezone = "Mars"
    daily_reset = "noon"
    [groups.sales]
    window = "1s"
    short_abandon = "-1s"
    [outputs.beacon]
    driver = "pin"
    pin = 99
    colour = "red"
    """
    assert mistakes(text) == [
        'config.toml: timezone: must be a time zone such as "Europe/London", got "Mars"',
        'config.toml: daily_reset: must be a time of day such as "00:00" or "04:30", got "noon"',
        'config.toml: groups.sales.window: must be 60 s to 86400 s, got "1s"',
        'config.toml: groups.sales.short_abandon: must be 0 s to 86400 s, got "-1s"',
        'config.toml: feeds: must hold at least one feed; write [feeds.pbx] with driver = "…"',
        "config.toml: outputs.beacon.pin: must be 0 to 27, got 99",
        'config.toml: outputs.beacon.colour: is not an option; did you mean "colours"?',
    ]


def test_too_many_tables_are_refused() -> None:
    feeds = "".join(f"[feeds.f{number}]\ndriver = 'script'\nhost = 'a'\n" for number in range(65))
    groups = "".join(f"[groups.g{number}]\n" for number in range(5001))
    assert mistakes(feeds + groups + OUTPUT_TABLE) == [
        "config.toml: groups: must hold at most 5000 groups, got 5001",
        "config.toml: feeds: must hold at most 64 entries, got 65",
    ]


def test_a_file_is_read_and_its_folder_is_the_base(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FEED_TABLE + OUTPUT_TABLE, encoding="utf-8")
    assert load_setup(path, registry=registry()).base == tmp_path


def test_the_error_holds_all_problems_and_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="feeds") as caught:
        build(OUTPUT_TABLE)
    assert isinstance(caught.value, ConfigurationError)
    assert [problem.path for problem in caught.value.problems] == ["feeds"]
