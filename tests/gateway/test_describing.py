"""What a strategy does while it is loaded, it does in a process that ends, and here it is a sentence."""

from __future__ import annotations

import sys

import pytest

from tests.gateway.sessions import ROOT
from trader.config import load_config
from trader.policy import StrategyStanza
from trader.running.describing import Describing, StrategiesRefused

pytestmark = pytest.mark.slow
GOOD = (ROOT / "strategies/sma_cross.py").read_text()


def asked(folder, only=("one",), limit_seconds=30.0, **stanza):
    describing = Describing(folder, (StrategyStanza("one", True, **stanza),), {}, only, limit_seconds)
    try:
        return describing.answer()
    finally:
        describing.close()


@pytest.fixture
def folder(tmp_path):
    def holding(source):
        (tmp_path / "one.py").write_text(source)
        return tmp_path

    return holding


@pytest.mark.req("SEC1")
def test_facts_come_back_and_no_strategy_comes_in():
    config = load_config(ROOT / "config/demo")
    describing = Describing(ROOT / "strategies", config.strategies(), config.signal_defaults(), None)

    found = describing.answer()

    facts = {one.name: (one.timeframe_seconds, one.window_bars) for one in found.strategies}
    assert facts["sma_cross"][0] == 3600
    assert facts["breakout"][1] == 49
    assert set(found.there) >= set(facts)
    assert not [name for name in sys.modules if name.startswith("strategy_") and "describ" in name]


@pytest.mark.req("STR1", "SEC1")
@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param("class One(\n", "one.py:1: '(' was never closed", id="a syntax error"),
        pytest.param("import requests\n" + GOOD, "is refused: it is not pure", id="a strategy that reaches out"),
        pytest.param(GOOD, "has no class One", id="another class"),
        pytest.param(
            GOOD.replace("class SmaCross", "class One") + "\n1 / 0\n", "division by zero", id="a module that raises"
        ),
    ],
)
def test_what_cannot_run_is_told_before_anything_starts(source, says, folder):
    with pytest.raises(StrategiesRefused, match=says.replace("(", r"\(")):
        asked(folder(source))


def test_params_out_of_bounds_are_told_in_the_words_of_the_file(folder):
    source = GOOD.replace("class SmaCross", "class One")

    with pytest.raises(StrategiesRefused, match=r"strategies\.yaml: one\.params\.fast_bars"):
        asked(folder(source), params={"fast_bars": -3})


def test_a_module_that_never_ends_is_ended(folder):
    with pytest.raises(StrategiesRefused, match="took longer than 2 s"):
        asked(folder(GOOD.replace("class SmaCross", "class One") + "\nwhile True:\n    pass\n"), limit_seconds=2.0)


def test_a_module_that_prints_says_it_elsewhere(folder):
    found = asked(folder(GOOD.replace("class SmaCross", "class One") + '\nprint("{}")\n'))

    assert [facts.name for facts in found.strategies] == ["one"]
