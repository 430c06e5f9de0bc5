"""An account over the real adapter and the unmodified SDK, and a trader on it that goes on until somebody kills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from trader.exchange.coinbase import CoinbaseWire
from trader.exchange.coinbase_key import key_from_file
from trader.exchange.coinbase_settings import CoinbaseSettings, RateRules
from trader.execution.engine import LastLook, nothing_forbids
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_engine import WireExecution
from trader.execution.wire_setup import WireSetup
from trader.execution.wiring import WirePolicy
from trader.model.events import AccountOpened, IntentStored
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderStatus, OrderType
from trader.model.trading import Side
from trader.ports import Journal
from trader.running.clock import SystemClock, VenueClock
from trader.state.journal import SqliteJournal
from trader.state.ledger import Ledger

BTC = "BTC-USD"
SIZE = Decimal("0.001")
WIDE = RateRules(200, 50, 200, 50, 200)


@dataclass(frozen=True, slots=True)
class Where:
    """What another process needs to know to trade on a stage."""

    journal: Path
    host: str
    ca_file: str
    key_file: str
    price: Decimal

    @classmethod
    def on(cls, stage: Any, folder: Path) -> Where:
        """The one account of *stage*, with its journal in *folder*."""
        price, simulator = stage.venue.depth(stage.venue.listings[BTC]).ask, stage.simulator
        papers = str(simulator.papers.ca_file), str(stage.key_file)
        return cls(folder / "state.sqlite", simulator.base_url, *papers, Decimal(round(price)))

    def wire(self) -> CoinbaseWire:
        settings = CoinbaseSettings(rest_host=self.host, ca_file=Path(self.ca_file), rates=WIDE)
        return CoinbaseWire.connect(settings, key_from_file(Path(self.key_file)), clock=SystemClock())


class Account:
    """The account as any new process finds it: from its journal and the venue, and nothing else."""

    def __init__(
        self, where: Where, journal: Journal, policy: WirePolicy, last_look: LastLook = nothing_forbids, **more: Any
    ) -> None:
        self.where, self.wire, self.journal = where, where.wire(), journal
        self.clock = VenueClock(self.wire.time())
        events = list(self.journal.replay())
        if not events:
            events = [AccountOpened(self.clock.now(), "live", "main", self.wire.balances()["USD"].total, "1", "h")]
            self.journal.append(events)
        self.ledger, lives = Ledger(), Lifecycle()
        self.ledger.apply_all(events)
        lives.apply_all(events)
        opened = events[0]
        assert isinstance(opened, AccountOpened)
        setup = WireSetup(self.wire, self.clock, (BTC,), policy, **more)
        self.execution = WireExecution(self.journal, self.ledger, setup, lives, opened.time, last_look)
        self.execution.take_up()
        assert self.execution.sync(), self.execution.down

    def later(self, seconds: float) -> None:
        """So much of the venue's time goes by for us."""
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))

    def agrees(self) -> bool:
        """Books and venue have the same money, to the last digit."""
        there = self.wire.balances()
        held = sum((one.size for one in self.ledger.positions.values()), ZERO)
        return (there["USD"].total, there["BTC"].total) == (self.ledger.cash_usd, held)


class Trader(Account):
    """Buys, lets a stop rest, and sells as fast as it can, on a journal that survives it."""

    def __init__(self, where: Where) -> None:
        self.durable = SqliteJournal(where.journal, mode="live", account="main")
        policy = WirePolicy(exit_slippage_bps=Decimal(2_000))
        super().__init__(where, self.durable, policy, rests=lambda symbol: True)

    def working(self) -> list[str]:
        """What is not over, the stops that rest apart."""
        return [one for one, life in self.execution.lives.live.items() if not life.intent.protects]

    def trade(self) -> None:
        """Sell what is held, else buy; every other buy rests first."""
        held = self.ledger.positions.get(("sma", BTC))
        n = len(self.execution.lives.lives)
        resting = held is None and n % 4 == 0
        now, price = self.clock.now(), self.where.price
        self.execution.cancel(self.working())
        intent = OrderIntent(
            client_order_id=f"t247-{BTC}-{n}-{int(now.timestamp() * 1e6)}",
            as_of=now,
            symbol=BTC,
            side=Side.BUY if held is None else Side.SELL,
            strategy="sma",
            size=SIZE if held is None else held.size,
            order_type=OrderType.LIMIT_MAKER if resting else OrderType.MARKET,
            limit_price=price * Decimal("0.8") if resting else None,
            reference_price=price,
            worst_case_usd=SIZE * price * Decimal("1.2") if held is None else ZERO,
            stop_price=price * Decimal("0.5") if held is None else None,
        )
        self.execution.record(IntentStored(now, intent))
        self.execution.send([intent], now)
        self.execution.sync()

    def settle(self, pass_seconds: Callable[[float], Any]) -> None:
        """Look until nothing is unknown, and nothing works but stops that rest; *pass_seconds* is the venue's time."""
        for _ in range(200):
            self.execution.sync()
            self.execution.cancel(self.working())
            live = self.execution.lives.live.values()
            if all(life.intent.protects and life.status is OrderStatus.OPEN for life in live):
                return
            if any(life.status is OrderStatus.UNKNOWN for life in live):
                pass_seconds(60)
                self.later(60)
            self.clock.sleep(0.05)
        raise AssertionError(f"still there: {self.execution.lives.live}")

    def close(self) -> None:
        self.durable.close()
        self.wire.close()


def trade_until_killed(where: Where, mouth: Connection) -> None:
    account = Trader(where)
    mouth.send("trading")
    while True:
        account.trade()
