"""What an account at a venue must be before and while it is traded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.gateway.sessions import ROOT
from trader.config import load_config
from trader.exchange.coinbase_key import BadKey
from trader.model.wire import Preview, ProductState, Terms
from trader.ports import WireDown
from trader.running.coinbase_ground import expired
from trader.running.venue import CannotGoLive, FeeWatch, admit, takes_stops, wrong_fees

CONFIG = load_config(ROOT / "config")
TERMS = Terms(Decimal(40), Decimal(60), can_view=True, can_trade=True, can_transfer=False)
PRODUCT = ProductState("BTC-USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00000001"))


class Venue:
    """Answers what it is told to."""

    host = "venue"

    def __init__(self, terms=TERMS, errors=()):
        self.told, self.errors, self.down = terms, errors, False

    def terms(self):
        if self.down:
            raise WireDown("venue: silent")
        return self.told

    def preview(self, order):
        if self.down:
            raise WireDown("venue: silent")
        self.order = order
        return Preview(errors=tuple(self.errors))


@pytest.mark.req("X3")
@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, True),
        ({"taker_bps": Decimal(65)}, True),
        ({"taker_bps": Decimal("65.01")}, False),
        ({"taker_bps": Decimal("54.99")}, False),
        ({"maker_bps": Decimal("45.01")}, False),
    ],
)
def test_fees_may_differ_by_the_margin_and_no_more(change, right):
    terms = replace(TERMS, **change)

    assert (wrong_fees(terms, CONFIG) == "") is right
    if not right:
        with pytest.raises(CannotGoLive, match="fee_margin_bps"):
            admit(terms, CONFIG, "venue")


@pytest.mark.parametrize("lacking", ["can_view", "can_trade"])
def test_a_key_that_may_not_trade_is_refused(lacking):
    with pytest.raises(BadKey, match="has no"):
        admit(replace(TERMS, **{lacking: False}), CONFIG, "venue")


@pytest.mark.req("X3")
def test_fees_that_change_under_way_are_noticed_and_forgiven_when_they_are_right_again():
    venue = Venue()
    watch = FeeWatch(venue, CONFIG, every_seconds=0)

    venue.told = replace(TERMS, taker_bps=Decimal(120))
    watch.ask()
    assert "120 bps as taker" in watch.wrong

    venue.down = True
    watch.ask()
    assert watch.wrong
    venue.down, venue.told = False, TERMS
    watch.ask()
    assert watch.wrong == ""


def test_fees_are_not_asked_for_all_the_time():
    venue = Venue()
    watch = FeeWatch(venue, CONFIG)
    venue.told = replace(TERMS, taker_bps=Decimal(120))

    watch.ask()

    assert watch.wrong == ""


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("errors", "takes"),
    [
        ((), True),
        (("PREVIEW_INSUFFICIENT_FUND",), True),
        (("UNSUPPORTED_ORDER_CONFIGURATION",), False),
        (("PREVIEW_INSUFFICIENT_FUND", "PREVIEW_INVALID_ORDER_CONFIG"), False),
    ],
)
def test_whether_a_stop_may_rest_is_asked_by_preview(errors, takes):
    venue = Venue(errors=errors)

    assert takes_stops(venue, PRODUCT, "BTC-USD") is takes
    assert venue.order.stop_price is not None
    venue.down = True
    assert not takes_stops(venue, PRODUCT, "BTC-USD")


class Priced(Venue):
    """Objects to a stop above *last* as the venue does, and to a price further below it than by *reach*."""

    def __init__(self, last, reach):
        super().__init__()
        self.last, self.reach, self.asked = Decimal(last), Decimal(reach), []

    def preview(self, order):
        self.asked.append(order.stop_price)
        assert order.size * order.stop_price > 0
        if order.stop_price >= self.last:
            return Preview(errors=("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE",))
        if order.stop_price < self.last / self.reach:
            return Preview(errors=("PREVIEW_LIMIT_PRICE_TOO_FAR_FROM_MARKET",))
        return Preview(errors=("PREVIEW_INSUFFICIENT_FUND",))


@pytest.mark.req("EXITS")
@pytest.mark.parametrize("last", ["112000", "3.1", "0.21", "0.00002", "0.0000008"])
@pytest.mark.parametrize("reach", ["1e12", "20"])
def test_the_probe_finds_a_price_below_the_market_whatever_a_coin_costs(last, reach):
    venue = Priced(last, reach)

    fine = replace(PRODUCT, price_increment=Decimal("1e-9"))

    assert takes_stops(venue, fine, "COIN-USD")
    assert fine.price_increment <= venue.asked[-1] < venue.last
    assert len(venue.asked) <= 8


def test_a_venue_that_finds_every_price_too_high_or_too_far_takes_none():
    venue = Priced("0.21", "1")

    assert not takes_stops(venue, PRODUCT, "COIN-USD")
    assert len(venue.asked) <= 8


@pytest.mark.req("M1")
def test_an_arming_that_is_over_lets_nothing_be_entered_any_more():
    until = datetime(2025, 3, 1, 12, tzinfo=UTC)

    assert expired(until, until - timedelta(seconds=1)) == ""
    assert "the arming expired at 2025-03-01T12:00Z; arm anew" in expired(until, until)
