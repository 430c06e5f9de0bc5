"""`trader run --mode live` in processes of its own, against the simulated Coinbase over TLS."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.gateway.sessions import ROOT
from trader.model.events import Event
from trader.state.journal import journal_path
from trader.state.view import JournalView

ACCOUNT = "rehearsal"
PULSE = '''"""Buys and sells by the clock, to have something to carry out."""

from __future__ import annotations

import pandas as pd

from trader.model.trading import Side, TradeProposal
from trader.strategy import Strategy, StrategyContext, StrategyParams


class Pulse(Strategy):
    """Buy what is not held, sell what is, every bar."""

    timeframe = "{timeframe}"
    warmup_bars = 2

    class Params(StrategyParams):
        """None."""

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({{"close": bars["close"]}}, index=bars.index)

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        return [
            TradeProposal(symbol, Side.SELL, 100.0, 5.0, 10.0, 0.9)
            if symbol in context.positions
            else TradeProposal(symbol, Side.BUY, 2.0, 5.0, 10.0, 0.9)
            for symbol in context.symbols
        ]
'''
LOOSE = {
    "policy.risk.cooldown.cooldown_minutes": 0,
    "policy.risk.cooldown.cooldown_after_stop_minutes": 0,
    "policy.risk.pacing.max_trades_per_hour": 10_000,
    "policy.risk.pacing.max_trades_per_day": 100_000,
    "policy.risk.loss_streak.max_losses_in_a_row": 1_000,
    "policy.risk.stale_quote.max_quote_age_seconds": 60,  # the venue's seconds, which pass faster here
    "universe.tiers.tier1.slippage_bps": 50,
    "app.live.enabled": "true",
    "app.account": ACCOUNT,
}


class LiveAccount:
    """One live account in *folder*, on the simulator of *stage*; *program* is what runs as `trader`."""

    program = "trader.cli"

    def __init__(
        self, folder: Path, stage: Any, *, timeframe: str = "1m", interval: int = 60, speed: float = 60, **settings: Any
    ) -> None:
        self.folder, self.stage, self.timeframe, self.interval, self.speed = folder, stage, timeframe, interval, speed
        simulator = stage.simulator
        self.strategies = folder / "strategies"
        self.strategies.mkdir(parents=True, exist_ok=True)
        (self.strategies / "pulse.py").write_text(PULSE.format(timeframe=timeframe))
        self.settings = {
            **LOOSE,
            "app.paths.var": folder / "var",
            "app.paths.reports": folder / "reports",
            "app.exchange.coinbase.rest_host": simulator.base_url,
            "app.exchange.coinbase.ws_url": f"wss://{simulator.base_url}/",
            "app.exchange.coinbase.ca_file": simulator.papers.ca_file,
            "app.exchange.coinbase.key_file": stage.key_file,
            **settings,
        }

    def command(self, verb: str, *options: str) -> list[str]:
        sets = [part for key, value in self.settings.items() for part in ("--set", f"{key}={value}")]
        return [sys.executable, "-m", self.program, verb, "--config-dir", str(ROOT / "config/demo"), *sets, *options]

    def trader(self, verb: str, *options: str, typed: str = "", timeout: float = 120) -> Any:
        return subprocess.run(
            self.command(verb, *options), input=typed, capture_output=True, text=True, timeout=timeout, cwd=ROOT
        )

    def arm(self) -> None:
        done = self.trader("arm", typed=f"rehearse {ACCOUNT} on {self.stage.simulator.base_url}\n")
        assert done.returncode == 0, done.stderr

    def run_command(self, cycles: int, symbols: str = "BTC-USD,ETH-USD") -> list[str]:
        return self.command(
            "run", "--mode", "live", "--cycles", str(cycles), "--speed", str(self.speed), "--symbols", symbols,
            "--granularity", self.timeframe, "--interval", str(self.interval),
            "--strategies-dir", str(self.strategies), "--strategies", "pulse", "--json",
        )  # fmt: skip

    def run(self, cycles: int, timeout: float = 300) -> Any:
        return subprocess.run(
            self.run_command(cycles), capture_output=True, text=True, timeout=timeout, cwd=ROOT, check=False
        )

    def events(self) -> list[Event]:
        with JournalView(journal_path(self.folder / "var", "live", ACCOUNT)) as view:
            return list(view.replay())

    def agrees(self) -> dict[str, Any]:
        done = self.trader("reconcile", "--json")
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.stage.see("/truth")["orders"]
        return found
