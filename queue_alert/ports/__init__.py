"""What a driver is: the protocols between the shell and everything that talks to the world.

A driver is found by entry point. The entry point names one object of these classes:

=============================  ====================  =================================================
entry-point group              object                what it is
=============================  ====================  =================================================
``queue_alert.feeds``          :class:`FeedDriver`   brings :data:`~queue_alert.core.events.AcdEvent` in
``queue_alert.translators``    :class:`Translator`   (the class) vendor bytes to events, pure
``queue_alert.recordings``     :class:`RecordingFormat`  reads and writes recordings
``queue_alert.outputs``        :class:`OutputDriver` a thing with lamps (or a sounder)
``queue_alert.engines``        :class:`OutputEngine` (the class) plays levels on outputs
``queue_alert.buttons``        :class:`ButtonDriver` a thing with keys that people press
``queue_alert.publishers``     :class:`PublisherDriver`  tells other programs how the groups stand
``queue_alert.routes``         :class:`Route`        a page on the HTTP server
``queue_alert.commands``       :class:`Command`      a sub-command of ``queue-alert``
=============================  ====================  =================================================
"""

from queue_alert.ports.buttons import ONE_KEY, Button, ButtonContext, ButtonDriver
from queue_alert.ports.callouts import Call, Callout, Outcome
from queue_alert.ports.common import Clock, ConfigProblem, DriverError, Duration, MissingExtraError, Skipped
from queue_alert.ports.feeds import Connected, Feed, FeedContext, FeedDriver, Translator
from queue_alert.ports.outputs import (
    LampObserver,
    Output,
    OutputContext,
    OutputDriver,
    OutputEngine,
    OutputSetup,
    SelfHealingOutput,
)
from queue_alert.ports.pages import Command, Route
from queue_alert.ports.publishers import Publisher, PublisherContext, PublisherDriver, StateSource
from queue_alert.ports.recordings import (
    RecordedData,
    RecordedEvent,
    RecordedItem,
    RecordedMark,
    RecordingFormat,
    RecordingWriter,
)

__all__ = [
    "ONE_KEY",
    "Button",
    "ButtonContext",
    "ButtonDriver",
    "Call",
    "Callout",
    "Clock",
    "Command",
    "ConfigProblem",
    "Connected",
    "DriverError",
    "Duration",
    "Feed",
    "FeedContext",
    "FeedDriver",
    "LampObserver",
    "MissingExtraError",
    "Outcome",
    "Output",
    "OutputContext",
    "OutputDriver",
    "OutputEngine",
    "OutputSetup",
    "Publisher",
    "PublisherContext",
    "PublisherDriver",
    "RecordedData",
    "RecordedEvent",
    "RecordedItem",
    "RecordedMark",
    "RecordingFormat",
    "RecordingWriter",
    "Route",
    "SelfHealingOutput",
    "Skipped",
    "StateSource",
    "Translator",
]
