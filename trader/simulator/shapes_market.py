"""
Products, books, candles and trades as they look on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trader.simulator.catalogue import TWIN_OF, Listing
from trader.simulator.depth import Depth, Level
from trader.simulator.numbers import ZERO, exactly, plain, stamp
from trader.simulator.tape import Candle, Print, candle_of, formed
from trader.simulator.venue import Venue

GRANULARITIES = {
    "ONE_MINUTE": 60, "FIVE_MINUTE": 300, "FIFTEEN_MINUTE": 900, "THIRTY_MINUTE": 1_800, "ONE_HOUR": 3_600,
    "TWO_HOUR": 7_200, "FOUR_HOUR": 14_400, "SIX_HOUR": 21_600, "ONE_DAY": 86_400,
}  # fmt: skip
DAY = timedelta(days=1)
PERCENT_DECIMALS = Decimal("1e-14")


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours of a product."""

    low: Decimal
    high: Decimal
    volume: Decimal
    change_pct: Decimal


@exactly
def day_of(venue: Venue, listing: Listing) -> Day:
    """What happened since this time yesterday, in closed bars."""
    until = int(venue.now.timestamp()) // venue.tape.seconds * venue.tape.seconds
    bars = venue.tape.bars(listing.market_id, until - 86_400, until)
    if not bars:
        return Day(ZERO, ZERO, ZERO, ZERO)
    change = (bars[-1].close / bars[0].open - 1) * 100
    return Day(
        min(bar.low for bar in bars), max(bar.high for bar in bars), sum((bar.volume for bar in bars), ZERO),
        change.quantize(PERCENT_DECIMALS),
    )  # fmt: skip


@exactly
def product_shape(venue: Venue, listing: Listing, tradability: bool = False) -> dict[str, Any]:
    """One product; best bid and ask stay empty, as in the venue's listings."""
    last, day = venue.tape.last(listing, venue.now), day_of(venue, listing)
    price = last.price if last else ZERO
    return {
        "product_id": listing.product_id,
        "price": plain(price) if last else "",
        "price_percentage_change_24h": plain(day.change_pct),
        "volume_24h": plain(day.volume),
        "volume_percentage_change_24h": "0",
        "base_increment": plain(listing.base_increment),
        "quote_increment": plain(listing.quote_increment),
        "quote_min_size": plain(listing.quote_min_size),
        "quote_max_size": plain(listing.quote_max_size),
        "base_min_size": plain(listing.base_min_size),
        "base_max_size": plain(listing.base_max_size),
        "base_name": listing.base,
        "quote_name": "US Dollar" if listing.quote == "USD" else listing.quote,
        "watched": False,
        "is_disabled": listing.is_disabled,
        "new": False,
        "status": listing.status,
        "cancel_only": listing.cancel_only,
        "limit_only": listing.limit_only,
        "post_only": listing.post_only,
        "trading_disabled": listing.trading_disabled,
        "auction_mode": listing.auction_mode,
        "product_type": "SPOT",
        "quote_currency_id": listing.quote,
        "base_currency_id": listing.base,
        "fcm_trading_session_details": None,
        "mid_market_price": "",
        "alias": listing.alias,
        "alias_to": venue.twins(listing.product_id),
        "base_display_symbol": listing.base,
        "quote_display_symbol": TWIN_OF if listing.alias else listing.quote,
        "view_only": listing.view_only and tradability,
        "price_increment": plain(listing.price_increment),
        "display_name": listing.product_id,
        "product_venue": "CBE",
        "approximate_quote_24h_volume": plain((day.volume * price).quantize(Decimal("0.01"))),
        "new_at": "2023-01-01T00:00:00Z",
        "market_cap": "",
        "base_cbrn": "",
        "quote_cbrn": "",
        "product_cbrn": "",
        "icon_color": "",
        "icon_url": "",
        "display_name_overwrite": "",
        "is_alpha_testing": False,
        "about_description": "",
        "best_bid_price": "",
        "best_ask_price": "",
        "high_24h": plain(day.high),
        "low_24h": plain(day.low),
        "hidden_from_discovery": False,
    }


def levels_shape(levels: tuple[Level, ...]) -> list[dict[str, str]]:
    """One side of a book."""
    return [{"price": plain(level.price), "size": plain(level.size)} for level in levels]


def book_shape(venue: Venue, listing: Listing, depth: Depth, limit: int | None) -> dict[str, Any]:
    """A price book of *limit* levels a side."""
    return {
        "product_id": listing.product_id,
        "bids": levels_shape(depth.bids[:limit]),
        "asks": levels_shape(depth.asks[:limit]),
        "time": stamp(venue.now),
    }


def trade_shape(listing: Listing, trade: Print) -> dict[str, str]:
    """One trade; *side* is the maker's."""
    return {
        "trade_id": str(trade.trade_id),
        "product_id": listing.product_id,
        "price": plain(trade.price),
        "size": plain(trade.size),
        "time": stamp(trade.time),
        "side": trade.side,
    }


def candle_shape(candle: Candle) -> dict[str, str]:
    """One bucket, all strings."""
    return {
        "start": str(candle.start),
        "low": plain(candle.low),
        "high": plain(candle.high),
        "open": plain(candle.open),
        "close": plain(candle.close),
        "volume": plain(candle.volume),
    }


@exactly
def candles(venue: Venue, listing: Listing, seconds: int, start: int, end: int) -> list[Candle]:
    """Buckets that start in `[start, end]`, oldest first; the last one may still form, empty ones are left out."""
    now = int(venue.now.timestamp())
    first, last = -(-start // seconds) * seconds, min(end, now) // seconds * seconds
    forming = now // seconds * seconds
    found: list[Candle] = []
    if first < min(last + seconds, forming):
        span = [datetime.fromtimestamp(time, UTC) for time in (first, min(last + seconds, forming))]
        frame = venue.tape.source.frame(listing.market_id, span[0], span[1], seconds)
        starts = [int(row.timestamp()) for row in frame.index]
        found = [candle_of(at, values) for at, values in zip(starts, frame.itertuples(index=False), strict=True)]
    if first <= forming <= last:
        newest = _forming(venue, listing, forming)
        found += [newest] if newest else []
    return found


def _forming(venue: Venue, listing: Listing, start: int) -> Candle | None:
    """The bucket that is not over: its closed bars and the trades since."""
    step = venue.tape.seconds
    bar = int(venue.now.timestamp()) // step * step
    parts = venue.tape.bars(listing.market_id, start, bar) if bar > start else []
    since = datetime.fromtimestamp(bar, UTC)
    prints = venue.tape.prints(listing, since - timedelta(microseconds=1), venue.now)
    now = formed(bar, [trade for trade in prints if trade.time >= since])
    parts += [now] if now else []
    if not parts:
        return None
    return Candle(
        start, parts[0].open, max(part.high for part in parts), min(part.low for part in parts), parts[-1].close,
        sum((part.volume for part in parts), ZERO),
    )  # fmt: skip
