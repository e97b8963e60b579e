"""All ways the neutral feed travels, as an AsyncAPI 3.0 document."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from queue_alert import __version__
from queue_alert.app.schema.kinds import ALL, EVENTS, FROM_CLIENT, FROM_SERVER, STATES
from queue_alert.app.schema.words import described, type_words
from queue_alert.core.events import GroupSnapshotTaken
from queue_alert.protocol import feed_socket, topics

__all__ = ["asyncapi_document"]

_REFERENCE: Final = "#/components/schemas/{name}"


def asyncapi_document() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of all ways the feed travels, in JSON's types.

    It is written from Queue Alert's side: it receives what an ACD sends.

    Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
    """
    kinds = (*EVENTS, *FROM_SERVER, *FROM_CLIENT, *STATES)
    _, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "The neutral feed of ACD events",
            "version": __version__,
            "description": "How an ACD tells Queue Alert what happens, and what Queue Alert tells others.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in kinds} | {"Presence": _presence()},
            "schemas": described(components, ALL),
        },
    }


def _servers() -> dict[str, Any]:
    return {
        "acd": {
            "host": "127.0.0.1:9471",
            "protocol": "ws",
            "pathname": "/feed",
            "description": f"The ACD is the server; subprotocol {feed_socket.SUBPROTOCOL}.",
        },
        "broker": {"host": "127.0.0.1:1883", "protocol": "mqtt", "protocolVersion": "5"},
        "monitor": {
            "host": "127.0.0.1:9470",
            "protocol": "http",
            "description": "Queue Alert is the server; CloudEvents 1.0 with the event's own fields as data.",
        },
    }


def _channels() -> dict[str, Any]:
    site = {"site": {"description": f"Matches {topics.SITE_PATTERN}"}}
    group = {"group": {"description": "The group's name; / + # % and control characters as %XX."}}
    return {
        "feed": _channel("/", EVENTS + FROM_SERVER + FROM_CLIENT, servers=("acd",)),
        "events": _channel(
            topics.events_topic("{site}", "{group}"), EVENTS, servers=("broker",), parameters=site | group
        ),
        "snapshot": _channel(
            topics.snapshot_topic("{site}", "{group}"),
            [GroupSnapshotTaken],
            servers=("broker",),
            parameters=site | group,
            description="Retained; an empty payload says that the group is no more.",
        ),
        "status": _channel(
            topics.status_topic("{site}"),
            [topics.PublisherStatus],
            servers=("broker",),
            parameters=site,
            description="Retained; the publisher's last will says that it is offline.",
        ),
        "state": _channel(
            topics.state_topic("{site}", "{group}"),
            [topics.GroupState],
            servers=("broker",),
            parameters=site | group,
            description="Retained; what Queue Alert knows, for other programs.",
        ),
        "presence": {
            "address": topics.state_status_topic("{site}"),
            "description": "Retained; Queue Alert's last will says offline.",
            "messages": {"Presence": {"$ref": "#/components/messages/Presence"}},
            "servers": [{"$ref": "#/servers/broker"}],
            "parameters": site,
        },
        "webhook": _channel("/", EVENTS, servers=("monitor",)),
    }


def _channel(
    address: str,
    kinds: Iterable[type[msgspec.Struct]],
    *,
    servers: Iterable[str],
    parameters: Mapping[str, Any] | None = None,
    description: str = "",
) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": address,
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in kinds},
        "servers": [{"$ref": f"#/servers/{server}"} for server in servers],
    }
    if parameters:
        channel["parameters"] = dict(parameters)
    if description:
        channel["description"] = description
    return channel


def _operations() -> dict[str, Any]:
    def operation(
        action: str, channel: str, summary: str, kinds: Iterable[type] | None = None
    ) -> dict[str, Any]:
        found: dict[str, Any] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
            "summary": summary,
        }
        if kinds is not None:
            found["messages"] = [{"$ref": f"#/channels/{channel}/messages/{kind.__name__}"} for kind in kinds]
        return found

    return {
        "receiveFeed": operation("receive", "feed", "Hear the feed over a WebSocket.", EVENTS + FROM_SERVER),
        "sendFeed": operation("send", "feed", "Say from where to go on, or ask for snapshots.", FROM_CLIENT),
        "receiveEvents": operation("receive", "events", "Hear a group's events over MQTT."),
        "receiveSnapshot": operation("receive", "snapshot", "Hear how a group stands."),
        "receiveStatus": operation("receive", "status", "Hear whether the feed's publisher is there."),
        "sendState": operation("send", "state", "Say how a group stands."),
        "sendPresence": operation("send", "presence", "Say whether Queue Alert is there."),
        "receiveWebhook": operation("receive", "webhook", "Take events by HTTP POST."),
    }


def _message(kind: type[msgspec.Struct]) -> dict[str, Any]:
    tag = kind.__struct_config__.tag
    return {
        "name": str(tag) if tag else kind.__name__,
        "summary": type_words(kind).split("\n", 1)[0],
        "payload": {"$ref": _REFERENCE.format(name=kind.__name__)},
    }


def _presence() -> dict[str, Any]:
    return {
        "name": "presence",
        "summary": "Whether Queue Alert is there.",
        "contentType": "text/plain",
        "payload": {"type": "string", "enum": ["online", "offline"]},
    }
