from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import queue_alert
from queue_alert.app.installation import OUR_PACKAGES, installation_mistakes

HOME = Path(queue_alert.__file__).resolve().parent.parent


def nobody() -> dict[str, list[str]]:
    return {}


def test_this_installation_is_sound() -> None:
    assert installation_mistakes() == []


def test_another_distribution_with_our_package_is_found() -> None:
    owners = {"devices": ["queue-alert", "smart-home"], "adapters": ["queue-alert"]}
    assert installation_mistakes(owners=lambda: owners) == [
        (
            'the package "devices" is also brought by smart-home; '
            "install queue-alert into an environment of its own"
        )
    ]


def test_a_module_that_stands_in_front_of_ours_is_found(tmp_path: Path) -> None:
    def find(name: str) -> ModuleSpec | None:
        if name == "devices":
            return ModuleSpec(name, None, origin=str(tmp_path / "devices.py"))
        return find_spec(name)

    assert installation_mistakes(owners=nobody, find=find) == [
        (
            f'"devices" would be imported from {tmp_path / "devices.py"}, not from {HOME}; '
            "start from another folder, or take that one out of PYTHONPATH"
        )
    ]


def test_a_missing_package_is_found() -> None:
    missing = installation_mistakes(owners=nobody, find=lambda _name: None)
    assert missing == [
        f'the package "{name}" is missing; install queue-alert anew'
        for name in ("queue_alert", *OUR_PACKAGES)
    ]
