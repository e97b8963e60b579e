"""The page on rules: its example is a sound configuration, and it names every figure."""

import re
import tomllib
from pathlib import Path

import pytest

from queue_alert.app.cli import main
from queue_alert.app.config import build_setup
from queue_alert.app.config.profiles import ProfileTable, StepTable
from queue_alert.app.config.rules import RuleTable
from queue_alert.app.registry import Registry
from queue_alert.core.figures import FALLING, Figure

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_example_is_sound() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    floor = '[feeds.acd]\ndriver = "simulator"\n[outputs.lamp]\ndriver = "virtual"\n'
    setup = build_setup(tomllib.loads(floor + example), file="c", base=Path(), registry=Registry())
    assert [rule.name for rule in setup.policy.rules] == [
        "too-many-waiting",
        "nobody-there",
        "poor-service",
        "feed-lost",
    ]
    assert setup.warnings == ()


def test_every_figure_has_its_place_and_the_side_on_which_it_is_bad() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \|[^|]*\| (high|low) \|$", TEXT, re.MULTILINE)
    sides = {name: side for names, side in rows for name in re.findall(r"`(\w+)`", names)}
    assert sides == {figure.value: "low" if figure in FALLING else "high" for figure in Figure}


def test_every_key_is_described() -> None:
    described = set(re.findall(r"^\| `(\w+)` \| (?:required|`)", TEXT, re.MULTILINE))
    assert described == {name.rstrip("_") for name in RuleTable.__struct_fields__}


def test_the_example_of_profiles_is_sound_and_names_every_key() -> None:
    text = (PAGE.parent / "profiles.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    floor = '[feeds.acd]\ndriver = "simulator"\n[outputs.lamp]\ndriver = "virtual"\n'
    setup = build_setup(tomllib.loads(floor + example), file="c", base=Path(), registry=Registry())
    assert (list(setup.policy.profiles), setup.warnings) == (["floor"], ())
    described = set(re.findall(r"^\| `(\w+)` \| (?:required|`)", text, re.MULTILINE))
    keys = (*ProfileTable.__struct_fields__, *StepTable.__struct_fields__)
    assert described == {name.rstrip("_") for name in keys}


def test_the_page_on_testing_them_is_a_run_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (PAGE.parents[1] / "how-to" / "test-your-rules.md").read_text(encoding="utf-8")
    rules, tests = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (shown,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    floor = '[feeds.acd]\ndriver = "simulator"\n[outputs.lamp]\ndriver = "virtual"\n'
    (tmp_path / "config.toml").write_text(floor + rules)
    (tmp_path / "rules-test.toml").write_text(tests)
    assert main(["test-rules", str(tmp_path / "rules-test.toml")]) == 0
    said = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    assert shown == f"$ queue-alert test-rules rules-test.toml\n{said}"
