"""A market one can read: bars written down by hand, and a venue on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from trader.market.bars import bars_frame, epoch_seconds, resample
from trader.market.granularity import granularity_name
from trader.model.market import Product
from trader.simulator.catalogue import listing_of
from trader.simulator.lifecycle import advance
from trader.simulator.placing import create
from trader.simulator.settings import VenueSettings
from trader.simulator.venue import Venue

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ABC = "ABC-USD"


class WrittenBars:
    """One-minute bars of ABC-USD around NOON; minutes are counted from it."""

    finest_seconds = 60

    def __init__(self, bars=(), price=100.0, volume=80.0, spread_bps=2.0):
        product = Product(ABC, Decimal("0.001"), Decimal("0.01"), Decimal("0.001"))
        self.listings = {ABC: listing_of(product, spread_bps)}
        calm = dict.fromkeys(range(-2000, 600), (price, price, price, price, volume))
        for minute, row in enumerate(bars):
            calm[minute + 1] = (*row[:4], row[4] if len(row) > 4 else volume)
        first = int(NOON.timestamp())
        starts = np.array([first + 60 * minute for minute in sorted(calm)], np.int64)
        self._frame = bars_frame(starts, np.array([calm[minute] for minute in sorted(calm)]).T)

    def frame(self, symbol, start, end, seconds):
        times = epoch_seconds(self._frame)
        inside = (times >= start.timestamp()) & (times < end.timestamp())
        return resample(self._frame[inside], "1m", granularity_name(seconds))


def a_venue(*bars, usd="10000", abc="50", ledger=None, source=None, **settings):
    """A venue at NOON with money on it; *bars* are (open, high, low, close[, volume]) of the minutes after."""
    deposits = {"USD": Decimal(usd), "ABC": Decimal(abc)}
    return Venue(source or WrittenBars(bars), NOON, deposits, VenueSettings(**settings), ledger)


def limit(size="1", price="99", tif="gtc", **more):
    return {f"limit_limit_{tif}": {"base_size": size, "limit_price": price, **more}}


def market(quote=None, base=None):
    return {"market_market_ioc": {"quote_size": quote} if quote else {"base_size": base}}


def place(venue, configuration, side="BUY", client_order_id=None):
    return create(venue, client_order_id or f"mine-{len(venue.orders)}", ABC, side, configuration)


def minutes(venue, count):
    """Let the market run."""
    advance(venue, venue.now + timedelta(minutes=count))
