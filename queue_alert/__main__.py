"""``python -m queue_alert`` is ``queue-alert``."""

import sys

from queue_alert.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
