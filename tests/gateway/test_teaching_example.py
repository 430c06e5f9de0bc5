"""A strategy pasted into a folder trades, in a backtest and on paper, with no stanza and no registration."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.gateway.sessions import ROOT
from trader.app import venue_of
from trader.cli import main as cli
from trader.config import load_config
from trader.gateway.client import collect
from trader.gateway.describe import Question, answer
from trader.gateway.desk_info import Stanza
from trader.market.choose import Wanted
from trader.model.events import OrderFilled
from trader.policy import Budget
from trader.risk.rules.strategy_trades import StrategyTrades
from trader.running.ground import Ground
from trader.running.house import gateway_on, market_of
from trader.state.memory import MemoryJournal

TAUGHT = '''
"""The example that CONTRACT.md teaches, with a body."""

import pandas as pd

from trader.signals import crossing, sma
from trader.strategy import Field, Side, Strategy, StrategyContext, StrategyParams, TradeProposal


class SmaTeach(Strategy):
    """Hold while the fast average is above the slow one."""

    timeframe = "1h"
    warmup_bars = 50

    class Params(StrategyParams):
        fast_bars: int = Field(10, ge=2)
        slow_bars: int = Field(50, ge=3)

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        close = bars["close"].to_numpy()
        fast, slow = sma(close, self.params.fast_bars), sma(close, self.params.slow_bars)
        return pd.DataFrame({"cross": crossing(fast, slow)}, index=bars.index)

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        proposals = []
        for symbol in context.symbols:
            row, held = context.features[symbol], symbol in context.positions
            if row["cross"] == 1 and not held:
                proposals.append(TradeProposal(symbol, Side.BUY, 3.0, 5.0, 10.0, 0.7, "fast rose above slow"))
            elif row["cross"] == -1 and held:
                proposals.append(TradeProposal(symbol, Side.SELL, 100.0, 0.0, 0.0, 1.0, "fast fell below slow"))
        return proposals
'''


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "mine"
    found.mkdir()
    (found / "sma_teach.py").write_text(TAUGHT, encoding="utf-8")
    return found


@pytest.mark.req("STR2", "STR3", "BT1")
def test_it_trades_in_a_backtest(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("TRADER_DATA", raising=False)
    span = ["--granularity", "1h", "--start", "2025-01-10", "--end", "2025-01-17"]
    where = ["--strategies-dir", str(folder), "--strategies", "sma_teach", "--out", str(tmp_path / "report")]

    with pytest.raises(SystemExit) as left:
        cli.main(["backtest", *where, *span, "--json"])

    assert left.value.code == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["trades"]
    assert {fill["strategy"] for fill in report["trades"]} == {"sma_teach"}


@pytest.mark.req("STR2", "STR3")
def test_it_trades_on_paper(folder):
    config = load_config(ROOT / "config", ("app.mode=paper", "app.account=taught"))
    stanzas = tuple(Stanza.of(stanza) for stanza in config.strategies())
    described = answer(Question(str(folder), stanzas, json.dumps(config.signal_defaults()), ("sma_teach",)))
    span = Wanted(None, None, "1h", datetime(2025, 1, 10, tzinfo=UTC), datetime(2025, 1, 13, tzinfo=UTC))
    market, chosen = market_of(config, span, described.strategies)
    journal = MemoryJournal()
    gateway = gateway_on(Ground(market, chosen.source, market.step), config, described, folder, journal, venue_of)

    for _ in range(48):
        cycle = gateway.begin()
        gateway._core.submit(cycle.id, collect(gateway.desk, cycle.snapshot))
        gateway.finish(cycle.id, "complete")

    assert [event for event in journal.replay() if isinstance(event, OrderFilled)]
    budgets = next(rule for rule in gateway._core.books.desk.risk.rules if isinstance(rule, StrategyTrades)).budgets
    assert budgets == {"sma_teach": Budget()}
