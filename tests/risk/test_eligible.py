import pytest

from tests.builders import a_book, a_buy, a_sell
from trader.model.trading import RiskReason
from trader.risk.rules.eligible import Eligible


@pytest.mark.req("U1")
@pytest.mark.parametrize(
    ("proposal", "reason"),
    [
        pytest.param(a_buy(eligible=True), None, id="entry, in the universe"),
        pytest.param(a_buy(eligible=False), RiskReason.NOT_ELIGIBLE, id="entry, out of it"),
        pytest.param(a_sell(eligible=False), None, id="exit of what fell out"),
    ],
)
def test_only_what_the_universe_admits_is_entered(proposal, reason):
    objection = Eligible().check(proposal, a_book())

    assert (objection and objection.risk_reason) == reason
    assert objection is None or objection.permitted_usd == 0
