"""
What a walk left, in the form the report is made of.

Nothing is computed twice: money comes from the ledger's exact sums, only
excursions and exposure are read off the bars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from trader.backtest.walked import Steps, Walked
from trader.market.bars import columns_of, epoch_seconds
from trader.market.replay import ReplayMarket
from trader.model.book import Key
from trader.model.market import Bars, FloatArray, IntArray
from trader.model.money import ZERO
from trader.model.orders import Fill, RoundTrip
from trader.model.trading import Verdict
from trader.reporting.run import BacktestRun, ExposureTrace
from trader.reporting.sampling import MAX_POINTS

Caps = Mapping[str, float]


def to_run(
    walked: Walked,
    market: ReplayMarket,
    metadata: Mapping[str, Any],
    theme_caps_pct: Caps,
    asset_cap_pct: float | None,
    strategy_caps_pct: Caps,
    total_cap_pct: float | None,
) -> BacktestRun:
    """*walked* on *market* as a `BacktestRun`; caps in % of NLV, for the figures to draw."""
    times = market.instants(market.first, market.last)
    traded = {symbol for _, symbol in walked.holdings}
    return BacktestRun(
        metadata=metadata,
        times=times,
        nlv=walked.nlv,
        cash=walked.cash,
        fills=[fill_row(fill) for fill in walked.fills],
        round_trips=[trip_row(trip, market) for trip in walked.round_trips],
        rejections=refusal_rows(walked.verdicts),
        bars={symbol: bars_of(market, symbol) for symbol in market.tradable},
        decisions=walked.decisions,
        bar_count=market.bar_count,
        fees_usd=sum((fill.fee_usd for fill in walked.fills), ZERO),
        slippage_usd=sum((fill.slippage_usd for fill in walked.fills), ZERO),
        exposure=exposure(
            walked,
            market,
            ExposureTrace(
                asset_caps_pct=dict.fromkeys(sorted(traded), asset_cap_pct) if asset_cap_pct else {},
                theme_caps_pct=theme_caps_pct,
                strategy_caps_pct=strategy_caps_pct,
                total_cap_pct=total_cap_pct,
            ),
        ),
        benchmark_symbol=market.climate.symbol,
        benchmark_close=market.benchmark(),
    )


def fill_row(fill: Fill) -> dict[str, Any]:
    """One entry of `trades`."""
    return {
        "time": fill.time,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "size": fill.size,
        "price": fill.price,
        "notional_usd": fill.notional_usd,
        "fee_usd": fill.fee_usd,
        "liquidity": fill.liquidity.value,
        "strategy": fill.strategy,
        "reason": fill.reason,
        "client_order_id": fill.client_order_id,
    }


def trip_row(trip: RoundTrip, market: ReplayMarket) -> dict[str, Any]:
    """One entry of `round_trips`; excursions from the lows and highs between entry and exit, in % of the entry."""
    cost = trip.entry_price * trip.size
    since = market.index_at_or_after(trip.entry_time)
    until = max(market.index_at_or_after(trip.exit_time), since + 1)
    entry = float(trip.entry_price)
    low = _least(market.lows(trip.symbol)[since:until], entry)
    high = -_least(-market.highs(trip.symbol)[since:until], -entry)
    return {
        "symbol": trip.symbol,
        "strategy": trip.strategy,
        "entry_time": trip.entry_time,
        "exit_time": trip.exit_time,
        "size": trip.size,
        "entry_price": round(trip.entry_price, 10),
        "exit_price": round(trip.exit_price, 10),
        "pnl_usd": trip.pnl_usd,
        "pnl_pct": float(trip.pnl_usd / cost * 100),
        "fees_usd": trip.fees_usd,
        "exit_reason": trip.exit_reason.value,
        "mae_pct": min(0.0, (low / entry - 1) * 100),
        "mfe_pct": max(0.0, (high / entry - 1) * 100),
    }


def _least(values: FloatArray, otherwise: float) -> float:
    known = values[~np.isnan(values)]
    return float(known.min()) if len(known) else otherwise


def refusal_rows(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """One entry per objection of every verdict that permits less than was wanted."""
    return [
        {
            "time": verdict.proposal.as_of,
            "symbol": verdict.proposal.symbol,
            "strategy": verdict.proposal.strategy,
            "risk_reason": objection.risk_reason.value,
            "observed": objection.observed,
            "limit": objection.limit,
            "unit": objection.unit.value,
            "outcome": "denied" if verdict.denied else "trimmed",
            "side": verdict.proposal.side.value,
            "wanted_usd": verdict.proposal.notional_usd,
            "permitted_usd": objection.permitted_usd,
        }
        for verdict in verdicts
        for objection in verdict.objections
    ]


def bars_of(market: ReplayMarket, symbol: str) -> Bars:
    """The bars of *symbol* as columns, warm-up included."""
    frame = market.panel.frames[symbol]
    columns = columns_of(frame)
    return Bars(symbol, market.step, epoch_seconds(frame), *(columns[name] for name in columns))


def exposure(walked: Walked, market: ReplayMarket, caps: ExposureTrace) -> ExposureTrace:
    """Exposure in % of NLV at no more than a few thousand instants: every change of holdings, and evenly between."""
    instants = _instants(walked.holdings, market)
    nlv = walked.nlv[instants - market.first]
    by_asset: dict[str, FloatArray] = {}
    by_theme: dict[str, FloatArray] = {}
    by_strategy: dict[str, FloatArray] = {}
    groups = (by_asset, by_theme, by_strategy)
    for (strategy, symbol), sizes in sorted(walked.holdings.items(), key=itemgetter(0)):
        usd = sizes.at(instants) * np.nan_to_num(market.marks(symbol)[np.maximum(instants - 1, 0)])
        pct = np.divide(usd, nlv, out=np.zeros_like(usd), where=nlv > 0) * 100
        for series, name in zip(groups, (symbol, market.themes[symbol], strategy), strict=True):
            series[name] = series[name] + pct if name in series else pct
    return ExposureTrace(
        market.times(instants),
        by_asset,
        by_theme,
        by_strategy,
        caps.asset_caps_pct,
        caps.theme_caps_pct,
        caps.strategy_caps_pct,
        caps.total_cap_pct,
    )


def _instants(holdings: Mapping[Key, Steps], market: ReplayMarket) -> IntArray:
    even = np.linspace(market.first, market.last, min(2 * MAX_POINTS, market.last - market.first + 1))
    return np.unique(np.concatenate([even.astype(np.int64), *(steps.instants for steps in holdings.values())]))
