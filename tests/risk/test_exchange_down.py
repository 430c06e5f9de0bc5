import pytest

from tests.builders import a_book, a_buy, a_sell
from trader.model.trading import RiskReason
from trader.risk.rules.exchange_down import ExchangeDown


@pytest.mark.req("EX1", "NF1")
@pytest.mark.parametrize("wish", [a_buy, a_sell])
@pytest.mark.parametrize("down", [False, True])
def test_while_the_exchange_is_down_nothing_is_permitted(wish, down):
    objection = ExchangeDown().check(wish(exchange_down=down), a_book(position_usd=300))

    assert (objection is not None) is down
    if objection is not None:
        assert (objection.risk_reason, objection.permitted_usd) == (RiskReason.EXCHANGE_DOWN, 0)
