"""
Runs to report on, made up but consistent.

Seeded, and small enough to reason about: prices walk, positions are bought and
sold at bar opens with fees, and NLV is cash plus positions at every close, so
that every number of a report can be recomputed from the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from trader.model.market import Bars
from trader.reporting.run import BacktestRun, ExposureTrace

HOUR = 3600
START = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp())
THEMES = {
    "BTC-USD": "LAYER1",
    "ETH-USD": "LAYER1",
    "SOL-USD": "LAYER1",
    "DOGE-USD": "MEME",
    "UNI-USD": "DEFI",
    "LINK-USD": "ORACLE",
}
FIRST_PRICES = {"BTC-USD": 61_000, "ETH-USD": 3_400, "SOL-USD": 130, "DOGE-USD": 0.14, "UNI-USD": 11, "LINK-USD": 19}
STRATEGIES = ("breakout", "mean_reversion", "sma_cross")
REASONS = (
    ("theme_cap", 11.37, 10.0, "pct_of_nlv"),
    ("position_cap", 5.61, 5.0, "pct_of_nlv"),
    ("total_cap", 15.42, 15.0, "pct_of_nlv"),
    ("cooldown", 1740.0, 3600.0, "seconds"),
    ("below_conviction", 0.41, 0.5, "ratio"),
    ("min_notional", 7.25, 10.0, "usd"),
    ("max_open_positions", 5.0, 5.0, "count"),
    ("pacing", 12.0, 12.0, "count"),
)
FEE = Decimal("0.006")


def a_bars(symbol: str, hours: int, seed: int, start: int = START, missing: tuple[int, ...] = ()) -> Bars:
    """An hourly walk with calm and rough spells; *missing* rows left out."""
    rng = np.random.default_rng([seed, sum(map(ord, symbol))])
    rough = 1 + 1.5 * (np.sin(np.arange(hours) / 300 + seed) > 0.6)
    steps = rng.standard_t(4, hours) * 0.0026 * rough + 0.00003
    close = FIRST_PRICES.get(symbol, 100) * np.exp(np.cumsum(steps))
    open_ = np.concatenate([[FIRST_PRICES.get(symbol, 100)], close[:-1]])
    wick = np.abs(rng.normal(0, 0.002, (2, hours))) * rough
    columns = [
        start + HOUR * np.arange(hours, dtype=np.int64),
        open_,
        np.maximum(open_, close) * (1 + wick[0]),
        np.minimum(open_, close) * (1 - wick[1]),
        close,
        rng.lognormal(5, 0.6, hours),
    ]
    keep = np.setdiff1d(np.arange(hours), missing)
    start_column, *rest = (
        np.round(column, 5 if symbol == "DOGE-USD" else 2)[keep] if column.dtype != np.int64 else column[keep]
        for column in columns
    )
    return Bars(symbol, HOUR, start_column, *rest)


@dataclass
class _Account:
    cash: np.ndarray
    held: dict[str, np.ndarray]
    fills: list[dict[str, Any]] = field(default_factory=list)
    trips: list[dict[str, Any]] = field(default_factory=list)

    def fill(
        self, hour: int, symbol: str, side: str, size: Decimal, price: Decimal, strategy: str, reason: str
    ) -> Decimal:
        notional = size * price
        fee = (notional * FEE).quantize(Decimal("0.00000001"))
        sign = 1 if side == "BUY" else -1
        self.cash[hour + 1 :] -= float(sign * notional + fee)
        self.held[symbol][hour + 1 :] += sign * float(size)
        row = {
            "time": START + hour * HOUR,
            "symbol": symbol,
            "side": side,
            "size": size,
            "price": price,
            "notional_usd": notional,
            "fee_usd": fee,
            "liquidity": "TAKER",
            "strategy": strategy,
            "reason": reason,
            "client_order_id": f"bot-{symbol}-{START + hour * HOUR}-{len(self.fills):04d}",
        }
        self.fills.append(row)
        return fee


def a_run(
    days: int = 400, trips: int = 200, symbols: tuple[str, ...] = tuple(THEMES), seed: int = 7, **metadata: Any
) -> BacktestRun:
    """A run of hourly bars with about *trips* round trips in *symbols*."""
    hours = days * 24
    gaps = {"DOGE-USD": (100, 101, 102, hours // 2), "UNI-USD": (7,)}
    bars = {symbol: a_bars(symbol, hours, seed, missing=gaps.get(symbol, ())) for symbol in symbols}
    account = _Account(np.full(hours + 1, 10_000.0), {symbol: np.zeros(hours + 1) for symbol in symbols})
    _trade(account, bars, hours, trips, np.random.default_rng(seed))
    times = START + HOUR * np.arange(hours + 1, dtype=np.int64)
    value = {symbol: account.held[symbol] * _mark(bars[symbol], times) for symbol in symbols}
    nlv = account.cash + sum(value.values(), np.zeros(hours + 1))
    account.fills.sort(key=lambda fill: (fill["time"], fill["symbol"]))
    account.trips.sort(key=lambda trip: (trip["exit_time"], trip["symbol"]))
    return BacktestRun(
        metadata=a_metadata(symbols, times) | metadata,
        times=times,
        nlv=nlv,
        cash=account.cash,
        fills=account.fills,
        round_trips=account.trips,
        rejections=some_rejections(symbols, hours, 3 * trips, seed),
        bars=bars,
        decisions=4 * trips,
        bar_count=sum(len(one) for one in bars.values()),
        fees_usd=sum((fill["fee_usd"] for fill in account.fills), Decimal(0)),
        slippage_usd=sum((fill["notional_usd"] for fill in account.fills), Decimal(0)) * Decimal("0.0008"),
        exposure=_exposure(times, value, nlv),
    )


def a_metadata(symbols: tuple[str, ...], times: np.ndarray) -> dict[str, Any]:
    """A run card."""
    return {
        "engine_version": "0.1.0",
        "config_hash": "c0ffee" * 10 + "c0ff",
        "data_hash": "da7a" * 16,
        "strategies": list(STRATEGIES),
        "symbols": list(symbols),
        "granularity": "1h",
        "start": datetime.fromtimestamp(int(times[0]), UTC),
        "end": datetime.fromtimestamp(int(times[-1]), UTC),
        "seed": 7,
        "mode": "backtest",
        "starting_cash_usd": Decimal(10_000),
        "fees_bps": {"maker": 40, "taker": 60},
        "config": {"policy": {"risk": {"max_total_at_risk_pct": 15, "max_theme_exposure_pct": 10}, "regime": "chop"}},
        "warnings": ["DOGE-USD: 4 bars are missing between its first and last bar.", "UNI-USD: 1 bar is missing."],
    }


def some_rejections(symbols: tuple[str, ...], hours: int, count: int, seed: int) -> list[dict[str, Any]]:
    """*count* refusals in order of time, some reasons frequent and some rare."""
    rng = np.random.default_rng(seed + 1)
    weights = np.array([9, 7, 4, 12, 5, 0.4, 2, 1])
    events = []
    for hour in np.sort(rng.integers(1, hours, count)):
        reason, observed, limit, unit = REASONS[rng.choice(len(REASONS), p=weights / weights.sum())]
        events.append(
            {
                "time": START + int(hour) * HOUR,
                "symbol": symbols[rng.integers(len(symbols))],
                "strategy": STRATEGIES[rng.integers(len(STRATEGIES))],
                "risk_reason": reason,
                "observed": Decimal(str(round(observed * float(rng.uniform(1.0, 1.2)), 4))),
                "limit": Decimal(str(limit)),
                "unit": unit,
                "outcome": "trimmed" if reason.endswith("_cap") and rng.random() < 0.5 else "denied",
            }
        )
    return events


def _trade(account: _Account, bars: dict[str, Bars], hours: int, trips: int, rng: np.random.Generator) -> None:
    held_until: dict[str, int] = {}
    for entry in np.sort(rng.integers(1, hours - 80, trips + trips * 2 // 5)).tolist():
        symbol = list(bars)[rng.integers(len(bars))]
        working = {name for name, leave in held_until.items() if leave + 2 > entry}
        if symbol in working or len(working) > 2 or sum(THEMES[name] == THEMES[symbol] for name in working) > 1:
            continue
        leave = entry + int(rng.integers(2, 70))
        if not {START + entry * HOUR, START + leave * HOUR} <= set(bars[symbol].start.tolist()):
            continue
        held_until[symbol] = leave
        _one_trip(account, bars[symbol], entry, leave, rng)


def _one_trip(account: _Account, bars: Bars, entry: int, leave: int, rng: np.random.Generator) -> None:
    first, last = (int(np.searchsorted(bars.start, START + hour * HOUR)) for hour in (entry, leave))
    strategy = STRATEGIES[rng.integers(3)]
    price, out = (Decimal(repr(float(bars.open[i]))) for i in (first, last))
    size = (Decimal(450) / price).quantize(Decimal("0.00000001"))
    pnl_pct = float(out / price - 1) * 100
    exit_reason = (
        "stop_loss" if pnl_pct < -3 else "take_profit" if pnl_pct > 4 else ("signal", "max_hold")[rng.integers(2)]
    )
    fees = account.fill(entry, bars.symbol, "BUY", size, price, strategy, "fast average crossed above the slow one")
    fees += account.fill(leave, bars.symbol, "SELL", size, out, strategy, exit_reason)
    pnl = size * (out - price) - fees
    account.trips.append(
        {
            "symbol": bars.symbol,
            "strategy": strategy,
            "entry_time": START + entry * HOUR,
            "exit_time": START + leave * HOUR,
            "size": size,
            "entry_price": price,
            "exit_price": out,
            "pnl_usd": pnl,
            "pnl_pct": float(pnl / (size * price) * 100),
            "fees_usd": fees,
            "exit_reason": exit_reason,
            "mae_pct": min(0.0, float(bars.low[first:last].min() / float(price) - 1) * 100),
            "mfe_pct": max(0.0, float(bars.high[first:last].max() / float(price) - 1) * 100),
        }
    )


def _mark(bars: Bars, times: np.ndarray) -> np.ndarray:
    known = np.searchsorted(bars.start + HOUR, times, side="right") - 1
    return np.where(known >= 0, bars.close[np.maximum(known, 0)], bars.open[0])


def _exposure(times: np.ndarray, value: dict[str, np.ndarray], nlv: np.ndarray) -> ExposureTrace:
    assets = {symbol: value[symbol] / nlv * 100 for symbol in value}
    themes: dict[str, np.ndarray] = {}
    for symbol, pct in assets.items():
        themes[THEMES[symbol]] = themes.get(THEMES[symbol], np.zeros(len(times))) + pct
    return ExposureTrace(
        times=times,
        by_asset=assets,
        by_theme=themes,
        by_strategy={"sma_cross": sum(assets.values(), np.zeros(len(times)))},
        asset_caps_pct=dict.fromkeys(assets, 5.0),
        theme_caps_pct=dict.fromkeys(themes, 10.0),
        strategy_caps_pct={"sma_cross": 15.0},
        total_cap_pct=15.0,
    )
