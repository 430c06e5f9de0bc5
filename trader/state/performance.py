"""
Value per unit over time: what the breakers measure.

Unitised as a fund is: a deposit buys units at the current value and a
withdrawal sells them, so neither looks like profit or loss (DD1).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from trader.model.book import Performance
from trader.model.money import ONE, ZERO
from trader.model.quick import maker

make_performance = maker(Performance)
PEAK_DAYS = 366
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4
"""1970-01-01 was a Thursday: day 4 was the first Monday."""


def day_number(time: datetime) -> int:
    """UTC days since 1970-01-01."""
    return (time - _EPOCH).days


def week_number(day: int) -> int:
    """Weeks that began (on Mondays) since 1970-01-05."""
    return (day - _MONDAY) // 7


def after_mark(before: Performance, time: datetime, nlv_usd: Decimal, opening: bool = False) -> Performance:
    """
    *before* with one more mark.  A new day starts at the last value of the day before,
    or at this mark where it falls on 00:00 itself; so does a new week on Mondays.
    """
    nav = nlv_usd / before.units if before.units > ZERO else ONE
    day = day_number(time)
    day_start, week, week_start, peaks = before.day_start, before.week, before.week_start, before.peaks
    if opening:
        return Performance(before.units, nav, nav, day, nav, week_number(day), nav, ((day, nav),))
    if day > before.day:
        midnight = time.hour == time.minute == time.second == time.microsecond == 0
        start = nav if midnight else before.nav
        day_start = start
        if week_number(day) > week:
            week, week_start = week_number(day), start
        if peaks and peaks[0][0] <= day - PEAK_DAYS:
            peaks = tuple(peak for peak in peaks if peak[0] > day - PEAK_DAYS)
        peaks = (*peaks, (day, max(start, nav)))
    elif nav > peaks[-1][1]:
        peaks = (*peaks[:-1], (day, nav))
    return make_performance(before.units, nav, max(before.peak, nav), day, day_start, week, week_start, peaks)


def after_flow(before: Performance, amount_usd: Decimal) -> Performance:
    """*before* with a deposit or withdrawal: units move, value per unit does not."""
    nav = before.nav if before.nav > ZERO else ONE
    return replace(before, units=before.units + amount_usd / nav)
