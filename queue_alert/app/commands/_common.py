"""What several commands share."""

import argparse
from pathlib import Path
from typing import Final

__all__ = ["DEFAULT_CONFIG", "add_config_option"]

DEFAULT_CONFIG: Final = Path("/etc/queue-alert/config.toml")


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        metavar="FILE",
        help="the configuration (default: %(default)s)",
    )
