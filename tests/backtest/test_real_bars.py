"""Backtests of real bars: the two runs the workbench is judged by, held to what must be true of any run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from trader.backtest.asked import Asked, backtest_job
from trader.backtest.run import Prepared, prepare, report_run
from trader.backtest.walked import Walked
from trader.market.choose import Wanted
from trader.model.money import ZERO
from trader.model.trading import RiskReason, Side
from trader.reporting.document import build_report, dumps
from trader.reporting.store import validate

FOLDER = os.environ.get("TRADER_TEST_DATA")
CANDLES = Path(FOLDER or ".") / "candles"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not FOLDER or not CANDLES.is_dir(),
        reason="no real bars here: set TRADER_TEST_DATA to the folder that has candles/",
    ),
]
ALL_THREE = ("sma_cross", "breakout", "mean_reversion")
FOUR = Wanted(
    CANDLES,
    ("BTC-USD", "ETH-USD", "SOL-USD", "ADA-USD"),
    "1h",
    datetime(2024, 5, 1, tzinfo=UTC),
    datetime(2025, 6, 30, tzinfo=UTC),
)
PANEL = Wanted(CANDLES, None, "1h", datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
CASH = Decimal(10_000)


@pytest.fixture(scope="module", params=[FOUR, PANEL], ids=["four products, 14 months", "32 products, half a year"])
def walked(request: pytest.FixtureRequest) -> tuple[Prepared, Walked]:
    prepared = prepare(backtest_job(Asked(Path("config"), strategies=ALL_THREE), request.param, CASH))
    return prepared, prepared.walk()


def test_every_bar_of_the_panel_is_walked(walked):
    prepared, _ = walked
    assert len(prepared.market.tradable) in (4, 32)
    assert prepared.market.bar_count in (40_800, 138_609)


@pytest.mark.req("BT2")
def test_it_trades_refuses_and_makes_a_valid_report(walked):
    report = build_report(report_run(*walked))

    validate(report)
    assert report["summary"]["total_trades"] >= 100
    assert len(report["rejections"]["by_reason"]) >= 5


@pytest.mark.req("X2")
def test_the_money_adds_up(walked):
    prepared, found = walked
    cash, held = CASH, {}
    for fill in found.fills:
        sign = 1 if fill.side is Side.BUY else -1
        cash -= sign * fill.notional_usd + fill.fee_usd
        held[fill.symbol] = held.get(fill.symbol, ZERO) + sign * fill.size
        assert held[fill.symbol] >= ZERO
        assert cash >= ZERO

    last = prepared.market.last
    worth = float(cash) + sum(float(size) * prepared.market.mark(s, last) for s, size in held.items() if size)
    assert worth == pytest.approx(found.nlv[-1], rel=1e-12)


@pytest.mark.req("E1", "U2")
def test_no_approved_entry_takes_a_cap_beyond_its_limit(walked):
    """Judged from what the verdicts say: whatever a cap objected to, no more than it permitted was approved."""
    _, found = walked
    caps = {RiskReason.POSITION_CAP, RiskReason.THEME_CAP, RiskReason.TOTAL_CAP, RiskReason.TIER_CAP}
    trimmed = [
        (verdict.approved_usd, objection.permitted_usd)
        for verdict in found.verdicts
        for objection in verdict.objections
        if objection.risk_reason in caps
    ]
    assert trimmed
    assert all(approved <= permitted for approved, permitted in trimmed)


@pytest.mark.req("BT1")
def test_sleeping_changes_nothing_and_twice_is_the_same(walked):
    prepared, found = walked
    awake = prepare(prepared.job, every_bar=True).walk()

    assert awake.fills == found.fills
    np.testing.assert_array_equal(awake.nlv, found.nlv)
    assert dumps(build_report(report_run(prepared, awake))) == dumps(build_report(report_run(prepared, found)))
