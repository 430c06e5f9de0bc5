"""What a live run on a venue is made of: what is watched while it trades does speak against its orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from tests.gateway.sessions import ROOT
from trader.config import load_config
from trader.model.market import FeedHealth, Quote
from trader.model.orders import OrderType
from trader.model.trading import Side
from trader.model.wire import ProductState, Terms
from trader.running.clock import SystemClock, VenueClock
from trader.running.coinbase_ground import _traded
from trader.running.ground import Ground
from trader.running.venue import VenueAccount

CONFIG = load_config(ROOT / "config")
TERMS = Terms(Decimal(40), Decimal(60), can_view=True, can_trade=True, can_transfer=False)
DEARER = replace(TERMS, taker_bps=Decimal(120))
BTC = "BTC-USD"
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
STATE = ProductState(BTC, Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00000001"))


class Account:
    """What a run is given of an account at a venue, over a feed with nothing to object to."""

    def __init__(self, monkeypatch, armed_for=HOUR):
        self.told, self.ticks, self.refreshed = TERMS, 0.0, []
        monkeypatch.setattr(SystemClock, "monotonic", lambda clock: self.ticks)
        now = datetime.now(UTC)
        clock = VenueClock(now)
        wire = SimpleNamespace(host="venue", terms=lambda: self.told)
        self.market = SimpleNamespace(
            step=60,
            exchange_down=False,
            products={BTC: STATE},
            quote=lambda symbol: Quote(symbol, Decimal(100), Decimal("100.01"), clock.now() - SECOND),
            health=lambda symbol: FeedHealth(clock.now() - SECOND, 60, suspect=False),
            feed=SimpleNamespace(refresh=lambda symbols, quiet: self.refreshed.append(symbols)),
        )
        account = VenueAccount(
            wire, clock, (BTC,), Decimal(1000), TERMS, frozenset({BTC}), ("said",), lambda: None, now + armed_for
        )
        self.ground = _traded(Ground(self.market, "venue", 60, clock), self.market, account, CONFIG)

    def says(self, side=Side.BUY):
        """What speaks against an order just now."""
        intent = SimpleNamespace(side=side, symbol=BTC, protects=False, order_type=OrderType.MARKET)
        return self.ground.forbids(intent) or ""

    def sends_an_hour_later(self):
        """What a run does in a cycle before it sends, wherever the fees are asked for in it."""
        self.ticks += HOUR.total_seconds()
        getattr(self.ground.wire, "review", lambda: None)()
        self.ground.wire.freshen((BTC,))


@pytest.mark.req("X3")
def test_while_the_account_pays_other_fees_nothing_is_entered_and_all_may_be_sold(monkeypatch):
    account = Account(monkeypatch)
    account.sends_an_hour_later()
    assert "fee" not in account.says()

    account.told = DEARER
    account.sends_an_hour_later()
    assert "120 bps as taker" in account.says()
    assert "bps" not in account.says(Side.SELL)

    account.told = TERMS
    account.sends_an_hour_later()
    assert "fee" not in account.says()


@pytest.mark.req("M1")
def test_once_the_arming_is_over_nothing_is_entered_and_all_may_be_sold(monkeypatch):
    account = Account(monkeypatch, armed_for=-HOUR)

    assert "the arming expired" in account.says()
    assert "arming" not in account.says(Side.SELL)


@pytest.mark.req("ST1", "EX1")
@pytest.mark.parametrize(
    ("what", "means"),
    [
        ({"quote": lambda symbol: None}, "stale_quote"),
        ({"exchange_down": True}, "exchange_down"),
        ({"products": {BTC: replace(STATE, disabled=True)}}, "product_disabled"),
        ({"products": {}}, "the venue does not list it"),
    ],
)
def test_what_the_feed_reports_speaks_against_an_order(monkeypatch, what, means):
    account = Account(monkeypatch)
    assert account.says(Side.SELL) == ""

    vars(account.market).update(what)

    assert means in account.says(Side.SELL)


def test_what_goes_to_the_venue_and_what_is_said_of_it_is_the_accounts(monkeypatch):
    ground = Account(monkeypatch).ground

    assert ground.wire.symbols == (BTC,)
    assert ground.wire.rests(BTC) and not ground.wire.rests("ETH-USD")
    assert ground.cash_usd == Decimal(1000)
    assert "said" in ground.warnings
    assert ground.open_canceller is not None
