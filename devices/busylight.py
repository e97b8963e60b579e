"""The other USB status lights, by way of busylight-core: Embrava, EPOS, Plantronics, BlinkStick, MuteMe, VT.

busylight-core knows the bytes. Finding, opening and writing stay ours: it would not notice that a light was
pulled out, because it does not look at what a write returns. Lights at a serial port are not found this way.
"""

import re
from collections.abc import Callable, Collection
from functools import cache, partial
from importlib import import_module
from typing import Any, Final

from devices.usb_device import HidLight, UsbOptions, check_usb, claims_of, usb_output
from devices.usb_hid import PACKAGE, CheckedHandle, Hid, Light, lights_in, listed, load_hid
from devices.usb_lights_codec import DARK, MODELS, Colour
from devices.worker import WorkerOutput
from queue_alert.ports import ConfigProblem, MissingExtraError, OutputContext, OutputDriver

__all__ = ["DRIVER", "BusylightOptions", "BusylightPainter"]

_CORE: Final = "busylight_core"
_EXTRA: Final = "busylight"
_NAME: Final = "USB status"
_ID: Final = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})", re.IGNORECASE)
_OURS: Final = frozenset(ids for model in MODELS for ids in model.ids)
"""Lights with a driver of their own, which has them fail safe and needs no threads of the library's."""


class BusylightOptions(UsbOptions, frozen=True, kw_only=True):
    """Options of a light that busylight-core knows."""

    id: str = ""
    """Vendor and product, as ``lsusb`` says them: ``"2c0d:000c"``; left out: any."""

    @property
    def ids(self) -> tuple[int, int] | None:
        """Vendor and product, ``None``: any."""
        match = _ID.fullmatch(self.id)
        return (int(match[1], 16), int(match[2], 16)) if match else None


class BusylightPainter:
    """Paints a light with busylight-core.

    Args:
        light: The light.
        handle: Open.
    """

    def __init__(self, light: Light, handle: CheckedHandle) -> None:
        core = _library()
        hardware = _hardware(light)
        # In place of the library's own, which would open the device once more, and say nothing of faults.
        hardware.handle, hardware.is_acquired = handle, True
        self._unavailable: type[Exception] = core.LightUnavailableError
        kind = _kind_of(light)
        if kind is None:
            raise ValueError("busylight-core does not know it any more")
        self._light = kind(hardware, reset=False, exclusive=True)

    def show(self, colour: Colour) -> None:
        """Show a colour.

        Raises:
            OSError: The light did not take it.
        """
        try:
            self._light.on(colour)
        except self._unavailable as error:
            raise OSError("the write failed") from error

    def farewell(self) -> None:
        """Leave it dark; raises as :meth:`show` does."""
        self.show(DARK)


@cache
def _library() -> Any:
    core = import_module(_CORE)
    # It would print every write to stderr.
    import_module("loguru").logger.disable(_CORE)
    return core


def _hardware(light: Light) -> Any:
    entry = light.entry
    return _library().Hardware(
        device_type=_library().hardware.ConnectionType.HID,
        path=light.path,
        vendor_id=light.vendor,
        product_id=light.product,
        serial_number=light.serial_number,
        manufacturer_string=str(entry.get("manufacturer_string") or ""),
        product_string=str(entry.get("product_string") or ""),
        release_number=entry.get("release_number"),
        interface_number=entry.get("interface_number", -1),
    )


@cache
def _known() -> dict[tuple[int, int], list[Any]]:
    """Return the library's classes, by vendor and product."""
    known: dict[tuple[int, int], list[Any]] = {}
    for kind in _library().Light.subclasses():
        for ids in kind.supported_device_ids:
            if ids not in _OURS:
                known.setdefault(ids, []).append(kind)
    return known


def _kind_of(light: Light) -> Any | None:
    """Return the library's class for a light, ``None`` if it has none."""
    hardware = _hardware(light)
    kinds = _known().get((light.vendor, light.product), [])
    return next((kind for kind in kinds if kind.claims(hardware)), None)


def _find(hid: Hid, wanted: Collection[tuple[int, int]]) -> list[Light]:
    """Return the lights that are plugged in, one for each device."""
    lights: dict[str, Light] = {}
    for light in lights_in(listed(hid), wanted or _known(), interfaces=(-1, 0, 1)):
        if _kind_of(light) is not None:
            lights.setdefault(light.port or str(light.path), light)
    return list(lights.values())


def _finder(options: BusylightOptions) -> Callable[[Hid], list[Light]]:
    ids = options.ids
    return lambda hid: _find(hid, () if ids is None else (ids,))


def _create(options: BusylightOptions, context: OutputContext) -> WorkerOutput:
    where = f'outputs.{context.name}: driver "busylight"'
    hid = load_hid(where)
    try:
        _library()
    except ImportError as error:
        raise MissingExtraError(where, package="busylight-core", extra=_EXTRA) from error
    device = HidLight(
        context.name,
        name=_NAME,
        find=partial(_finder(options), hid),
        selection=options.selection,
        hid=hid,
        painter=BusylightPainter,
    )
    return usb_output(context.name, device)


def _check(options: BusylightOptions) -> list[ConfigProblem]:
    if options.id and options.ids is None:
        message = f'must be vendor and product such as "2c0d:000c" (see lsusb), got "{options.id}"'
        return [ConfigProblem(path="id", message=message)]
    for model in MODELS:
        if options.ids in model.ids:
            message = f'is a {model.name}; write driver = "{model.driver}" and leave out id'
            return [ConfigProblem(path="id", message=message)]
    try:
        known = _known()
    except ImportError:
        return []  # said elsewhere
    if options.ids is not None and options.ids not in known:
        message = f'must be a light that busylight-core knows, got "{options.id}"'
        return [ConfigProblem(path="id", message=message)]
    return check_usb(options, _NAME, _finder(options))


def _claims(options: BusylightOptions) -> tuple[str, ...]:
    return claims_of(options, f"{_NAME} {options.id.lower()}".strip())


DRIVER: Final = OutputDriver(
    summary="other USB status lights, by busylight-core: Embrava, EPOS, Plantronics, BlinkStick, ...",
    options=BusylightOptions,
    create=_create,
    check=_check,
    claims=_claims,
    packages=(PACKAGE, _CORE),
    extra=_EXTRA,
)
