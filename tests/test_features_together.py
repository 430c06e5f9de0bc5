"""Many symbols are computed at once only where that is what each alone gives; whatever differs is computed alone."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest.planted import PEEKS, THIRSTY, plant, source
from tests.strategies.markets import EVERY_STRATEGY, HOUR, ORIGIN, a_market, name_of
from trader.features import WindowFeatures, window
from trader.features.columns import bars_of, features_of, frame_of
from trader.features.together import last_rows
from trader.model.market import Bars
from trader.registry import LoadedStrategy
from trader.strategy import window_bars

SYMBOLS = tuple(f"{letter * 3}-USD" for letter in "ABCDEFGH")
END = ORIGIN + HOUR * 120
AT = datetime.fromtimestamp(END, UTC)


def windows_of(seed: int, length: int) -> list[Bars]:
    """The last *length* bars of eight symbols, prices a thousandfold apart."""
    found = []
    for number, symbol in enumerate(SYMBOLS):
        frame = a_market(seed + number, 120)
        frame[["open", "high", "low", "close"]] *= 10.0 ** ((number * 5) % 8 - 4)
        found.append(bars_of(symbol, HOUR, frame).last(length))
    return found


def alone(loaded: LoadedStrategy, windows: list[Bars]) -> list[dict[str, float] | None]:
    return [features_of(loaded.strategy, frame_of(each, {})).row(-1) for each in windows]


def rows_of(loaded: LoadedStrategy, windows: list[Bars]) -> list[dict[str, float] | None]:
    source_of_rows = WindowFeatures([loaded], {(HOUR, each.symbol): each for each in windows})
    rows = source_of_rows.rows(name_of(loaded), SYMBOLS, AT)
    return [dict(rows[symbol]) if symbol in rows else None for symbol in SYMBOLS]


@pytest.mark.parametrize("loaded", EVERY_STRATEGY, ids=name_of)
@given(seed=st.integers(0, 2_000))
@settings(max_examples=25, deadline=None)
def test_together_is_what_each_alone_gives_to_the_last_bit(loaded, seed):
    windows = windows_of(seed, window_bars(loaded.strategy))

    together = last_rows(loaded, windows, lambda each: frame_of(each, {}))

    assert together is not None
    assert [each.row(-1) for each in together] == alone(loaded, windows)


FORWARD_FILLED = """
jumps = bars["close"].where(bars["close"].pct_change().abs() > 0.06)
return pd.DataFrame({"level": jumps.ffill()})
"""
BY_THE_HOUR = 'return pd.DataFrame({"hour": bars.index.hour.astype(float)}, index=bars.index)'
BY_DAY = 'return pd.DataFrame({"day": bars["close"].groupby(bars.index.date).cumsum()})'
SOMETIMES = """
rows = len(bars)
return pd.DataFrame({"x": sma(bars["close"], 20) * (1.0 if rows == 21 else 2.0)})
"""
DIGITS = {"a running sum"}
"""May agree by chance, and then differs alone in the last digit only."""
FALLS_BACK = {
    **{name: features for name, (features, _) in {**PEEKS, **THIRSTY}.items() if name not in DIGITS},
    "a level carried forward": FORWARD_FILLED,
    "the hour": BY_THE_HOUR,
    "sums by day": BY_DAY,
    "looks at the number of bars": SOMETIMES,
}


@pytest.mark.slow
@pytest.mark.parametrize("features", FALLS_BACK.values(), ids=FALLS_BACK.keys())
@pytest.mark.parametrize("seed", range(5))
def test_what_would_not_be_the_same_together_is_computed_alone(tmp_path, features, seed):
    loaded = plant(tmp_path, source(features))
    windows = windows_of(seed, 21)

    assert rows_of(loaded, windows) == alone(loaded, windows)


@pytest.mark.parametrize("seed", range(5))
def test_a_running_sum_is_never_more_than_a_digit_off(tmp_path, seed):
    loaded = plant(tmp_path, source(THIRSTY["a running sum"][0]))
    windows = windows_of(seed, 21)

    together, by_itself = (np.array([row["mean"] for row in rows if row]) for rows in
                           (rows_of(loaded, windows), alone(loaded, windows)))  # fmt: skip

    np.testing.assert_allclose(together, by_itself, rtol=1e-14)


def test_without_the_proof_a_level_would_be_another_symbols(tmp_path, monkeypatch):
    """The negative control: taken on faith, the carried level comes from a neighbour."""
    loaded = plant(tmp_path, source(FORWARD_FILLED))
    monkeypatch.setattr("trader.features.together.same_bits", lambda left, right: True)
    together = [last_rows(loaded, windows_of(seed, 21), lambda each: frame_of(each, {})) for seed in range(5)]

    found = [[each.row(-1) for each in rows or []] for rows in together]

    assert found != [alone(loaded, windows_of(seed, 21)) for seed in range(5)]


def test_few_symbols_are_not_worth_it(monkeypatch):
    seen: list[int] = []
    monkeypatch.setattr(
        window, "features_of", lambda strategy, bars: seen.append(len(bars)) or features_of(strategy, bars)
    )
    loaded = EVERY_STRATEGY[0]

    WindowFeatures([loaded], {(HOUR, each.symbol): each for each in windows_of(1, 60)}).rows(
        name_of(loaded), SYMBOLS[:4], AT
    )

    assert seen == [window_bars(loaded.strategy)] * 4


def test_the_bars_of_many_are_as_read_only_as_those_of_one(tmp_path):
    writes = 'bars["close"].to_numpy()[0] = 1.0\nreturn pd.DataFrame({"x": bars["close"]})'
    loaded = plant(tmp_path, source(writes.replace("bars[", "bars.copy(deep=False)[")))

    with pytest.raises(ValueError, match="read-only"):
        rows_of(loaded, windows_of(1, 21))
