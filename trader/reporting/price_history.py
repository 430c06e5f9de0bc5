"""
What the market did while the run lasted.

Candles to draw, what was missing, and the two yardsticks: BTC, and an equal
share of every symbol bought at its first open in the run and held, before fees.
Nothing is filled in: between two bars the last close stands.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trader.model.market import Bars, FloatArray, IntArray
from trader.reporting.canonical import Json, numbers, times_text
from trader.reporting.sampling import MAX_CANDLES_IN_ALL, MAX_POINTS, kept_points, merged_candles


def within(bars: Bars, start: int, end: int) -> Bars:
    """The bars that open in [*start*, *end*), as views."""
    first, last = np.searchsorted(bars.start, [start, end])
    cut = slice(int(first), int(last))
    columns = (column[cut] for column in (bars.open, bars.high, bars.low, bars.close, bars.volume))
    return Bars(bars.symbol, bars.granularity_seconds, bars.start[cut], *columns)


def candle_document(bars: Bars, max_candles: int) -> Json:
    """One symbol's candles as columns, with what was there and what was missing between its first and last bar."""
    drawn = merged_candles(bars, max_candles)
    step = bars.granularity_seconds
    expected = (int(bars.start[-1]) - int(bars.start[0])) // step + 1 if len(bars) else 0
    return {
        "bars": len(bars),
        "missing_bars": expected - len(bars),
        "first": times_text(bars.start[:1])[0] if len(bars) else None,
        "last": times_text(bars.start[-1:])[0] if len(bars) else None,
        "granularity_seconds": step,
        "candle_seconds": drawn.granularity_seconds,
        "start": times_text(drawn.start),
        "open": numbers(drawn.open),
        "high": numbers(drawn.high),
        "low": numbers(drawn.low),
        "close": numbers(drawn.close),
        "volume": numbers(drawn.volume),
    }


def candle_documents(bars: Mapping[str, Bars]) -> Json:
    """Every symbol's candles; many symbols share the room."""
    room = min(MAX_POINTS, max(100, MAX_CANDLES_IN_ALL // max(1, len(bars))))
    return {symbol: candle_document(bars[symbol], room) for symbol in sorted(bars)}


def close_at(bars: Bars, times: IntArray) -> FloatArray:
    """The last close known at each instant, NaN before the first."""
    known = np.searchsorted(bars.start + bars.granularity_seconds, times, side="right") - 1
    closes = np.append(bars.close, np.nan)
    return np.asarray(closes[np.where(known >= 0, known, len(bars))])


def buy_and_hold(bars: Mapping[str, Bars], times: IntArray) -> FloatArray:
    """Growth of 1 USD: an equal share in each symbol, bought at its first open, cash until then, never touched."""
    shares = []
    for symbol in sorted(bars):
        if len(bars[symbol]) and bars[symbol].open[0] > 0:
            growth = close_at(bars[symbol], times) / bars[symbol].open[0]
            shares.append(np.where(np.isnan(growth), 1.0, growth))
    return np.asarray(np.mean(shares, axis=0)) if shares else np.full(len(times), np.nan)


def from_first_known(closes: FloatArray) -> FloatArray:
    """Growth of 1 USD since the first known close, 1 before it."""
    known = closes[np.isfinite(closes)]
    if not len(known) or known[0] <= 0:
        return np.full(len(closes), np.nan)
    growth = closes / known[0]
    return np.asarray(np.where(np.isnan(growth), 1.0, growth))


def benchmark_document(growth: FloatArray, times: IntArray) -> Json:
    """A yardstick's return in % since the start, thinned out."""
    if not np.isfinite(growth).all() or not len(growth):
        return {"time": [], "return_pct": []}
    kept = kept_points(growth)
    return {"time": times_text(times[kept]), "return_pct": numbers((growth[kept] - 1.0) * 100.0, 4)}
