"""The root of every error this program raises on purpose.

QueueAlertError
├── ConfigurationError (also ValueError)   the configuration cannot be used; every mistake is in it
├── DriverError                            a device or a feed failed; says whether trying again can help
└── MissingExtraError (also ImportError)   an optional package is not installed; says which extra brings it
"""

__all__ = ["QueueAlertError"]


class QueueAlertError(Exception):
    """Root of the errors raised here on purpose; its text is a sentence for the person who runs this."""
