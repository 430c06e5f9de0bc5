"""A value kept as its changes is the value at every instant."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trader.backtest.walked import Steps, Walked


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-1e6, 1e6)), max_size=20), st.integers(0, 10))
def test_steps_hold_from_one_change_to_the_next(changes, beyond):
    steps, plain, instant = Steps(), [], 5
    steps.add(5, 1.0)
    last = 1.0
    for after, value in changes:
        plain += [last] * after
        instant += after
        steps.add(instant, value)
        last = value
    plain += [last] * beyond

    np.testing.assert_array_equal(steps.over(5, instant + beyond), plain)
    for since in range(instant + beyond - 4):
        until = since + 4
        np.testing.assert_array_equal(steps.over(since, until), ([0.0] * 5 + plain)[since:until])
    np.testing.assert_array_equal(steps.at(np.arange(5, instant + beyond)), plain)
    assert steps.at(np.array([4])) == [0.0]


def test_cash_has_a_value_at_every_instant_of_equity():
    walked = Walked(np.zeros(6), first=10)
    walked.cash_usd.add(10, 100.0)
    walked.cash_usd.add(13, 40.0)
    walked.hold(13, ("alpha", "BTC-USD"), 2.0)

    assert walked.cash.tolist() == [100.0, 100.0, 100.0, 40.0, 40.0, 40.0]
    assert walked.holdings[("alpha", "BTC-USD")].instants.tolist() == [13]
