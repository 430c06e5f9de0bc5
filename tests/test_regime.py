from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.model.market import Regime
from trader.policy import RegimePolicy
from trader.regime import BEAR, BULL, CHOP, CRASH, REGIMES, bars_a_year, regime_now, regime_series, window_mean

POLICY = RegimePolicy({}, trend_bars=5, vol_bars=4, bear_vol_pct=900.0, crash_bars=3)
"""Five bars are warm; an hour's bars; the volatility limit out of the way unless a test is about it."""


def last(closes, policy=POLICY):
    return REGIMES[regime_series(np.array(closes, dtype=float), policy)[-1]]


@pytest.mark.req("U3")
@pytest.mark.parametrize(
    ("closes", "regime"),
    [
        pytest.param([100, 100, 100, 100, 100], Regime.CHOP, id="flat"),
        pytest.param([100, 100, 100, 100, 103], Regime.BULL, id="above its mean"),
        pytest.param([100, 100, 100, 100, 102], Regime.CHOP, id="not far enough above"),
        pytest.param([100, 100, 100, 100, 97], Regime.BEAR, id="below its mean"),
        pytest.param([100, 100, 100, 100, 85], Regime.CRASH, id="15 % below the highest of three"),
        pytest.param([100, 100, 100, 100, 85.01], Regime.BEAR, id="just not a crash"),
        pytest.param([100, 95, 90, 86, 84], Regime.BEAR, id="a slower fall is no crash"),
        pytest.param([50, 50, 100, 100, 85], Regime.CRASH, id="a crash beats a rising trend"),
        pytest.param([100, 100, 100, 103], Regime.CHOP, id="not warm yet"),
        pytest.param([100, 50], Regime.CHOP, id="not warm yet, not even for a crash"),
        pytest.param([], Regime.CHOP, id="no bar at all"),
    ],
)
def test_the_regime_is_read_from_closed_bars(closes, regime):
    assert regime_now(np.array(closes, dtype=float), POLICY) is regime
    assert not closes or last(closes) is regime


@pytest.mark.req("U3")
@pytest.mark.parametrize(("limit_pct", "regime"), [(187, Regime.BEAR), (188, Regime.CHOP)])
def test_much_volatility_is_a_bear_whatever_the_trend(limit_pct, regime):
    """Returns of ±2 % an hour: sqrt(0.02² × 8760) is 187.19 % a year."""
    closes = 100 * np.cumprod([1, 1.02, 0.98, 1.02, 0.98, 1.02, 0.98])

    assert last(closes, replace(POLICY, bear_vol_pct=float(limit_pct))) is regime


@pytest.mark.req("U3")
def test_volatility_beats_a_rising_trend():
    rising = [100, 100, 100, 100, 110]

    assert last(rising) is Regime.BULL
    assert last(rising, replace(POLICY, bear_vol_pct=100.0)) is Regime.BEAR


@pytest.mark.req("U3")
def test_a_pinned_regime_is_the_regime():
    pinned = replace(POLICY, pinned=Regime.CRASH)

    assert regime_now(np.array([]), pinned) is Regime.CRASH
    assert regime_series(np.ones(3), pinned).tolist() == [CRASH] * 3


@pytest.mark.req("U3")
def test_the_codes_mean_what_they_say():
    assert [REGIMES[code] for code in (CHOP, BULL, BEAR, CRASH)] == ["chop", "bull", "bear", "crash"]
    assert regime_series(np.ones(9), POLICY).dtype == np.int8


@pytest.mark.parametrize(("timeframe", "bars"), [("1m", 525_600), ("15m", 35_040), ("1h", 8_760), ("1d", 365)])
def test_a_year_has_365_days(timeframe, bars):
    assert bars_a_year(timeframe) == bars


steps = st.lists(st.floats(-0.08, 0.08), min_size=1, max_size=60)
walks = steps.map(lambda returns: 100 * np.cumprod(1 + np.array(returns)))
policies = st.builds(
    lambda trend, vol, crash: replace(POLICY, trend_bars=trend, vol_bars=vol, crash_bars=crash, bear_vol_pct=450.0),
    st.integers(2, 12),
    st.integers(2, 12),
    st.integers(1, 12),
)


def sees_no_future(series, closes, now, policy):
    assert series(closes[: now + 1], policy)[-1] == series(closes, policy)[now]


def centred(closes, policy):
    """The negative control: a mean with the bar in its middle has seen half a window of future."""
    around = np.convolve(closes, np.ones(5) / 5)[2 : 2 + len(closes)]
    return np.sign(closes - around)


@pytest.mark.req("U3")
@settings(deadline=None)
@given(walks, policies, st.data())
def test_the_regime_does_not_see_the_future(closes, policy, data):
    """Cutting off the future must not change what the past looked like."""
    sees_no_future(regime_series, closes, data.draw(st.integers(0, len(closes) - 1)), policy)


@pytest.mark.req("U3")
def test_a_centred_mean_would_be_caught():
    closes = 100 + np.arange(60.0) ** 2

    with pytest.raises(AssertionError):
        sees_no_future(centred, closes, 30, POLICY)


@pytest.mark.req("U3")
@settings(deadline=None)
@given(walks, policies)
def test_the_last_bars_alone_give_the_same_regime(closes, policy):
    series = regime_series(closes, policy)

    for now in range(len(closes)):
        assert regime_now(closes[: now + 1], policy) is REGIMES[series[now]]
        if now + 1 >= policy.warmup_bars:
            assert regime_now(closes[now + 1 - policy.warmup_bars : now + 1], policy) is REGIMES[series[now]]


@pytest.mark.req("U3")
def test_a_window_is_the_same_to_the_last_bit_however_long_the_history():
    closes = 100 * np.cumprod(1 + np.random.default_rng(247).normal(0, 0.01, 40_000))
    whole = window_mean(closes, 200)

    for end in (200, 201, 5_000, 16_583, 16_584, 16_585, 32_968, 40_000):
        alone = window_mean(closes[end - 200 : end], 200)
        assert alone[-1].tobytes() == whole[end - 1].tobytes()


def test_a_running_sum_would_not_be_the_same():
    """The negative control: a cumulative sum remembers all that went before it."""
    closes = 100 * np.cumprod(1 + np.random.default_rng(247).normal(0, 0.01, 40_000))
    total = np.cumsum(closes)

    running = (total[200:] - total[:-200]) / 200
    assert (running != window_mean(closes, 200)[200:]).any()


@pytest.mark.req("U3")
def test_the_mean_is_the_mean():
    closes = np.random.default_rng(1).normal(100, 5, 20_000)

    expected = np.lib.stride_tricks.sliding_window_view(closes, 30).mean(axis=1)
    np.testing.assert_allclose(window_mean(closes, 30)[29:], expected, rtol=1e-12)
    assert np.isnan(window_mean(closes, 30)[:29]).all()
