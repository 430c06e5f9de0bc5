"""
What the figures in a report mean.

Pure functions of the NLV at each instant (*times*: epoch seconds) or of the
closed round trips; percentages as numbers (2.5 means 2.5 %).  A year has 365
days, because the market never closes; the risk-free rate is zero.  What is not
defined is None, never 0 and never infinity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trader.model.market import DAY_SECONDS, FloatArray, IntArray

YEAR_DAYS = 365
FLAT = 1e-12
"""A spread of daily returns below this is rounding, not risk: ratios over it are undefined."""


def daily_returns(times: IntArray, nlv: FloatArray) -> FloatArray:
    """
    Simple returns between the last NLV of each UTC day, from the first NLV on.

    Midnight belongs to the day it ends; the first and the last day may be part of a day.
    """
    if len(nlv) < 2:
        return np.empty(0)
    day = (times - 1) // DAY_SECONDS
    is_last = np.append(day[1:] != day[:-1], True)
    is_last[0] = True
    levels = nlv[is_last]
    if (levels[:-1] <= 0).any():
        return np.empty(0)
    return np.asarray(levels[1:] / levels[:-1] - 1.0)


def drawdown_pct(nlv: FloatArray) -> FloatArray:
    """At each instant, how far NLV is below its highest so far: 0 or negative, in % of that high."""
    if len(nlv) == 0:
        return np.empty(0)
    peak = np.maximum.accumulate(nlv)
    return np.asarray((nlv / peak - 1.0) * 100.0)


def max_drawdown_pct(nlv: FloatArray) -> float | None:
    """The deepest fall from a high, as a positive % of the high (Magdon-Ismail & Atiya 2004)."""
    return abs(float(drawdown_pct(nlv).min())) if len(nlv) else None


def total_return_pct(nlv: FloatArray) -> float | None:
    """Last over first NLV, less one."""
    return (float(nlv[-1] / nlv[0]) - 1.0) * 100.0 if len(nlv) and nlv[0] > 0 else None


def cagr_pct(times: IntArray, nlv: FloatArray) -> float | None:
    """Compound growth a year: (last / first)^(365 days / elapsed) − 1; undefined under one day."""
    if len(nlv) < 2 or nlv[0] <= 0 or nlv[-1] < 0:
        return None
    elapsed_days = float(times[-1] - times[0]) / DAY_SECONDS
    if elapsed_days < 1:
        return None
    with np.errstate(over="ignore"):
        growth = float(np.power(float(nlv[-1] / nlv[0]), YEAR_DAYS / elapsed_days))
    return (growth - 1.0) * 100.0 if np.isfinite(growth) else None


def volatility_pct(returns: FloatArray) -> float | None:
    """Sample standard deviation of daily returns × √365; needs two returns."""
    return float(np.std(returns, ddof=1) * np.sqrt(YEAR_DAYS)) * 100.0 if len(returns) >= 2 else None


def sharpe(returns: FloatArray) -> float | None:
    """Mean over sample standard deviation of daily returns, × √365 (Sharpe 1994, risk-free rate 0)."""
    if len(returns) < 2:
        return None
    spread = float(np.std(returns, ddof=1))
    return float(np.mean(returns)) / spread * float(np.sqrt(YEAR_DAYS)) if spread > FLAT else None


def sortino(returns: FloatArray) -> float | None:
    """Mean over downside deviation (root mean square of min(r, 0) over all days), × √365 (Sortino & Price 1994)."""
    if len(returns) < 2:
        return None
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(np.mean(returns)) / downside * float(np.sqrt(YEAR_DAYS)) if downside > FLAT else None


def calmar(cagr: float | None, max_drawdown: float | None) -> float | None:
    """CAGR over the deepest fall (Young 1991), over the whole run; undefined without a fall."""
    return cagr / max_drawdown if cagr is not None and max_drawdown else None


def profit_factor(pnl_usd: Sequence[float]) -> float | None:
    """Sum of winning over sum of losing round trips, net of fees; undefined without a loss."""
    lost = -sum(pnl for pnl in pnl_usd if pnl < 0)
    return sum(pnl for pnl in pnl_usd if pnl > 0) / lost if lost else None


def win_rate_pct(pnl_usd: Sequence[float]) -> float | None:
    """Share of round trips that earned more than their fees."""
    return 100.0 * sum(pnl > 0 for pnl in pnl_usd) / len(pnl_usd) if pnl_usd else None


def exposure_avg_pct(nlv: FloatArray, cash: FloatArray) -> float | None:
    """Mean over all instants of what is invested, (NLV − cash) / NLV."""
    if len(nlv) == 0 or (nlv <= 0).any():
        return None
    return float(np.mean((nlv - cash) / nlv)) * 100.0


def turnover(notionals_usd: Sequence[float], nlv: FloatArray) -> float | None:
    """Notional bought and sold over mean NLV, over the whole run, not annualised."""
    average = float(np.mean(nlv)) if len(nlv) else 0.0
    return sum(notionals_usd) / average if average > 0 else None


def monthly_returns_pct(times: IntArray, nlv: FloatArray) -> list[tuple[str, float]]:
    """(`2024-05`, return in %) for each UTC month, from the last NLV of the month before; the first from the start."""
    if len(nlv) < 2:
        return []
    month = (times[1:] - 1).astype("datetime64[s]").astype("datetime64[M]")
    ends = np.flatnonzero(np.append(month[1:] != month[:-1], True))
    levels = np.concatenate([nlv[:1], nlv[ends + 1]])
    changes = (levels[1:] / levels[:-1] - 1.0) * 100.0
    return list(zip(np.datetime_as_string(month[ends]).tolist(), changes.tolist(), strict=True))
