"""
The nouns a test is about, said in one line; everything it is not about has a sensible default.

Money and sizes may be given as int, str ("10_000") or Decimal.  Books are built whole: what is held, working and
claimed stands in positions and orders as well as in exposure, reservations and claims, as the ledger would have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np

from trader.model.book import Book, Key, Performance
from trader.model.market import Bars, FeedHealth, Membership, Product, Quote, Regime, Snapshot
from trader.model.money import ZERO, Liquidity
from trader.model.orders import Fill, Order, OrderIntent, OrderStatus, OrderType, Position
from trader.model.trading import ExitReason, Side, SizedProposal, TradeProposal, TradingState, Verdict
from trader.policy import Tier, UniversePolicy

Number = int | str | Decimal

NOW = datetime(2025, 1, 1, 12, tzinfo=UTC)
BTC, ETH, SOL, DOGE = "BTC-USD", "ETH-USD", "SOL-USD", "DOGE-USD"
ALPHA, BETA = "alpha", "beta"
THEMES: Mapping[str, str] = MappingProxyType({BTC: "LAYER1", ETH: "LAYER1", SOL: "LAYER1", DOGE: "MEME"})
TIERS: Mapping[str, str] = MappingProxyType({BTC: "tier1", ETH: "tier1", SOL: "tier2", DOGE: "tier3"})
PRICE = Decimal(100)
NO_COST = Decimal(1)
"""Cost factor of a world without fee, spread and slippage: worst case is the notional itself."""


def number(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def a_product(symbol: str = BTC, **changes: Any) -> Product:
    product = Product(symbol, Decimal("0.00000001"), Decimal("0.01"), Decimal("0.0001"), Decimal(1))
    return replace(product, **changes)


def a_quote(symbol: str = BTC, mid: Number = PRICE, spread_bps: Number = 10, time: datetime = NOW) -> Quote:
    half = number(mid) * number(spread_bps) / 20_000
    return Quote(symbol, number(mid) - half, number(mid) + half, time)


def a_health(**changes: Any) -> FeedHealth:
    """A feed that vouches for everything: minute bars closed just now, the mid accepted."""
    return replace(FeedHealth(watermark=NOW, suspect=False), **changes)


def a_position(
    symbol: str = BTC,
    strategy: str = ALPHA,
    size: Number = 1,
    entry_price: Number = PRICE,
    opened_at: datetime = NOW - timedelta(hours=1),
    stop: Number | None = None,
    target: Number | None = None,
    trail: Number | None = None,
) -> Position:
    cost = number(size) * number(entry_price)
    stop_price, target_price, trail_price = (
        None if level is None else number(level) for level in (stop, target, trail)
    )
    fees = cost * Decimal("0.006")
    return Position(
        symbol, strategy, number(size), cost, fees, opened_at, stop_price, target_price, trail_price=trail_price
    )


def an_intent(side: Side = Side.BUY, **changes: Any) -> OrderIntent:
    intent = OrderIntent(
        "t247-BTC-USD-1", NOW, BTC, side, ALPHA, Decimal(1), OrderType.MARKET, None, PRICE, ZERO, reason="test"
    )
    intent = replace(intent, **changes)
    if side is Side.BUY and "worst_case_usd" not in changes:
        intent = replace(intent, worst_case_usd=intent.size * intent.reference_price * Decimal("1.006"))
    return intent


def an_order(intent: OrderIntent | None = None, status: OrderStatus = OrderStatus.OPEN, filled: Number = 0) -> Order:
    return Order(intent if intent is not None else an_intent(), status, number(filled))


def a_fill(side: Side = Side.BUY, **changes: Any) -> Fill:
    fill = Fill(
        "fill-1", "t247-BTC-USD-1", NOW, BTC, side, Decimal(1), PRICE, Decimal("0.6"), Liquidity.TAKER, ALPHA, "test"
    )
    return replace(fill, **changes)


def a_performance(nav: Number = 1, peak: Number | None = None, **changes: Any) -> Performance:
    top = number(nav if peak is None else peak)
    calm = Performance(Decimal(10_000), number(nav), top, 20_089, number(nav), 2_869, number(nav), ((20_089, top),))
    return replace(calm, **changes)


def a_book(
    *,
    nlv: Number = 10_000,
    cash: Number | None = None,
    position_usd: Number = 0,
    working_usd: Number = 0,
    held: Mapping[Key, Number] | None = None,
    working: Mapping[Key, Number] | None = None,
    claimed: Mapping[Key, Number] | None = None,
    symbol: str = BTC,
    strategy: str = ALPHA,
    as_of: datetime = NOW,
    state: TradingState = TradingState.ACTIVE,
    **memory: Any,
) -> Book:
    """*held* and *working* are USD, *claimed* base size, per (strategy, symbol); every mark is PRICE."""
    owned = {key: number(usd) for key, usd in (held or {(strategy, symbol): position_usd}).items() if number(usd)}
    buying = {key: number(usd) for key, usd in (working or {(strategy, symbol): working_usd}).items() if number(usd)}
    selling = {key: number(size) for key, size in (claimed or {}).items()}
    exposure = {key: owned.get(key, ZERO) + buying.get(key, ZERO) for key in sorted({*owned, *buying})}
    orders = [_working_buy(key, usd) for key, usd in buying.items()]
    orders += [_working_sell(key, size) for key, size in selling.items()]
    return Book(
        as_of=as_of,
        cash_usd=number(nlv) - sum(owned.values()) if cash is None else number(cash),
        nlv_usd=number(nlv),
        state=state,
        positions={key: a_position(key[1], key[0], usd / PRICE) for key, usd in owned.items()},
        working={order.intent.client_order_id: order for order in orders},
        marks={key[1]: PRICE for key in owned},
        exposure=exposure,
        reserved_usd=sum(buying.values(), ZERO),
        claimed=selling,
        themes=memory.pop("themes", THEMES),
        tiers=memory.pop("tiers", TIERS),
        performance=memory.pop("performance", a_performance()),
        **memory,
    )


def _working_buy(key: Key, usd: Decimal) -> Order:
    name = f"t247-buy-{key[0]}-{key[1]}"
    where = {"client_order_id": name, "strategy": key[0], "symbol": key[1]}
    return an_order(an_intent(size=usd / PRICE, worst_case_usd=usd, **where))


def _working_sell(key: Key, size: Decimal) -> Order:
    where = {"client_order_id": f"t247-sell-{key[0]}-{key[1]}", "strategy": key[0], "symbol": key[1]}
    return an_order(an_intent(Side.SELL, size=size, exit_reason=ExitReason.SIGNAL, **where))


def a_buy(notional_usd: Number = 100, symbol: str = BTC, strategy: str = ALPHA, **changes: Any) -> SizedProposal:
    price = changes.get("reference_price", PRICE)
    size = number(notional_usd) / price
    return _sized(Side.BUY, number(notional_usd), size, symbol, strategy, price, changes)


def a_sell(size: Number = 1, symbol: str = BTC, strategy: str = ALPHA, **changes: Any) -> SizedProposal:
    price = changes.get("reference_price", PRICE)
    changes.setdefault("exit_reason", ExitReason.SIGNAL)
    return _sized(Side.SELL, number(size) * price, number(size), symbol, strategy, price, changes)


def _sized(
    side: Side, usd: Decimal, size: Decimal, symbol: str, strategy: str, price: Decimal, changes: dict[str, Any]
) -> SizedProposal:
    quoted = a_quote(symbol, price, time=changes.get("as_of", NOW)) if price.is_finite() else None
    given: dict[str, Any] = {
        "symbol": symbol, "side": side, "strategy": strategy, "notional_usd": usd, "size": size,
        "reference_price": price, "cost_factor": NO_COST, "as_of": NOW, "tier": TIERS.get(symbol, "tier3"),
        "theme": THEMES.get(symbol, "OTHER"), "multiplier": Decimal(1), "conviction": 0.8,
        "stop_loss_pct": Decimal(3), "take_profit_pct": Decimal(6), "product": a_product(symbol), "eligible": True,
        "reason": "test", "quote": quoted,
    }  # fmt: skip
    return SizedProposal(**{**given, **changes})


def a_proposal(side: Side = Side.BUY, symbol: str = BTC, strategy: str = ALPHA, **changes: Any) -> TradeProposal:
    wish = TradeProposal(symbol, side, 2.0 if side is Side.BUY else 100.0, 3.0, 6.0, 0.8, "test", (), strategy)
    return replace(wish, **changes)


def a_verdict(proposal: SizedProposal | None = None, approved_usd: Number | None = None) -> Verdict:
    judged = a_buy() if proposal is None else proposal
    return Verdict(judged, judged.notional_usd if approved_usd is None else number(approved_usd))


def a_tier(name: str = "tier1", **changes: Any) -> Tier:
    tier = Tier(name, *(Decimal(figure) for figure in (1_000_000, 20, 60, 3, 4, 2)))
    return replace(tier, **changes)


def a_universe_policy(**changes: Any) -> UniversePolicy:
    """Three tiers: 100, 10 and 1 million USD a day; BTC, ETH, SOL and DOGE listed, nothing else."""
    tiers = tuple(
        a_tier(name, min_volume_24h_usd=Decimal(volume), max_spread_bps=Decimal(spread), spread_bps=Decimal(spread) / 5)
        for name, volume, spread in (("tier1", 100_000_000, 20), ("tier2", 10_000_000, 40), ("tier3", 1_000_000, 80))
    )
    return replace(UniversePolicy(tiers, TIERS, THEMES), **changes)


def a_membership(symbol: str = BTC, eligible: bool = True, **changes: Any) -> Membership:
    return replace(Membership(symbol, TIERS.get(symbol, "tier3"), eligible), **changes)


def some_bars(
    closes: Sequence[float] = (100.0,) * 10,
    symbol: str = BTC,
    granularity_seconds: int = 3600,
    end: datetime = NOW,
    volume: float = 1_000.0,
) -> Bars:
    """One bar per close, the last of them closing at *end*; high and low one per cent around."""
    close = np.array(closes, dtype=np.float64)
    start = int(end.timestamp()) - granularity_seconds * np.arange(len(close), 0, -1, dtype=np.int64)
    opens = np.concatenate((close[:1], close[:-1]))
    columns = (opens, np.maximum(opens, close) * 1.01, np.minimum(opens, close) * 0.99, close)
    return Bars(symbol, granularity_seconds, start, *columns, np.full(len(close), volume))


def a_snapshot(mids: Mapping[str, Number] | None = None, as_of: datetime = NOW, **changes: Any) -> Snapshot:
    """Quotes at *mids* (BTC at PRICE by default), all eligible, all with an hourly bar that closed just now."""
    prices = {BTC: PRICE} if mids is None else mids
    symbols = tuple(sorted(prices))
    given: dict[str, Any] = {
        "id": "snapshot-1", "as_of": as_of, "products": {symbol: a_product(symbol) for symbol in symbols},
        "quotes": {symbol: a_quote(symbol, prices[symbol], time=as_of) for symbol in symbols},
        "membership": {symbol: a_membership(symbol) for symbol in symbols}, "regime": Regime.CHOP,
        "closed": {3600: symbols},
    }  # fmt: skip
    return Snapshot(**{**given, **changes})
