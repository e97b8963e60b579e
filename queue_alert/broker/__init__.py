"""A connection to an MQTT broker, for whoever needs one; needs the extra ``mqtt``."""

from queue_alert.broker.connection import linked
from queue_alert.broker.link import Link
from queue_alert.broker.tls import TlsContext, tls_context
from queue_alert.broker.together import first_of
from queue_alert.broker.words import IN_FLIGHT, BrokerError, Outgoing, PublishRefusedError

__all__ = [
    "IN_FLIGHT",
    "BrokerError",
    "Link",
    "Outgoing",
    "PublishRefusedError",
    "TlsContext",
    "first_of",
    "linked",
    "tls_context",
]
