"""What is installed: units, rules, users, and the script that puts them there."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from devices.usb_lights_codec import MODELS
from queue_alert.app.cli import build_parser, command_names
from queue_alert.app.config import build_setup
from queue_alert.app.registry import Registry

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = {path.name: path for path in sorted((DEPLOY / "systemd").glob("*.service"))}
PROGRAM = "/opt/queue-alert/bin/queue-alert"

pytestmark = pytest.mark.process


def directives(name: str) -> dict[str, list[str]]:
    """Return the directives of a unit: every value that each was given, in order."""
    found: dict[str, list[str]] = {}
    for line in UNITS[name].read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _equals, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def install(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEPLOY / "install.sh", "--root", root, *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )


def files_below(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }


INSTALLED = {
    "etc/queue-alert/config.toml": "config.toml",
    "etc/sysusers.d/queue-alert.conf": "sysusers.d/queue-alert.conf",
    "etc/udev/rules.d/70-queue-alert.rules": "udev/70-queue-alert.rules",
    "etc/systemd/system/queue-alert.service": "systemd/queue-alert.service",
    "etc/systemd/system/queue-alert-wallboard.service": "systemd/queue-alert-wallboard.service",
}


# ---- units


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(name: str, tmp_path: Path) -> None:
    unit = tmp_path / name
    # What is not installed here is no mistake in the unit.
    text = re.sub(r"(?m)^(Exec\w+=[-+]?)/\S+", r"\1/bin/sh", UNITS[name].read_text(encoding="utf-8"))
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    said = [line for line in done.stderr.splitlines() if "queue-alert" in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_commands_that_exist(name: str) -> None:
    registry = Registry()
    parser = build_parser(registry, command_names(registry))
    found = directives(name)
    lines = [line.lstrip("-") for key in ("ExecStart", "ExecStopPost") for line in found.get(key, [])]
    assert lines
    for line in lines:
        program, *arguments = line.split()
        assert program == PROGRAM
        parser.parse_args(arguments)


def test_the_service_is_watched_started_again_for_ever_and_leaves_nothing_lit() -> None:
    found = directives("queue-alert.service")
    assert found["Type"] == ["notify"]
    assert float(found["WatchdogSec"][0]) > 0
    assert found["Restart"] == ["always"]
    assert found["StartLimitIntervalSec"] == ["0"]
    assert [line.startswith(f"-{PROGRAM} outputs off") for line in found["ExecStopPost"]] == [True]


def test_the_service_may_open_what_the_pages_about_devices_say_and_nothing_else() -> None:
    found = directives("queue-alert.service")
    assert found["DevicePolicy"] == ["closed"]
    assert found["DeviceAllow"] == [
        "char-gpiochip rw",
        "char-ttyUSB rw",
        "char-ttyACM rw",
        "char-ttyAMA rw",
        "char-hidraw rw",
        "char-input r",
    ]
    groups = found["SupplementaryGroups"][0].split()
    pages = [(ROOT / "docs/how-to" / page).read_text(encoding="utf-8") for page in PAGES_OF_DEVICES]
    allowed = {words for page in pages for words in re.findall(r"DeviceAllow=(char-\w+ \w+)", page)}
    joined = {group for page in pages for group in re.findall(r"usermod -aG (\w+)", page)}
    assert allowed <= set(found["DeviceAllow"])
    assert joined <= set(groups)


PAGES_OF_DEVICES = ("wire-a-gpio-lamp.md", "connect-usb-light.md", "connect-a-serial-lamp.md")


def test_lgpio_has_a_folder_to_write_to_that_the_unit_makes() -> None:
    found = directives("queue-alert.service")
    environment = dict(setting.split("=", 1) for line in found["Environment"] for setting in line.split())
    assert environment["LG_WD"] == f"/run/{found['RuntimeDirectory'][0]}"
    assert environment["GPIOZERO_PIN_FACTORY"] == "lgpio"
    assert environment["PYTHONSAFEPATH"] == "1"
    assert found["WorkingDirectory"] == [f"/var/lib/{found['StateDirectory'][0]}"]


def test_no_line_of_a_unit_is_given_twice_but_lists() -> None:
    lists = {"DeviceAllow", "Environment", "SystemCallFilter"}
    for name in UNITS:
        assert {key for key, values in directives(name).items() if len(values) > 1} <= lists


def test_the_wallboard_takes_the_first_console_from_its_login() -> None:
    found = directives("queue-alert-wallboard.service")
    assert found["Conflicts"] == ["getty@tty1.service"]
    assert found["TTYPath"] == ["/dev/tty1"]


# ---- users and rules


def test_the_users_and_groups_that_the_units_name_are_made(tmp_path: Path) -> None:
    assert install(tmp_path).returncode == 0
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], check=True, capture_output=True, timeout=20)
    groups = {
        line.split(":")[0]: line.rstrip().split(":")[-1].split(",")
        for line in (tmp_path / "etc/group").read_text(encoding="utf-8").splitlines()
    }
    found = directives("queue-alert.service")
    wanted = found["SupplementaryGroups"][0].split()
    assert [groups[group] for group in wanted] == [["queue-alert"]] * len(wanted)
    users = (tmp_path / "etc/passwd").read_text(encoding="utf-8")
    assert re.search(r"(?m)^queue-alert:x:\d+:\d+:Queue Alert:/var/lib/queue-alert:\S*nologin$", users)


MATCH = r'[A-Z]+(?:\{\w+\})?(?:==|!=)"[^"]*"'
ASSIGN = r'(?:GROUP|MODE|SYMLINK|GOTO|LABEL|RUN|ENV\{\w+\})\+?="[^"]*"'


def rules() -> list[str]:
    lines = (DEPLOY / "udev/70-queue-alert.rules").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_rule_is_a_list_of_matches_and_assignments() -> None:
    assert [
        rule for rule in rules() if not re.fullmatch(rf"(?:{MATCH}, )*{ASSIGN}(?:, {ASSIGN})*", rule)
    ] == []


def test_every_light_with_a_driver_of_its_own_may_be_opened_by_the_group() -> None:
    for vendor, product in (ids for model in MODELS for ids in model.ids):
        head = f'SUBSYSTEM=="hidraw", ATTRS{{idVendor}}=="{vendor:04x}", '
        tail = 'GROUP="plugdev", MODE="0660"'
        assert {head + tail, f'{head}ATTRS{{idProduct}}=="{product:04x}", {tail}'} & set(rules())


# ---- the script


def test_everything_is_laid_out_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    first = install(tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    wanted = {to: (DEPLOY / source).read_text(encoding="utf-8") for to, source in INSTALLED.items()}
    assert files_below(tmp_path) == wanted
    second = install(tmp_path)
    assert (second.returncode, second.stderr) == (0, "")
    assert files_below(tmp_path) == wanted
    assert [line.split(":")[0] for line in second.stdout.splitlines()[:-1]] == ["unchanged"] * 4 + [
        "left alone"
    ]


def test_a_configuration_is_never_overwritten_and_a_changed_unit_is_kept_beside(tmp_path: Path) -> None:
    install(tmp_path)
    config = tmp_path / "etc/queue-alert/config.toml"
    unit = tmp_path / "etc/systemd/system/queue-alert.service"
    config.write_text("mine", encoding="utf-8")
    unit.write_text("changed", encoding="utf-8")
    assert install(tmp_path).returncode == 0
    assert config.read_text(encoding="utf-8") == "mine"
    assert unit.read_text(encoding="utf-8") == UNITS["queue-alert.service"].read_text(encoding="utf-8")
    assert unit.with_name("queue-alert.service.old").read_text(encoding="utf-8") == "changed"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    done = install(tmp_path, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("would write: ") == len(INSTALLED)
    assert files_below(tmp_path) == {}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--help"], 0, ""),
        (["--rot", "x"], 2, "install.sh: unknown option --rot; see --help\n"),
        (["--root"], 1, "install.sh: --root needs a value; see --help\n"),
        (
            ["--dry-run", "--root", ""],
            1,
            "install.sh: --root needs a value; see --help\n",
        ),
    ],
)
def test_wrong_use_is_said(arguments: list[str], code: int, said: str) -> None:
    done = subprocess.run(
        [DEPLOY / "install.sh", *arguments], check=False, capture_output=True, text=True, timeout=20
    )
    assert (done.returncode, done.stderr) == (code, said)


def test_a_copy_that_is_not_whole_is_said(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    done = subprocess.run(
        [tmp_path / "deploy/install.sh", "--root", tmp_path / "root"],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"install.sh: {tmp_path}/pyproject.toml is missing; run this from a whole copy of Queue Alert\n"
    )


def test_the_configuration_to_begin_with_is_right() -> None:
    raw = tomllib.loads((DEPLOY / "config.toml").read_text(encoding="utf-8"))
    setup = build_setup(raw, file="config.toml", base=Path(), registry=Registry())
    assert setup.warnings == ()
    assert [plan.driver_name for plan in setup.outputs] == ["virtual"]
