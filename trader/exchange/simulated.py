"""
The simulated exchange of backtest and paper: the same fills from the same bars.

Nothing fills on the bar that decided it.  A market order fills at the open of
the next interval, plus half the spread and slippage; a limit only when traded
through, or at the open where it gaps; a stop before a target where one bar
touches both, and a stop once triggered goes on until all is sold.  An entry
that meets no bar is cancelled, for its price was judged at the decision; an
exit waits for the next bar.  Whatever is doubtful is settled against us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from trader.execution.fills import (
    BarRow,
    CostsBps,
    Holding,
    Resting,
    market_price,
    protective_exit,
    resting_price,
)
from trader.model.book import Key
from trader.model.market import Product
from trader.model.money import HUNDRED, ZERO, Liquidity, exact, floor_to
from trader.model.orders import Fill, Order, OrderIntent, OrderType, Position
from trader.model.quick import maker
from trader.model.trading import ExitReason, Side
from trader.policy import ExecutionPolicy
from trader.ports import Acknowledged, Ended, OutcomeUnknown, Refused

make_fill = maker(Fill)

WAIT_FOR_A_BAR = timedelta(hours=24)
"""A market SELL that meets no bar for so long is cancelled: nobody trades there."""


PLENTY = 0.999
"""Of a volume in floats: further from it than any rounding reaches."""


class _Budget:
    """What one bar's volume still lets us take; exact where that could matter, in floats where there is plenty."""

    __slots__ = ("_plenty", "_share", "_step", "_taken", "_volume")

    def __init__(self, volume: float, share: Decimal, roughly_share: float, step: Decimal) -> None:
        self._volume, self._share, self._step = volume, share, step
        self._plenty = int(volume * roughly_share * PLENTY)
        self._taken = ZERO

    def offers(self, wanted: Decimal) -> Decimal:
        """As much of *wanted* as is left."""
        if wanted + self._taken + self._step < self._plenty:
            return wanted
        return min(wanted, floor_to(exact(self._volume) * self._share, self._step) - self._taken)

    def take(self, size: Decimal) -> None:
        """Use up *size*, which was offered."""
        self._taken += size


class SimulatedExchange:
    """
    Venue truth of a simulated account: cash in USD, holdings with their protection, resting orders.

    *costs_bps(symbol)* gives (half spread, slippage) in bps.  `settle` is called once per interval, in time order,
    with the bars that exist; `news` hands out what happened since it was last asked.
    """

    def __init__(
        self,
        products: Mapping[str, Product],
        policy: ExecutionPolicy,
        costs_bps: Callable[[str], CostsBps],
        cash_usd: Decimal,
    ) -> None:
        self.cash_usd = cash_usd
        self.holdings: dict[Key, Holding] = {}
        self.resting: dict[str, Resting] = {}
        self._products = products
        self._policy = policy
        self._volume_share = policy.max_volume_share_pct / HUNDRED
        self._roughly_share = float(self._volume_share)
        self._costs_bps = costs_bps
        self._news: list[Fill | Ended] = []

    def restore(self, positions: Iterable[Position], working: Iterable[Order]) -> None:
        """Take up where a journal left off: its positions with their protection, its working orders."""
        for p in positions:
            entry_id = self._entry_id(p.strategy, p.symbol, p.opened_at)
            self.holdings[(p.strategy, p.symbol)] = Holding(
                p.size, p.stop_price, p.take_profit_price, entry_id, triggered=p.stop_triggered
            )
        for order in working:
            self.resting[order.intent.client_order_id] = Resting(order.intent, order.filled_size)

    def submit(self, intent: OrderIntent) -> Acknowledged | Refused | OutcomeUnknown:
        """Accept *intent* if the product is known and its id is new; the same id again is the same order."""
        if intent.symbol not in self._products:
            return Refused(f"unknown product {intent.symbol}")
        if intent.client_order_id not in self.resting:
            self.resting[intent.client_order_id] = Resting(intent, ZERO)
        return Acknowledged(f"sim-{intent.client_order_id}")

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        """End the orders that are still working; the others are passed over."""
        for order_id in client_order_ids:
            resting = self.resting.pop(order_id, None)
            if resting is not None:
                self._news.append(Ended(order_id, "cancelled", resting.intent.as_of, "cancelled by request"))

    def news(self) -> Sequence[Fill | Ended]:
        """Fills and ends since the last call, in the order they happened."""
        news, self._news = self._news, []
        return news

    def settle(self, opens: datetime, closes: datetime, bars: Mapping[str, BarRow]) -> None:
        """Play the interval [*opens*, *closes*): *bars* holds the symbols that traded in it."""
        symbols = {resting.intent.symbol for resting in self.resting.values()}
        for key, holding in self.holdings.items():
            if key[1] not in symbols and (traded := bars.get(key[1])) is not None and holding.touched(traded):
                symbols.add(key[1])
        for symbol in sorted(symbols):
            bar = bars.get(symbol)
            if bar is None:
                self._no_bar(symbol, opens, closes)
            else:
                self._trade(symbol, bar, opens, closes)

    def _trade(self, symbol: str, bar: BarRow, opens: datetime, closes: datetime) -> None:
        step = self._products[symbol].base_increment
        budget = _Budget(bar.volume, self._volume_share, self._roughly_share, step)
        mine = [resting for resting in self.resting.values() if resting.intent.symbol == symbol]
        if len(mine) > 1:
            mine.sort(key=lambda resting: (resting.intent.side is Side.BUY, resting.intent.client_order_id))
        for resting in mine:
            if resting.intent.order_type is OrderType.MARKET:
                self._fill_market(resting, bar, budget, opens)
            else:
                self._fill_resting(resting, bar, budget, opens, closes)
        for key in sorted(self.holdings) if self.holdings else ():
            if key[1] == symbol:
                self._protect(key, bar, budget, opens, closes)

    def _no_bar(self, symbol: str, opens: datetime, closes: datetime) -> None:
        for order_id, resting in [(i, r) for i, r in self.resting.items() if r.intent.symbol == symbol]:
            if resting.intent.order_type is OrderType.LIMIT_MAKER:
                self._age(resting, opens, closes)
            elif resting.intent.side is Side.BUY:
                self._end(order_id, "cancelled", closes, "nothing traded in the interval it was meant for")
            elif closes - resting.intent.as_of >= WAIT_FOR_A_BAR:
                self._end(order_id, "cancelled", closes, "no trade in the symbol for 24 hours")

    def _fill_market(self, resting: Resting, bar: BarRow, budget: _Budget, opens: datetime) -> None:
        intent = resting.intent
        wanted = intent.size
        if intent.side is Side.SELL:
            holding = self.holdings.get((intent.strategy, intent.symbol))
            wanted = min(wanted, holding.size) if holding else ZERO
        opened = exact(bar.open)
        price = market_price(intent.side, opened, self._costs_bps(intent.symbol), self._products[intent.symbol])
        size = budget.offers(wanted)
        fee = self._fee_if_paid(intent.side, size, price, Liquidity.TAKER)
        if fee is None:
            self._end(intent.client_order_id, "cancelled", opens, "the cash does not cover it with its fee")
            return
        if size > ZERO:
            budget.take(size)
            self._fill(intent, size, price, fee, Liquidity.TAKER, opens, opened, opens)
        if size == intent.size:
            del self.resting[intent.client_order_id]
        else:
            why = "beyond the volume share of the bar" if size < wanted else "nothing left to sell"
            self._end(intent.client_order_id, "cancelled", opens, why)

    def _fill_resting(self, resting: Resting, bar: BarRow, budget: _Budget, opens: datetime, closes: datetime) -> None:
        intent = resting.intent
        price = resting_price(intent, bar)
        if price is not None:
            size = budget.offers(intent.size - resting.filled)
            fee = self._fee_if_paid(intent.side, size, price, Liquidity.MAKER)
            if fee is not None and size > ZERO:
                budget.take(size)
                resting.filled += size
                time = opens if price != intent.limit_price else closes
                self._fill(intent, size, price, fee, Liquidity.MAKER, time, price, opens)
                if resting.filled >= intent.size:
                    del self.resting[intent.client_order_id]
                    return
        self._age(resting, opens, closes)

    def _age(self, resting: Resting, opens: datetime, closes: datetime) -> None:
        if closes - resting.intent.as_of >= (closes - opens) * self._policy.maker_ttl_bars:
            self._end(resting.intent.client_order_id, "expired", closes, "time to live is over")

    def _protect(self, key: Key, bar: BarRow, budget: _Budget, opens: datetime, closes: datetime) -> None:
        holding = self.holdings[key]
        strategy, symbol = key
        product = self._products[symbol]
        found = protective_exit(holding, bar, self._costs_bps(symbol), product)
        holding.bought_within = False
        if found is None:
            return
        size = budget.offers(holding.size)
        if size <= ZERO:
            return
        budget.take(size)
        order_id = f"{holding.entry_id}-{found.exit_reason.value}"
        fill = make_fill(
            fill_id=f"{order_id}:{int(opens.timestamp())}",
            client_order_id=order_id,
            time=opens if found.at_open else closes,
            symbol=symbol,
            side=Side.SELL,
            size=size,
            price=found.price,
            fee_usd=self._policy.fees.fee_usd(size * found.price, found.liquidity),
            liquidity=found.liquidity,
            strategy=strategy,
            reason=found.exit_reason.value,
            exit_reason=found.exit_reason,
            slippage_usd=(found.undisturbed - found.price) * size,
        )
        self._book(fill)

    def _fee_if_paid(self, side: Side, size: Decimal, price: Decimal, liquidity: Liquidity) -> Decimal | None:
        """The fee of an execution; None where the cash does not cover a BUY with it."""
        notional = size * price
        fee = self._policy.fees.fee_usd(notional, liquidity)
        return fee if side is Side.SELL or notional + fee <= self.cash_usd else None

    def _fill(
        self,
        intent: OrderIntent,
        size: Decimal,
        price: Decimal,
        fee_usd: Decimal,
        liquidity: Liquidity,
        time: datetime,
        undisturbed: Decimal,
        opens: datetime,
    ) -> None:
        """Book one execution; an order fills at most once an interval, whose opening makes the fill's id unique."""
        against = price - undisturbed if intent.side is Side.BUY else undisturbed - price
        fill = make_fill(
            f"{intent.client_order_id}:{int(opens.timestamp())}",
            intent.client_order_id,
            time,
            intent.symbol,
            intent.side,
            size,
            price,
            fee_usd,
            liquidity,
            intent.strategy,
            intent.reason,
            intent.exit_reason,
            slippage_usd=against * size,
        )
        self._book(fill, intent)

    def _book(self, fill: Fill, intent: OrderIntent | None = None) -> None:
        key = (fill.strategy, fill.symbol)
        holding = self.holdings.get(key)
        if fill.side is Side.BUY:
            assert intent is not None, "only an intent buys"
            self.cash_usd -= fill.notional_usd + fill.fee_usd
            within = fill.liquidity is Liquidity.MAKER
            if holding is None:
                entry_id = self._entry_id(*key, fill.time)
                self.holdings[key] = Holding(fill.size, intent.stop_price, intent.take_profit_price, entry_id, within)
            else:
                self.holdings[key] = holding.added(intent, fill.size, within)
        else:
            assert holding is not None, "nothing is sold that is not held"
            self.cash_usd += fill.notional_usd - fill.fee_usd
            holding.size -= fill.size
            if holding.size <= ZERO:
                del self.holdings[key]
            elif fill.exit_reason is ExitReason.STOP_LOSS:
                holding.trigger()
        self._news.append(fill)

    def _entry_id(self, strategy: str, symbol: str, opened_at: datetime) -> str:
        """Names a position by what the journal keeps of it, so that a restart names it alike."""
        return f"{self._policy.bot_id}-{symbol}-{int(opened_at.timestamp())}-{strategy}"

    def _end(self, order_id: str, status: str, time: datetime, reason: str) -> None:
        del self.resting[order_id]
        self._news.append(Ended(order_id, status, time, reason))
