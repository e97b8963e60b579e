"""The how-to for serial lamps: its example is a configuration, its sentences are those that are said."""

import re
import tomllib
from pathlib import Path

from devices import serial_codecs, serial_lamp, serial_options, serial_port
from devices.serial_lamp import SERIAL_TEMPLATE
from queue_alert.app.config import build_setup, drivers
from queue_alert.app.registry import Registry

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "connect-a-serial-lamp.md"


def test_the_example_is_sound_and_says_only_that_nothing_is_plugged_in() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    tables = {"feeds": {"pbx": {"driver": "simulator"}}} | tomllib.loads(block)
    setup = build_setup(tables, file="config.toml", base=Path(), registry=Registry())
    assert {plan.name: plan.options.lamps for plan in setup.outputs} == {
        "tower": ("red", "yellow", "green"),
        "tower-horn": ("buzzer",),
        "relays": ("red", "yellow", "green"),
        "back-office": ("lamp",),
        "cabinet": ("lamp",),
        "unheard-of": ("lamp",),
    }
    template = next(plan.options for plan in setup.outputs if plan.name == "unheard-of")
    codec = serial_lamp._template(template)
    assert (codec.writes({"lamp"}), codec.writes(()), codec.answer_length) == (
        [b"LAMP 1\r"],
        [b"\x020\x03"],
        3,
    )
    assert SERIAL_TEMPLATE.check(template)[0].is_warning
    messages = [str(problem) for problem in setup.warnings]
    assert all("is not there; is it plugged in?" in message for message in messages)


def test_every_driver_has_its_row() -> None:
    drivers = set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    entry_points = tomllib.loads((PAGE.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "entry-points"
    ]["queue_alert.outputs"]
    serial = {name for name, where in entry_points.items() if where.startswith("devices.serial_lamp:")}
    assert serial == drivers & serial
    assert len(serial) == 8


def test_what_it_says_when_it_does_not_work_is_what_is_said() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## When it does not work")[2]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    said = [phrase for row in rows for phrase in row.split("`, `")]
    code = "".join(
        Path(module.__file__ or "").read_text(encoding="utf-8")
        for module in (drivers, serial_codecs, serial_lamp, serial_options, serial_port)
    )
    code = re.sub(r'"\s*f?"', "", code)
    for phrase in said:
        words = re.split(r"…|; |\b1\b|\b4\b", phrase.strip("`"))
        assert all(part.strip() in code for part in words), phrase
