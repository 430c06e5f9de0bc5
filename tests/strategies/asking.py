"""Asking one strategy at one instant, as the registry would, about markets of our own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pandas as pd

from tests.builders import a_position, a_quote
from trader.features import ColumnFeatures
from trader.market.bars import epoch_seconds
from trader.model.decision import Proposals
from trader.model.market import Membership, Regime, Snapshot
from trader.model.trading import TradeProposal
from trader.registry import LoadedStrategy, Registry


def a_snapshot(
    frames: Mapping[str, pd.DataFrame],
    as_of_seconds: int,
    step: int,
    held: Mapping[str, tuple[str, ...]] | None = None,
    regime: Regime = Regime.CHOP,
    seed: int = 0,
) -> Snapshot:
    """All of *frames* eligible; *closed* are those with a bar that closed at *as_of_seconds*."""
    start = as_of_seconds - step
    closed = tuple(s for s, frame in sorted(frames.items()) if start in set(epoch_seconds(frame).tolist()))
    return Snapshot(
        id="test",
        as_of=datetime.fromtimestamp(as_of_seconds, UTC),
        products={},
        quotes={symbol: a_quote(symbol) for symbol in frames},
        membership={symbol: Membership(symbol, "tier1", eligible=True) for symbol in frames},
        regime=regime,
        closed={step: closed},
        positions={
            name: {symbol: a_position(symbol, name) for symbol in symbols} for name, symbols in (held or {}).items()
        },
        seed=seed,
    )


def asked(
    loaded: LoadedStrategy,
    features: ColumnFeatures,
    frames: Mapping[str, pd.DataFrame],
    as_of_seconds: int,
    held: tuple[str, ...] = (),
    regime: Regime = Regime.CHOP,
) -> tuple[TradeProposal, ...]:
    """What *loaded* proposes at *as_of_seconds*, holding *held*; it must not fail."""
    snapshot = a_snapshot(frames, as_of_seconds, loaded.timeframe_seconds, {loaded.stanza.name: held}, regime)
    answer: Proposals = Registry([loaded]).collect(snapshot, features)
    assert all(report.outcome != "failed" for report in answer.reports), answer.reports
    return answer.proposals
