"""
Sizes go down and never past what was approved, prices go away from us, and an order planned twice is one order.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import ALPHA, BETA, BTC, ETH, NOW, a_book, a_buy, a_product, a_quote, a_sell, a_snapshot, minutes
from trader.execution.planner import client_order_id, order_size, plan
from trader.model.money import FeeModel, Liquidity
from trader.model.orders import OrderIntent, OrderType
from trader.model.trading import ExitReason, Side, SizedProposal, Verdict
from trader.policy import ExecutionPolicy
from trader.risk.engine import RiskEngine
from trader.risk.rules.min_notional import MinNotional

TAKER, MAKER = ExecutionPolicy(), ExecutionPolicy(entry_style="maker")
COARSE = a_product(base_increment=Decimal("0.1"), base_min_size=Decimal("0.1"))

usd = st.decimals("0.01", "100000", places=8)
prices = st.decimals("0.01", "100000", places=2)
increments = st.sampled_from(["1", "0.1", "0.001", "0.00000001"]).map(Decimal)
sides = st.sampled_from(Side)


def planned(proposal: SizedProposal, approved: str | Decimal | None = None, policy: ExecutionPolicy = TAKER):
    """The intent of *proposal*, approved whole unless told otherwise; None if there is none."""
    verdict = Verdict(proposal, proposal.notional_usd if approved is None else Decimal(approved))
    return next(iter(plan((verdict,), a_snapshot(), policy)), None)


@pytest.mark.parametrize(
    ("proposal", "approved", "size"),
    [
        pytest.param(a_buy(250, product=COARSE), "250", "2.5", id="buy: on the increment"),
        pytest.param(a_buy(250, product=COARSE), "259.99", "2.5", id="buy: down, however near the next"),
        pytest.param(a_buy(250, product=COARSE), "100", "1.0", id="buy: trimmed"),
        pytest.param(a_buy(250, product=COARSE), "9.99", None, id="buy: below the smallest order"),
        pytest.param(a_buy(250, product=COARSE), "0", None, id="buy: denied"),
        pytest.param(a_sell("2.5", product=COARSE), "250", "2.5", id="sell: whole"),
        pytest.param(a_sell("2.57", product=COARSE), "257", "2.5", id="sell: what the increment cannot hold stays"),
        pytest.param(a_sell("2.5", product=COARSE), "199", "1.9", id="sell: trimmed"),
        pytest.param(a_sell("0.09", product=COARSE), "9", None, id="sell: dust"),
    ],
)
def test_size_goes_down_to_the_increment(proposal, approved, size):
    intent = planned(proposal, approved)

    assert (intent and intent.size) == (size and Decimal(size))


@given(usd, prices, increments, st.decimals(0, 1, places=4), sides)
def test_size_is_on_the_increment_and_never_past_what_was_approved(wanted, price, increment, share, side):
    proposal = replace(a_buy(wanted, reference_price=price, product=a_product(base_increment=increment)), side=side)
    verdict = Verdict(proposal, wanted * share)

    size = order_size(verdict)

    assert size % increment == 0
    assert size * price <= verdict.approved_usd < (size + increment) * price


@given(st.integers(1, 10**12), prices, increments)
def test_a_sell_approved_whole_sells_its_exact_size(steps, price, increment):
    held, endless = steps * increment, price / 3  # held * endless / endless need not give held back
    product = a_product(base_increment=increment, base_min_size=increment)

    assert planned(a_sell(held, reference_price=endless, product=product)).size == held


@pytest.mark.parametrize(
    ("price", "quote_increment", "stop", "target"),
    [
        pytest.param("100", "0.01", "97", "106", id="on the increment"),
        pytest.param("33.33", "0.01", "32.33", "35.33", id="32.3301 down, 35.3298 up"),
        pytest.param("33.33", "0.1", "32.3", "35.4", id="tenths"),
        pytest.param("33.33", "5", "30", "40", id="coarse"),
    ],
)
def test_protection_is_rounded_away_from_the_price(price, quote_increment, stop, target):
    product = a_product(quote_increment=Decimal(quote_increment))
    intent = planned(a_buy(100, reference_price=Decimal(price), product=product))

    assert (intent.stop_price, intent.take_profit_price) == (Decimal(stop), Decimal(target))


def test_an_exit_needs_no_protection_and_reserves_no_money():
    intent = planned(a_sell(1, exit_reason=ExitReason.STOP_LOSS, cost_factor=Decimal("1.01")), policy=MAKER)

    assert (intent.stop_price, intent.take_profit_price, intent.worst_case_usd) == (None, None, 0)
    assert (intent.order_type, intent.limit_price, intent.exit_reason) == (OrderType.MARKET, None, ExitReason.STOP_LOSS)


@pytest.mark.req("E2")
@given(usd, prices, st.decimals(1, "1.05", places=4))
def test_worst_case_is_size_times_price_times_cost(wanted, price, cost):
    intent = planned(a_buy(wanted, reference_price=price, cost_factor=cost))

    assert intent is None or intent.worst_case_usd == intent.size * price * cost


@pytest.mark.parametrize(("bid", "limit"), [("99.95", "99.95"), ("99.957", "99.95"), ("99.9599", "99.95")])
def test_a_maker_entry_waits_at_the_bid_on_the_increment(bid, limit):
    snapshot = a_snapshot(quotes={BTC: replace(a_quote(), bid=Decimal(bid))})
    proposal = a_buy(100)

    (maker,) = plan((Verdict(proposal, proposal.notional_usd),), snapshot, MAKER)
    (taker,) = plan((Verdict(proposal, proposal.notional_usd),), snapshot, TAKER)

    assert (maker.order_type, maker.limit_price) == (OrderType.LIMIT_MAKER, Decimal(limit))
    assert (taker.order_type, taker.limit_price) == (OrderType.MARKET, None)


def test_intents_come_in_the_order_of_the_verdicts_and_denied_ones_leave_no_gap():
    verdicts = [Verdict(a_buy(100, symbol), Decimal(room)) for symbol, room in ((ETH, 100), (BTC, 0), (BTC, 50))]

    assert [(one.symbol, one.size) for one in plan(verdicts, a_snapshot(), TAKER)] == [(ETH, 1), (BTC, Decimal("0.5"))]


@pytest.mark.req("X1")
def test_an_order_id_tells_bot_symbol_and_time_and_is_the_same_when_planned_again():
    first, again = planned(a_buy(100)), planned(a_buy(100), approved="50")

    assert re.fullmatch(rf"t247-BTC-USD-{int(NOW.timestamp())}-[0-9a-f]{{12}}", first.client_order_id)
    assert first.client_order_id == again.client_order_id
    assert first.client_order_id != planned(a_buy(100), policy=ExecutionPolicy(bot_id="other")).client_order_id


@pytest.mark.req("X1")
def test_order_ids_differ_wherever_the_orders_do():
    week = [NOW + minutes(5 * step) for step in range(7 * 24 * 12 + 1)]
    makes = (a_buy, a_sell)
    wishes = [(make, symbol, strategy) for make in makes for symbol in (BTC, ETH) for strategy in (ALPHA, BETA)]
    models = [make(1, symbol, strategy) for make, symbol, strategy in wishes]
    ids = [client_order_id(replace(model, as_of=instant), "t247") for model in models for instant in week]

    assert len(set(ids)) == len(ids) == 8 * len(week)


def outcome(
    minimum: Decimal, steps: int, side: Side, increment: Decimal, rules=None
) -> tuple[bool, OrderIntent | None]:
    """Whether risk approves an order *steps* cents away from one worth *minimum* net of its fee, and its intent."""
    rule = MinNotional(minimum, FeeModel())
    gross = minimum / (1 - rule.fees.rate(Liquidity.TAKER)) + steps * Decimal("0.01")
    product = a_product(base_increment=increment, base_min_size=increment)
    proposal = replace(
        a_buy(gross, product=product), side=side, exit_reason=ExitReason.SIGNAL if side is Side.SELL else None
    )
    verdict = RiskEngine([rule] if rules is None else rules).review(proposal, a_book())
    return not verdict.denied, next(iter(plan((verdict,), a_snapshot(), TAKER)), None)


@pytest.mark.req("X3")
@given(st.decimals(1, 500, places=2), st.integers(-3, 3), sides, increments)
def test_risk_approves_what_can_be_planned_and_nothing_else(minimum, steps, side, increment):
    approved, intent = outcome(minimum, steps, side, increment)

    assert approved == (intent is not None)
    if intent is not None and side is Side.BUY:
        notional = intent.size * intent.reference_price
        assert notional - notional * FeeModel().rate(Liquidity.TAKER) >= minimum


@pytest.mark.req("X3")
@pytest.mark.parametrize(("steps", "worth_it"), [(1, True), (0, True), (-1, False)], ids=["above", "at", "below"])
def test_just_above_at_and_just_below_the_minimum(steps, worth_it):
    approved, intent = outcome(Decimal("9.94"), steps, Side.BUY, Decimal("0.00000001"))  # 10.00 gross at 60 bps

    assert (approved, intent is not None) == (worth_it, worth_it)


@pytest.mark.req("X3")
def test_without_the_rule_risk_and_execution_disagree():
    approved, intent = outcome(Decimal(10), 0, Side.BUY, Decimal(1), rules=[])

    assert approved and intent is None
