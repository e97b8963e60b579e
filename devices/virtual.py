"""A lamp that is nowhere but on the wallboard, which draws every output as it is lit."""

from typing import Literal

import msgspec

from devices.kinds import Kind
from devices.output import CheckedOutput
from queue_alert.ports import OutputContext, OutputDriver

__all__ = ["DRIVER", "VirtualOptions", "VirtualOutput"]


class VirtualOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a lamp on the wallboard."""

    kind: Literal["lamp", "tower", "two-tier-tower", "rgb"] = "lamp"

    @property
    def lamps(self) -> tuple[str, ...]:
        """Names of its lamps, the most severe first."""
        return Kind(self.kind).lamps


class VirtualOutput(CheckedOutput):
    """Does nothing; whoever observes the engine sees what it shows."""


def _create(options: VirtualOptions, context: OutputContext) -> VirtualOutput:
    return VirtualOutput(context.name, options.lamps)


DRIVER = OutputDriver(
    summary="a lamp, a tower or an RGB light drawn on the wallboard, without any hardware",
    options=VirtualOptions,
    create=_create,
)
