"""What every feed may say beside its driver's options, what it occupies, and who relies on its groups."""

import pytest

from queue_alert.core.policy import FeedPolicy
from queue_alert.core.units import FeedName
from tests.app.config.test_load import FEED_TABLE, OUTPUT_TABLE, build, mistakes
from tests.app.config.test_load import warnings as warnings_of
from tests.app.fakes import MODULE

LISTENING = f"{MODULE}:LISTENING_FEED"
OTHER_TABLE = FEED_TABLE.replace("feeds.pbx", "feeds.other")


def policies(text: str) -> tuple[FeedPolicy, ...]:
    setup = build(f"{text}\n{OUTPUT_TABLE}", listening=LISTENING)
    expected: tuple[FeedPolicy, ...] = setup.policy.feeds
    assert [(feed.name, feed.groups, feed.stale_after_s) for feed in setup.feeds] == [
        (feed.name, feed.groups, feed.stale_after_s) for feed in expected
    ]
    return expected


def table(name: str, more: str = "") -> str:
    return f'[feeds.{name}]\ndriver = "listening"\nhost = "127.0.0.1"\n{more}\n'


def test_groups_and_silence_are_the_cores_to_know() -> None:
    assert policies(FEED_TABLE + 'groups = ["sales", "support-*"]\nstale_after = "90s"') == (
        FeedPolicy(name=FeedName("pbx"), groups=("sales", "support-*"), stale_after_s=90.0),
    )


@pytest.mark.parametrize(
    ("more", "stale_after_s"), [("", 60.0), ('stale_after = "off"', None), ('stale_after = "5s"', 5.0)]
)
def test_a_driver_knows_how_long_silence_may_last_and_the_file_knows_better(
    more: str, stale_after_s: float | None
) -> None:
    assert policies(table("pbx", more)) == (FeedPolicy(name=FeedName("pbx"), stale_after_s=stale_after_s),)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('groups = "sales"', 'groups: must be a list of text, got "sales" (write ["sales"])'),
        ("groups = []", "groups: must hold 1 to 10000 entries, got 0"),
        ('groups = [""]', 'groups[0]: must not be empty, got ""'),
        ("groups = [7]", 'groups[0]: must be text, got 7 (write "7")'),
        ("stale_after = 60", 'stale_after: must be "off" or duration, got 60'),
        ("stale_after = false", 'stale_after: must be "off" or duration, got false'),
        ('stale_after = "0s"', 'stale_after: must be 1 s to 86400 s, got "0s"'),
        ('stale_after = "2d"', 'stale_after: must be 1 s to 86400 s, got "2d"'),
        (
            'stale_after = "never"',
            'stale_after: must be a duration such as "90s", "2m" or "1h30m", got "never"',
        ),
        ('stale_afer = "60s"', 'stale_afer: is not an option; did you mean "stale_after"?'),
        (
            "colour = 1",
            ("colour: is not an option; known are: driver, groups, stale_after, host, port, timeout, mode"),
        ),
    ],
)
def test_a_mistake_beside_the_drivers_options_is_named_with_its_place(more: str, message: str) -> None:
    assert mistakes(f"{FEED_TABLE}{more}\n{OUTPUT_TABLE}") == [f"config.toml: feeds.pbx.{message}"]


def test_mistakes_on_both_sides_are_told_together() -> None:
    text = f'{FEED_TABLE}port = 0\nstale_after = "0s"\n{OUTPUT_TABLE}'
    assert mistakes(text) == [
        'config.toml: feeds.pbx.stale_after: must be 1 s to 86400 s, got "0s"',
        "config.toml: feeds.pbx.port: must be 1 to 65535, got 0",
    ]


def test_two_feeds_on_one_address_are_found() -> None:
    text = table("north", "port = 9470") + table("south", "port = 9470") + OUTPUT_TABLE
    assert mistakes(text, listening=LISTENING) == [
        "config.toml: feeds.south: tcp 127.0.0.1:9470 is already used by feeds.north; choose another"
    ]


def test_a_feed_on_the_address_of_the_pages_is_found() -> None:
    text = table("north", "port = 9469") + OUTPUT_TABLE
    assert mistakes(text, listening=LISTENING) == [
        "config.toml: feeds.north: tcp 127.0.0.1:9469 is already used by http.listen; choose another"
    ]
    assert build(f'[http]\nlisten = "off"\n{text}', listening=LISTENING).warnings == ()


def test_a_feed_and_an_output_cannot_occupy_the_same_either() -> None:
    pin = f"{MODULE}:PIN_FEED"
    text = f'[feeds.pbx]\ndriver = "pinned"\nhost = "a"\n{OUTPUT_TABLE}'
    assert mistakes(text, pinned=pin) == [
        "config.toml: outputs.beacon: gpio17 is already used by feeds.pbx; choose another"
    ]


def test_feeds_may_share_groups() -> None:
    text = f'{FEED_TABLE}groups = ["sales"]\n{OTHER_TABLE}groups = ["sales", "support"]\n{OUTPUT_TABLE}'
    assert [feed.groups for feed in build(text).policy.feeds] == [("sales",), ("sales", "support")]
    assert build(text).warnings == ()


def test_a_pattern_of_a_feed_that_matches_no_group_is_a_warning() -> None:
    text = f'[groups.sales]\n{FEED_TABLE}groups = ["sale", "sal*", "x*"]\n{OUTPUT_TABLE}'
    place = "config.toml: feeds.pbx.groups: warning"
    assert warnings_of(text) == [
        f'{place}: "sale" matches no group of [groups]; did you mean "sales"?',
        f'{place}: "x*" matches no group of [groups]',
    ]


def test_a_group_that_no_feed_may_speak_of_is_a_warning() -> None:
    text = (
        f'[groups.sales]\n[groups.billing]\n[groups."front desk"]\n{FEED_TABLE}'
        f'groups = ["sales"]\n{OTHER_TABLE}groups = ["front*"]\n{OUTPUT_TABLE}'
    )
    assert warnings_of(text) == [
        (
            "config.toml: groups.billing: warning: no feed may speak of this group: "
            "nothing will ever be counted in it"
        )
    ]


def test_a_lamp_that_no_feed_could_ever_light_is_a_mistake() -> None:
    text = f'{FEED_TABLE}groups = ["sales"]\n{OUTPUT_TABLE}groups = ["billing", "support"]'
    dark = "its lamps would be dark whatever happens; see groups of the feeds"
    assert mistakes(text) == [
        f'config.toml: outputs.beacon.groups: no feed may speak of "billing": {dark}',
        f'config.toml: outputs.beacon.groups: no feed may speak of "support": {dark}',
    ]


def test_a_lamp_that_some_feed_lights_is_warned_of_what_none_speaks_of() -> None:
    text = f'{FEED_TABLE}groups = ["sales", "s*"]\n{OUTPUT_TABLE}groups = ["billing", "*-line"]'
    assert warnings_of(text) == [
        'config.toml: outputs.beacon.groups: warning: no feed may speak of "billing"'
    ]


def test_who_is_spoken_of_is_not_judged_while_a_feed_has_mistakes() -> None:
    text = f'{FEED_TABLE}groups = ["sales"]\n{OTHER_TABLE}port = 0\n{OUTPUT_TABLE}groups = ["billing"]'
    assert mistakes(text) == ["config.toml: feeds.other.port: must be 1 to 65535, got 0"]
