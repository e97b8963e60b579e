"""A program with a lamp behind the broker on the port it is given, lit until somebody kills it."""

import asyncio
import sys
from pathlib import Path

from devices.mqtt_options import MqttLampOptions
from devices.mqtt_output import MqttLampOutput


async def play() -> None:
    options = MqttLampOptions(preset="tasmota", device="beacon", port=int(sys.argv[1]))
    output = MqttLampOutput("beacon", options, Path())
    output.open()
    output.write({"lamp": "#ffb000"})
    if sys.argv[2] == "stay":
        await asyncio.Event().wait()
    await asyncio.sleep(0.5)
    if sys.argv[2] == "close":
        output.close()


if __name__ == "__main__":
    asyncio.run(play())
