"""What the page about the simulated Asterisk says is so."""

import re
import tomllib
from pathlib import Path

from adapters.asterisk.feed import AsteriskOptions
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry
from simulator.ami_server import USERNAME
from simulator.secret import SECRET_VARIABLE
from tests.simulator.ami_rig import frames
from tests.simulator.test_ami_protocol import ask, logged_in
from tests.simulator.test_ami_telling import the_small_floor_told

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "try-with-a-simulated-asterisk.md").read_text()


def table(heading: str) -> list[str]:
    """Return the first cells of the table under ``heading``."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]


def names(cells: list[str]) -> set[str]:
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_its_configuration_is_sound() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    setup = build_setup(tomllib.loads(example), file="config.toml", base=Path(), registry=Registry())
    options = setup.feeds[0].options
    assert isinstance(options, AsteriskOptions)
    assert (setup.warnings, options.username) == ((), USERNAME)
    assert f"{SECRET_VARIABLE}=" in PAGE


def test_it_has_all_actions_and_no_other() -> None:
    commands = frames(ask(logged_in(), "ListCommands").encode())[0]
    assert names(table("Which actions it knows")) == set(commands) - {"Response"}


def test_it_has_all_events_and_no_other() -> None:
    said = {frame["Event"] for frame in frames(the_small_floor_told()) if "Privilege" in frame}
    assert names(table("Which events it sends")) == said | {"FullyBooted"}


def test_it_has_all_variables_and_no_other() -> None:
    (row,) = re.findall(r"\| `VarSet` \|.*", PAGE)
    told = {frame["Variable"] for frame in frames(the_small_floor_told()) if frame["Event"] == "VarSet"}
    assert names([row]) - {"VarSet"} == told
