"""`trader config check` and `show`, as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.config.working_copy import WorkingCopy

ROOT = Path(__file__).resolve().parents[2]
OURS = str(ROOT / "strategies")


def trader(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trader.cli", "config", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)})


@pytest.mark.slow
@pytest.mark.req("C1")
def test_a_right_configuration_is_exit_0_with_its_mode_and_hash(copy: WorkingCopy) -> None:
    done = trader("check", "--config-dir", "config/demo", "--strategies-dir", OURS)

    assert done.returncode == 0
    assert done.stdout.startswith("config/demo: right; mode paper, strategies breakout, mean_reversion, sma_cross, ")
    assert copy.load(folder="config/demo").hash[:16] in done.stdout


@pytest.mark.req("C1")
def test_a_wrong_one_is_exit_2_with_every_sentence_on_stderr_and_no_traceback(copy: WorkingCopy) -> None:
    copy.edit("app", "seed: 7", "sead: 7")

    done = trader("check", "--set", "policy.risk.cash.min_cash_pct=-1")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == copy.problems("policy.risk.cash.min_cash_pct=-1")


@pytest.mark.slow
@pytest.mark.req("C1")
@pytest.mark.parametrize("verb", ["check", "show"])
def test_json_says_the_same_in_one_document(copy: WorkingCopy, verb: str) -> None:
    wrong = trader(verb, "--json", "--set", "app.seed=x")
    right = trader(verb, "--json", "--set", "app.seed=8")

    assert (wrong.returncode, right.returncode) == (2, 0)
    assert json.loads(wrong.stdout) == {
        "valid": False,
        "problems": [
            {
                "source": "--set",
                "key": "seed",
                "sentence": "--set app.seed: 'x' is not a number; allowed: 0 to 4294967295",
            }
        ],
    }
    assert json.loads(right.stdout)["full_hash"] == copy.load("app.seed=8").full_hash


@pytest.mark.slow
def test_show_tells_every_key_in_force_and_who_wrote_it(copy: WorkingCopy) -> None:
    done = trader("show", "--config-dir", "config/demo", "--strategies-dir", OURS, "--set", "app.seed=8")

    shown = dict(line.split("  # ") for line in done.stdout.splitlines() if "  # " in line)
    told = {key.strip(): source for key, source in shown.items()}
    assert told["app.mode: paper"] == "config/demo/app.yaml"
    assert told["app.seed: 8"] == "--set"
    assert told["policy.risk.total_cap.max_total_at_risk_pct: 15"] == "config/policy.yaml"
    assert told["universe.tiers.tier1.symbols: [BTC-USD, ETH-USD]"] == "config/universe.yaml"


def test_what_show_tells_in_json_is_the_effective_configuration(copy: WorkingCopy) -> None:
    document = json.loads(trader("show", "--json").stdout)

    assert document["config"]["policy"] == yaml.safe_load(copy.path("policy").read_text())
    assert document["sources"]["policy.risk.caps.on_breach"] == "config/policy.yaml"


def test_the_answer_comes_at_once(copy: WorkingCopy) -> None:
    started = time.perf_counter()
    done = trader("check")

    assert done.returncode == 0
    assert time.perf_counter() - started < 3


@pytest.mark.slow
@pytest.mark.req("C1")
def test_check_asks_the_strategies_that_are_used_about_their_params(copy: WorkingCopy) -> None:
    wrong = [
        "strategies.breakout.params={breakout_threshold: 2, exit_bars: x}",
        "strategies.mean_reversion.enabled=true",
        "signals.mean_reversion.lookback_bars=4000",
        "strategies.sma_cross.params={fast_bars: 60}",
    ]

    done = trader("check", "--strategies-dir", OURS, *(word for override in wrong for word in ("--set", override)))

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "--set signals.mean_reversion.lookback_bars: 4000 is above 2000 in mean_reversion, which takes it from here",
        "--set strategies.breakout.params.breakout_threshold: 2 is above 1.0",
        "--set strategies.breakout.params.exit_bars: 'x' is not a number",
        "config/strategies.yaml: sma_cross: fast_bars (60) is not below slow_bars (50)",
    ]


@pytest.mark.req("C1")
def test_check_tells_of_a_strategy_that_is_used_and_cannot_be_loaded(copy: WorkingCopy) -> None:
    (copy.strategies / "breakout.py").write_text("class Brekout: pass\n")

    done = trader("check", "--set", "strategies.breakout.enabled=true")

    assert done.returncode == 2
    assert done.stderr.startswith("config/strategies.yaml: breakout: strategies/breakout.py: has no class Breakout")
