"""The pages about lamps in the network, followed to the letter."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.http_lamp import HttpOptions, LampRequests
from devices.http_template import RequestOptions
from devices.patlite import HttpTowerOptions, La6Options, PhnOptions, PnsOptions
from devices.wled import WledOptions, WledUdpOptions
from queue_alert.app.config import ConfigurationError, Setup, build_setup
from queue_alert.app.registry import Registry

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = ("connect-a-patlite-tower", "connect-a-wled-light", "switch-a-lamp-by-http")


def page(name: str) -> str:
    return (HOW_TO / f"{name}.md").read_text(encoding="utf-8")


def examples(name: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", page(name), re.DOTALL)


def setup_of(text: str, base: Path) -> Setup:
    tables: dict[str, Any] = {"feeds": {"pbx": {"driver": "simulator"}}, **tomllib.loads(text)}
    return build_setup(tables, file="config.toml", base=base, registry=Registry())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("hall.secret", "hue.secret"):
        (tmp_path / name).write_text("admin:pw\n")
    return tmp_path


@pytest.mark.parametrize(
    "example", [text for name in PAGES for text in examples(name) if "ca_file" not in text]
)
def test_every_example_is_sound(example: str, folder: Path) -> None:
    setup = setup_of(example, folder)
    assert len(setup.outputs) == len(tomllib.loads(example)["outputs"])
    warned = [problem.path for problem in setup.warnings]
    assert warned == (["outputs.hall.headers"] if "secret_file" in example else [])


def test_the_example_for_hue_lacks_but_the_bridges_certificate(folder: Path) -> None:
    (example,) = [text for text in examples("switch-a-lamp-by-http") if "ca_file" in text]
    with pytest.raises(ConfigurationError) as error:
        setup_of(example, folder)
    assert [problem.path for problem in error.value.problems] == ["outputs.bulb.ca_file"]
    assert setup_of(example.replace("ca_file", "#"), folder).warnings == ()


def test_a_missing_secret_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    (example,) = [text for text in examples("switch-a-lamp-by-http") if "Basic" in text]
    with pytest.raises(ConfigurationError) as error:
        setup_of(example, tmp_path)
    problems = [problem for problem in error.value.problems if not problem.is_warning]
    assert [problem.path for problem in problems] == ["outputs.hall.secret_file"]
    assert problems[0].message.startswith(
        f"secret_file {tmp_path}/hall.secret cannot be read (FileNotFoundError)"
    )


def test_two_outputs_on_one_lamp_are_refused(tmp_path: Path) -> None:
    (tower, *_) = examples("connect-a-patlite-tower")
    again = tower.replace(
        "[outputs.office]", '[outputs.again]\ndriver = "patlite-pns"\nhost = "192.168.1.40"\n[outputs.office]'
    )
    with pytest.raises(
        ConfigurationError, match=r"red of the Patlite tower 192\.168\.1\.40:10000 is already used"
    ):
        setup_of(again, tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("connect-a-patlite-tower", [PnsOptions, PhnOptions, La6Options, HttpTowerOptions]),
        ("connect-a-wled-light", [WledOptions, WledUdpOptions]),
        ("switch-a-lamp-by-http", [HttpOptions, LampRequests, RequestOptions]),
    ],
)
def test_every_option_is_described(name: str, options: list[type[msgspec.Struct]]) -> None:
    text = page(name)
    fields = {field for struct in options for field in struct.__struct_fields__}
    assert {field for field in fields if f"`{field}`" not in text} == set()
