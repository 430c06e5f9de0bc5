"""From a verdict to the first byte of its order, durable commits included, and what a restart takes to be ready."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_engine import WireExecution
from trader.execution.wire_setup import WireSetup
from trader.model.decision import Decision, Proposals
from trader.model.events import AccountOpened
from trader.model.orders import OrderIntent, OrderType
from trader.model.trading import Side
from trader.model.wire import Balance, Preview, ProductState, Terms, VenueFill, VenueOrder, WireOrder
from trader.ports import Refused
from trader.running.clock import SystemClock
from trader.state.journal import SqliteJournal
from trader.state.ledger import Ledger

BTC = "BTC-USD"
ORDERS, WARM = 400, 20
LIMIT_MS = 20.0
CENT, SATOSHI = Decimal("0.01"), Decimal("0.00000001")


class Refusing:
    """A venue that notes when an order's first byte would leave, and takes none."""

    host = "bench"

    def __init__(self) -> None:
        self.at = 0.0

    def place(self, order: WireOrder, forbids: Callable[[], str] = lambda: "") -> Refused:
        forbids()
        self.at = time.perf_counter()
        return Refused("a bench")

    def products(self, symbols: Sequence[str]) -> Mapping[str, ProductState]:
        return {symbol: ProductState(symbol, SATOSHI, CENT, SATOSHI) for symbol in symbols}

    def cancel(self, order_ids: Sequence[str]) -> Mapping[str, str]:
        return {}

    def preview(self, order: WireOrder) -> Preview:
        return Preview()

    def order(self, order_id: str) -> VenueOrder | None:
        return None

    def orders(self, since: datetime, until: datetime) -> Sequence[VenueOrder]:
        return ()

    def fills(self, since: datetime) -> Sequence[VenueFill]:
        return ()

    def balances(self) -> Mapping[str, Balance]:
        return {"USD": Balance("USD", Decimal(10_000), Decimal(0))}

    def terms(self) -> Terms:
        return Terms(Decimal(40), Decimal(60), can_view=True, can_trade=True, can_transfer=False)

    def time(self) -> datetime:
        return datetime.now(UTC)


def an_intent(number: int, now: datetime) -> OrderIntent:
    return OrderIntent(
        f"t247-{BTC}-{number}-bench", now, BTC, Side.BUY, "alpha", Decimal("0.01"), OrderType.MARKET, None,
        Decimal(50_000), Decimal(505), Decimal(45_000),
    )  # fmt: skip


def run() -> dict[str, Any]:
    """Percentiles in ms over so many orders, one a decision."""
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder) / "state.sqlite", mode="live", account="bench")
        ledger, lives, wire, clock = Ledger(), Lifecycle(), Refusing(), SystemClock()
        opened = AccountOpened(clock.now(), "live", "bench", Decimal(10_000), "1", "h")
        journal.append([opened])
        ledger.apply(opened)
        execution = WireExecution(journal, ledger, WireSetup(wire, clock, (BTC,)), lives, opened.time)
        assert execution.sync(), execution.down
        taken = []
        for number in range(WARM + ORDERS):
            intent = an_intent(number, clock.now())
            decision = Decision(intent.as_of, str(number), intents=(intent,))
            began = time.perf_counter()
            execution.carry_out(decision, Proposals(str(number), intent.as_of), str(number))
            taken.append((wire.at - began) * 1e3)
        journal.close()
    cuts = statistics.quantiles(taken[WARM:], n=100)
    p50, p99 = round(cuts[49], 2), round(cuts[98], 2)
    limit = f"≤ {LIMIT_MS:g} ms"
    return {
        "p50_ms": p50,
        "p99_ms": p99,
        "orders": ORDERS,
        "targets": {"verdict to bytes, p99": {"value": p99, "limit": limit, "ok": p99 <= LIMIT_MS}},
    }
