from decimal import Decimal

import pytest

from tests.builders import ALPHA, BETA, BTC, DOGE, ETH, a_book, a_buy, a_sell
from trader.model.trading import RiskReason
from trader.risk.rules.total_cap import TotalCap

FIFTEEN_PCT = TotalCap(max_total_at_risk_pct=Decimal(15))


@pytest.mark.req("E1", "E2")
@pytest.mark.parametrize(
    ("held", "working", "wanted", "permitted"),
    [
        pytest.param({}, {}, 1500, None, id="exactly the cap"),
        pytest.param({(ALPHA, BTC): 400, (BETA, ETH): 500}, {}, 600, None, id="the rest of it"),
        pytest.param({(ALPHA, BTC): 400, (BETA, ETH): 500}, {}, 700, 600, id="trimmed"),
        pytest.param({(ALPHA, BTC): 400}, {(BETA, ETH): 1000}, 300, 100, id="working orders count in full"),
        pytest.param({(ALPHA, BTC): 400, (BETA, ETH): 1200}, {}, 10, 0, id="already over"),
    ],
)
def test_everything_together_stays_within_the_cap(held, working, wanted, permitted):
    objection = FIFTEEN_PCT.check(a_buy(wanted, symbol=DOGE), a_book(nlv=10_000, held=held, working=working))

    assert (objection and objection.permitted_usd) == permitted
    assert objection is None or (objection.risk_reason, objection.cap_type) == (RiskReason.TOTAL_CAP, "total")


@pytest.mark.req("U3")
@pytest.mark.parametrize(("multiplier", "cap_usd"), [("0.6", 900), ("1.0", 1500), ("1.2", 1500)])
def test_a_regime_shrinks_the_cap_and_never_raises_it(multiplier, cap_usd):
    objection = FIFTEEN_PCT.check(a_buy(2000, multiplier=Decimal(multiplier)), a_book(nlv=10_000))

    assert objection.permitted_usd == cap_usd


@pytest.mark.req("U3", "E1")
def test_a_shrunken_cap_forces_no_sale_and_stops_none():
    book = a_book(nlv=10_000, position_usd=1400)

    assert FIFTEEN_PCT.check(a_sell(14, multiplier=Decimal("0.1")), book) is None
