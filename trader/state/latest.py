"""
When something happened last.
"""

from __future__ import annotations

from datetime import datetime


def latest(before: datetime | None, now: datetime) -> datetime:
    """The later of the two: a venue may tell of an earlier fill after a later one."""
    return now if before is None or before < now else before
