"""What a BUY bought after its end is protected as the BUY was; live and from the record, and only so many are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trader.model.events import AccountOpened, IntentStored, OrderChanged, OrderFilled, WireStored
from trader.model.orders import Fill, Liquidity, OrderIntent, OrderStatus, OrderType
from trader.model.trading import Side
from trader.model.wire import WireKind, WireOrder
from trader.state import late
from trader.state.ledger import Ledger

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ONE = Decimal(1)


def sent_and_refused(name):
    intent = OrderIntent(
        name, NOW, "BTC-USD", Side.BUY, "sma", ONE, OrderType.MARKET, None, ONE, ONE, Decimal("0.9"), Decimal("1.2")
    )
    wire = WireOrder(name, "BTC-USD", Side.BUY, WireKind.LIMIT_IOC, ONE, ONE)
    return [IntentStored(NOW, intent), WireStored(NOW, wire), OrderChanged(NOW, name, OrderStatus.REJECTED)]


def fill(name):
    return OrderFilled(Fill(f"F{name}", name, NOW, "BTC-USD", Side.BUY, ONE, ONE, Decimal(0), Liquidity.TAKER, "sma"))


def ledger_of(events):
    ledger = Ledger()
    ledger.apply_all([AccountOpened(NOW, "live", "main", Decimal(100), "1", "h"), *events])
    return ledger


@pytest.mark.req("EXITS", "X1")
def test_a_late_fill_is_protected_as_its_order_was():
    held = ledger_of([*sent_and_refused("a"), fill("a")]).positions["sma", "BTC-USD"]

    assert (held.stop_price, held.take_profit_price) == (Decimal("0.9"), Decimal("1.2"))


def test_what_never_left_is_not_remembered():
    stored, _, changed = sent_and_refused("a")

    assert ledger_of([stored, changed, fill("a")]).positions["sma", "BTC-USD"].stop_price is None


def test_only_the_last_ones_are_remembered(monkeypatch):
    monkeypatch.setattr(late, "AT_MOST", 2)
    events = [event for name in "abc" for event in sent_and_refused(name)]

    assert ledger_of([*events, fill("a")]).positions["sma", "BTC-USD"].stop_price is None
    assert ledger_of([*events, fill("b")]).positions["sma", "BTC-USD"].stop_price == Decimal("0.9")
