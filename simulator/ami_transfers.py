"""The long frames of a call passed on: who did it, who was passed on, to whom, in which bridge.

Source: Asterisk 22, main/stasis_bridges.c (``blind_transfer_to_ami``, ``attended_transfer_to_ami``);
tests/golden/asterisk/hold_transfer.
"""

from simulator.ami_floor import Call, Leg
from simulator.ami_words import NOBODY, Channel, Headers

__all__ = ["attended_transfer", "blind_transfer", "bridge_headers"]


def bridge_headers(bridge: str, channels: int, prefix: str = "") -> Headers:
    """Return a bridge of two with ``channels`` in it now, each header's name behind ``prefix``."""
    return (
        (f"{prefix}BridgeUniqueid", bridge),
        (f"{prefix}BridgeType", "basic"),
        (f"{prefix}BridgeTechnology", "simple_bridge"),
        (f"{prefix}BridgeCreator", NOBODY),
        (f"{prefix}BridgeName", NOBODY),
        (f"{prefix}BridgeNumChannels", str(channels)),
        (f"{prefix}BridgeVideoSourceMode", "none"),
    )


def blind_transfer(call: Call, leg: Leg, to: str) -> Headers:
    """Return a call sent to ``to`` by its agent without asking there."""
    return (
        ("Result", "Success"),
        *leg.channel.headers("Transferer"),
        *call.channel.headers("Transferee"),
        *bridge_headers(call.bridge, 2),
        ("IsExternal", "Yes"),
        ("Context", "internal"),
        ("Extension", to),
    )


def attended_transfer(call: Call, leg: Leg, to: str) -> Headers:
    """Return a call handed to ``to`` by its agent, who had called there first.

    The simulation knows nothing of that second call, so both of its channels are made here.
    """
    agent = leg.channel
    second = Channel(
        name=f"{agent.name}-2",
        uniqueid=f"{agent.uniqueid}2",
        linkedid=f"{agent.uniqueid}2",
        number=agent.number,
        caller=agent.caller,
        context="internal",
        extension=to,
        connected=(to, ""),
    )
    target = Channel(
        name=f"{agent.name}-3",
        uniqueid=f"{agent.uniqueid}3",
        linkedid=second.uniqueid,
        number=to,
        context="internal",
        extension="",
        connected=(agent.number, agent.caller),
    )
    return (
        ("Result", "Success"),
        *agent.headers("OrigTransferer"),
        *bridge_headers(call.bridge, 2, "Orig"),
        *second.headers("SecondTransferer"),
        *bridge_headers(f"{call.bridge}-2", 2, "Second"),
        *call.channel.headers("Transferee"),
        *target.headers("TransferTarget"),
        ("IsExternal", "No"),
        ("DestType", "Bridge"),
        ("DestBridgeUniqueid", call.bridge),
    )
