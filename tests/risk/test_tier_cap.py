from decimal import Decimal

import pytest

from tests.builders import ALPHA, BETA, BTC, DOGE, ETH, SOL, a_book, a_buy, a_sell
from trader.model.trading import RiskReason
from trader.risk.rules.tier_cap import TierCap

ALLOCATIONS = TierCap(allocations={"tier1": Decimal(12), "tier2": Decimal(6), "tier3": Decimal(2)})


@pytest.mark.req("U1", "E2")
@pytest.mark.parametrize(
    ("held", "working", "symbol", "wanted", "permitted"),
    [
        pytest.param({}, {}, BTC, 1200, None, id="exactly the allocation"),
        pytest.param({(ALPHA, BTC): 800, (BETA, ETH): 300}, {}, BTC, 200, 100, id="over symbols and strategies"),
        pytest.param({}, {(ALPHA, ETH): 1150}, BTC, 200, 50, id="working counts"),
        pytest.param({(ALPHA, BTC): 1200}, {}, SOL, 600, None, id="another tier does not"),
        pytest.param({}, {}, DOGE, 300, 200, id="the thin tier"),
    ],
)
def test_a_tier_stays_within_its_allocation(held, working, symbol, wanted, permitted):
    objection = ALLOCATIONS.check(a_buy(wanted, symbol=symbol), a_book(nlv=10_000, held=held, working=working))

    assert (objection and objection.permitted_usd) == permitted
    assert objection is None or (objection.risk_reason, objection.cap_type) == (RiskReason.TIER_CAP, "tier")


@pytest.mark.req("U1")
def test_a_tier_nobody_knows_has_no_allocation():
    assert ALLOCATIONS.check(a_buy(10, tier="tier9"), a_book()).permitted_usd == 0


@pytest.mark.req("U3")
@pytest.mark.parametrize(("multiplier", "cap_usd"), [("0.5", 600), ("1.0", 1200), ("1.2", 1440)])
def test_a_regime_scales_the_allocation_both_ways(multiplier, cap_usd):
    assert ALLOCATIONS.check(a_buy(2000, multiplier=Decimal(multiplier)), a_book(nlv=10_000)).permitted_usd == cap_usd


@pytest.mark.req("U1")
def test_an_exit_is_never_capped():
    assert ALLOCATIONS.check(a_sell(20, tier="tier9"), a_book(nlv=10_000, position_usd=2000)) is None
