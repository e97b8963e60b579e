"""For the shell's tests."""

import zoneinfo

UTC_ZONE = zoneinfo.ZoneInfo("UTC")
"""Kept, because a monitor that a test makes on its loop may not read a file there."""
