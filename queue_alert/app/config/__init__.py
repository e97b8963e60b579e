"""One TOML file to checked structs, with every mistake at once."""

from queue_alert.app.config.load import build_setup, load_setup
from queue_alert.app.config.places import ListenAddress
from queue_alert.app.config.problems import ConfigurationError, problem_lines
from queue_alert.app.config.setup import FeedSetup, OutputPlan, PublisherSetup, Setup

__all__ = [
    "ConfigurationError",
    "FeedSetup",
    "ListenAddress",
    "OutputPlan",
    "PublisherSetup",
    "Setup",
    "build_setup",
    "load_setup",
    "problem_lines",
]
