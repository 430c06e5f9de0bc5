"""The regression gate on a real run: the committed baseline holds, and a changed rule trips it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.regression.baseline import BASELINE, ENTRY_RULES, FEED_RULES, MIN_ROUND_TRIPS, run, trader
from trader.risk.rules import ORDER

pytestmark = pytest.mark.slow


@pytest.mark.req("BT3")
def test_todays_run_is_what_the_baseline_says(tmp_path: Path):
    done = trader("compare", str(BASELINE), str(run(tmp_path / "now") / "report.json"), "--json")

    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert told["same_fills"], "within tolerance, but not the same fills: renew the baseline and say why"


@pytest.mark.req("BT3")
def test_a_deliberate_change_of_a_rule_trips_the_gate(tmp_path: Path):
    changed = run(tmp_path / "changed", "--set", "policy.risk.cooldown.cooldown_minutes=0")

    assert trader("compare", str(BASELINE), str(changed / "report.json")).returncode == 1


@pytest.mark.req("BT3")
def test_a_rule_that_fell_silent_trips_the_gate_though_every_measure_holds(tmp_path: Path):
    """Negative control: the same run, one rule's refusals taken out of the report."""
    folder = run(tmp_path / "silent")
    report = json.loads((folder / "report.json").read_bytes())
    del report["rejections"]["by_reason"]["cash"]
    (folder / "report.json").write_text(json.dumps(report))

    assert trader("compare", str(BASELINE), str(folder / "report.json")).returncode == 1


@pytest.mark.req("BT3")
def test_an_empty_baseline_is_an_error_and_no_pass(tmp_path: Path):
    empty = json.loads(BASELINE.read_bytes())
    empty["summary"]["total_trades"] = 0
    (tmp_path / "empty.json").write_text(json.dumps(empty))

    done = trader("compare", str(tmp_path / "empty.json"), str(BASELINE))

    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_the_baseline_exercises_every_rule_often_enough():
    document = json.loads(BASELINE.read_bytes())

    assert len(ENTRY_RULES) + len(FEED_RULES) == len(ORDER)
    assert set(FEED_RULES) < set(ORDER)
    assert set(document["declares"]["entry_rules"]) == set(ENTRY_RULES)
    assert document["summary"]["total_trades"] >= MIN_ROUND_TRIPS
    assert len(BASELINE.read_bytes()) < 20_000
