"""Golden boards: whole pictures in plain text, changed only by ``UPDATE_GOLDEN=1`` and reviewed as a diff."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "golden" / "wallboard"


def check_golden(name: str, text: str) -> None:
    """Compare ``text`` with the golden file of that name, whole."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
