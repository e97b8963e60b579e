"""The how-to for USB lights says what the drivers do, and the real library is what the fake one is."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devices import usb_hid
from devices.usb_lights_codec import BLINK1_TIMEOUT_S, KUANDO_TIMEOUT_S, MODELS
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry
from tests.devices.fake_hid import BLINK1, KUANDO, LUXAFOR, FakeHid

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "connect-usb-light.md").read_text(encoding="utf-8")
FEED = '[feeds.pbx]\ndriver = "simulator"\n'


def test_the_example_is_sound_with_the_lights_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    hid = FakeHid()
    monkeypatch.setitem(sys.modules, "hidraw", hid)
    hid.plug_in(KUANDO, b"1-4:1.0")
    hid.plug_in(LUXAFOR, b"1-3:1.0", serial="A1B2C3")
    hid.plug_in(BLINK1, b"1-1.2:1.0", serial="2F000001")
    shelf = hid.plug_in((0x2C0D, 0x000C), b"1-1.3:1.0")
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    tables = tomllib.loads(FEED + example)
    setup = build_setup(tables, file="config.toml", base=Path(), registry=Registry())
    assert [(plan.name, plan.driver_name) for plan in setup.outputs] == [
        ("desk", "kuando"),
        ("door", "luxafor"),
        ("wall", "blink1"),
        ("shelf", "busylight"),
    ]
    assert setup.warnings == ()
    hid.unplug(shelf)
    (warning,) = build_setup(tables, file="config.toml", base=Path(), registry=Registry()).warnings
    assert (warning.path, warning.message) == ("outputs.shelf.driver", "no USB status light is plugged in")


def test_the_rules_cover_every_light_and_are_those_the_faults_name() -> None:
    lines = re.findall(r"^SUBSYSTEM==.*$", PAGE, re.MULTILINE)
    for vendor, product in (ids for model in MODELS for ids in model.ids):
        light = usb_hid.Light(path=b"/dev/hidraw0", vendor=vendor, product=product, serial_number="", port="")
        rule = usb_hid.rule_for(light)
        whole_vendor = rule.replace(f' ATTRS{{idProduct}}=="{product:04x}",', "")
        assert rule in lines or whole_vendor in lines
    assert usb_hid.RULES_FILE in PAGE


def test_the_page_says_the_times_that_hold() -> None:
    assert f"goes dark {KUANDO_TIMEOUT_S} s after" in PAGE
    assert f"after {BLINK1_TIMEOUT_S} s it rises and falls" in PAGE


def test_the_real_library_fails_as_the_fake_one_does() -> None:
    hid = usb_hid.load_hid("")
    assert hid.enumerate(0xFFFF, 0xFFFF) == []
    handle = hid.device()
    with pytest.raises(OSError, match="open failed"):
        handle.open_path(b"/dev/hidraw-that-is-not-there")
    for send in (handle.write, handle.send_feature_report):
        with pytest.raises(ValueError, match="not open"):
            send(b"\0\1")
    handle.close()


MANY_THREADS = """
from threading import Thread
from devices.usb_hid import CheckedHandle, listed, load_hid

def work():
    hid = load_hid("")
    for _ in range(5_000):
        listed(hid)
        try:
            CheckedHandle(hid.device()).open_path(b"/dev/hidraw-that-is-not-there")
        except OSError:
            pass

threads = [Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.process
def test_the_real_library_survives_being_asked_from_many_threads() -> None:
    """Without a lock it ends with ``double free or corruption``."""
    done = subprocess.run([sys.executable, "-c", MANY_THREADS], capture_output=True, timeout=25, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
