"""Names for what a bare ``float`` or ``str`` means here."""

from typing import NewType, TypeAlias

__all__ = ["AgentId", "ContactId", "FeedName", "GroupName", "Instant", "Ratio", "Seconds", "SignalName"]

Instant: TypeAlias = float
"""Seconds since 1970-01-01T00:00:00Z on the steady line (wall clock at start plus monotonic time since)."""

Seconds: TypeAlias = float
"""A span of time in seconds."""

Ratio: TypeAlias = float
"""A share, 0 to 1."""

GroupName = NewType("GroupName", str)
"""The waiting line in front of a group of agents, as the ACD calls it."""

ContactId = NewType("ContactId", str)
"""One customer interaction, unique within its feed."""

AgentId = NewType("AgentId", str)
"""The person or phone that answers, as the ACD names it."""

FeedName = NewType("FeedName", str)
"""A feed as the configuration names it; it is the ``source`` of the feed's events."""

SignalName = NewType("SignalName", str)
"""What one output shows; named after the output."""
