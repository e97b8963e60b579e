"""Call-centre queue alerting that is never silently wrong."""

__version__ = "0.1.0"
