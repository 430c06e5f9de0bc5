"""
The lengths a bar may have.

Every one divides a day, so buckets cut by the epoch's clock are buckets cut by
the UTC clock, and a finer bar never straddles two coarser ones it divides.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trader.errors import TraderError

GRANULARITIES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "1m": 60,
        "5m": 300,
        "15m": 900,
        "30m": 1_800,
        "1h": 3_600,
        "2h": 7_200,
        "4h": 14_400,
        "6h": 21_600,
        "1d": 86_400,
    }
)
"""Name to seconds, finest first."""


class BadGranularity(TraderError):
    """Not one of the granularities we know, or one that cannot be made from what there is."""


def parse_granularity(name: str) -> int:
    """Seconds of *name*; a sentence naming all granularities when there is no such one."""
    if name in GRANULARITIES:
        return GRANULARITIES[name]
    near = difflib.get_close_matches(str(name).lower(), GRANULARITIES, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise BadGranularity(f"granularity {name!r} is unknown; allowed are {' '.join(GRANULARITIES)}{hint}")


def granularity_name(seconds: int) -> str:
    """The name of a bar of *seconds*: 3600 gives 1h."""
    for name, length in GRANULARITIES.items():
        if length == seconds:
            return name
    raise BadGranularity(f"no granularity is {seconds} seconds long; allowed are {' '.join(GRANULARITIES)}")


def divides(finer: str, coarser: str) -> bool:
    """Bars of *coarser* can be made from bars of *finer*, whole."""
    return parse_granularity(coarser) % parse_granularity(finer) == 0
