"""Lamps over MQTT: how the output is made; what it does is in :mod:`~devices.mqtt_output`.

The client's library is imported when an output is made, so that the driver can be listed without it.
"""

from typing import Final

from devices.mqtt_options import MqttLampOptions, check, claims
from queue_alert.ports import Output, OutputContext, OutputDriver

__all__ = ["DRIVER"]


def _create(options: MqttLampOptions, context: OutputContext) -> Output:
    from devices.mqtt_output import MqttLampOutput

    return MqttLampOutput(context.name, options, context.base)


DRIVER: Final = OutputDriver(
    summary="lamps, towers and sirens behind an MQTT 5 broker: Shelly, Tasmota, zigbee2mqtt, Patlite, others",
    options=MqttLampOptions,
    create=_create,
    check=check,
    claims=claims,
    packages=("aiomqtt",),
    extra="mqtt",
)
