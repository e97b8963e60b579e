"""The one table of what every lamp does when the program dies leaves no driver out, nor a page."""

import re
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/reference/when-the-program-dies.md"


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_every_output_driver_has_a_row() -> None:
    named = [name for row in rows() for cell in row[:2] for name in re.findall(r"`([a-z0-9*-]+)`", cell)]
    drivers = {point.name for point in entry_points(group="queue_alert.outputs")}
    assert {name for name in drivers if not any(fnmatchcase(name, pattern) for pattern in named)} == set()
    assert [pattern for pattern in named if not any(fnmatchcase(name, pattern) for name in drivers)] == []


def test_every_page_that_it_leads_to_says_what_happens_on_a_kill_too() -> None:
    pages = {target for row in rows() for target in re.findall(r"\]\(([^)#]+)", row[0])}
    assert len(pages) >= 7
    for page in pages:
        text = (PAGE.parent / page).read_text(encoding="utf-8")
        assert re.search(r"kill -9|SIGKILL|program is killed", text), page
