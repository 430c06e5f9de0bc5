"""Whatever a notebook, a kernel or a strategy does, the cycle ends with a decision, exits run, and the next is fine."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from tests.gateway.sessions import ROOT, a_session, cycle_by_socket, journaled, next_cycle, with_cell
from tests.ops.conftest import gone_within
from trader.model.events import CycleEnded, Decided, OrderFilled
from trader.model.trading import ExitReason, Side

pytestmark = pytest.mark.slow

HEAD = """
\"\"\"Planted.\"\"\"

import pandas as pd

from trader.strategy import Side, Strategy, StrategyContext, TradeProposal


class {kind}(Strategy):
    \"\"\"Planted.\"\"\"

    timeframe = "1h"
    warmup_bars = 2

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        \"\"\"The close.\"\"\"
        return bars[["close"]].copy()

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        \"\"\"What is planted.\"\"\"
        {body}
"""
HONEST = 'return [TradeProposal(s, Side.BUY, 1.0, 5.0, 10.0, 0.9, "honest") for s in context.symbols[:1]]'
SEGFAULT = "import numpy as np; return np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 40,)).sum()"


def planted(folder, **bodies):
    """A folder of strategies, each with its body, and the stanzas that switch them on."""
    there = folder / "strategies"
    there.mkdir(exist_ok=True)
    for name, body in bodies.items():
        (there / f"{name}.py").write_text(HEAD.format(kind=name.capitalize(), body=body))
    budget = "{max_at_risk_pct: 5, max_trades_per_cycle: 5}"
    stanzas = [f"strategies.{name}={{enabled: true, budget: {budget}}}" for name in bodies]
    off = [f"strategies.{name}.enabled=false" for name in ("sma_cross", "breakout", "mean_reversion")]
    for name in ("sma_cross", "breakout", "mean_reversion"):
        (there / f"{name}.py").write_text((ROOT / f"strategies/{name}.py").read_text())
    return there, (*stanzas, *off)


@pytest.mark.req("STR4", "STOP")
@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param('raise ValueError("broken")', "ValueError: broken", id="raises"),
        pytest.param("while True: pass", "took longer than 0.5 s", id="hangs"),
        pytest.param('return "buy everything"', "returned str, not a list", id="returns junk"),
        pytest.param("return [1, 2]", "a list with int in it", id="returns a list of junk"),
    ],
)
def test_a_strategy_that_misbehaves_loses_its_own_answer_and_nobody_elses(body, says, tmp_path):
    there, overrides = planted(tmp_path, bad=body, good=HONEST)
    with a_session(tmp_path, *overrides, "app.strategy_timeout_seconds=0.5", strategies_dir=there) as session:
        cycle = cycle_by_socket(session)
        decision = cycle.submit()

    reports = {report.strategy: report for report in cycle.proposals.reports}
    assert reports["bad"].outcome == "failed"
    assert says in reports["bad"].detail
    assert [verdict.proposal.strategy for verdict in decision.verdicts] == ["good"]


@pytest.mark.req("STR4", "STOP")
def test_a_strategy_that_kills_its_kernel_costs_one_cycle_its_proposals(tmp_path):
    there, overrides = planted(tmp_path, crash=SEGFAULT)
    with a_session(tmp_path, *overrides, strategies_dir=there) as session:
        died = next_cycle(session)
        (there / "crash.py").write_text(HEAD.format(kind="Crash", body=HONEST))
        after = next_cycle(session)

    assert (died.notebook, died.proposals) == ("dead_kernel", 0)
    assert (after.notebook, after.orders) == ("complete", 1)
    ended = [event for event in journaled(tmp_path) if isinstance(event, CycleEnded)]
    assert [event.notebook_status for event in ended] == ["dead_kernel", "complete"]


def test_a_strategy_broken_while_running_fails_alone(tmp_path):
    there, overrides = planted(tmp_path, bad=HONEST, good=HONEST)
    with a_session(tmp_path, *overrides, strategies_dir=there) as session:
        (there / "bad.py").write_text("class Bad(\n")
        cycle = cycle_by_socket(session)
        decision = cycle.submit()

    assert [verdict.proposal.strategy for verdict in decision.verdicts] == ["good"]
    outcomes = {report.strategy: report.outcome for report in cycle.proposals.reports}
    assert (outcomes["bad"], outcomes["good"]) == ("failed", "ok")


@pytest.mark.req("STOP")
def test_a_notebook_edited_to_fail_says_at_which_cell_and_the_next_cycle_is_fine(tmp_path):
    notebook = with_cell(tmp_path, 4, "raise RuntimeError('edited <b>')")
    with a_session(tmp_path, notebook=notebook) as session:
        failed = next_cycle(session)
        notebook.write_text((ROOT / "notebooks/live_cycle.ipynb").read_text())
        fine = next_cycle(session)
        notebook.write_text("{")
        unreadable = next_cycle(session)
        notebook.unlink()
        missing = next_cycle(session)

    assert (failed.notebook, failed.cell, failed.proposals) == ("failed", 4, 0)
    assert "RuntimeError: edited" in failed.detail
    record = json.loads(Path(failed.record).read_text())
    assert "✘ failed at cell [4]" in "".join(record["cells"][0]["source"])
    assert (fine.notebook, fine.orders > 0) == ("complete", True)
    assert (unreadable.notebook, missing.notebook) == ("failed", "failed")
    assert "not a notebook" in unreadable.detail
    ended = [event for event in journaled(tmp_path) if isinstance(event, CycleEnded)]
    assert [event.notebook_status for event in ended] == ["failed", "complete", "failed", "failed"]
    assert ended[0].detail.startswith("cell 4: RuntimeError")


@pytest.mark.req("EXITS", "STOP")
def test_exits_run_also_when_every_notebook_fails(tmp_path):
    """Positions are opened over the socket; then no notebook ever submits, and max-hold still sells them."""
    notebook = with_cell(tmp_path, 3, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with a_session(tmp_path, "policy.exits.max_hold_hours=2", notebook=notebook) as session:
        cycle = cycle_by_socket(session)
        assert cycle.submit().intents
        session.gateway.finish(cycle.id, "complete")
        told = [next_cycle(session) for _ in range(4)]
        held = session.gateway._core.books.ledger.positions

    assert {one.notebook for one in told} == {"dead_kernel"}
    assert not held
    fills = [event.fill for event in journaled(tmp_path) if isinstance(event, OrderFilled)]
    assert {fill.exit_reason for fill in fills if fill.side is Side.SELL} == {ExitReason.MAX_HOLD}


@pytest.mark.req("STOP", "X1")
def test_a_kernel_that_dies_after_it_submitted_leaves_its_decision_standing(tmp_path):
    notebook = with_cell(tmp_path, 11, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with a_session(tmp_path, notebook=notebook) as session:
        died = next_cycle(session)

    assert died.notebook == "dead_kernel"
    assert died.orders > 0
    decided = [event for event in journaled(tmp_path) if isinstance(event, Decided)]
    assert len(decided) == 1
    assert decided[0].verdicts


@pytest.mark.req("SEC1")
def test_a_kernel_sees_no_key_and_no_secret_reaches_the_record(tmp_path, monkeypatch):
    canary = "organizations/0a1b2c3d/apiKeys/deadbeef-1234"
    monkeypatch.setenv("COINBASE_API_KEY", canary)
    monkeypatch.setenv("MY_SECRET", "canary-value")
    source = f"import os\nprint(sorted(os.environ))\nprint('{canary}'[:45], 'leaks', '{canary}')"
    with a_session(tmp_path, notebook=with_cell(tmp_path, 4, source)) as session:
        told = next_cycle(session)

    assert told.notebook == "complete"
    text = Path(told.record).read_text()
    output = json.dumps([cell.get("outputs") for cell in json.loads(text)["cells"]])
    assert "COINBASE_API_KEY" not in output
    assert "MY_SECRET" not in output
    assert canary not in text


@pytest.mark.req("SEC1", "E1")
def test_a_cell_that_patches_risk_or_talks_to_the_socket_by_itself_changes_nothing(tmp_path):
    """User code owns its kernel; the gateway is another process and asks its own rules."""
    source = (
        "from trader.risk.engine import RiskEngine\n"
        "RiskEngine.review_all = lambda self, candidates, book: 1 / 0\n"
        "from dataclasses import replace\n"
        "wish = cycle.proposals.proposals[0]\n"
        "cycle.submit(replace(cycle.proposals, proposals=(replace(wish, notional_pct=100.0, conviction=1.0),)))\n"
    )
    with a_session(tmp_path, notebook=with_cell(tmp_path, 4, source)) as session:
        told = next_cycle(session)

    decided = next(event for event in journaled(tmp_path) if isinstance(event, Decided))
    caps_usd = Decimal(10_000) * Decimal("0.05") * Decimal("1.2")
    assert told.notebook == "complete"
    assert all(verdict.approved_usd <= caps_usd for verdict in decided.verdicts)


@pytest.mark.req("STOP")
def test_a_spare_that_was_killed_while_it_waited_costs_nothing(tmp_path):
    with a_session(tmp_path) as session:
        session.runner.pool.wait_ready(60)
        for child in psutil.Process().children():
            if "ipykernel" in " ".join(child.cmdline()):
                child.kill()
                assert gone_within(10, child.pid)
        told = next_cycle(session)

    assert told.notebook == "complete"


@pytest.mark.req("STOP")
def test_a_notebook_past_its_deadline_is_cut_short(tmp_path):
    notebook = with_cell(tmp_path, 4, "import time; time.sleep(60)")
    with a_session(
        tmp_path, "app.cycle_deadline_seconds=2", "app.strategy_timeout_seconds=1", notebook=notebook
    ) as session:
        session.runner.pool.wait_ready(60)
        told = next_cycle(session)

    assert (told.notebook, told.cell) == ("deadline", 4)
    assert told.milliseconds < 6_000
