"""``[store]``: where it is and how long what is kept."""

from pathlib import Path
from typing import Annotated, Final

import msgspec

__all__ = ["DAY_S", "StoreTable"]

DAY_S: Final = 86_400.0

_Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]


class StoreTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[store]``."""

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)] = "/var/lib/queue-alert/store.db"
    """The file; a relative path starts from the folder of the configuration."""
    keep_history_days: _Days = 90
    """What happened to alerts."""
    keep_attempts_days: _Days = 90
    """Whom one tried to reach, and acknowledgements; those of an alert that is not over are kept longer."""
    keep_intervals_days: _Days = 400
    """Figures of the groups; 400: a year, to be compared with the one before."""
    keep_ended_days: _Days = 30
    """Silences and covers that are over."""

    def file(self, base: Path) -> Path:
        """Return where the store is.

        Args:
            base: The folder that a relative path starts from.
        """
        return base / Path(self.path).expanduser()
