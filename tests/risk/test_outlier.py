"""A mid that jumped and is not confirmed is not bought at; how jumps are measured is in tests/test_outliers.py."""

from decimal import Decimal

import pytest

from tests.builders import a_book, a_buy, a_health, a_sell
from trader.model.market import FeedHealth
from trader.model.trading import RiskReason
from trader.risk.rules.outlier import Outlier

SIX_SIGMA = Outlier(max_jump_sigmas=Decimal(6))


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    ("health", "observed"),
    [
        pytest.param(a_health(), None, id="an accepted mid"),
        pytest.param(a_health(jump_sigmas=Decimal(6)), None, id="accepted at the limit"),
        pytest.param(a_health(jump_sigmas=Decimal("6.01"), suspect=True), "6.01", id="a jump beyond it"),
        pytest.param(a_health(jump_sigmas=Decimal("41.3"), suspect=True), "41.3", id="a jump far beyond it"),
        pytest.param(a_health(jump_sigmas=Decimal("6.01")), "6.01", id="accepted by a guard with another limit"),
        pytest.param(FeedHealth(), "0", id="nothing accepted yet to hold it against"),
        pytest.param(None, None, id="history"),
    ],
)
def test_an_entry_at_a_suspect_mid_is_refused_with_the_jump_and_the_limit(health, observed):
    objection = SIX_SIGMA.check(a_buy(health=health), a_book())

    if observed is None:
        assert objection is None
    else:
        assert (objection.risk_reason, objection.permitted_usd) == (RiskReason.OUTLIER, 0)
        assert (objection.observed, objection.limit) == (Decimal(observed), 6)


@pytest.mark.req("O1")
def test_exits_stay_open():
    assert SIX_SIGMA.check(a_sell(health=a_health(jump_sigmas=Decimal(99), suspect=True)), a_book()) is None
