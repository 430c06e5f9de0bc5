import pytest

from tests.builders import a_book, a_buy, a_sell
from trader.model.trading import RiskReason, TradingState
from trader.risk.rules.trading_state_gate import TradingStateGate


@pytest.mark.req("DD1")
@pytest.mark.parametrize(
    ("state", "buy", "sell"),
    [
        pytest.param(TradingState.ACTIVE, None, None, id="active: anything"),
        pytest.param(TradingState.REDUCING, RiskReason.REDUCING, None, id="reducing: exits only"),
        pytest.param(TradingState.HALTED, RiskReason.HALTED, RiskReason.HALTED, id="halted: nothing"),
        pytest.param(TradingState.KILLED, RiskReason.KILLED, RiskReason.KILLED, id="killed: nothing"),
    ],
)
def test_the_trading_state_opens_and_closes_both_sides(state, buy, sell):
    book = a_book(position_usd=100, state=state)

    said = [TradingStateGate().check(proposal, book) for proposal in (a_buy(), a_sell())]

    assert [objection and objection.risk_reason for objection in said] == [buy, sell]
    assert all(objection.permitted_usd == 0 for objection in said if objection)
