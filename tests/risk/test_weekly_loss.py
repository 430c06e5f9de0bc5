from decimal import Decimal

import pytest

from tests.builders import a_book, a_performance
from trader.model.trading import RiskReason, TradingState
from trader.risk.breakers.weekly_loss import WeeklyLoss

SIX_PCT = WeeklyLoss(max_weekly_loss_pct=Decimal(6))


@pytest.mark.req("DD1")
@pytest.mark.parametrize(
    ("week_start", "nav", "observed"),
    [
        pytest.param("1", "1.05", None, id="in profit"),
        pytest.param("1", "0.9401", None, id="just above the limit"),
        pytest.param("1", "0.94", "6", id="at the limit"),
        pytest.param("2", "1.5", "25", id="far beyond"),
    ],
)
def test_a_weeks_loss_trips_to_exits_only(week_start, nav, observed):
    value = a_performance(nav, peak="5", week_start=Decimal(week_start))

    trip = SIX_PCT.check(a_book(performance=value))

    if observed is None:
        assert trip is None
    else:
        assert (trip.breaker, trip.risk_reason, trip.state) == (
            "weekly_loss", RiskReason.WEEKLY_LOSS, TradingState.REDUCING,
        )  # fmt: skip
        assert (trip.observed_pct, trip.limit_pct) == (Decimal(observed), 6)
