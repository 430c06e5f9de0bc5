"""
Made-up markets, strategies and policies for a backtest, each said by a few small numbers.

A `World` is plain data, so a failing one prints as the line that makes it again.  Prices walk, gap and go missing;
the strategy throws dice that are a function of the bar alone, so it is causal and asks for everything: entries too
big, stops out of bounds, partial sells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trader.backtest.run import Job
from trader.config import load_config
from trader.market.bars import bars_frame, epoch_seconds
from trader.market.choose import Chosen
from trader.market.granularity import GRANULARITIES, granularity_name
from trader.market.panel import Panel
from trader.model.market import Product
from trader.policy import StrategyStanza
from trader.registry import LoadedStrategy
from trader.strategy import Field, Side, Strategy, StrategyContext, StrategyParams, TradeProposal

ROOT = Path(__file__).resolve().parents[2]
SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD", "AAVE-USD")
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """
    One backtest.  Shares are per cent; *start_bar* is how far into the bars the walk begins; *universe_share* is the
    24 h volume that the last tier wants, as a multiple of what is usual.
    """

    seed: int = 0
    bars: int = 200
    granularity: str = "1h"
    symbols: int = 1
    start_bar: int = 30
    vol_pct: float = 1.0
    jump_share: int = 0
    missing_share: int = 0
    volume: float = 5_000.0
    universe_share: float = 0.0
    base_increment: str = "0.0001"
    timeframes: tuple[int, ...] = (1,)
    screened: tuple[bool, ...] = (True,)
    act_share: int = 10
    sell_share: int = 40
    stop_pct: float = 3.0
    target_pct: float = 6.0
    notional_pct: float = 30.0
    overrides: tuple[str, ...] = ()


class Dice(Strategy):
    """Acts where the bar's dice say so; BUY or, where something is held, often SELL."""

    warmup_bars = 3

    class Params(StrategyParams):
        """The odds, and how entries are sized and protected."""

        seed: int = 0
        screened: bool = True
        act_share: int = Field(10, ge=0, le=100)
        sell_share: int = Field(40, ge=0, le=100)
        stop_pct: float = 3.0
        target_pct: float = 6.0
        notional_pct: float = 30.0

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Three dice in [0, 100), thrown by start and close."""
        close = np.round(bars["close"].to_numpy() * 10_000).astype(np.uint64)
        key = epoch_seconds(bars).astype(np.uint64) * np.uint64(2_654_435_761) + close * np.uint64(40_503)
        columns = {}
        for number, name in enumerate(("act", "side", "how")):
            mixed = key + np.uint64((self.params.seed * 8 + number + 1) * 0x9E3779B97F4A7C15 % 2**64)
            mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
            columns[name] = ((mixed >> np.uint64(40)) % np.uint64(10_000)).astype(float) / 100
        return pd.DataFrame(columns, index=bars.index)

    def screen(self, features: pd.DataFrame) -> pd.Series | None:
        """Where the first die says so, or nowhere in particular."""
        return features["act"] < self.params.act_share if self.params.screened else None

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        """Whatever the dice say."""
        rows = context.features
        acting = [symbol for symbol in context.symbols if rows[symbol]["act"] < self.params.act_share]
        return [self._wish(symbol, rows[symbol], symbol in context.positions) for symbol in acting]

    def _wish(self, symbol: str, row: Any, held: bool) -> TradeProposal:
        params, how = self.params, row["how"]
        if held and row["side"] < params.sell_share:
            return TradeProposal(symbol, Side.SELL, 100.0 if how < 60 else how, 0.0, 0.0, 0.9, "dice")
        stop = 90.0 if how > 97 else params.stop_pct * (0.5 + how / 100)
        target = params.target_pct * (0.5 + (100 - how) / 100)
        conviction = 0.1 if how < 3 else 0.5 + how / 200
        return TradeProposal(symbol, Side.BUY, params.notional_pct * (0.2 + how / 80), stop, target, conviction, "dice")


LOOSE = (
    "policy.risk.total_cap.max_total_at_risk_pct=95",
    "policy.risk.position_cap.max_position_size_pct=60",
    "policy.risk.theme_cap.max_theme_exposure_pct=90",
    *(f"universe.tiers.tier{n}.max_allocation_pct=90" for n in (1, 2, 3)),
    *(f"universe.tiers.tier{n}.base_size_pct=50" for n in (1, 2, 3)),
    "policy.risk.cooldown.cooldown_minutes=0",
    "policy.risk.cooldown.cooldown_after_stop_minutes=0",
    "policy.risk.loss_streak.max_losses_in_a_row=1000",
    "policy.risk.pacing.max_trades_per_hour=10000",
    "policy.risk.pacing.max_trades_per_day=100000",
    "policy.risk.pacing.min_seconds_between_trades=0",
    "policy.breakers.drawdown.max_drawdown_pct=99",
    "policy.breakers.daily_loss.max_daily_loss_pct=99",
    "policy.breakers.weekly_loss.max_weekly_loss_pct=99",
    "policy.regime.pinned=chop",
)
"""Over the shipped files: nothing binds but what a world tightens again."""
BUDGET = "{max_at_risk_pct: 90, max_trades_per_cycle: 5}"


def job_of(world: World) -> Job:
    """The backtest that *world* describes."""
    frames = {symbol: _frame(world, n) for n, symbol in enumerate(SYMBOLS[: world.symbols])}
    step = GRANULARITIES[world.granularity]
    first = NEW_YEAR + timedelta(seconds=world.start_bar * step)
    panel = Panel(
        frames,
        world.granularity,
        first,
        NEW_YEAR + timedelta(seconds=world.bars * step),
        products={symbol: _product(symbol, world) for symbol in frames},
    )
    names = [f"dice_{n}" for n in range(len(world.timeframes))]
    stanzas = [f"strategies.{name}={{enabled: true, budget: {BUDGET}}}" for name in names]
    usual = world.volume * 100 * 1.6 * 86_400 / step * (100 - world.missing_share) / 100
    floors = [
        f"universe.tiers.tier{n}.min_volume_24h_usd={round(4 - n + usual * world.universe_share * (1.3 - n / 10))}"
        for n in (1, 2, 3)
    ]
    config = load_config(ROOT / "config", [*LOOSE, *floors, *stanzas, *world.overrides])
    written = {stanza.name: stanza for stanza in config.strategies()}
    strategies = tuple(_strategy(world, n, written[name]) for n, name in enumerate(names))
    return Job(config, Chosen(panel, tuple(frames), "a made-up world"), strategies, Decimal(10_000), world.seed)


def _product(symbol: str, world: World) -> Product:
    least = Decimal(world.base_increment)
    return Product(symbol, least, Decimal("0.01"), least, Decimal(1))


def _strategy(world: World, n: int, stanza: StrategyStanza) -> LoadedStrategy:
    seconds = GRANULARITIES[world.granularity] * world.timeframes[n]
    params = Dice.Params(
        seed=world.seed + n,
        screened=world.screened[n % len(world.screened)],
        act_share=world.act_share,
        sell_share=world.sell_share,
        stop_pct=world.stop_pct,
        target_pct=world.target_pct,
        notional_pct=world.notional_pct,
    )
    strategy = Dice(params)
    strategy.timeframe = granularity_name(seconds)  # type: ignore[misc]
    return LoadedStrategy(stanza, strategy, seconds)


def _frame(world: World, n: int) -> pd.DataFrame:
    rng = np.random.default_rng([world.seed, n])
    count, step, vol = world.bars, GRANULARITIES[world.granularity], world.vol_pct / 100
    moves = rng.normal(0, vol, count) + (rng.random(count) * 100 < world.jump_share) * rng.normal(0, 10 * vol, count)
    close = np.maximum(100 * np.exp(np.cumsum(moves)), 0.5)
    gaps = (rng.random(count) * 100 < world.jump_share) * rng.normal(0, 2 * vol, count)
    opened = np.concatenate(([100.0], close[:-1])) * np.exp(gaps)
    reach = np.abs(rng.normal(0, vol, (2, count)))
    block = np.array(
        [
            opened,
            np.maximum(opened, close) * (1 + reach[0]),
            np.minimum(opened, close) * (1 - np.minimum(reach[1], 0.5)),
            close,
            rng.lognormal(0, 1, count) * world.volume,
        ]
    )
    block = np.maximum(np.round(block, 2), 0.01)
    block[1] = block[:4].max(axis=0)
    block[2] = block[:4].min(axis=0)
    kept = rng.random(count) * 100 >= world.missing_share
    kept[0] = True
    starts = int(NEW_YEAR.timestamp()) + step * np.arange(count, dtype=np.int64)
    return bars_frame(starts[kept], np.ascontiguousarray(block[:, kept]))
