"""Optional packages: asked for when an output is made, so that drivers can be listed without them."""

from importlib import import_module
from types import ModuleType

from queue_alert.ports import MissingExtraError

__all__ = ["require"]


def require(module: str, where: str, *, package: str, extra: str) -> ModuleType:
    """Import an optional package.

    Args:
        module: Its import name.
        where: Who needs it: ``outputs.tower: driver "adafruit-tower"``.
        package: What pip calls it.
        extra: The extra of ours that brings it.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(where, package=package, extra=extra) from error
