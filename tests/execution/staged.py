"""One live account on a stage, with its books: the real adapter and the unmodified SDK."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.execution.account import BTC, Account, Where
from trader.execution.engine import nothing_forbids
from trader.execution.wiring import WirePolicy
from trader.model.events import IntentStored
from trader.model.market import Quote
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderType
from trader.model.trading import Side
from trader.state.memory import MemoryJournal


class Staged(Account):
    """One live account on a stage, with its books."""

    def __init__(self, stage, journal=None, rests=lambda symbol: True, last_look=nothing_forbids, **policy):
        self.stage = stage
        where, kept = Where.on(stage, Path()), journal if journal is not None else MemoryJournal()
        super().__init__(where, kept, WirePolicy(**policy), last_look, quote=self.quote, rests=rests)

    def quote(self, symbol):
        book = self.stage.venue.depth(self.stage.venue.listings[symbol])
        return Quote(symbol, book.bid, book.ask, self.clock.now())

    def intent(self, n, side=Side.BUY, usd=200, size=None, order_type=OrderType.MARKET, limit=None, **more):
        price = self.quote(BTC).mid
        size = size if size is not None else round(Decimal(usd) / price, 6)
        worst = size * price * Decimal("1.02") if side is Side.BUY else ZERO
        if side is Side.BUY and "stop_price" not in more:
            more["stop_price"] = round(price * Decimal("0.9"), 2)
        if limit is None and order_type is OrderType.LIMIT_MAKER:
            limit = self.quote(BTC).bid
        intent = OrderIntent(
            f"t247-{BTC}-{n}-abc", self.clock.now(), BTC, side, "sma", size, order_type, limit, price, worst, **more
        )
        self.execution.record(IntentStored(intent.as_of, intent))
        self.execution.send([intent], intent.as_of)
        return intent

    def life(self, intent):
        return self.execution.lives.lives[intent.client_order_id]

    def until(self, condition, rounds=40):
        for _ in range(rounds):
            assert self.execution.sync(), self.execution.down
            if condition():
                return
            self.clock.sleep(0.05)
        raise AssertionError(f"not within {rounds} looks: {self.execution.lives.live}")
