"""
What the tape shows of the built-in market: prices move underneath, trades print them.

A minute in which nobody traded has no bar; one with a single trading moment is
often a single price; a print lies half a spread off the price underneath and on
the product's increment.  Every bar is valid by construction.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from trader.market.bars import CLOSE, COLUMNS, HIGH, LOW, OPEN, VOLUME
from trader.market.sample_paths import MINUTES, SEASON, Noise, by_minute
from trader.market.sample_products import SampleProduct
from trader.market.sample_states import DAYS_A_YEAR
from trader.model.market import FloatArray

Mask = npt.NDArray[np.bool_]

NORMALS: Final = 1
UNIFORMS: Final = 6
"""Kinds of noise a product's tape draws: volume; and moments, sides of open and close, high, low, stillness."""

VOLUME_BY_ACTIVITY: Final = 0.9
VOLUME_BY_MOVE: Final = 0.22
TRADES_BY_ACTIVITY: Final = 0.7
BOUNCE: Final = 0.7
"""Effective over quoted spread: part of the prints lie inside it."""
REACH: Final = 0.80
"""How much of the range of a continuous path the prints of a busy minute reach."""

LOG_VOLUME_BY_HOUR: Final = (
    0.13, 0.11, 0.06, -0.15, -0.26, -0.30, -0.35, -0.40, -0.42, -0.41, -0.50, -0.42,
    -0.20, 0.03, 0.35, 0.48, 0.52, 0.42, 0.35, 0.27, 0.33, 0.19, 0.06, 0.09,
)  # fmt: skip
"""Mean log volume at the middle of each UTC hour against the day's, measured on four products."""

VOLUME_SEASON: Final = by_minute(LOG_VOLUME_BY_HOUR) - VOLUME_BY_ACTIVITY * SEASON


def prints(
    product: SampleProduct, before: FloatArray, level: FloatArray, sigma: FloatArray, noise: Noise
) -> tuple[Mask, FloatArray]:
    """Which minutes have a bar, and the bars of those (rows in the order of COLUMNS), from log prices and noise."""
    busy = np.log(sigma * (np.sqrt(DAYS_A_YEAR * MINUTES) / product.vol))
    moments = product.trades * np.exp(product.bursts * TRADES_BY_ACTIVITY * busy + VOLUME_SEASON)
    none = np.exp(-moments)
    moment, open_side, close_side, up, down, still = noise.uniform
    moved = np.abs(level - before) / sigma
    quiet = moved < 1.0
    traded = moment >= none
    flat = traded & (moment < none * (1 + product.one_print * moments))

    half = BOUNCE * product.spread_bps / 2e4
    opens = before + np.where(open_side < 0.5, -half, half)
    closes = level + np.where(close_side < 0.5, -half, half)
    closes = _standing_still(closes, traded, quiet & (still < product.still))
    reach = 2 * (REACH * sigma) ** 2 * (moments / (moments + 0.25))
    middle, gap = opens + closes, (opens - closes) ** 2
    highs = (middle + np.sqrt(gap - reach * np.log1p(-up))) / 2
    lows = (middle - np.sqrt(gap - reach * np.log1p(-down))) / 2
    ohlc = (np.where(flat, closes, opens), np.where(flat, closes, highs), np.where(flat, closes, lows), closes)

    out = np.empty((len(COLUMNS), int(np.count_nonzero(traded))))
    _on_increments(product, [side[traded] for side in ohlc], out)
    log_usd = busy * VOLUME_BY_ACTIVITY + VOLUME_SEASON + VOLUME_BY_MOVE * np.minimum(moved, 5.0)
    log_usd += product.volume_noise * noise.normal[0]
    lots = _per_unit(product.base_increment)
    base = product.volume_usd * np.exp(log_usd[traded]) / out[CLOSE]
    out[VOLUME] = np.maximum(np.rint(base * lots), 1.0) / lots
    return traded, out


def _standing_still(closes: FloatArray, traded: Mask, still: Mask) -> FloatArray:
    """Closes, where *still* minutes close at the last traded minute of the day before them that was not."""
    minute = np.where(traded & ~still, np.arange(MINUTES), 0)
    np.maximum.accumulate(minute, axis=1, out=minute)
    return np.where(still, np.take_along_axis(closes, minute, axis=1), closes)


def _on_increments(product: SampleProduct, log_prices: list[FloatArray], out: FloatArray) -> None:
    """Write open, high, low, close on the price increment into *out*, high and low taking in the other two."""
    per_unit = _per_unit(product.quote_increment)
    for row, log_price in enumerate(log_prices):
        out[row] = np.maximum(np.rint(np.exp(log_price) * (product.price * per_unit)), 1.0)
    np.maximum(out[HIGH], np.maximum(out[OPEN], out[CLOSE]), out=out[HIGH])
    np.minimum(out[LOW], np.minimum(out[OPEN], out[CLOSE]), out=out[LOW])
    out[: CLOSE + 1] /= per_unit


def _per_unit(increment: str) -> float:
    """Increments in one unit: dividing by it gives the nearest float to the decimal price."""
    return float(1 / Decimal(increment))
