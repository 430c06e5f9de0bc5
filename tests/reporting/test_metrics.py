"""Every figure against a case one can do by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from trader.reporting import metrics as m

DAY = 86_400
MIDNIGHT = int(datetime(2024, 1, 31, tzinfo=UTC).timestamp())


def levels(*values):
    return np.array(values, dtype=float)


def at_days(*days):
    return np.array([MIDNIGHT + int(day * DAY) for day in days])


@pytest.mark.parametrize(
    ("nlv", "deepest"),
    [
        pytest.param((100, 120, 90, 110), 25.0, id="from the high of 120 to 90"),
        pytest.param((100, 80, 120, 100), 20.0, id="the first fall is the deepest"),
        pytest.param((100, 110, 120), 0.0, id="never fell"),
    ],
)
def test_drawdown_is_measured_from_the_highest_so_far(nlv, deepest):
    assert m.max_drawdown_pct(levels(*nlv)) == pytest.approx(deepest)


def test_drawdown_at_each_instant():
    assert m.drawdown_pct(levels(100, 120, 90, 120)).tolist() == pytest.approx([0, 0, -25, 0])


@pytest.mark.parametrize(
    ("days", "nlv", "returns"),
    [
        pytest.param((0, 1, 2), (100, 110, 99), [0.1, -0.1], id="midnights"),
        pytest.param((0, 0.5, 1, 1.5, 2), (100, 50, 110, 200, 99), [0.1, -0.1], id="midnight ends its day"),
        pytest.param((0, 1, 1.25), (100, 110, 121), [0.1, 0.1], id="the last day may be part of one"),
        pytest.param((0.25, 0.5, 1, 2), (100, 50, 110, 99), [0.1, -0.1], id="so may the first"),
        pytest.param((0,), (100,), [], id="one instant"),
    ],
)
def test_daily_returns_are_between_the_last_values_of_days(days, nlv, returns):
    assert m.daily_returns(at_days(*days), levels(*nlv)).tolist() == pytest.approx(returns)


def test_growth_is_compounded_over_a_year_of_365_days():
    assert m.cagr_pct(at_days(0, 365), levels(100, 130)) == pytest.approx(30.0)
    assert m.cagr_pct(at_days(0, 730), levels(100, 121)) == pytest.approx(10.0)
    assert m.cagr_pct(at_days(0, 182.5), levels(100, 110)) == pytest.approx(21.0)


def test_growth_is_undefined_under_a_day_and_where_nothing_was_there():
    assert m.cagr_pct(at_days(0, 0.99), levels(100, 130)) is None
    assert m.cagr_pct(at_days(0, 10), levels(0, 130)) is None
    assert m.cagr_pct(at_days(0, 1), levels(1e-3, 1e6)) is None, "beyond what a float can hold"


def test_volatility_sharpe_and_sortino_by_hand():
    returns = levels(0.03, -0.01, 0.02, -0.02)  # mean 0.005; deviations 0.025 -0.015 0.015 -0.025, squares sum 0.0017
    spread = math.sqrt(0.0017 / 3)
    downside = math.sqrt((0.01**2 + 0.02**2) / 4)

    assert m.volatility_pct(returns) == pytest.approx(spread * math.sqrt(365) * 100)
    assert m.sharpe(returns) == pytest.approx(0.005 / spread * math.sqrt(365))
    assert m.sortino(returns) == pytest.approx(0.005 / downside * math.sqrt(365))


@pytest.mark.parametrize("returns", [(), (0.01,), (0.01, 0.01, 0.01), (0.0, 0.0)])
def test_ratios_without_risk_are_undefined(returns):
    assert m.sharpe(levels(*returns)) is None
    assert m.sortino(levels(*returns)) is None


def test_calmar_is_growth_over_the_deepest_fall():
    assert m.calmar(30.0, 12.0) == pytest.approx(2.5)
    assert m.calmar(30.0, 0.0) is None
    assert m.calmar(None, 12.0) is None


@pytest.mark.parametrize(
    ("pnl", "factor", "won"),
    [
        pytest.param((30, -10, 20, -15), 2.0, 50.0, id="50 won, 25 lost"),
        pytest.param((10, 20), None, 100.0, id="no loss"),
        pytest.param((-10,), 0.0, 0.0, id="only a loss"),
        pytest.param((0, -5), 0.0, 0.0, id="nothing earned is not won"),
        pytest.param((), None, None, id="none"),
    ],
)
def test_profit_factor_and_win_rate(pnl, factor, won):
    assert m.profit_factor(pnl) == (factor if factor is None else pytest.approx(factor))
    assert m.win_rate_pct(pnl) == won


def test_exposure_is_the_mean_share_invested_and_turnover_counts_both_sides():
    nlv = levels(100, 200, 100)

    assert m.exposure_avg_pct(nlv, levels(100, 100, 75)) == pytest.approx((0 + 50 + 25) / 3)
    assert m.turnover([100, 100, 200], nlv) == pytest.approx(3.0)
    assert m.turnover([100], levels()) is None
    assert m.exposure_avg_pct(levels(), levels()) is None


def test_months_compound_from_the_end_of_the_month_before():
    # 31 Jan 00:00 … 1 Feb 00:00 ends January; 29 days later February ends; then a part of March
    months = m.monthly_returns_pct(at_days(0, 1, 15, 30, 40), levels(100, 110, 50, 99, 198))

    assert [name for name, _ in months] == ["2024-01", "2024-02", "2024-03"]
    assert [change for _, change in months] == pytest.approx([10.0, -10.0, 100.0])


def test_nothing_at_all_is_undefined_and_not_zero():
    none = levels()

    assert m.max_drawdown_pct(none) is None
    assert m.total_return_pct(none) is None
    assert m.volatility_pct(none) is None
    assert m.monthly_returns_pct(at_days(), none) == []
