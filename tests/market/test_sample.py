"""The built-in market is a pure function of seed, symbol and minute, and always valid."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.market.bars import block_of, resample, validate_bars
from trader.market.sample import OutsideSample, SampleMarket, UnknownSymbol, sample_panel
from trader.model.market import Regime

START = datetime(2024, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def equal(left, right):
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_there_are_three_tiers_and_several_themes():
    market = SampleMarket(0)

    assert len(market.symbols) >= 12
    assert set(market.tiers.values()) == {"tier1", "tier2", "tier3"}
    assert {"LAYER1", "LAYER2", "MEME", "DEFI"} <= set(market.themes.values())
    assert market.symbols == tuple(market.products) == tuple(market.spreads_bps)


@pytest.mark.slow
@pytest.mark.req("BT1")
@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_the_same_seed_gives_the_same_bars_in_another_process(hash_seed):
    program = (
        "from datetime import datetime, UTC\n"
        "from trader.market.sample import sample_panel\n"
        "start, end = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 4, tzinfo=UTC)\n"
        "print(sample_panel(7, start, end).data_hash)\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert elsewhere.stdout.strip() == sample_panel(7, START, START + 3 * DAY).data_hash


def test_another_seed_gives_another_market():
    one, other = (sample_panel(seed, START, START + DAY, ["BTC-USD"]) for seed in (1, 2))

    assert one.data_hash != other.data_hash


@pytest.mark.parametrize("symbol", ["BTC-USD", "ETH-USD", "OCEAN-USD"])
def test_a_product_does_not_change_when_others_are_left_out(symbol):
    everything = SampleMarket(3).frames(SampleMarket(3).symbols, START, START + 3 * DAY)

    equal(SampleMarket(3).bars(symbol, START, START + 3 * DAY), everything[symbol])


@settings(max_examples=15)
@given(
    begin=st.integers(0, 40 * 1440), minutes=st.integers(1, 3 * 1440), symbol=st.sampled_from(["BTC-USD", "UNI-USD"])
)
def test_any_span_is_cut_out_of_the_same_market(begin, minutes, symbol):
    start = START + timedelta(minutes=begin)
    end = start + timedelta(minutes=minutes)

    part = SampleMarket(3).bars(symbol, start, end)

    whole = LONG[symbol]
    equal(part, whole[(whole.index >= start) & (whole.index < end)])


LONG = SampleMarket(3).frames(["BTC-USD", "UNI-USD"], START, START + 44 * DAY)


def test_reaching_far_does_not_change_what_is_near():
    near = SampleMarket(5).bars("SOL-USD", START, START + DAY)

    SampleMarket(5).bars("SOL-USD", datetime(2045, 1, 1, tzinfo=UTC), datetime(2045, 1, 2, tzinfo=UTC))

    equal(SampleMarket(5).bars("SOL-USD", START, START + DAY), near)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_every_bar_is_valid_and_on_the_products_increments(seed):
    market = SampleMarket(seed)
    start = datetime(2020 + seed, 6, 1, tzinfo=UTC)

    for symbol, bars in market.frames(market.symbols, start, start + 20 * DAY).items():
        validate_bars(bars, symbol, "1m")
        product = market.products[symbol]
        ticks = block_of(bars)[:4] * float(1 / product.quote_increment)
        np.testing.assert_allclose(ticks, np.rint(ticks), rtol=0, atol=1e-4)
        lots = block_of(bars)[4] * float(1 / product.base_increment)
        np.testing.assert_allclose(lots, np.rint(lots), rtol=1e-9)


def test_the_market_is_the_one_that_baselines_were_made_on():
    """A change here changes every report on this market: say so in the changelog, make the baselines anew."""
    bars = SampleMarket(0).frames(["BTC-USD", "ADA-USD", "CHZ-USD"], START, START + 30 * DAY, "1d")

    closes = {symbol: frame["close"].iloc[[0, 15, 29]].tolist() for symbol, frame in bars.items()}
    assert closes == PINNED


PINNED = {
    "BTC-USD": [92526.46, 102913.06, 107238.93],
    "ADA-USD": [0.5272, 0.5637, 0.6357],
    "CHZ-USD": [0.1215, 0.1181, 0.134],
}


def test_coarser_bars_are_the_minutes_put_together():
    market = SampleMarket(0)

    equal(
        market.bars("ADA-USD", START, START + 2 * DAY, "1h"),
        resample(market.bars("ADA-USD", START, START + 2 * DAY), "1m", "1h"),
    )


def test_a_panel_has_its_warm_up_its_products_and_its_gaps():
    panel = sample_panel(0, START, START + DAY, ["BTC-USD", "CHZ-USD"], "15m", warmup_bars=8)

    assert panel.frames["BTC-USD"].index[0] == START - timedelta(hours=2)
    assert panel.gaps["BTC-USD"].missing == 0
    assert panel.gaps["CHZ-USD"].missing > 0
    assert panel.products.keys() == panel.tiers.keys() == panel.spreads_bps.keys() == {"BTC-USD", "CHZ-USD"}


@pytest.mark.slow
def test_all_regimes_happen_and_mean_what_they_say():
    first = datetime(2020, 1, 1, tzinfo=UTC)
    days = [first + day * DAY for day in range(700)]
    markets = [SampleMarket(seed) for seed in range(3)]
    daily = pd.concat(market.bars("BTC-USD", first, days[-1] + DAY, "1d") for market in markets)
    returns = np.log(daily["close"] / daily["open"]).to_numpy()
    spans = np.log(daily["high"] / daily["low"]).to_numpy()
    kinds = np.array([market.regime_on(day) for market in markets for day in days])

    means = {regime: returns[kinds == regime].mean() for regime in Regime}
    assert means[Regime.BULL] > 0.002 > means[Regime.CHOP] > -0.002 > means[Regime.BEAR] > means[Regime.CRASH]
    assert spans[kinds == Regime.CRASH].mean() > 1.5 * spans[kinds == Regime.CHOP].mean()
    assert all((kinds == regime).mean() > 0.01 for regime in Regime)


@pytest.mark.parametrize(
    ("ask", "kind", "says"),
    [
        (lambda m: m.bars("BTC-UDS", START, START + DAY), UnknownSymbol, "did you mean BTC-USD?"),
        (lambda m: m.bars("BTC-USD", START, START), OutsideSample, "is not before end"),
        (lambda m: m.bars("BTC-USD", START.replace(year=2019), START), OutsideSample, "runs from 2020-01-01 to 2100"),
        (lambda m: m.bars("BTC-USD", START.replace(tzinfo=None), START), OutsideSample, "has no time zone"),
    ],
)
def test_what_it_does_not_have_is_said_in_a_sentence(ask, kind, says):
    with pytest.raises(kind, match=says) as caught:
        ask(SampleMarket(0))

    assert caught.value.exit_code == 2


def test_the_first_sixty_days_of_seed_0_have_seen_every_regime():
    """The demo and the teaching notebooks run there."""
    market = SampleMarket(0)

    assert {market.regime_on(datetime(2020, 1, 1, tzinfo=UTC) + day * DAY) for day in range(60)} == set(Regime)


@pytest.mark.slow
def test_sixty_days_of_twelve_products_are_made_within_five_seconds():
    symbols = SampleMarket(0).symbols[:12]

    began = time.process_time()
    panel = sample_panel(11, START, START + 60 * DAY, symbols)
    took = time.process_time() - began

    assert panel.bars > 700_000
    assert took < 5.0
