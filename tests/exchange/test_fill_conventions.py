"""How one bar fills an order: every convention of the contract, as a table a trader could check by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import ALPHA, BTC, NOW, a_product, an_intent, number
from trader.exchange.simulated import WAIT_FOR_A_BAR, SimulatedExchange
from trader.execution.fills import BarRow
from trader.model.money import ZERO, FeeModel, Liquidity
from trader.model.orders import Fill, OrderIntent, OrderType
from trader.model.trading import ExitReason, Side
from trader.policy import ExecutionPolicy
from trader.ports import Acknowledged, Ended, Refused

HOUR = timedelta(hours=1)
FREE = ExecutionPolicy(fees=FeeModel(ZERO, ZERO), max_volume_share_pct=Decimal(100))
PRODUCT = a_product(base_increment=Decimal("0.01"), quote_increment=Decimal("0.01"))


def an_exchange(policy: ExecutionPolicy = FREE, spread: str = "0", slippage: str = "0", cash: str = "10_000"):
    costs = (Decimal(spread) / 2, Decimal(slippage))
    return SimulatedExchange({BTC: PRODUCT}, policy, lambda symbol: costs, number(cash))


def bar(open=100.0, high=101.0, low=99.0, close=100.0, volume=1_000.0) -> BarRow:
    return BarRow(open, high, low, close, volume)


def play(exchange: SimulatedExchange, *bars: BarRow | None) -> list[Fill | Ended]:
    seen: list[Fill | Ended] = []
    for n, row in enumerate(bars):
        exchange.settle(NOW + n * HOUR, NOW + (n + 1) * HOUR, {} if row is None else {BTC: row})
        seen += exchange.news()
    return seen


def holding(exchange: SimulatedExchange, size="1", stop="95", target="110") -> SimulatedExchange:
    """*exchange* after a free fill at 100."""
    exchange.submit(buy(size=number(size), stop_price=number(stop), take_profit_price=number(target)))
    play(exchange, bar())
    return exchange


def buy(**changes) -> OrderIntent:
    return an_intent(Side.BUY, **{"as_of": NOW, **changes})


def sell(**changes) -> OrderIntent:
    return an_intent(Side.SELL, **{"client_order_id": "sell-1", "as_of": NOW + HOUR, **changes})


@pytest.mark.req("X3")
@pytest.mark.parametrize(
    ("side", "opened", "price"),
    [
        pytest.param(Side.BUY, 100.0, "100.06", id="a buy pays half the spread of 8 bps and 2 bps slippage"),
        pytest.param(Side.SELL, 100.0, "99.94", id="a sell gets as much less"),
        pytest.param(Side.BUY, 100.001, "100.07", id="rounded up to the cent"),
        pytest.param(Side.SELL, 99.999, "99.93", id="rounded down to the cent"),
    ],
)
def test_a_market_order_fills_at_the_next_open_against_us(side, opened, price):
    exchange = an_exchange(spread="8", slippage="2")
    if side is Side.SELL:
        holding(exchange, stop="1", target="1000")
    exchange.submit(buy() if side is Side.BUY else sell())

    (fill,) = play(exchange, bar(open=opened, high=102.0, low=98.0))

    assert fill.price == Decimal(price)
    assert fill.liquidity is Liquidity.TAKER


@pytest.mark.parametrize(
    ("row", "price"),
    [
        pytest.param(bar(low=99.0), None, id="touched is not traded through"),
        pytest.param(bar(low=98.99), "99", id="traded through fills at the limit"),
        pytest.param(bar(open=98.5, low=98.0), "98.5", id="a gap below fills at the open"),
        pytest.param(bar(open=99.0, low=99.0), None, id="opening at the limit is not through it"),
    ],
)
@pytest.mark.req("ROUTE")
def test_a_limit_fills_only_when_traded_through(row, price):
    exchange = an_exchange()
    exchange.submit(buy(order_type=OrderType.LIMIT_MAKER, limit_price=Decimal(99)))

    (news,) = play(exchange, row)

    if price is None:
        assert isinstance(news, Ended) and news.status == "expired"
    else:
        assert (news.price, news.liquidity) == (Decimal(price), Liquidity.MAKER)


@pytest.mark.req("EXITS")
@pytest.mark.parametrize(
    ("row", "reason", "price"),
    [
        pytest.param(bar(low=96.0, high=109.0), None, None, id="neither is touched"),
        pytest.param(bar(low=95.0), ExitReason.STOP_LOSS, "95", id="the low on the stop is a stop"),
        pytest.param(bar(low=94.0, high=111.0), ExitReason.STOP_LOSS, "95", id="both in one bar: the stop first"),
        pytest.param(
            bar(open=93.0, high=94.0, low=92.0), ExitReason.STOP_LOSS, "93", id="a gap through exits at the open"
        ),
        pytest.param(bar(high=110.0), None, None, id="the high on the target is not through it"),
        pytest.param(bar(high=110.01), ExitReason.TAKE_PROFIT, "110", id="through the target"),
        pytest.param(
            bar(open=112.0, high=113.0, low=111.0), ExitReason.TAKE_PROFIT, "112", id="a gap above gets the open"
        ),
    ],
)
def test_protection_is_triggered_inside_the_bar(row, reason, price):
    exchange = holding(an_exchange())

    news = play(exchange, row)

    assert [(n.exit_reason, n.price) for n in news] == ([] if reason is None else [(reason, Decimal(price))])
    assert (not exchange.holdings) == (reason is not None)


@pytest.mark.req("EXITS")
def test_the_bar_that_fills_an_entry_can_stop_it_out():
    exchange = an_exchange()
    exchange.submit(buy(stop_price=Decimal(95), take_profit_price=Decimal(110)))

    bought, stopped = play(exchange, bar(low=94.0))

    assert (bought.side, stopped.exit_reason) == (Side.BUY, ExitReason.STOP_LOSS)


def test_a_limit_filled_inside_a_bar_cannot_take_profit_in_that_bar():
    exchange = an_exchange()
    limit = {"order_type": OrderType.LIMIT_MAKER, "limit_price": Decimal(99)}
    exchange.submit(buy(stop_price=Decimal(90), take_profit_price=Decimal(110), **limit))

    first, second = play(exchange, bar(low=98.0, high=120.0), bar(high=111.0))

    assert (first.side, second.exit_reason) == (Side.BUY, ExitReason.TAKE_PROFIT)


def test_a_fill_takes_no_more_than_its_share_of_the_volume():
    exchange = an_exchange(ExecutionPolicy(fees=FeeModel(ZERO, ZERO), max_volume_share_pct=Decimal(10)))
    exchange.submit(buy(size=Decimal(5)))

    fill, end = play(exchange, bar(volume=12.34))

    assert fill.size == Decimal("1.23")
    assert end.status == "cancelled"


def test_what_the_volume_leaves_of_a_stop_is_stopped_in_the_next_bar():
    exchange = an_exchange(ExecutionPolicy(fees=FeeModel(ZERO, ZERO), max_volume_share_pct=Decimal(10)))
    holding(exchange)

    first, second = play(exchange, bar(low=94.0, volume=4.0), bar(open=93.0, high=93.0, low=93.0))

    assert (first.size, first.price) == (Decimal("0.4"), Decimal(95))
    assert (second.size, second.price) == (Decimal("0.6"), Decimal(93))


@pytest.mark.req("E1")
def test_an_entry_that_meets_no_bar_is_cancelled():
    """Its worst case was judged at the decision; twenty bars later the price may be anything."""
    exchange = an_exchange()
    exchange.submit(buy())

    (end,) = play(exchange, None, bar(open=150.0, high=151.0, low=149.0))

    assert (end.status, exchange.holdings) == ("cancelled", {})


@pytest.mark.req("EXITS")
def test_an_exit_waits_for_the_next_bar_and_not_for_ever():
    exchange = holding(an_exchange(), stop="1", target="1000")
    exchange.submit(sell())
    hours = WAIT_FOR_A_BAR // HOUR

    assert play(exchange, None, None) == []
    (fill,) = play(exchange, bar())
    assert fill.side is Side.SELL

    again = holding(an_exchange(), stop="1", target="1000")
    again.submit(sell(client_order_id="sell-2"))
    (end,) = play(again, *[None] * (hours + 1))
    assert end.status == "cancelled"


def test_a_limit_that_fills_twice_has_two_fill_ids():
    """Partly at its price at the end of one bar, then at the gapped open of the next: the same second, two fills."""
    exchange = an_exchange(
        ExecutionPolicy(fees=FeeModel(ZERO, ZERO), max_volume_share_pct=Decimal(10), maker_ttl_bars=3)
    )
    exchange.submit(buy(order_type=OrderType.LIMIT_MAKER, limit_price=Decimal(99)))

    first, second = play(exchange, bar(low=98.0, volume=4.0), bar(open=98.5, low=98.0))

    assert (first.time, first.size + second.size) == (second.time, Decimal(1))
    assert first.fill_id != second.fill_id


def test_an_order_beyond_the_cash_is_not_filled():
    exchange = an_exchange(cash="50")
    exchange.submit(buy())

    (end,) = play(exchange, bar())

    assert (end.status, exchange.cash_usd) == ("cancelled", Decimal(50))
    assert "cash" in end.reason


@pytest.mark.req("EXITS")
@pytest.mark.parametrize("restarted", [False, True], ids=["running on", "restarted"])
def test_a_stop_once_triggered_goes_on_though_the_price_recovers(restarted):
    from tests.builders import a_position

    policy = ExecutionPolicy(fees=FeeModel(ZERO, ZERO), max_volume_share_pct=Decimal(10))
    exchange = holding(an_exchange(policy))
    (first,) = play(exchange, bar(low=94.0, volume=4.0))
    if restarted:
        exchange = an_exchange(policy)
        left = a_position(size=Decimal("0.6"), opened_at=NOW, stop=95, target=110)
        exchange.restore([replace(left, stop_triggered=True)], [])

    (second,) = play(exchange, bar(open=99.0, high=120.0, low=98.0))

    assert (first.price, second.price) == (Decimal(95), Decimal(99))
    assert second.exit_reason is ExitReason.STOP_LOSS
    assert exchange.holdings == {}


@pytest.mark.req("R1")
def test_nothing_is_sold_that_is_not_held():
    exchange = holding(an_exchange(), size="0.4", stop="1", target="1000")
    exchange.submit(sell(size=Decimal(1)))

    fill, end = play(exchange, bar())

    assert fill.size == Decimal("0.4")
    assert end.status == "cancelled"


@pytest.mark.req("X1")
def test_the_same_id_again_is_the_same_order():
    exchange = an_exchange()

    answers = [exchange.submit(buy()) for _ in range(5)]

    assert all(isinstance(answer, Acknowledged) for answer in answers)
    assert len(play(exchange, bar())) == 1


def test_an_unknown_product_is_refused():
    answer = an_exchange().submit(buy(symbol="NOPE-USD"))

    assert isinstance(answer, Refused) and "NOPE-USD" in answer.reason


@pytest.mark.req("STOP", "EXITS")
def test_a_restored_exchange_trades_on_like_the_one_that_stopped():
    """Restart between two bars: positions, protection and ids are what the journal says, so the fills are equal."""
    from tests.builders import a_position

    whole = holding(an_exchange())
    restarted = an_exchange(cash=str(whole.cash_usd))
    restarted.restore([a_position(size=1, opened_at=NOW, stop=95, target=110)], [])

    stop_bar = bar(low=94.0)
    whole.settle(NOW + HOUR, NOW + 2 * HOUR, {BTC: stop_bar})
    restarted.settle(NOW + HOUR, NOW + 2 * HOUR, {BTC: stop_bar})

    assert list(whole.news()) == list(restarted.news())
    assert restarted.cash_usd == whole.cash_usd
    assert (ALPHA, BTC) not in restarted.holdings
