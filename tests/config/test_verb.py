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


def trader(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trader.cli", "config", *arguments]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root)})


@pytest.mark.req("C1")
def test_a_right_configuration_is_exit_0_with_its_mode_and_hash(copy: WorkingCopy) -> None:
    done = trader("check", "--config-dir", "config/demo")

    assert done.returncode == 0
    assert done.stdout.startswith("config/demo: right; mode paper, strategies breakout, mean_reversion, sma_cross, ")
    assert copy.load(folder="config/demo").hash[:16] in done.stdout


@pytest.mark.req("C1")
def test_a_wrong_one_is_exit_2_with_every_sentence_on_stderr_and_no_traceback(copy: WorkingCopy) -> None:
    copy.edit("app", "seed: 7", "sead: 7")

    done = trader("check", "--set", "policy.risk.cash.min_cash_pct=-1")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == copy.problems("policy.risk.cash.min_cash_pct=-1")


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


def test_show_tells_every_key_in_force_and_who_wrote_it(copy: WorkingCopy) -> None:
    done = trader("show", "--config-dir", "config/demo", "--set", "app.seed=8")

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
