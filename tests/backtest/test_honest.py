"""A backtest refuses whoever peeks, before it walks, and tells of whoever needs more past than it says."""

from __future__ import annotations

import pytest

from tests.backtest.planted import PEEKS, THIRSTY, plant, source
from tests.strategies.markets import EVERY_STRATEGY, HOUR, a_market, name_of
from trader.backtest.bias import Fence
from trader.backtest.honest import UsesTheFuture, doubts
from trader.guard import AuditGuard

pytestmark = pytest.mark.req("STR1")

FRAMES = {HOUR: {name: a_market(seed, 600) for seed, name in enumerate(("AAA-USD", "BBB-USD", "CCC-USD", "DDD-USD"))}}
LAST_BITS = "a running sum"


def told(loaded) -> list[str]:
    return doubts([loaded], FRAMES.__getitem__, FRAMES[HOUR], Fence(guard=AuditGuard()))


@pytest.mark.parametrize(("features", "column"), PEEKS.values(), ids=PEEKS.keys())
def test_whoever_peeks_is_refused_with_column_bar_and_where_to_look_further(tmp_path, features, column):
    with pytest.raises(UsesTheFuture, match="uses the future") as refused:
        told(plant(tmp_path, source(features)))

    assert f"strategy planted, AAA-USD, column {column}, bar " in str(refused.value)
    assert "(trader check lookahead planted)" in str(refused.value)
    assert refused.value.exit_code == 1


def test_a_screen_that_peeks_is_refused_too(tmp_path):
    peeks = 'def screen(self, features):\n    return features["mean"].shift(-1) > features["mean"]\n'

    with pytest.raises(UsesTheFuture, match=r"column \(screen\)"):
        told(plant(tmp_path, source(extra=peeks)))


@pytest.mark.parametrize(("features", "column"), [THIRSTY[name] for name in THIRSTY if name != LAST_BITS])
def test_whoever_needs_more_past_than_it_says_is_told_of_once(tmp_path, features, column):
    (said,) = told(plant(tmp_path, source(features)))

    assert f"column {column}, " in said
    assert "raise warmup_bars" in said


def test_last_bits_are_not_worth_a_warning_nor_is_what_is_sound(tmp_path):
    assert told(plant(tmp_path, source(THIRSTY[LAST_BITS][0]))) == []
    assert told(plant(tmp_path, source())) == []


@pytest.mark.parametrize("loaded", EVERY_STRATEGY, ids=name_of)
def test_nothing_is_told_of_the_strategies_of_the_house(loaded):
    assert told(loaded) == []


def test_symbols_that_are_not_traded_are_not_looked_at(tmp_path):
    peeker = plant(tmp_path, source(next(iter(PEEKS.values()))[0]))

    assert doubts([peeker], FRAMES.__getitem__, ["ZZZ-USD"], Fence()) == []
