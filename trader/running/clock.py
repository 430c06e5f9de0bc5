"""
The clock on the wall.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Time as the system tells it."""

    def now(self) -> datetime:
        """UTC, timezone-aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; never steps back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
