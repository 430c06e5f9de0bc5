"""A trigger fires when its score reaches the threshold, on markets drawn by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.columns import columns, hostile
from trader import signals

FLAT = np.full(20, 100.0)


def after(*last: float) -> np.ndarray:
    """A flat market at 100 that ends in *last*."""
    return np.concatenate([FLAT, last])


TRIGGERS = {
    "price move up": lambda x: signals.price_move(x, 4, 10.0),
    "price move down": lambda x: signals.price_move(x, 4, -10.0),
    "breakout": lambda x: signals.breakout(x, x, 10, 4.0),
    "volume spike": lambda x: signals.volume_spike(x, 10, 3.0),
    "momentum": lambda x: signals.momentum(x, 5, 2.0),
    "reversal": lambda x: signals.reversal(x, 6, 10.0, 5.0),
    "mean reversion": lambda x: signals.mean_reversion(x, 10, 3.0),
}


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("name", "market", "score"),
    [
        pytest.param("price move up", after(105), 0.5, id="half of a full move"),
        pytest.param("price move up", after(120), 1.0, id="never above 1"),
        pytest.param("price move up", after(95), 0.0, id="a fall is no rise"),
        pytest.param("price move down", after(95), 0.5, id="a fall, looked for"),
        pytest.param("breakout", after(100), 0.0, id="touching the ceiling is not breaking it"),
        pytest.param("breakout", after(101), 0.25, id="a quarter of a full break"),
        pytest.param("breakout", after(110, 109), 0.0, id="the ceiling rose with the first break"),
        pytest.param("volume spike", after(100), 0.0, id="the usual volume"),
        pytest.param("volume spike", after(200), 0.5, id="twice the usual"),
        pytest.param("volume spike", after(300), 1.0, id="three times the usual"),
        pytest.param("volume spike", np.append(np.zeros(20), 5.0), 1.0, id="out of nothing"),
        pytest.param("volume spike", np.zeros(20), 0.0, id="nothing out of nothing"),
        pytest.param("momentum", FLAT, 0.0, id="nothing moved"),
        pytest.param("momentum", 100 * 1.25 ** np.arange(20), 1.0, id="one way without noise"),
        pytest.param("reversal", after(100, 95, 90, 92, 94.5), 1.0, id="fell 10, rose 5 since"),
        pytest.param("reversal", after(100, 95, 90, 88, 86), 0.0, id="still falling"),
        pytest.param("reversal", after(100, 95, 90, 90, 92.25), 0.5, id="fell 10, rose 2.5 since"),
        pytest.param("reversal", after(98, 97, 95, 97, 110), 0.5, id="fell 5, rose far"),
        pytest.param("reversal", after(100, 105, 110, 112, 115), 0.0, id="a rise all along has nothing to reverse"),
        pytest.param("reversal", np.array([50.0, 50, 60, 100, 120, 114]), 0.0, id="the low before the high is no turn"),
        pytest.param("mean reversion", after(100), 0.0, id="at the mean"),
        pytest.param("mean reversion", after(110), 0.0, id="above the mean"),
        pytest.param("mean reversion", after(90), 0.9 * np.sqrt(10) / 3, id="one of ten far below"),
    ],
)
def test_a_trigger_scores_what_it_is_named_for(name, market, score):
    assert TRIGGERS[name](market)[-1] == pytest.approx(score, abs=1e-9)


@pytest.mark.req("S1")
@pytest.mark.parametrize("name", TRIGGERS)
@given(market=columns(hostile), threshold=st.floats(0.01, 1.0))
def test_a_trigger_fires_exactly_where_its_score_reaches_the_threshold(name, market, threshold):
    score = TRIGGERS[name](market)

    fired = signals.fires(score, threshold)

    assert ((score >= 0) & (score <= 1) | np.isnan(score)).all()
    assert [bool(f) for f in fired] == [s >= threshold for s in score.tolist()]
    assert all(signals.fires(s, threshold) is bool(f) for s, f in zip(score.tolist(), fired, strict=True))


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("score", "fired"), [(0.6, True), (np.nextafter(0.6, 0), False), (0.61, True), (float("nan"), False)]
)
def test_the_threshold_itself_fires_and_the_last_bit_below_does_not(score, fired):
    assert signals.fires(score, 0.6) is fired
    assert signals.fires(pd.Series([score]), 0.6).tolist() == [fired]
    assert signals.strongest({"BTC-USD": score}, 0.6, 5) == (("BTC-USD",) if fired else ())


scores = st.dictionaries(
    st.sampled_from([f"{c}{d}-USD" for c in "ABCDE" for d in "XYZ"]), st.sampled_from([0.0, 0.2, 0.5, 0.5, 0.9, 1.0])
)


@pytest.mark.req("S1")
@given(scores=scores, threshold=st.sampled_from([0.1, 0.5, 0.95]), most=st.integers(0, 6), shuffle=st.randoms())
def test_the_strongest_are_capped_and_the_order_of_symbols_does_not_matter(scores, threshold, most, shuffle):
    shuffled = list(scores.items())
    shuffle.shuffle(shuffled)

    chosen = signals.strongest(scores, threshold, most)

    assert chosen == signals.strongest(dict(shuffled), threshold, most)
    assert len(chosen) == min(most, sum(score >= threshold for score in scores.values()))
    left_out = [score for symbol, score in scores.items() if symbol not in chosen and score >= threshold]
    assert all(scores[symbol] >= max(left_out, default=0.0) for symbol in chosen)


@pytest.mark.parametrize(
    ("fast", "slow", "crossed"),
    [
        pytest.param([1, 3], [2, 2], 1, id="rises above"),
        pytest.param([3, 1], [2, 2], -1, id="falls below"),
        pytest.param([2, 3], [2, 2], 1, id="from touching to above"),
        pytest.param([3, 3], [2, 2], 0, id="stays above"),
        pytest.param([3, 2], [2, 2], 0, id="touches"),
    ],
)
def test_a_crossing_is_the_bar_on_which_it_happens(fast, slow, crossed):
    column = signals.crossing(np.array(fast, float), np.array(slow, float))

    assert np.isnan(column[0])
    assert column[1] == crossed
