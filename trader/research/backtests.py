"""
A backtest from a notebook: the very run of `trader backtest`, with its risk, sizing and fills.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from trader.backtest.asked import Asked, backtest_job
from trader.backtest.run import backtest as run_backtest
from trader.config.home import home
from trader.reporting.document import build_report
from trader.research.bars import wanted
from trader.research.result import BacktestResult


def backtest(
    strategies: str | Sequence[str],
    symbols: str | Sequence[str] | None = None,
    start: str | None = None,
    end: str | None = None,
    granularity: str | None = None,
    data: str | Path | None = None,
    params: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    cash_usd: float | None = None,
    seed: int | None = None,
) -> BacktestResult:
    """
    Run *strategies* (one name or several, enabled or not) over history and give the result.

    *params* are laid over the stanza of a single strategy; *overrides* are those of `--set`.
    """
    names = (strategies,) if isinstance(strategies, str) else tuple(strategies)
    given = [
        f"strategies.{name}.params.{key}={json.dumps(value)}" for name in names for key, value in (params or {}).items()
    ]
    root = home()
    asked = Asked(root / "config", (*overrides, *given), names, root / "strategies")
    cash = None if cash_usd is None else Decimal(str(cash_usd))
    job = backtest_job(asked, wanted(symbols, data, start, end, granularity), cash, seed, name="+".join(names))
    return BacktestResult(build_report(run_backtest(job)))
