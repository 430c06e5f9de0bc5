from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, a_book, a_buy, a_product, a_quote, a_sell, a_snapshot, a_verdict
from trader.execution.planner import plan
from trader.model.money import FeeModel, Liquidity
from trader.model.trading import RiskReason, Side, Unit
from trader.policy import ExecutionPolicy
from trader.risk.rules.min_notional import MinNotional

TEN_USD = MinNotional(min_notional_usd=Decimal(10), fees=FeeModel(taker_bps=Decimal(100)))


@pytest.mark.req("X3")
@pytest.mark.parametrize(
    ("proposal", "observed", "unit"),
    [
        pytest.param(a_buy("10.2"), None, None, id="buy: worth ten after its fee"),
        pytest.param(a_buy("10.1011"), None, None, id="buy: just above"),
        pytest.param(a_buy("10.1010"), "9.99999", Unit.USD, id="buy: just below"),
        pytest.param(a_buy("10"), "9.9", Unit.USD, id="buy: ten, but the fee eats into it"),
        pytest.param(a_buy("0"), "0", Unit.BASE, id="buy: nothing"),
        pytest.param(a_sell("0.01"), None, None, id="sell: one dollar, the exchange takes it"),
        pytest.param(a_sell("0.0099"), "0.99", Unit.USD, id="sell: dust, too little money"),
        pytest.param(a_sell("0.00009"), "0.00009", Unit.BASE, id="sell: dust, too small a size"),
        pytest.param(replace(a_buy("50"), reference_price=Decimal(0)), "0", Unit.USD, id="no price"),
        pytest.param(a_buy("50", product=None), "0", Unit.USD, id="no product"),
    ],
)
def test_what_cannot_be_traded_or_is_not_worth_its_fee_is_refused(proposal, observed, unit):
    objection = TEN_USD.check(proposal, a_book())

    if observed is None:
        assert objection is None
    else:
        assert (objection.risk_reason, objection.permitted_usd) == (RiskReason.MIN_NOTIONAL, 0)
        assert (objection.observed, objection.unit) == (Decimal(observed), unit)


@pytest.mark.req("X3")
def test_rounding_down_to_the_increment_may_fall_below_the_minimum():
    coarse = a_product(base_increment=Decimal("0.1"), base_min_size=Decimal("0.1"))

    assert TEN_USD.check(a_buy("19.9", product=coarse), a_book()).observed == Decimal("9.9")
    assert TEN_USD.check(a_buy("20.5", product=coarse), a_book()) is None


@pytest.mark.req("X3")
def test_what_trimming_left_is_asked_about_as_the_planner_will_size_it():
    assert TEN_USD.check_amount(a_buy(500), Decimal(50)) is None
    assert TEN_USD.check_amount(a_buy(500), Decimal(5)).observed == Decimal("4.95")
    assert TEN_USD.check_amount(a_sell(5), Decimal("0.5")).observed == Decimal("0.5")


increments = st.sampled_from(["1", "0.1", "0.001", "0.00000001"]).map(Decimal)
prices = st.decimals("0.01", "100000", places=2)
near_ten_usd = st.decimals("0", "25", places=6)


@pytest.mark.req("X3")
@given(increments, increments, prices, near_ten_usd, st.sampled_from(Side))
def test_risk_and_execution_agree_on_every_amount(increment, least, price, usd, side):
    """Approved: the planner makes an order that is worth it.  Refused: it would make none, or one that is not."""
    product = a_product(base_increment=increment, base_min_size=least)
    size = usd / price
    proposal = replace(
        a_buy() if side is Side.BUY else a_sell(),
        product=product, reference_price=price, size=size, notional_usd=usd if side is Side.BUY else size * price,
    )  # fmt: skip
    rule, policy = MinNotional(), ExecutionPolicy()
    snapshot = a_snapshot({BTC: price}, products={BTC: product}, quotes={BTC: a_quote(BTC, price)})

    intents = plan([a_verdict(proposal)], snapshot, policy)

    assert rule.fees == policy.fees
    assert (rule.check(proposal, a_book()) is None) == any(worth_it(rule, intent, product) for intent in intents)


def worth_it(rule, intent, product):
    notional = intent.size * intent.reference_price
    if notional < product.quote_min_usd or intent.size < product.base_min_size:
        return False
    fee = notional * rule.fees.rate(Liquidity.TAKER)
    return intent.side is Side.SELL or notional - fee >= rule.min_notional_usd
