"""
The files we ship: right, modest by default, and documented key by key.

The comments are held to the code: bounds and default in words must be those that are checked.
"""

from __future__ import annotations

import inspect
import os
import pickle
import re
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import trader.signals as signals
from tests.config.working_copy import SHIPPED, STRATEGIES, WorkingCopy
from trader.config import load_config, params_problems
from trader.config.policy_yaml import Breakers, Risk
from trader.config.problem import FILES
from trader.config.reading import scalar
from trader.config.rule_objects import BREAKERS, ENGINE_KEYS, RULES, SUPPLIED, class_of
from trader.config.shapes import SHAPES, shape_at
from trader.config.signals_yaml import SignalsYaml
from trader.config.stanza import keys_of, kind_of
from trader.market.sample_products import PRODUCTS
from trader.model.market import Regime
from trader.policy import Budget, ExecutionPolicy, ExitPolicy, RegimePolicy, StrategyStanza
from trader.risk.freshness import Freshness
from trader.risk.rules.outlier import Outlier
from trader.risk.rules.spread import Spread
from trader.risk.rules.stale_bar import StaleBar
from trader.risk.rules.stale_quote import StaleQuote
from trader.strategy import Field, StrategyParams

TODAY = datetime(2026, 11, 22, tzinfo=UTC)


def entry(file: str) -> Any:
    """The shape of the named stanzas of a file."""
    return {"universe": shape_at(("universe", "tiers", "any")), "strategies": shape_at(("strategies", "any"))}[file]


def commented(file: str, key: str) -> str:
    """The comment beside the first line that writes *key*."""
    text = (SHIPPED / f"{file}.yaml").read_text(encoding="utf-8")
    found = re.search(rf"^ *(?:# )?{key}:[^#\n]*# (.*)$", text, re.M)
    assert found, f"{file}.yaml: {key} has no comment"
    return found[1]


def spelt(default: Any) -> str:
    """*default* as YAML writes it."""
    return str(default).lower() if isinstance(default, bool) else str(default)


def leaves() -> list[Any]:
    """(file, key, kind) of every single value any file may hold."""
    named = [("universe", entry("universe")), ("strategies", entry("strategies"))]
    found = []
    todo = [(file, SHAPES[file]) for file in FILES if keys_of(SHAPES[file])] + named
    while todo:
        file, shape = todo.pop()
        for key, info in keys_of(shape).items():
            kind = kind_of(info)
            if kind is not None:
                found.append(pytest.param(file, key, kind, id=f"{file}: {key}"))
            elif keys_of(info.annotation):
                todo.append((file, info.annotation))
    return found


@pytest.mark.req("C1")
@pytest.mark.parametrize(("file", "key", "kind"), leaves())
def test_every_key_is_documented_in_place_with_bounds_and_default(file: str, key: str, kind: Any) -> None:
    comment = commented(file, key)

    assert kind.in_words in comment
    per_tier_or_trigger = kind.default is None and not kind.optional and file in ("universe", "signals")
    default = "null" if kind.optional else spelt(kind.default)
    assert per_tier_or_trigger or f"default {default}" in comment


@pytest.mark.req("C1")
@pytest.mark.parametrize(("file", "key", "kind"), leaves())
def test_what_is_shipped_is_the_default(file: str, key: str, kind: Any) -> None:
    text = (SHIPPED / f"{file}.yaml").read_text(encoding="utf-8")
    written = re.search(rf"^ *{key}: ([^#\n]*?) *#", text, re.M)

    assert written
    if kind.default is not None:
        assert kind.check(scalar(written[1])) == kind.check(scalar(spelt(kind.default)))
    elif kind.optional:
        assert written[1] == "null"


@pytest.mark.req("M1")
def test_the_default_mode_is_dry_run_and_every_strategy_is_off(copy: WorkingCopy) -> None:
    config = copy.load()

    assert config.app.mode == "dry_run"
    assert {stanza.name: stanza.enabled for stanza in config.strategies()} == dict.fromkeys(STRATEGIES, False)
    assert config.notes(TODAY) == ["config/strategies.yaml: no strategy is enabled; nothing would be proposed"]


@pytest.mark.req("M1")
def test_a_mode_that_is_not_written_is_no_mode(copy: WorkingCopy) -> None:
    copy.edit("app", "mode: dry_run", "#")

    assert len(copy.problems()) == 1


@pytest.mark.req("STR2")
def test_a_new_strategy_is_off_until_it_is_switched_on(copy: WorkingCopy) -> None:
    copy.append("strategies", "\nfresh: {}\n")
    (copy.strategies / "fresh.py").touch()

    stanza = next(stanza for stanza in copy.load().strategies() if stanza.name == "fresh")

    assert (stanza.enabled, stanza.priority, stanza.budget) == (False, 100, Budget())


def test_the_defaults_are_those_of_the_requirements(copy: WorkingCopy) -> None:
    config = copy.load()
    risk, breakers = config.policy.risk, config.policy.breakers

    assert risk.total_cap.max_total_at_risk_pct == 15
    assert risk.position_cap.max_position_size_pct == 5
    assert risk.theme_cap.max_theme_exposure_pct == 10
    assert config.on_breach == "trim"
    assert config.regime().multipliers == {
        Regime.BULL: Decimal("1.2"),
        Regime.CHOP: 1,
        Regime.BEAR: Decimal("0.6"),
        Regime.CRASH: 0,
    }
    assert (breakers.drawdown.max_drawdown_pct, breakers.daily_loss.max_daily_loss_pct) == (10, 3)
    assert breakers.weekly_loss.max_weekly_loss_pct == 6
    assert (config.execution().fees.maker_bps, config.execution().fees.taker_bps) == (40, 60)
    assert config.freshness() == Freshness()
    assert config.outlier() == Outlier()
    assert (risk.stale_quote.max_quote_age_seconds, risk.stale_bar.max_ohlcv_age_seconds) == (5, 90)
    assert {risk.stale_quote.exits_when_stale, risk.stale_bar.exits_when_stale} == {"block"}


@pytest.mark.req("ST1", "O1")
def test_the_last_look_is_held_to_what_the_rules_are_held_to(copy: WorkingCopy) -> None:
    config = copy.load(
        "policy.risk.stale_quote={max_quote_age_seconds: 2.5, exits_when_stale: allow}",
        "policy.risk.stale_bar={max_ohlcv_age_seconds: 120, exits_when_stale: allow}",
        "policy.risk.outlier.max_jump_sigmas=8",
        "policy.risk.spread.max_spread_bps=40",
    )

    rules = {type(rule).__name__: rule for rule in config.rules(())}
    assert config.freshness() == Freshness(Decimal("2.5"), Decimal(120), Decimal(8), Decimal(40), False, False)
    assert rules["StaleQuote"] == StaleQuote(Decimal("2.5"), "allow")
    assert rules["StaleBar"] == StaleBar(Decimal(120), "allow")
    assert (rules["Outlier"], rules["Spread"]) == (config.outlier(), Spread(Decimal(40)))


def test_the_core_gets_its_own_nouns(copy: WorkingCopy) -> None:
    config = copy.load("universe.never_trade=[PEPE-USD]", "universe.bans={SOL-USD: 2026-12-31}")

    universe = config.universe()
    assert [tier.name for tier in universe.tiers] == ["tier1", "tier2", "tier3"]
    assert (universe.tier_of["BTC-USD"], universe.theme("DOGE-USD"), universe.theme("NEW-USD")) == (
        "tier1",
        "MEME",
        "OTHER",
    )
    assert universe.never_trade == {"PEPE-USD"}
    assert universe.banned_until == {"SOL-USD": datetime(2026, 12, 31, tzinfo=UTC)}
    assert config.regime() == RegimePolicy(config.regime().multipliers)
    assert config.exits() == ExitPolicy()
    assert config.execution() == ExecutionPolicy()


@pytest.mark.parametrize("name", [name for name, _ in RULES])
def test_the_keys_of_a_stanza_are_the_fields_of_its_rule(name: str) -> None:
    stanza = keys_of(keys_of(Risk)[name].annotation)

    assert {item.name for item in fields(class_of("rules", name))} - set(SUPPLIED) == set(stanza)


@pytest.mark.parametrize("name", BREAKERS)
def test_the_keys_of_a_stanza_are_the_fields_of_its_breaker(name: str) -> None:
    assert {item.name for item in fields(class_of("breakers", name))} == set(
        keys_of(keys_of(Breakers)[name].annotation)
    )


def test_every_rule_and_breaker_there_is_has_its_stanza(copy: WorkingCopy) -> None:
    package = Path(inspect.getfile(class_of("rules", "schema"))).parents[1]
    written = {kind: {path.stem for path in (package / kind).glob("[a-z]*.py")} for kind in ("rules", "breakers")}

    assert written == {"rules": set(keys_of(Risk)) - set(ENGINE_KEYS), "breakers": set(BREAKERS)}
    assert [type(rule).__module__.rpartition(".")[2] for rule in copy.load().rules(())] == [name for name, _ in RULES]
    assert [type(breaker).__module__.rpartition(".")[2] for breaker in copy.load().breakers()] == list(BREAKERS)


def test_a_rule_holds_what_its_stanza_says_and_what_it_needs_from_elsewhere(copy: WorkingCopy) -> None:
    config = copy.load("policy.risk.position_cap.max_position_size_pct=4")
    rules = {type(rule).__name__: rule for rule in config.rules((*config.strategies(), StrategyStanza("unwritten")))}

    assert rules["PositionCap"] == class_of("rules", "position_cap")(Decimal(4))
    assert rules["StrategyCap"].budgets["breakout"] == Budget()  # type: ignore[attr-defined]
    assert rules["StrategyTrades"].budgets["unwritten"] == Budget()  # type: ignore[attr-defined]
    assert "stranger" not in rules["StrategyCap"].budgets  # type: ignore[attr-defined]
    assert rules["TierCap"].allocations == {"tier1": 15, "tier2": 10, "tier3": 5}  # type: ignore[attr-defined]
    assert rules["MinNotional"].fees == copy.load().execution().fees  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [key for key in SignalsYaml.model_fields if key != "max_triggers_per_cycle"])
def test_the_keys_of_a_trigger_are_the_arguments_of_its_function(name: str) -> None:
    arguments = set(inspect.signature(getattr(signals, name)).parameters) - {"close", "high", "low", "volume"}

    assert set(keys_of(keys_of(SignalsYaml)[name].annotation)) == arguments | {"threshold"}


def test_signal_defaults_are_flat(copy: WorkingCopy) -> None:
    flat = copy.load().signal_defaults()

    assert (flat["max_triggers_per_cycle"], flat["breakout_lookback_bars"]) == (5, 48)


def test_every_product_of_the_built_in_market_has_its_tier_and_theme(copy: WorkingCopy) -> None:
    universe = copy.load().universe()

    assert {symbol: (product.tier, product.theme) for symbol, product in PRODUCTS.items()} == {
        symbol: (universe.tier_of[symbol], universe.theme(symbol)) for symbol in PRODUCTS
    }


def test_every_symbol_of_the_real_lake_has_a_tier_and_a_theme(copy: WorkingCopy) -> None:
    data = os.environ.get("TRADER_TEST_DATA")
    if not data:
        pytest.skip("TRADER_TEST_DATA is not set: no real bars")
    symbols = {path.name.partition("_")[0] for path in (Path(data) / "candles").glob("*-USD_*.parquet")}

    universe = copy.load().universe()

    assert len(symbols) > 40
    assert symbols <= universe.tier_of.keys() & universe.theme_of.keys()


def test_equal_configurations_have_equal_hashes(copy: WorkingCopy) -> None:
    before = copy.load()
    copy.edit("policy", "size_pct: 5 ", "size_pct: 5.00 ")
    copy.edit("policy", "trend_pct: 2.0", "trend_pct: '2'")
    copy.edit("app", "seed: 7", "seed: 8")
    after = copy.load()

    assert after.hash == before.hash
    assert after.full_hash != before.full_hash
    assert copy.load("signals.breakout.threshold=0.31").hash != before.hash
    assert copy.load("strategies.breakout.params.a=1").hash != before.hash


@pytest.mark.req("EXITS")
def test_a_key_that_came_later_may_be_left_out_and_then_changes_no_hash(copy: WorkingCopy) -> None:
    before = copy.load()
    copy.edit("policy", "  trailing_stop_pct: null", "  #")
    without, trailing = copy.load(), copy.load("policy.exits.trailing_stop_pct=5")

    assert before.exits().trailing_stop_pct is without.exits().trailing_stop_pct is None
    assert (without.hash, without.full_hash) == (before.hash, before.full_hash)
    assert trailing.exits().trailing_stop_pct == 5
    assert trailing.hash != before.hash and trailing.full_hash != before.full_hash


def test_a_configuration_is_frozen_and_travels(copy: WorkingCopy) -> None:
    config = copy.load("strategies.breakout.params={a: [1, 2], b: {c: 0.5}, d: true, e: x, f: null}")

    with pytest.raises(ValidationError, match="frozen"):
        config.policy.risk.position_cap.max_position_size_pct = Decimal(50)  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(config)) == config
    assert config.strategies()[0].params == {"a": (1, 2), "b": {"c": 0.5}, "d": True, "e": "x", "f": None}


def test_a_ban_that_ended_is_worth_a_note(copy: WorkingCopy) -> None:
    config = load_config("config/demo", ["universe.bans={SOL-USD: 2026-11-21, ADA-USD: 2026-11-23}"])

    assert config.notes(TODAY) == ["--set: bans.SOL-USD: ended 2026-11-21 00:00Z"]


class Params(StrategyParams):
    fast_bars: int = Field(10, ge=2)
    slow_bars: int = Field(50, ge=3, le=500)
    mode: str = "x"


@pytest.mark.req("C1")
def test_a_strategys_own_params_are_told_the_same_way(copy: WorkingCopy) -> None:
    override = "strategies.sma_cross.params={fast_bars: 1, slow_bar: 7, mode: 5}"

    with pytest.raises(Exception, match="sma_cross") as caught:
        load_config(
            "config",
            [override],
            params_checker=lambda stanza: params_problems(Params, stanza.params) if stanza.name == "sma_cross" else [],
        )

    assert str(caught.value).splitlines() == [
        "--set strategies.sma_cross.params.fast_bars: 1 is below 2",
        "--set strategies.sma_cross.params.mode: 5 is not text",
        "--set strategies.sma_cross.params.slow_bar: unknown key; did you mean slow_bars?",
    ]


def test_reading_the_configuration_needs_no_pandas() -> None:
    heavy = "('pandas', 'plotly', 'vectorbt')"
    code = f"import sys, trader.config, trader.cli.config; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SHIPPED.parent)

    assert done.stdout.strip() == "[]"
