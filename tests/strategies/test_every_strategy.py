"""What holds for every file in strategies/, found by itself: no future, no more past than warm-up, an honest screen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.columns import same_bits
from tests.strategies.asking import asked
from tests.strategies.markets import EVERY_STRATEGY, a_market, markets, name_of
from trader.features import ColumnFeatures
from trader.market.bars import epoch_seconds
from trader.model.market import Regime
from trader.model.trading import Side, TradeProposal
from trader.strategy import window_bars

OF_THE_HOUSE = {"sma_cross", "breakout", "mean_reversion"}

pytestmark = pytest.mark.parametrize("loaded", EVERY_STRATEGY, ids=name_of)


def test_there_are_strategies_to_try(loaded):
    assert {name_of(each) for each in EVERY_STRATEGY} >= OF_THE_HOUSE


@pytest.mark.req("STR1")
@given(bars=markets, now=st.integers(0, 399))
@settings(max_examples=40, deadline=None)
def test_no_strategy_sees_the_future(loaded, bars, now):
    """Cutting off the future must not change what the past looked like."""
    now = min(now, len(bars) - 1)
    whole = loaded.strategy.features(bars)
    until_now = loaded.strategy.features(bars.iloc[: now + 1])

    pd.testing.assert_series_equal(whole.iloc[now], until_now.iloc[now])
    assert same_bits(whole.iloc[: now + 1].to_numpy(), until_now.to_numpy())


@pytest.mark.req("STR1")
@given(bars=markets, now=st.integers(0, 399))
@settings(max_examples=40, deadline=None)
def test_no_strategy_needs_more_past_than_its_warm_up(loaded, bars, now):
    needed = window_bars(loaded.strategy)
    now = min(max(now, needed - 1), len(bars) - 1)
    whole = loaded.strategy.features(bars)
    window = loaded.strategy.features(bars.iloc[now + 1 - needed : now + 1])

    assert same_bits(whole.iloc[now].to_numpy(), window.iloc[-1].to_numpy())
    assert not np.isnan(window.iloc[-1].to_numpy()).any()


@pytest.mark.req("STR1")
@given(
    seed=st.integers(0, 5_000),
    held=st.sets(st.sampled_from(["AAA-USD", "BBB-USD"])),
    regime=st.sampled_from(list(Regime)),
    data=st.data(),
)
@settings(max_examples=25, deadline=None)
def test_where_the_screen_is_false_nothing_is_proposed_whatever_is_held(loaded, seed, held, regime, data):
    frames = {symbol: a_market(seed + n, 200, 0.05) for n, symbol in enumerate(["AAA-USD", "BBB-USD"])}
    features = ColumnFeatures.build([loaded], {loaded.timeframe_seconds: frames}.__getitem__)
    closes = np.unique(np.concatenate([epoch_seconds(frame) for frame in frames.values()])) + loaded.timeframe_seconds
    quiet = np.setdiff1d(closes, features.screen_closes(loaded.stanza.name))

    for at in data.draw(st.lists(st.sampled_from(quiet.tolist()), min_size=5, max_size=20)):
        assert asked(loaded, features, frames, at, tuple(sorted(held)), regime) == ()


@pytest.mark.req("STR1")
def test_what_a_strategy_proposes_is_within_bounds(loaded):
    frames = {"AAA-USD": a_market(7, 1_500), "BBB-USD": a_market(8, 1_500)}
    features = ColumnFeatures.build([loaded], {loaded.timeframe_seconds: frames}.__getitem__)
    found: list[TradeProposal] = []
    for at in features.screen_closes(loaded.stanza.name).tolist():
        found += asked(loaded, features, frames, at)
        found += asked(loaded, features, frames, at, ("AAA-USD", "BBB-USD"))

    buys = [proposal for proposal in found if proposal.side is Side.BUY]
    assert all(0 < p.notional_pct <= 100 and 0.5 <= p.stop_loss_pct <= 15 for p in buys)
    assert all(0.5 <= p.take_profit_pct <= 50 and 0.5 <= p.conviction <= 1 for p in buys)
    assert all(p.strategy == loaded.stanza.name and p.reason for p in found)
    if loaded.stanza.name in OF_THE_HOUSE:  # the negative control of the screen test: something is proposed
        assert {proposal.side for proposal in found} == {Side.BUY, Side.SELL}


@pytest.mark.req("S1")
@given(seed=st.integers(0, 1_000), order=st.permutations(["AAA-USD", "BBB-USD", "CCC-USD"]))
@settings(max_examples=10, deadline=None)
def test_the_order_of_symbols_does_not_matter(loaded, seed, order):
    frames = {symbol: a_market(seed + ord(symbol[0]), 200) for symbol in ["AAA-USD", "BBB-USD", "CCC-USD"]}
    turned = {symbol: frames[symbol] for symbol in order}
    steps = loaded.timeframe_seconds
    straight, other = (ColumnFeatures.build([loaded], {steps: f}.__getitem__) for f in (frames, turned))

    np.testing.assert_array_equal(straight.screen_closes(loaded.stanza.name), other.screen_closes(loaded.stanza.name))
    for at in straight.screen_closes(loaded.stanza.name).tolist()[:20]:
        assert asked(loaded, straight, frames, at) == asked(loaded, other, turned, at)
