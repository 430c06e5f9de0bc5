"""The built-in market behaves like the measured one, and a market that does not would be caught."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from trader.market.bars import bars_frame
from trader.market.calibration import BANDS, SAMPLES, distances, real_figures, sample_figures, table
from trader.market.facts import autocorrelation, kurtosis, measure
from trader.market.sample import SampleMarket

START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made():
    return sample_figures()


@pytest.mark.slow
def test_the_built_in_market_is_as_close_to_the_real_one_as_the_bands_say(candles, made):
    real = real_figures(candles)

    assert distances(real, made) == []
    assert "| missing_pct |" in table(real, made)


@pytest.mark.slow
def test_every_fact_holds_without_real_bars_too(made):
    """What no real bar is needed for: the signs and orders of magnitude of the facts."""
    for group in made.values():
        assert group["kurtosis_1m"] > 10
        assert group["acf_abs_1"] > 0.1
        assert group["acf_abs_60"] > 0.03
        assert group["corr_volume_abs"] > 0.08
        assert abs(group["acf_1"]) < 0.1
    assert made["tier 1"]["missing_pct"] == 0
    assert made["tier 3, thin"]["missing_pct"] > 70


def gaussian_market(symbol_seed: int, minutes: int):
    """Independent Gaussian returns and volumes, a bar every minute: what a naive market looks like."""
    rng = np.random.default_rng(symbol_seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 7e-4, minutes)))
    open_ = np.append(100.0, close[:-1])
    block = np.array(
        [
            open_,
            np.maximum(open_, close) * 1.0002,
            np.minimum(open_, close) / 1.0002,
            close,
            rng.lognormal(0, 1, minutes),
        ]
    )
    return bars_frame(int(START.timestamp()) + 60 * np.arange(minutes, dtype=np.int64), block)


@pytest.mark.slow
def test_a_market_of_independent_gaussians_is_caught(candles):
    """The negative control: the bands are worth something."""
    btc = gaussian_market(0, 40 * 1440)
    figures = {
        group: {**_figures(measure(gaussian_market(seed, 40 * 1440), btc)), "spread_bps": 1.0}
        for seed, group in enumerate(real_figures(candles), start=1)
    }

    caught = {line.split(":")[0].split(" of ")[0] for line in distances(real_figures(candles), figures)}

    assert {"kurtosis_1m", "acf_abs_1", "acf_abs_60", "corr_btc_1h", "missing_pct", "corr_volume_abs"} <= caught


def _figures(facts):
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}


def test_other_products_move_together_beyond_btc():
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC)
    symbols = ("BTC-USD", "LINK-USD", "MATIC-USD")
    frames = SampleMarket(1).frames(symbols, start, end, "1h")
    btc, link, matic = (np.diff(np.log(frames[symbol]["close"].to_numpy())) for symbol in symbols)

    rests = [series - btc * (np.cov(series, btc)[0, 1] / btc.var(ddof=1)) for series in (link, matic)]

    assert 0.2 < np.corrcoef(*rests)[0, 1] < 0.7, "measured on real hours: 0.49"


def test_the_measures_measure():
    rng = np.random.default_rng(0)
    gaussian = rng.normal(size=200_000)
    persistent = np.convolve(gaussian, [1, 1], "valid")

    assert kurtosis(gaussian) == pytest.approx(3, abs=0.05)
    assert kurtosis(rng.laplace(size=200_000)) == pytest.approx(6, abs=0.3)
    assert autocorrelation(persistent, 1) == pytest.approx(0.5, abs=0.01)
    assert autocorrelation(persistent, 2) == pytest.approx(0, abs=0.01)


def test_the_samples_cover_several_seeds_and_years():
    assert len({seed for seed, _ in SAMPLES}) > 1
    assert len({start.year for _, start in SAMPLES}) > 2
    assert all(low < 1 < high for low, high in BANDS.values())
