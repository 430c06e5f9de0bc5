"""The checks find a peek, a thirst for more past, and impurity, and name the place; a sound strategy passes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.backtest.planted import PEEKS, THIRSTY, plant, source
from tests.strategies.markets import EVERY_STRATEGY, HOUR, a_market, name_of
from trader.backtest.bias import Bias, Fence, NotComputed, check_lookahead, check_warmup
from trader.backtest.rehearsal import Stage, rehearse
from trader.guard import AuditGuard, SignalTimer
from trader.policy import StrategyStanza
from trader.registry import LoadedStrategy

pytestmark = pytest.mark.req("STR1")

BARS = a_market(11, 400)
STAGE = Stage({"AAA-USD": a_market(1, 200), "BBB-USD": a_market(2, 200, 0.1)}, HOUR)


@pytest.mark.parametrize(("features", "column"), PEEKS.values(), ids=PEEKS.keys())
def test_a_feature_that_peeks_is_found_with_its_column_bar_and_values(tmp_path, features, column):
    loaded = plant(tmp_path, source(features))

    found = check_lookahead(loaded, "AAA-USD", BARS)

    assert isinstance(found, Bias)
    assert (found.kind, found.symbol, found.column) == ("lookahead", "AAA-USD", column)
    assert found.bar <= found.cut
    whole = loaded.strategy.features(BARS)[column]
    until_cut = loaded.strategy.features(BARS[BARS.index <= found.cut])[column]
    np.testing.assert_equal([found.whole, found.honest], [whole[found.bar], until_cut[found.bar]])
    assert f"column {column}, bar {found.bar:%Y-%m-%d %H:%M}Z" in str(found)
    assert "uses the future" in str(found)


def test_a_screen_that_peeks_is_found_though_the_features_do_not(tmp_path):
    peeks = 'def screen(self, features):\n    return features["mean"].shift(-1) > features["mean"]\n'

    found = check_lookahead(plant(tmp_path, source(extra=peeks)), "AAA-USD", BARS)

    assert isinstance(found, Bias)
    assert found.column == "(screen)"


@pytest.mark.parametrize(("features", "column"), THIRSTY.values(), ids=THIRSTY.keys())
def test_a_feature_that_needs_more_past_than_it_says_is_found(tmp_path, features, column):
    loaded = plant(tmp_path, source(features))

    found = check_warmup(loaded, "AAA-USD", BARS)

    assert isinstance(found, Bias)
    assert (found.kind, found.column) == ("warmup", column)
    assert "raise warmup_bars" in str(found)
    assert check_lookahead(loaded, "AAA-USD", BARS) is None


def test_features_that_fail_on_few_bars_are_named_with_the_bar(tmp_path):
    fails = 'assert len(bars) != 42, "not on 42"\nreturn pd.DataFrame({"mean": sma(bars["close"], 20)})'

    found = check_lookahead(plant(tmp_path, source(fails)), "AAA-USD", BARS, cuts=380)

    assert isinstance(found, NotComputed)
    assert "AssertionError: not on 42 (planted.py:" in str(found)


@pytest.mark.parametrize("loaded", EVERY_STRATEGY, ids=name_of)
@pytest.mark.slow
def test_every_strategy_of_the_house_passes_every_check(loaded):
    for seed in range(3):
        bars = a_market(seed, 300, missing=0.1 * seed)
        assert check_lookahead(loaded, "AAA-USD", bars) is None
        assert check_warmup(loaded, "AAA-USD", bars) is None
    assert rehearse(lambda: loaded, STAGE) == ()


def test_a_sound_plant_passes_every_check(tmp_path):
    """Without it, a check that always objects would pass for one that works."""
    loaded = plant(tmp_path, source())

    assert check_lookahead(loaded, "AAA-USD", BARS) is None
    assert check_warmup(loaded, "AAA-USD", BARS) is None
    assert rehearse(lambda: plant(tmp_path, source()), STAGE, Fence(SignalTimer(), AuditGuard())) == ()


def unread(tmp_path, text: str) -> LoadedStrategy:
    """*text* loaded without reading it first: what the static check would have refused, or has missed."""
    names: dict[str, object] = {"__name__": "strategy_planted"}
    exec(compile(text, str(tmp_path / "planted.py"), "exec"), names)
    kind = names["Planted"]
    return LoadedStrategy(StrategyStanza("planted", enabled=True), kind(), HOUR)  # type: ignore[operator]


REMEMBERS = """
self.seen = getattr(self, "seen", 0) + 1
return [self.buy(s) for s in context.symbols] if self.seen % 2 else []
"""
MUTATES = """
for symbol in context.symbols:
    context.features[symbol]["mean"] = 0.0
return []
"""
BY_ORDER_OF_POSITIONS = """
first = next(iter(context.positions), None)
return [self.buy(first)] if first in context.symbols and len(context.positions) > 1 else []
"""
BY_ORDER_OF_QUOTES = "return [self.buy(next(iter(context.quotes)))] if len(context.symbols) > 1 else []"
OPENS = 'open("/etc/hostname").close()\nreturn []'
HANGS = "while True:\n    pass"
RAISES = "return [self.buy(s) for s in context.symbols if context.features[s]['maen'] > 0]"
JUNK = "return {s: 1 for s in context.symbols}"
CHANCE = "return [self.buy(s, 1 + np.random.random()) for s in context.symbols]"
SHOUTS = 'def screen(self, features):\n    return features["mean"] < 0\n'
CLOCK = "import time\nreturn [self.buy(s, 1 + time.perf_counter_ns() % 1000 / 100) for s in context.symbols]"

IMPURE = {
    "remembers": (source(proposals=REMEMBERS), "asked again; it keeps something from one call to the next"),
    "mutates its context": (source(proposals=MUTATES), "tried to change what it was given: TypeError"),
    "hangs on the order of positions": (source(proposals=BY_ORDER_OF_POSITIONS), "with its mappings in another order"),
    "hangs on the order of quotes": (source(proposals=BY_ORDER_OF_QUOTES), "with its mappings in another order"),
    "opens a file": (source(proposals=OPENS), "reached out of its context: open '/etc/hostname'"),
    "raises": (source(proposals=RAISES), "KeyError: 'maen' (planted.py:"),
    "returns junk": (source(proposals=JUNK), "returned dict, not a list of TradeProposal"),
    "draws without a seed": (source(proposals=CHANCE), "asked again"),
    "reads the clock": (source(proposals=CLOCK), "asked again"),
    "proposes where its screen is False": (source(extra=SHOUTS), "where its screen is False"),
    "has junk features": (source('return bars["close"]'), "features returned Series, not a DataFrame"),
    "writes to its bars": (source('bars["x"] = 1.0\nreturn bars[["x"]]'), "features wrote to the bars"),
    "opens a file in features": (source(f'{OPENS[:-10]}\nreturn bars[["close"]]'), "reached out of its context"),
}


@pytest.mark.parametrize(("text", "says"), IMPURE.values(), ids=IMPURE.keys())
def test_what_is_impure_when_run_is_found_and_said(tmp_path, text, says):
    problems = rehearse(lambda: unread(tmp_path, text), STAGE, Fence(SignalTimer(), AuditGuard()))

    assert problems
    assert any(says in problem for problem in problems), problems


def test_what_hangs_is_stopped_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr("trader.backtest.rehearsal.SECONDS_EACH", 0.05)
    fence = Fence(SignalTimer(), AuditGuard())

    (problem, *_) = rehearse(lambda: unread(tmp_path, source(proposals=HANGS)), STAGE, fence)
    (in_features,) = rehearse(lambda: unread(tmp_path, source(HANGS)), STAGE, fence)

    assert "took longer than 0.05 s (planted.py:" in problem
    assert "took longer than 0.05 s (planted.py:" in in_features
