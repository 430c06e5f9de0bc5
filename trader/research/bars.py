"""
Bars as a frame, and what a strategy makes of them.

The same bars a backtest would walk on, with the same honesty about what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trader.backtest.asked import Asked, configured
from trader.config.home import home
from trader.errors import TraderError
from trader.market.choose import Wanted, choose
from trader.market.symbols import unknown_symbol

if TYPE_CHECKING:
    import pandas as pd


class BadDate(TraderError):
    """A date that cannot be read."""


def wanted(
    symbols: str | Sequence[str] | None,
    data: str | Path | None,
    start: str | None,
    end: str | None,
    granularity: str | None,
) -> Wanted:
    """What a notebook asks for, as the market understands it; empty texts are the defaults of the source."""
    names = (symbols,) if isinstance(symbols, str) and symbols else tuple(symbols or ())
    return Wanted(folder(data), names or None, granularity or None, instant(start), instant(end))


def folder(data: str | Path | None) -> Path | None:
    """A lake's folder; one named relative to the house is found from any notebook."""
    if not data:
        return None
    path = Path(data).expanduser()
    return path if path.is_absolute() or path.is_dir() else home() / path


def instant(given: str | None) -> datetime | None:
    """`2025-01-31` (00:00) or `2025-01-31T12:00`, UTC."""
    if not given:
        return None
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        raise BadDate(f"{given!r} is not a date; write it like 2025-01-31, or 2025-01-31T12:00 (UTC)") from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def load_bars(
    symbol: str,
    start: str | None = None,
    end: str | None = None,
    granularity: str | None = None,
    data: str | Path | None = None,
    seed: int = 7,
) -> pd.DataFrame:
    """Bars of *symbol* from the lake *data*, or from the built-in market; index: the bar's start, UTC."""
    from dataclasses import replace

    asked = replace(wanted(symbol, data, start, end, granularity), seed=seed)
    panel = choose(asked, symbol, 0).panel
    if symbol not in panel.frames:
        raise unknown_symbol(symbol, list(panel.frames), "the source")
    frame = panel.frames[symbol]
    return frame[frame.index >= panel.start]


def features(strategy: str, bars: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """The columns that *strategy* computes from *bars*, with *params* laid over those of strategies.yaml."""
    from dataclasses import replace

    from trader.loader import load_strategies

    root = home()
    config = configured(Asked(root / "config"))
    stanzas = [
        replace(stanza, params={**stanza.params, **(params or {})}) if stanza.name == strategy else stanza
        for stanza in config.strategies()
    ]
    loaded = load_strategies(root / "strategies", stanzas, (strategy,), config.signal_defaults())
    return loaded[0].strategy.features(bars)
