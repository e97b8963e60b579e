"""USB status lights driven directly: Kuando Busylight, Luxafor and blink(1)."""

from functools import partial
from typing import Final

from devices.usb_device import HidLight, UsbOptions, check_usb, claims_of, find_by_ids, usb_output
from devices.usb_hid import EXTRA, PACKAGE, CheckedHandle, Light, load_hid
from devices.usb_lights_codec import BLINK1, KUANDO, LUXAFOR, Colour, Model, Report
from devices.worker import WorkerOutput
from queue_alert.ports import ConfigProblem, OutputContext, OutputDriver

__all__ = ["BLINK1_DRIVER", "KUANDO_DRIVER", "LUXAFOR_DRIVER", "ReportPainter"]


class ReportPainter:
    """Sends a light the reports of its model.

    Args:
        model: What the light is.
        light: The light.
        handle: Open.
    """

    def __init__(self, model: Model, light: Light, handle: CheckedHandle) -> None:
        self._model = model
        self._handle = handle
        self._send(model.greeting(light.serial_number))

    def show(self, colour: Colour) -> None:
        """Show a colour, and keep the light alive.

        Raises:
            OSError: A report was not taken.
            ValueError: The light is not open.
        """
        self._send(self._model.showing(colour))

    def farewell(self) -> None:
        """Leave it dark; raises as :meth:`show` does."""
        self._send(self._model.farewell)

    def _send(self, reports: tuple[Report, ...]) -> None:
        for report in reports:
            if report.is_feature:
                self._handle.send_feature_report(report.data)
            else:
                self._handle.write(report.data)


def _driver(model: Model, summary: str) -> OutputDriver:
    def create(options: UsbOptions, context: OutputContext) -> WorkerOutput:
        hid = load_hid(f'outputs.{context.name}: driver "{model.driver}"')
        device = HidLight(
            context.name,
            name=model.name,
            find=partial(find_by_ids, hid, model.ids),
            selection=options.selection,
            hid=hid,
            painter=partial(ReportPainter, model),
        )
        return usb_output(context.name, device)

    def check(options: UsbOptions) -> list[ConfigProblem]:
        return check_usb(options, model.name, lambda hid: find_by_ids(hid, model.ids))

    return OutputDriver(
        summary=summary,
        options=UsbOptions,
        create=create,
        check=check,
        claims=lambda options: claims_of(options, model.name),
        packages=(PACKAGE,),
        extra=EXTRA,
    )


KUANDO_DRIVER: Final = _driver(KUANDO, "a Kuando Busylight at USB; goes dark by itself if we die")
LUXAFOR_DRIVER: Final = _driver(LUXAFOR, "a Luxafor Flag, Orb or Mute at USB")
BLINK1_DRIVER: Final = _driver(BLINK1, "a ThingM blink(1) at USB; pulses white by itself if we die")
