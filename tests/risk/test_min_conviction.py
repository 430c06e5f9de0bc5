from decimal import Decimal
from math import inf, nan

import pytest

from tests.builders import a_book, a_buy, a_sell
from trader.risk.rules.min_conviction import MinConviction

SEVEN_TENTHS = MinConviction(min_conviction_to_propose=Decimal("0.7"))


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    ("conviction", "passes"),
    [
        pytest.param(0.71, True, id="above"),
        pytest.param(0.7, True, id="at, though the float lies below"),
        pytest.param(0.69, False, id="below"),
        pytest.param(nan, False, id="no number"),
        pytest.param(inf, False, id="infinite"),
        pytest.param("high", False, id="a word"),
        pytest.param(None, False, id="missing"),
        pytest.param(1, True, id="a whole number"),
    ],
)
def test_an_entry_must_be_believed_in(conviction, passes):
    objection = SEVEN_TENTHS.check(a_buy(conviction=conviction), a_book())

    assert (objection is None) is passes
    if objection is not None:
        assert (objection.field, objection.limit, objection.permitted_usd) == ("conviction", Decimal("0.7"), 0)
        assert objection.observed.is_finite()


@pytest.mark.req("R2")
def test_an_exit_needs_no_conviction():
    assert SEVEN_TENTHS.check(a_sell(conviction=0.0), a_book()) is None
