"""A position's next touch, looked for ahead and remembered, is the one that looking afresh would find."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.backtest.held import FIRST_LOOK, Held
from trader.backtest.path import Path
from trader.model.orders import Position

SOME = Decimal(1)
POSITION = Position("BTC-USD", "alpha", SOME, SOME, SOME, datetime(2025, 1, 1, tzinfo=UTC))
STOP, TARGET, BARS = 90.0, 110.0, 3 * FIRST_LOOK + 10


@st.composite
def questions(draw):
    """Bars that touch here and there, some missing, and what a walk asks of them: ever later, as far as it likes."""
    low, high = np.full(BARS, 95.0), np.full(BARS, 105.0)
    places = st.lists(st.integers(0, BARS - 1), max_size=4)
    low[draw(places)], high[draw(places)] = STOP, TARGET
    low[draw(places)] = high[draw(places)] = np.nan
    begins = sorted(draw(st.lists(st.integers(0, BARS - 2), min_size=1, max_size=12)))
    asked = [(begin, draw(st.integers(begin + 1, BARS))) for begin in begins]
    return low, high, asked


@given(questions())
@settings(max_examples=300)
def test_a_touch_remembered_is_the_touch_there_is(question):
    low, high, asked = question
    held = Held(POSITION, STOP, TARGET, Path(low, low, high), asked[0][0])

    for since, ahead in asked:
        touches = np.flatnonzero((low[since:ahead] <= STOP) | (high[since:ahead] >= TARGET))
        assert held.touched(since, ahead) == (since + int(touches[0]) if len(touches) else ahead)
        assert held.lowest <= np.nanmin(low[since:ahead], initial=np.inf)
        assert held.highest >= np.nanmax(high[since:ahead], initial=-np.inf)


def test_any_fill_or_moved_stop_makes_it_another():
    held = Held(POSITION, STOP, TARGET, Path(*(np.empty(0),) * 3), 0)

    assert held.is_still(POSITION, STOP, TARGET)
    assert not held.is_still(POSITION, float("inf"), TARGET)
    assert not held.is_still(Position("BTC-USD", "alpha", SOME, SOME, SOME, POSITION.opened_at), STOP, TARGET)
