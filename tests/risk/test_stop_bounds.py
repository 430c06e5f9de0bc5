from decimal import Decimal

import pytest

from tests.builders import a_book, a_buy, a_sell
from trader.model.trading import RiskReason
from trader.risk.rules.stop_bounds import StopBounds

BOUNDS = StopBounds(*(Decimal(bound) for bound in ("0.5", "15", "1", "50")))


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    ("stop", "target", "field", "bound"),
    [
        pytest.param("3", "6", None, None, id="inside"),
        pytest.param("0.5", "1", None, None, id="at the lower bounds"),
        pytest.param("15", "50", None, None, id="at the upper bounds"),
        pytest.param("0.49", "6", "stop_loss_pct", "0.5", id="stop too close"),
        pytest.param("15.01", "6", "stop_loss_pct", "15", id="stop too far"),
        pytest.param("0", "6", "stop_loss_pct", "0.5", id="no stop"),
        pytest.param("3", "0.99", "take_profit_pct", "1", id="target too close"),
        pytest.param("3", "50.01", "take_profit_pct", "50", id="target too far"),
    ],
)
def test_stop_and_target_lie_within_the_policys_bounds(stop, target, field, bound):
    proposal = a_buy(stop_loss_pct=Decimal(stop), take_profit_pct=Decimal(target))

    objection = BOUNDS.check(proposal, a_book())

    assert (objection and objection.field) == field
    if objection is not None:
        assert objection.risk_reason is RiskReason.STOP_OUT_OF_BOUNDS
        assert objection.observed == (Decimal(stop) if field == "stop_loss_pct" else Decimal(target))
        assert (objection.limit, objection.permitted_usd) == (Decimal(bound), 0)


@pytest.mark.req("R2")
def test_an_exit_brings_neither():
    assert BOUNDS.check(a_sell(stop_loss_pct=Decimal(0), take_profit_pct=Decimal(0)), a_book()) is None
