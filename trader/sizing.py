"""
From a wish to a candidate the rules can judge: money put to percentages.

Nothing is refused here.  What is missing or out of bounds is written down as
a defect, and the schema rule says no to it with the field, value and bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

from trader.exits import ExitWish
from trader.model.book import Book
from trader.model.market import FeedHealth, Quote, Snapshot
from trader.model.money import HUNDRED, ONE, ZERO, exact, remembered
from trader.model.quick import maker
from trader.model.trading import Defect, RiskReason, Side, SizedProposal, TradeProposal
from trader.policy import ExecutionPolicy, RegimePolicy, Tier, UniversePolicy

make_sized = maker(SizedProposal)
USD_STEP = Decimal("0.00000001")
NOTHING_VOUCHED_FOR = FeedHealth()


class Sizer:
    """
    Sizes candidates of one desk.  Wanted notional of a BUY (R2) =
    min(notional_pct, tier.base_size_pct) × regime multiplier × NLV at the close, fees excluded.
    """

    def __init__(self, universe: UniversePolicy, regime: RegimePolicy, execution: ExecutionPolicy) -> None:
        self._universe = universe
        self._multipliers = regime.multipliers
        self._tiers: Mapping[str, Tier] = {tier.name: tier for tier in universe.tiers}
        self._cost_factors = {tier.name: execution.cost_factor(tier) for tier in universe.tiers}
        self._plain_cost_factor = execution.cost_factor(None)

    def size(self, wish: TradeProposal | ExitWish, snapshot: Snapshot, book: Book) -> SizedProposal:
        """The candidate for *wish*; a symbol nobody knows, or without a quote, is sized 0 with a defect."""
        if isinstance(wish, ExitWish):
            return self._exit(wish, snapshot, book)
        defects = defects_of(wish)
        symbol = wish.symbol if isinstance(wish.symbol, str) else str(wish.symbol)
        member = snapshot.membership.get(symbol)
        tier = self._tiers.get(member.tier) if member is not None else None
        quote, price = _priced(snapshot.quotes.get(symbol))
        product = snapshot.products.get(symbol)
        if quote is None or product is None or tier is None:
            defects += (_unknown(symbol, "price" if product is not None and tier is not None else "product"),)
        multiplier = self._multipliers[snapshot.regime]
        notional = size = ZERO
        if not defects and wish.side is Side.BUY and tier is not None:
            share = min(remembered(wish.notional_pct), tier.base_size_pct) * multiplier
            notional = (share * book.nlv_usd / HUNDRED).quantize(USD_STEP, ROUND_DOWN)
            size = notional / price
        elif not defects:
            held = book.position(wish.strategy, symbol)
            if held is not None:
                size = held.size * remembered(wish.notional_pct) / HUNDRED
                notional = size * price
        cost_factor = self._cost_factors[tier.name] if tier is not None else self._plain_cost_factor
        tier_name, theme = tier.name if tier is not None else "", self._universe.theme(symbol)
        stop_pct = ZERO if defects else remembered(wish.stop_loss_pct)
        target_pct = ZERO if defects else remembered(wish.take_profit_pct)
        eligible, exit_reason = member is not None and member.eligible, None
        health = None if snapshot.health is None else snapshot.health.get(symbol, NOTHING_VOUCHED_FOR)
        # By place: names would cost as much again as making it.
        # fmt: off
        return make_sized(
            symbol, wish.side, wish.strategy, notional, size, price, cost_factor, snapshot.as_of, tier_name, theme,
            multiplier, wish.conviction, stop_pct, target_pct, product, eligible, exit_reason, wish.reason, defects,
            quote, health, snapshot.exchange_down,
        )
        # fmt: on

    def _exit(self, wish: ExitWish, snapshot: Snapshot, book: Book) -> SizedProposal:
        quote, price = _priced(snapshot.quotes.get(wish.symbol))
        product = snapshot.products.get(wish.symbol)
        defects = () if quote is not None and product is not None else (_unknown(wish.symbol, "price"),)
        size = book.sellable(wish.strategy, wish.symbol)
        if wish.size is not None:
            size = min(size, wish.size)
        return make_sized(
            wish.symbol,
            Side.SELL,
            wish.strategy,
            size * price,
            size,
            price,
            cost_factor=ONE,
            as_of=snapshot.as_of,
            tier=book.tiers.get(wish.symbol, ""),
            theme=self._universe.theme(wish.symbol),
            multiplier=ONE,
            conviction=1.0,
            stop_loss_pct=ZERO,
            take_profit_pct=ZERO,
            product=product,
            eligible=True,
            exit_reason=wish.exit_reason,
            reason=wish.exit_reason.value,
            defects=defects,
            quote=quote,
            health=None if snapshot.health is None else snapshot.health.get(wish.symbol, NOTHING_VOUCHED_FOR),
            exchange_down=snapshot.exchange_down,
        )


def _priced(quote: Quote | None) -> tuple[Quote | None, Decimal]:
    """*quote* and its mid; nothing where no price can be made of it, for nothing can be sized by it."""
    if quote is None:
        return None, ZERO
    mid = quote.mid
    return (quote, mid) if mid.is_finite() and mid > ZERO else (None, ZERO)


def _unknown(symbol: str, what: str) -> Defect:
    return Defect("symbol", symbol, f"a symbol with a known {what}", RiskReason.UNKNOWN_STATE)


_BOUNDS: tuple[tuple[str, float, float, bool], ...] = (
    ("notional_pct", 0.0, 100.0, False),
    ("stop_loss_pct", 0.0, 100.0, False),
    ("take_profit_pct", 0.0, 10_000.0, False),
    ("conviction", 0.0, 1.0, True),
)
"""field, low, high, whether low itself is allowed; a SELL's stop and target may be 0."""


_SIZE_HIGH, _STOP_HIGH, _TARGET_HIGH, _CONVICTION_HIGH = (high for _, _, high, _ in _BOUNDS)


def defects_of(wish: TradeProposal) -> tuple[Defect, ...]:
    """
    What is missing or out of bounds in the fields of *wish* (R2); empty for a sound one.

    A negative size, and a SELL of more than all of its position, is a short (R1).
    """
    if _is_sound_buy(wish):
        return ()
    found: list[Defect] = []
    if type(wish.side) is not Side:
        found.append(Defect("side", str(wish.side), "BUY or SELL"))
    selling = wish.side is Side.SELL
    for name, low, high, low_allowed in _BOUNDS:
        value = getattr(wish, name)
        at_low = low_allowed or (selling and name != "notional_pct")
        if type(value) is not float and (isinstance(value, bool) or not isinstance(value, int)):
            found.append(Defect(name, repr(value), "a number"))
        elif not math.isfinite(value):
            found.append(Defect(name, repr(value), "a finite number"))
        elif value < low or value > high or (value == low and not at_low):
            bound = f"{'from' if at_low else 'above'} {low:g} to {high:g}"
            limit = exact(high if value > high else low)
            short = name == "notional_pct" and (value < low or (selling and value > high))
            reason = RiskReason.SHORTING_DISALLOWED if short else RiskReason.SCHEMA
            found.append(Defect(name, repr(value), bound, reason, exact(value), limit))
    return tuple(found)


def _is_sound_buy(wish: TradeProposal) -> bool:
    """Whether *wish* is the usual: a BUY of four floats, each within its bounds (NaN is within none)."""
    size, stop, target, conviction = wish.notional_pct, wish.stop_loss_pct, wish.take_profit_pct, wish.conviction
    return (
        wish.side is Side.BUY
        and type(size) is type(stop) is type(target) is type(conviction) is float
        and 0.0 < size <= _SIZE_HIGH
        and 0.0 < stop <= _STOP_HIGH
        and 0.0 < target <= _TARGET_HIGH
        and 0.0 <= conviction <= _CONVICTION_HIGH
    )
