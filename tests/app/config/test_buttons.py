"""``[buttons]``: what their keys do, and every mistake in it."""

import pytest

from queue_alert.app.catalogue import describe_drivers
from queue_alert.app.commands.check import _counts
from queue_alert.app.config.setup import ButtonAction, ButtonPlan, KeyPlan
from queue_alert.app.registry import Registry
from queue_alert.core.units import GroupName
from tests.app.config.test_load import FEED_TABLE, OUTPUT_TABLE, build, mistakes, warnings
from tests.app.fakes import BUTTON, PAD, PinOptions, ScriptOptions, registry

BEFORE = FEED_TABLE + OUTPUT_TABLE
DESK = '[buttons.desk]\ndriver = "push"\npin = 4\n'
PAD_TABLE = '[buttons.pad]\ndriver = "pad"\nhost = "x"\n'


def test_a_button_with_one_key_is_read_with_its_drivers_options() -> None:
    setup = build(f'{BEFORE}{DESK}action = "acknowledge"\ngroups = ["sales", "support-*"]\n')
    key = KeyPlan(action=ButtonAction.ACKNOWLEDGE, groups=("sales", "support-*"))
    assert setup.buttons == (
        ButtonPlan(
            name="desk",
            driver_name="push",
            driver=BUTTON,
            options=PinOptions(pin=4),
            keys={"button": key},
            debounce_s=0.03,
            stuck_after_s=20.0,
        ),
    )
    assert setup.warnings == ()


def test_a_keypads_keys_have_what_the_button_says_unless_they_say_otherwise() -> None:
    setup = build(
        f"""{BEFORE}{PAD_TABLE}
        groups = ["a"]
        group = "b"
        hold = "2s"
        debounce = "5ms"
        stuck_after = "1m"
        [buttons.pad.keys]
        KEY_1 = "acknowledge"
        KEY_2 = {{ action = "acknowledge", groups = ["c"] }}
        KEY_3 = "emergency"
        """
    )
    assert setup.buttons == (
        ButtonPlan(
            name="pad",
            driver_name="pad",
            driver=PAD,
            options=ScriptOptions(host="x"),
            keys={
                "KEY_1": KeyPlan(action=ButtonAction.ACKNOWLEDGE, groups=("a",)),
                "KEY_2": KeyPlan(action=ButtonAction.ACKNOWLEDGE, groups=("c",)),
                "KEY_3": KeyPlan(action=ButtonAction.EMERGENCY, group=GroupName("b"), hold_s=2.0),
            },
            debounce_s=0.005,
            stuck_after_s=60.0,
        ),
    )


def test_each_key_may_have_an_emergency_of_its_own() -> None:
    keys = 'keys = { KEY_1 = { action = "emergency", group = "a" }, KEY_2 = "lamp-test" }'
    (plan,) = build(BEFORE + PAD_TABLE + keys).buttons
    assert plan.keys == {
        "KEY_1": KeyPlan(action=ButtonAction.EMERGENCY, group=GroupName("a")),
        "KEY_2": KeyPlan(action=ButtonAction.LAMP_TEST),
    }
    assert plan.debounce_s == 0.0


def test_there_need_be_none() -> None:
    assert build(BEFORE).buttons == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[buttons]\ndesk = 1", ".desk: must be a table, got 1"),
        ("[[buttons]]", ": must be a table, got [a table]"),
        ("[buttons.desk]", ".desk.driver: is missing; write one of: pad, push"),
        (
            '[buttons.desk]\ndriver = "pusch"',
            '.desk.driver: must be one of: pad, push, got "pusch"; did you mean "push"?',
        ),
        (DESK, '.desk.action: is missing; write one of: "acknowledge", "lamp-test", "emergency"'),
        (
            f'{DESK}action = "acknowledged"',
            (
                '.desk.action: must be "acknowledge", "lamp-test" or "emergency", got "acknowledged"; '
                'did you mean "acknowledge"?'
            ),
        ),
        (
            f'{DESK}action = "emergency"',
            '.desk.group: is missing; write group = "…", the group whose emergency it is',
        ),
        (
            f'{DESK}action = "acknowledge"\ngroup = "a"',
            '.desk.group: is for an emergency only; write groups = ["…"]',
        ),
        (f'{DESK}action = "lamp-test"\nhold = "2s"', ".desk.hold: is for an emergency only; leave it out"),
        (
            f'{DESK}action = "emergency"\ngroup = "a"\nhold = "20s"',
            ".desk.hold: must be below stuck_after (20 s), got 20 s",
        ),
        (
            f'{DESK}action = "lamp-test"\nstuck_after = "1s"',
            '.desk.stuck_after: must be 2 s to 86400 s, got "1s"',
        ),
        (f'{DESK}action = "lamp-test"\ndebounce = "2s"', '.desk.debounce: must be 0 s to 1 s, got "2s"'),
        (
            f'{DESK}keys = {{ button = "lamp-test" }}',
            ".desk.keys: this device has one key; write action = … in its place",
        ),
        (
            f'{DESK}action = "lamp-test"\npull = "up"',
            (
                ".desk.pull: is not an option; known are: driver, action, keys, groups, group, hold, "
                "debounce, stuck_after, pin, colours"
            ),
        ),
        (
            PAD_TABLE,
            (
                '.pad.keys: is missing; write keys = { KEY_1 = "…" } with one of: "acknowledge", '
                '"lamp-test", "emergency"'
            ),
        ),
        (
            f'{PAD_TABLE}action = "lamp-test"',
            '.pad.action: this device has many keys; write keys = { KEY_1 = "lamp-test" } in its place',
        ),
        (
            f'{PAD_TABLE}keys = {{ KEY_11 = "lamp-test" }}',
            '.pad.keys.KEY_11: is no key\'s name; did you mean "KEY_1"?',
        ),
        (
            f'{PAD_TABLE}keys = {{ KEY_1 = "emergency" }}',
            '.pad.keys.KEY_1.group: is missing; write group = "…", the group whose emergency it is',
        ),
        (
            f'{PAD_TABLE}keys = {{ KEY_1 = {{ action = "lamp-test", group = "a" }} }}',
            '.pad.keys.KEY_1.group: is for an emergency only; write groups = ["…"]',
        ),
        (
            f'{PAD_TABLE}keys = {{ KEY_1 = "test" }}',
            '.pad.keys.KEY_1: must be "acknowledge", "lamp-test" or "emergency" or table, got "test"',
        ),
        (f'{PAD_TABLE}keys = {{ KEY_1 = {{ groups = ["a"] }} }}', ".pad.keys.KEY_1.action: is missing"),
        (
            PAD_TABLE.replace('"x"', '"nowhere"') + 'keys = { KEY_1 = "lamp-test" }',
            ".pad.host: must be somewhere",
        ),
        (
            PAD_TABLE.replace('"x"', '"never"') + 'keys = { KEY_1 = "lamp-test" }',
            ".pad.host: is not there",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str) -> None:
    (found,) = mistakes(f"{BEFORE}{text}")
    assert found.startswith(f"config.toml: buttons{message}")


def test_a_pin_that_an_output_has_is_taken() -> None:
    table = DESK.replace("4", "17") + 'action = "lamp-test"\n'
    assert mistakes(BEFORE + table) == [
        "config.toml: buttons.desk: gpio17 is already used by outputs.beacon; choose another"
    ]


def test_every_mistake_of_a_button_is_said_at_once() -> None:
    keys = 'keys = { KEY_9 = "emergency", KEY_1 = { action = "lamp-test", group = "a" } }\nhost = 1\n'
    found = mistakes(f'{BEFORE}[buttons.pad]\ndriver = "pad"\n{keys}')
    assert len(found) == 4


def test_a_device_that_is_not_there_yet_is_a_warning() -> None:
    table = PAD_TABLE.replace('"x"', '"later"') + 'keys = { KEY_1 = "lamp-test" }'
    assert warnings(BEFORE + table) == ["config.toml: buttons.pad.host: warning: is not there"]


def test_groups_that_nobody_knows_are_a_warning() -> None:
    keys = (
        'keys = { KEY_1 = "acknowledge", KEY_2 = { action = "acknowledge", groups = ["s"] }, '
        'KEY_3 = { action = "emergency", group = "sails" } }'
    )
    assert warnings(f"{BEFORE}{PAD_TABLE}{keys}\n[groups.sales]\n") == [
        'config.toml: buttons.pad.groups: warning: "s" matches no group of [groups]',
        'config.toml: buttons.pad.group: warning: "sails" is no group of [groups]; did you mean "sales"?',
    ]
    assert warnings(f"{BEFORE}{PAD_TABLE}{keys}") == []


def test_too_many_are_refused() -> None:
    many = "".join(
        f'[buttons.b{number}]\ndriver = "pad"\nhost = "x"\nkeys = {{ KEY_1 = "lamp-test" }}\n'
        for number in range(65)
    )
    assert mistakes(BEFORE + many) == ["config.toml: buttons: must hold at most 64 entries, got 65"]


def test_no_feed_may_be_called_as_we_are() -> None:
    assert mistakes(FEED_TABLE.replace("pbx]", "queue-alert]") + OUTPUT_TABLE) == [
        "config.toml: feeds.queue-alert: this name stands for what we say ourselves; choose another"
    ]


def test_check_counts_them_where_there_are_any() -> None:
    one = f'{DESK}action = "lamp-test"\n'
    assert _counts(build(BEFORE + one)) == "1 feed, 1 output, 0 groups, 1 button"


def test_they_are_described_with_their_drivers_own_default() -> None:
    drivers = {driver["name"]: driver for driver in describe_drivers(registry())}
    assert drivers["push"]["kind"] == "button"
    debounce = {
        name: next(one["default"] for one in drivers[name]["common"] if one["name"] == "debounce")
        for name in ("push", "pad")
    }
    assert debounce == {"push": '"30ms"', "pad": '"0s"'}
    keys = next(one for one in drivers["pad"]["common"] if one["name"] == "keys")
    assert (keys["type"], keys["default"]) == ("table", "{}")


def test_the_installed_ones_are_listed() -> None:
    kinds = {driver["name"]: driver["kind"] for driver in describe_drivers(Registry())}
    assert (kinds["gpio-button"], kinds["usb-keypad"]) == ("button", "button")


def test_an_emergency_that_nobody_can_end_is_a_warning() -> None:
    emergency = f'{DESK}action = "emergency"\ngroup = "sales"\n'
    said = (
        'config.toml: buttons.desk: warning: no key acknowledges "sales": an emergency there lasts until the '
        'program is started anew; give a key action = "acknowledge" for it'
    )
    assert warnings(BEFORE + emergency) == [said]
    other = '[buttons.other]\ndriver = "push"\npin = 5\naction = "acknowledge"\ngroups = ["support"]\n'
    assert warnings(BEFORE + emergency + other) == [said]
    assert warnings(BEFORE + emergency + other.replace("support", "sal*")) == []
