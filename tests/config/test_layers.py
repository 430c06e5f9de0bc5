"""A folder may be laid over another one, and `--set` over both; every message names who wrote the key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.config.working_copy import WorkingCopy
from trader.config import load_config

DEMO = "config/demo"


def overlay(folder: str = "mine", app: str = "extends: ../config\n", **files: str) -> str:
    Path(folder).mkdir(parents=True)
    (Path(folder) / "app.yaml").write_text(app)
    for file, text in files.items():
        (Path(folder) / f"{file}.yaml").write_text(text)
    return folder


def test_groups_merge_and_lists_and_single_values_replace(copy: WorkingCopy) -> None:
    folder = overlay(
        policy="risk: {cash: {min_cash_pct: 20}}",
        universe="tiers: {tier1: {symbols: [ETH-USD, BTC-USD]}}",
        strategies="breakout: {symbols: [SOL-USD]}",
    )

    base, config = copy.load(), copy.load(folder=folder)

    assert config.policy.risk.cash.min_cash_pct == Decimal(20)
    assert config.policy.risk.total_cap == base.policy.risk.total_cap
    assert config.universe_yaml.tiers["tier1"].symbols == ("ETH-USD", "BTC-USD")
    assert config.universe_yaml.tiers["tier1"].base_size_pct == base.universe_yaml.tiers["tier1"].base_size_pct
    assert {stanza.name: stanza.symbols for stanza in config.strategies()}["breakout"] == ("SOL-USD",)
    assert config.hash != base.hash


def test_an_overlay_alone_changes_nothing_it_does_not_write(copy: WorkingCopy) -> None:
    assert copy.load(folder=overlay()) == copy.load()


def test_a_layer_over_a_layer_has_the_last_word(copy: WorkingCopy) -> None:
    overlay("one", app="extends: ../config\nseed: 1\naccount: one\n")
    overlay("two", app="extends: ../one\nseed: 2\n")

    app = copy.load(folder="two").app

    assert (app.seed, app.account, app.mode) == (2, "one", "dry_run")


def test_set_has_the_very_last_word(copy: WorkingCopy) -> None:
    config = copy.load(
        "policy.risk.position_cap.max_position_size_pct=4.5",
        "strategies.breakout.symbols=[SOL-USD, ADA-USD]",
        "strategies.breakout.params.lookback_bars=20",
        "policy.exits.max_hold_hours=72",
        "app.seed=1",
        "app.seed=2",
        folder=DEMO,
    )

    breakout = config.strategies()[0]
    assert config.policy.risk.position_cap.max_position_size_pct == Decimal("4.5")
    assert (breakout.symbols, breakout.params) == (("SOL-USD", "ADA-USD"), {"lookback_bars": 20})
    assert (config.exits().max_hold_hours, config.app.seed) == (Decimal(72), 2)


@pytest.mark.req("C1")
def test_a_message_names_the_layer_that_wrote_the_key(copy: WorkingCopy) -> None:
    folder = overlay(policy="risk: {total_cap: {max_total_at_risk: 3}}")
    copy.edit("policy", "bear: 0.6", "bear: 1.1")

    assert copy.problems("signals.max_triggers_per_cycle=0", folder=folder) == [
        "mine/policy.yaml: risk.total_cap.max_total_at_risk: unknown key; did you mean max_total_at_risk_pct?",
        "config/policy.yaml: regime.multipliers.bear: 1.1 is above chop (1.0); worse weather never means more risk",
        "--set signals.max_triggers_per_cycle: 0 is below 1; allowed: 1 to 1000",
    ]


SHAPE = "allowed: file.key.key=value, like policy.risk.total_cap.max_total_at_risk_pct=10"


@pytest.mark.req("C1")
@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "policy.risk.cash.min_cash_pct=lots",
            "policy.risk.cash.min_cash_pct: 'lots' is not a number; allowed: 0 to 99 % of NLV",
        ),
        ("policy.risk.cash.min_cash=5", "policy.risk.cash.min_cash: unknown key; did you mean min_cash_pct?"),
        ("policy.risk.cash=5", "policy.risk.cash: 5 is not a group of keys; keys: min_cash_pct"),
        (
            "policy.risk.caps.on_breach.x=5",
            "policy.risk.caps.on_breach.x: policy.risk.caps.on_breach is a single value; nothing is below it",
        ),
        ("polcy.risk.cash.min_cash_pct=5", "polcy.risk.cash.min_cash_pct: no such file; did you mean policy?"),
        ("policy.risk.cash.min_cash_pct", f"policy.risk.cash.min_cash_pct: has no value; {SHAPE}"),
        ("policy=5", f"policy: names no key; {SHAPE}"),
        ("policy..cash=5", f"policy.''.cash: names no key; {SHAPE}"),
        ("=5", "'': no such file; allowed: app, policy, universe, signals, strategies"),
        ("", f"'': has no value; {SHAPE}"),
        ("app.seed=[1", "app.seed: line 2, column 1: not YAML: did not find expected ',' or ']'"),
        ("app.seed=", "app.seed: null is not a number; allowed: 0 to 4294967295"),
        ("app.paths={var: a, var: b, reports: c}", "app.paths.var: written twice, on lines 1 and 1; keep one"),
        ("app.account=\udce9", "app.account: not UTF-8"),
    ],
)
def test_a_wrong_override_is_told_under_its_own_name(copy: WorkingCopy, override: str, sentence: str) -> None:
    assert copy.problems(override) == [f"--set {sentence}"]


@pytest.mark.req("C1")
@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ("extends: ../nowhere\n", "extends: there is no such folder: nowhere; a config folder holds"),
        ("extends: .\n", "extends: comes back to mine; a folder extends another, and the last one none"),
        ("extends: 5\n", "extends: 5 is not a folder relative to this one; allowed: like .. or ../other"),
        ("extends: /etc\n", "extends: '/etc' is not a folder relative to this one; allowed: like .. or ../other"),
        ("extends: app.yaml\n", "extends: is not a folder: mine/app.yaml; a config folder holds"),
    ],
)
def test_a_wrong_base_says_what_a_base_is(copy: WorkingCopy, app: str, sentence: str) -> None:
    lines = copy.problems(folder=overlay(app=app))

    assert lines[0].startswith(f"mine/app.yaml: {sentence}")


@pytest.mark.req("C1")
def test_folders_that_extend_each_other_are_told(copy: WorkingCopy) -> None:
    overlay("one", app="extends: ../two\n")
    overlay("two", app="extends: ../one\n")

    assert "two/app.yaml: extends: comes back to one; a folder extends another, and the last one none" in copy.problems(
        folder="one"
    )


@pytest.mark.req("C1")
def test_a_broken_file_of_a_layer_makes_no_claim_about_its_keys(copy: WorkingCopy) -> None:
    folder = overlay(policy="risk: [")

    assert [line.partition(": ")[0] for line in copy.problems(folder=folder)] == ["mine/policy.yaml"]


def test_the_demo_is_right_and_runs_all_three_strategies_on_paper(copy: WorkingCopy) -> None:
    config = load_config(DEMO, strategies_dir=copy.strategies)

    assert [stanza.name for stanza in config.strategies() if stanza.enabled] == [
        "breakout",
        "mean_reversion",
        "sma_cross",
    ]
    assert (config.app.mode, config.app.account) == ("paper", "demo")
    assert config.policy.risk.total_cap == copy.load().policy.risk.total_cap
