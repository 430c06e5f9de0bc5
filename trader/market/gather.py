"""
Gathering a snapshot that can leave the process: everything in it made and fixed.

The bars in it are windows: as many closed bars as the strategies need to be
warm, and no more, in each timeframe they think in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from trader.market.bars import columns_of, epoch_seconds
from trader.market.market import Market
from trader.model.book import Key
from trader.model.codec import dumps
from trader.model.market import Bars, Snapshot
from trader.model.orders import Position


@dataclass(frozen=True, slots=True)
class Need:
    """How many closed bars of one timeframe the strategies want, and of which symbols (None: all)."""

    bars: int
    symbols: frozenset[str] | None = None


def gather(market: Market, k: int, positions: Mapping[Key, Position], needs: Mapping[int, Need]) -> Snapshot:
    """The snapshot of instant *k* with windows of bars for *needs* (granularity in seconds → need)."""
    found = market.snapshot(k, positions)
    closed = {granularity: market.closed(granularity, k) for granularity in sorted(needs)}
    return replace(
        found,
        id=f"{found.as_of:%Y%m%dT%H%M%SZ}",
        quotes={symbol: quote for symbol, quote in sorted(found.quotes.items()) if quote is not None},
        membership=dict(sorted(found.membership.items())),
        closed={
            granularity: tuple(symbol for symbol in symbols if symbol in market.tradable)
            for granularity, symbols in closed.items()
        },
        bars=windows(market, k, needs, closed),
    )


def windows(
    market: Market, k: int, needs: Mapping[int, Need], closed: Mapping[int, tuple[str, ...]]
) -> dict[tuple[int, str], Bars]:
    """The last closed bars of every symbol that has just closed one, by (granularity in seconds, symbol)."""
    at = int(market.times(np.array([k], np.int64))[0])
    found: dict[tuple[int, str], Bars] = {}
    for granularity, need in needs.items():
        for symbol in closed[granularity]:
            if symbol in market.tradable and (need.symbols is None or symbol in need.symbols):
                found[granularity, symbol] = window(market, granularity, symbol, at, need.bars)
    return found


def window(market: Market, granularity: int, symbol: str, at: int, count: int) -> Bars:
    """The last *count* bars of *symbol* that closed at or before epoch second *at*."""
    frame = market.timeframes.frames(granularity)[symbol]
    starts = epoch_seconds(frame)
    until = int(np.searchsorted(starts, at - granularity, side="right"))
    cut = slice(max(0, until - count), until)
    return Bars(symbol, granularity, starts[cut], *(values[cut] for values in columns_of(frame).values()))


def canonical(snapshot: Snapshot) -> tuple[str, str]:
    """The canonical text of *snapshot*, and its SHA-256."""
    text = dumps(snapshot)
    return text, hashlib.sha256(text.encode()).hexdigest()
