"""A program with a lamp on a mock pin, as short as one can be; in the end it tells what the pin went through.

Arguments: how it ends (``signal``, ``exception``, ``normal``, or ``unclosed`` for an output that nobody
closes) and which level of the pin is on (``high`` or ``low``).
"""

import asyncio
import atexit
import signal
import sys
import time

from devices import gpio, pins
from devices.engine import LampEngine
from devices.patterns import PatternOptions
from queue_alert.core.effects import Severity, SignalLevel
from queue_alert.ports import Output, OutputContext, OutputSetup

OPTIONS = gpio.LampOptions(pin=17, active_low=sys.argv[2] == "low", factory="mock")


class WallClock:
    def now(self) -> float:
        return time.time()


def report() -> None:
    pin = pins.open_pins("mock").factory.pin(OPTIONS.pin)
    say(*(int(state) for _seconds, state in pin.states))


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def play(output: Output) -> None:
    is_lit = asyncio.Event()
    engine = LampEngine(
        [OutputSetup(name="lamp", driver=gpio.LAMP, options=OPTIONS, output=output)],
        PatternOptions(),
        WallClock(),
        lambda _name, lamps, _fault: is_lit.set() if lamps["lamp"] != "off" else None,
    )
    engine.show("lamp", SignalLevel(0, Severity.WARNING))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(engine.run(), name="engine")
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await is_lit.wait()
        say("lit")
        if sys.argv[1] == "exception":
            raise RuntimeError("a bug elsewhere")
        if sys.argv[1] == "normal":
            task.cancel()


def main() -> None:
    output = gpio.LAMP.create(OPTIONS, OutputContext(name="lamp", clock=WallClock()))
    if sys.argv[1] == "unclosed":
        output.open()
        output.write({"lamp": "#ffb000"})
        say("lit")
    else:
        asyncio.run(play(output))


if __name__ == "__main__":
    # What is registered first runs last: after the devices' own last resort.
    atexit.unregister(gpio._close_all)
    atexit.register(report)
    atexit.register(gpio._close_all)
    main()
