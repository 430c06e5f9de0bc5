"""
Several reports in one table.

Made from the report documents alone; the first report is what the others are
measured by, and a difference to an undefined number is undefined.
"""

from __future__ import annotations

from collections.abc import Sequence

from trader.reporting import wording as w
from trader.reporting.canonical import Json
from trader.reporting.tables import Figure, summary_figures

RUN_KEYS = ("engine_version", "config_hash", "data_hash", "symbols", "granularity", "start", "end", "seed", "mode")


def side_by_side(reports: Sequence[tuple[str, Json]]) -> list[list[Figure]]:
    """One row per number of the summary, one figure per report."""
    columns = [summary_figures(report) for _, report in reports]
    return [[column[key] for column in columns] for key in columns[0]]


def difference(first: Figure, other: Figure) -> str:
    """How *other* differs from *first*, in the unit of both; in relative terms too where that says something."""
    if first.value is None or other.value is None:
        return w.DASH if first.value != other.value else "same"
    change = other.value - first.value
    if not change:
        return "same"
    sign = "+" if change > 0 else "−"
    relative = f" ({sign}{abs(change / first.value) * 100:,.1f} %)" if first.value else ""
    return f"{sign}{w.short_number(abs(round(change, 2)))}{relative}"


def differing(reports: Sequence[tuple[str, Json]]) -> list[str]:
    """The keys of the run card that are not the same in all reports, in words."""
    cards = [report["metadata"] for _, report in reports]
    return [key.replace("_", " ") for key in RUN_KEYS if any(card[key] != cards[0][key] for card in cards)]
