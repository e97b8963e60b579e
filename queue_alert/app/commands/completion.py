"""``queue-alert completion``: what the Tab key needs to know."""

import argparse

from queue_alert.ports import Command

__all__ = ["COMMAND"]

_DESCRIPTION = """\
Print a script that makes the shell complete commands and options.

examples:
  bash, for this user:
    queue-alert completion bash > ~/.local/share/bash-completion/completions/queue-alert
  zsh, into a folder of $fpath:
    queue-alert completion zsh > ~/.zfunc/_queue-alert
  tcsh:
    queue-alert completion tcsh > ~/.queue-alert.tcsh; source it in ~/.tcshrc
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="for which shell")


def _run(arguments: argparse.Namespace) -> int:
    import shtab

    from queue_alert.app.cli import build_parser, command_names
    from queue_alert.app.registry import Registry

    registry = Registry()
    parser = build_parser(registry, command_names(registry))
    print(shtab.complete(parser, shell=arguments.shell))
    return 0


COMMAND = Command(
    summary="print a script for the shell's Tab key",
    description=_DESCRIPTION,
    arguments=_add_arguments,
    run=_run,
)
