"""
What a spare kernel does before its cycle: everything once that costs more the first time.

A cycle of nobody's, on one symbol, against a gateway made of three texts; it
leaves nothing behind but warm code.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np

from trader.errors import TraderError
from trader.gateway.account_view import AccountView, ExposureLine
from trader.gateway.client import LiveCycle
from trader.gateway.desk_info import DeskInfo
from trader.gateway.line import SocketLine
from trader.guard import AuditGuard
from trader.loader import load_class
from trader.model.codec import dumps
from trader.model.decision import Decision, StrategyReport
from trader.model.market import Bars, Membership, Product, Quote, Regime, Snapshot
from trader.model.orders import Position
from trader.model.trading import Side, TradeProposal, TradingState

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SYMBOL, STEP = "BTC-USD", 3_600
ONE = Decimal(1)


class NobodysGateway:
    """Answers as a gateway would that has nothing to do."""

    def ask(self, method: str, path: str, body: str = "") -> str:
        """See `trader.gateway.line.Line`."""
        if path.endswith("/desk"):
            return dumps(DeskInfo("", "", "", "", (), "{}", 1.0, {Regime.CHOP: ONE}))
        if path.endswith("/account"):
            return dumps(_account())
        return dumps(_snapshot() if path.endswith("/snapshot") else Decision(NOW, "warm"))


def _account() -> AccountView:
    held = Position(SYMBOL, "", ONE, ONE, ONE, NOW, ONE, ONE)
    exposure = (ExposureLine("total", "", ONE, ONE, ONE),)
    return AccountView(NOW, "", "", TradingState.ACTIVE, ONE, ONE, ONE, ONE, (held,), {SYMBOL: ONE}, (), exposure)


def _snapshot() -> Snapshot:
    column = np.arange(1.0, 3.0)
    bars = Bars(SYMBOL, STEP, np.arange(2) * STEP, column, column, column, column, column)
    return Snapshot(
        "warm",
        NOW,
        {SYMBOL: Product(SYMBOL, ONE, ONE, ONE)},
        {SYMBOL: Quote(SYMBOL, ONE, ONE, NOW)},
        {SYMBOL: Membership(SYMBOL, "tier1", eligible=True, observed=ONE, limit=ONE)},
        Regime.CHOP,
        {STEP: (SYMBOL,)},
        bars={(STEP, SYMBOL): bars},
    )


def warm_up(strategies_dir: str, names: tuple[str, ...]) -> None:
    """Live through one cycle, and read the strategies that will run; the cycle reads them again."""
    for name in names:
        with suppress(TraderError):
            load_class(Path(strategies_dir) / f"{name}.py", AuditGuard())
    SocketLine("/nowhere").close()
    cycle = LiveCycle(NobodysGateway(), "warm")
    wish = TradeProposal(SYMBOL, Side.BUY, 1.0, 1.0, 1.0, 1.0)
    dumps(wish)
    dumps(StrategyReport("", ""))
    cycle.submit()
    shown = (cycle.overview(), cycle.quotes(), cycle.universe(), cycle.wishes(), cycle.verdicts(), cycle.orders())
    for view in (*shown, cycle.book()):
        view._repr_html_(), repr(view)
    cycle.contract()
