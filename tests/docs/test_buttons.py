"""The how-to for buttons, followed to the letter."""

import re
import tomllib
from pathlib import Path

from devices.gpio_button import DRIVER as GPIO_BUTTON
from devices.input_keys import KEYS
from devices.keypad import DRIVER as KEYPAD
from queue_alert.app.config import build_setup
from queue_alert.app.config.setup import ButtonAction, KeyPlan
from queue_alert.app.registry import Registry
from queue_alert.core.units import GroupName

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "how-to" / "connect-a-button.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
FLOOR = '[feeds.pbx]\ndriver = "simulator"\n[outputs.screen]\ndriver = "virtual"\n'


def test_the_example_is_sound_and_only_misses_its_keypad() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    setup = build_setup(tomllib.loads(FLOOR + example), file="c", base=Path(), registry=Registry())
    assert [(button.name, button.driver_name) for button in setup.buttons] == [
        ("desk", "gpio-button"),
        ("alarm", "gpio-button"),
        ("pad", "usb-keypad"),
    ]
    desk, alarm, pad = (button.keys for button in setup.buttons)
    assert desk == {"button": KeyPlan(action=ButtonAction.ACKNOWLEDGE, groups=("sales",))}
    sales = GroupName("sales")
    assert alarm == {"button": KeyPlan(action=ButtonAction.EMERGENCY, group=sales, hold_s=1.0)}
    assert pad == {
        "KEY_KP1": KeyPlan(action=ButtonAction.ACKNOWLEDGE, groups=("sales",)),
        "KEY_KP2": KeyPlan(action=ButtonAction.ACKNOWLEDGE, groups=("support",)),
        "KEY_KPENTER": KeyPlan(action=ButtonAction.ACKNOWLEDGE),
        "KEY_KP0": KeyPlan(action=ButtonAction.LAMP_TEST),
        "KEY_KPDOT": KeyPlan(action=ButtonAction.EMERGENCY, group=GroupName("support")),
    }
    (warning,) = setup.warnings
    assert (warning.path, warning.message.partition(";")[0]) == (
        "buttons.pad.device",
        "/dev/input/by-id/usb-04d9_1203-event-kbd is not there",
    )


def test_the_keys_that_the_page_names_are_known() -> None:
    named = set(re.findall(r"\b(?:KEY|BTN)_[A-Z0-9]+\b", PAGE))
    assert named - set(KEYS) == set()


def test_every_option_and_default_is_described() -> None:
    for driver in (GPIO_BUTTON, KEYPAD):
        for option in driver.options.__struct_fields__:
            assert f"| `{option}` |" in PAGE
            assert f"`{option}`" in REFERENCE
    assert (GPIO_BUTTON.debounce_s, KEYPAD.debounce_s) == (0.03, 0.0)


def test_every_action_is_described() -> None:
    assert [action for action in ButtonAction if f'| `"{action}"` |' not in REFERENCE] == []
