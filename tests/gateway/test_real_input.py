"""The paper run on real bars: 2025-02-24 to 2025-03-05 at 15 minutes, a fall and ADA's +51 % hour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.sessions import ROOT, a_session, cycle_by_socket, document, in_folders, journaled
from tests.gateway.sessions import run as run_verb
from trader.backtest.asked import Asked, backtest_job
from trader.backtest.outcome import fill_row
from trader.backtest.run import prepare
from trader.market.choose import Wanted
from trader.model.events import OrderFilled, RegimeChanged
from trader.model.trading import ExitReason
from trader.research.bars import instant
from trader.running.telling import fills_of

FOLDER = os.environ.get("TRADER_TEST_DATA")
SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD", "ADA-USD", "XRP-USD", "DOGE-USD")
START, END = "2025-02-24", "2025-03-05"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="no real bars here: set TRADER_TEST_DATA to the folder that has candles/"),
]


@pytest.fixture
def lake():
    assert FOLDER is not None
    return Path(FOLDER) / "candles"


def backtest_rows(folder, lake):
    asked = Asked(ROOT / "config/demo", in_folders(folder), None, ROOT / "strategies")
    job = backtest_job(asked, Wanted(lake, SYMBOLS, "15m", instant(START), instant(END)))
    return [fill_row(fill) for fill in prepare(job).walk().fills]


@pytest.mark.req("BT1", "X2", "U3")
def test_nine_real_days_on_paper_fill_what_the_backtest_fills(tmp_path, lake):
    """Every cycle over the real socket, the kernel's own code for the strategies; only the kernels are left out."""
    where = {"feed": "lake", "data": lake, "symbols": SYMBOLS, "granularity": "15m"}
    with a_session(tmp_path, start=instant(START), end=instant(END), **where) as session:
        while not session.gateway.standing().is_exhausted:
            cycle = cycle_by_socket(session)
            cycle.submit()
            session.gateway.finish(cycle.id, "complete")
        session.gateway.close_out()

    events = journaled(tmp_path)
    fills = [event.fill for event in events if isinstance(event, OrderFilled)]
    assert [fill_row(fill) for fill in fills] == backtest_rows(tmp_path, lake)
    assert len(fills) > 50
    assert {ExitReason.STOP_LOSS, ExitReason.TAKE_PROFIT} <= {fill.exit_reason for fill in fills}
    assert len({event.regime for event in events if isinstance(event, RegimeChanged)}) >= 2


@pytest.mark.req("NF2")
def test_real_bars_go_through_the_notebook(tmp_path, lake):
    """The first hours of ADA's day, kernels and all."""
    options = ("--feed", "lake", "--data", str(lake), "--symbols", ",".join(SYMBOLS), "--granularity", "15m")

    told = document(
        run_verb(tmp_path, *options, "--start", "2025-03-02T15:00", "--end", END, "--cycles", "8", "--json")
    )

    assert [one["notebook"] for one in told["cycles"]] == ["complete"] * 8
    assert told["fills"] > 0


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.req("BT1", "STOP", "NF2")
def test_adas_day_through_papermill_is_the_backtest(tmp_path, lake):
    """The 96 cycles of 2025-03-02, with a restart after 40 of them."""
    options = ["--feed", "lake", "--data", str(lake), "--symbols", ",".join(SYMBOLS), "--granularity", "15m"]
    span = ["--start", "2025-03-02", "--end", "2025-03-03"]
    first = document(run_verb(tmp_path, *options, *span, "--cycles", "40", "--json", timeout=400))
    told = document(run_verb(tmp_path, *options, *span, "--json", timeout=500))

    assert len(first["cycles"]) + len(told["cycles"]) == 96
    assert {one["notebook"] for one in told["cycles"]} == {"complete"}
    overrides = [part for override in in_folders(tmp_path) for part in ("--set", override)]
    backtest = [sys.executable, "-m", "trader.cli", "backtest", "--config-dir", "config/demo", *options[2:], *span,
                *overrides, "--out", str(tmp_path / "report"), "--json"]  # fmt: skip
    done = subprocess.run(backtest, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert told["fingerprint"] == json.loads(done.stdout)["fingerprint"]
    assert fills_of(journaled(tmp_path))[1] == told["fingerprint"]
