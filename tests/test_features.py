"""Features from a window and from whole columns are the same to the last bit, and junk is refused with a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies.markets import EVERY_STRATEGY, HOUR, ORIGIN, a_market, name_of
from trader.features import ColumnFeatures, FeaturesFailed, WindowFeatures
from trader.features.columns import JunkFeatures, bars_of, features_of, screen_of
from trader.guard import AuditGuard
from trader.policy import StrategyStanza
from trader.registry import LoadedStrategy
from trader.signals import sma
from trader.strategy import Strategy, window_bars

Features = Callable[[pd.DataFrame], object]


class Makes(Strategy):
    """Features are what *make* says."""

    warmup_bars = 5

    def __init__(self, make: Features, screen: Features = lambda features: None) -> None:
        super().__init__()
        self.make, self.show = make, screen

    def features(self, bars):
        return self.make(bars)

    def screen(self, features):
        return self.show(features)

    def generate_proposals(self, context):
        return []


def average(bars: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"mean": sma(bars["close"], 5)})


def loaded(make: Features = average, **stanza: object) -> LoadedStrategy:
    return LoadedStrategy(StrategyStanza("alpha", **({"enabled": True} | stanza)), Makes(make), HOUR)


def columns(*strategies: LoadedStrategy, **frames: pd.DataFrame) -> ColumnFeatures:
    return ColumnFeatures.build(strategies, {HOUR: frames}.__getitem__)


def at(hours: int) -> datetime:
    return datetime.fromtimestamp(ORIGIN, UTC) + timedelta(hours=hours)


@pytest.mark.parametrize("strategy", EVERY_STRATEGY, ids=name_of)
@given(seed=st.integers(0, 1_000), missing=st.sampled_from([0.0, 0.15]), hours=st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_a_window_and_whole_columns_give_the_same_rows_to_the_last_bit(strategy, seed, missing, hours):
    frames = {symbol: a_market(seed + n, 200, missing) for n, symbol in enumerate(("AAA-USD", "BBB-USD"))}
    whole = columns(strategy, **frames)
    known = {s: frame[frame.index < at(hours)] for s, frame in frames.items()}
    need = window_bars(strategy.strategy)
    window = WindowFeatures(
        [strategy], {(HOUR, s): bars_of(s, HOUR, frame).last(need) for s, frame in known.items() if len(frame)}
    )

    rows = [source.rows(name_of(strategy), ("AAA-USD", "BBB-USD"), at(hours)) for source in (whole, window)]

    assert {s: dict(row) for s, row in rows[0].items()} == {s: dict(row) for s, row in rows[1].items()}
    for symbol, row in rows[0].items():
        assert known[symbol].index[-1] == at(hours - 1)
        assert all(type(value) is float for value in row.values())
        bars = [source.history(name_of(strategy), symbol, need, at(hours)) for source in (whole, window)]
        assert all(
            np.array_equal(getattr(bars[0], c), getattr(bars[1], c)) for c in ("start", "open", "close", "volume")
        )
        assert len(bars[0]) == need


def test_a_symbol_is_left_out_while_warming_up_and_where_it_has_no_bar_or_an_unknown_value():
    frame = a_market(1, 20)
    gap = frame.drop(frame.index[10])
    unknown = loaded(lambda bars: average(bars).assign(odd=np.where(np.arange(len(bars)) == 12, np.nan, 1.0)))

    assert [bool(columns(loaded(), X=frame).rows("alpha", ("X",), at(h))) for h in (5, 6, 20, 21)] == [
        False,
        True,
        True,
        False,
    ]
    assert [bool(columns(loaded(), X=gap).rows("alpha", ("X",), at(h))) for h in (10, 11, 12)] == [True, False, True]
    assert [bool(columns(unknown, X=frame).rows("alpha", ("X",), at(h))) for h in (12, 13, 14)] == [True, False, True]
    assert columns(loaded(), X=frame).rows("alpha", ("Y",), at(10)) == {}
    assert columns(loaded(), X=a_market(1, 3)).rows("alpha", ("X",), at(3)) == {}


def test_screen_closes_are_where_a_warm_screen_is_true():
    frame = a_market(2, 30)
    rising = loaded()
    rising.strategy.show = lambda features: features["mean"].diff() > 0
    means = average(frame)["mean"].diff().to_numpy()

    closes = columns(rising, X=frame).screen_closes("alpha")

    np.testing.assert_array_equal(closes, ORIGIN + HOUR * (1 + np.flatnonzero(means > 0)))
    everywhere = columns(loaded(), X=frame, Y=a_market(3, 40)).screen_closes("alpha")
    np.testing.assert_array_equal(everywhere, ORIGIN + HOUR * np.arange(6, 41))


def test_what_is_off_or_not_its_own_is_not_computed():
    def never(bars: pd.DataFrame) -> pd.DataFrame:
        raise AssertionError

    off = columns(LoadedStrategy(StrategyStanza("off"), Makes(never), HOUR), X=a_market(1, 20))
    elsewhere = columns(loaded(never, symbols=("Y",)), X=a_market(1, 20))

    assert elsewhere.rows("alpha", ("X",), at(10)) == {}
    assert len(elsewhere.screen_closes("alpha")) == 0
    with pytest.raises(KeyError):
        off.rows("off", ("X",), at(10))


def test_nothing_that_is_given_out_can_be_written():
    features = columns(loaded(), X=a_market(1, 20))

    row, bars = features.rows("alpha", ("X",), at(10))["X"], features.history("alpha", "X", 3, at(10))

    with pytest.raises(TypeError):
        row["mean"] = 1.0
    for name in ("start", "open", "high", "low", "close", "volume"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(bars, name)[0] = 1


@pytest.mark.parametrize(
    ("n", "symbol", "says"),
    [
        pytest.param(7, "X", r"history of 7 bars: 1 to 6 \(warmup_bars and one\)", id="more than the warm-up"),
        pytest.param(0, "X", "history of 0 bars", id="none"),
        pytest.param(3, "Y", "history of Y: there are no bars of it here", id="a stranger"),
    ],
)
def test_history_beyond_reach_is_a_sentence_in_both(n, symbol, says):
    frame = a_market(1, 20)
    window = WindowFeatures([loaded()], {(HOUR, "X"): bars_of("X", HOUR, frame)})

    for source in (columns(loaded(), X=frame), window):
        with pytest.raises(JunkFeatures, match=says):
            source.history("alpha", symbol, n, at(20))


def written(bars: pd.DataFrame) -> pd.DataFrame:
    bars.iloc[0, 0] = 1.0
    return bars[["close"]]


def widened(bars: pd.DataFrame) -> pd.DataFrame:
    bars["more"] = 1.0
    return bars[["close"]]


JUNK = {
    "no frame": (lambda b: b["close"], "returned Series, not a DataFrame"),
    "None": (lambda b: None, "returned NoneType, not a DataFrame"),
    "too short": (lambda b: b[["close"]].dropna().iloc[1:], "returned 19 rows for 20 bars"),
    "another index": (lambda b: b[["close"]].reset_index(drop=True), "another index than the bars"),
    "whole numbers": (
        lambda b: pd.DataFrame({"n": np.arange(len(b))}, index=b.index),
        "feature n is int64, not float64",
    ),
    "truths": (lambda b: pd.DataFrame({"up": b["close"] > 1, "x": b["close"]}), "feature up is bool, not float64"),
    "texts": (lambda b: pd.DataFrame({"t": ["a"] * len(b)}, index=b.index), "feature t is"),
    "single precision": (lambda b: b[["close"]].astype("float32"), "feature close is float32"),
    "a name twice": (lambda b: pd.concat([b["close"], b["close"]], axis=1), "each needs a name of its own"),
    "a number for a name": (lambda b: pd.DataFrame({1: b["close"]}), "each needs a name of its own, a str"),
    "written bars": (written, "wrote to the bars"),
    "widened bars": (widened, "wrote to the bars"),
}


@pytest.mark.req("STR4")
@pytest.mark.parametrize(("make", "says"), JUNK.values(), ids=JUNK.keys())
def test_junk_features_are_a_sentence_and_the_bars_stay_as_they_were(make, says):
    frame = a_market(1, 20)
    before = frame.copy(deep=True)

    with pytest.raises(JunkFeatures, match=says):
        features_of(Makes(make), frame)
    with pytest.raises(FeaturesFailed, match=f"^strategy alpha, X: .*{says}"):
        columns(loaded(make), X=frame)

    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("screen", "says"),
    [
        pytest.param(lambda f: f["mean"], "a Series of float64, not a Series of bool", id="scores"),
        pytest.param(lambda f: (f["mean"] > 0).to_numpy(), "returned ndarray, not a Series", id="an array"),
        pytest.param(lambda f: (f["mean"] > 0).iloc[1:], "returned 19 rows for 20 bars", id="too short"),
    ],
)
def test_a_junk_screen_is_a_sentence(screen, says):
    strategy = Makes(average, screen)

    with pytest.raises(JunkFeatures, match=says):
        screen_of(strategy, features_of(strategy, a_market(1, 20)))


@pytest.mark.req("STR1", "STR4")
def test_features_that_raise_or_reach_out_are_named():
    def opens(bars: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"x": float(len(open("/etc/hostname").read()))}, index=bars.index)

    with pytest.raises(FeaturesFailed, match=r"alpha, X: KeyError: 'clse' \(test_features.py:\d+\)"):
        columns(loaded(lambda bars: bars["clse"]), X=a_market(1, 20))
    with pytest.raises(FeaturesFailed, match="reached out of its context: open"):
        ColumnFeatures.build([loaded(opens)], lambda _: {"X": a_market(1, 20)}, guard=AuditGuard())


@pytest.mark.slow
def test_a_year_of_minutes_is_computed_in_a_blink():
    """Measured: 5 ms for both averages; the bound of 150 ms allows for a loaded machine."""
    close = a_market(1, 525_600)["close"].to_numpy()
    times = []
    for _ in range(3):
        began = time.perf_counter()
        sma(close, 10), sma(close, 50)
        times.append(time.perf_counter() - began)

    assert min(times) < 0.15
