from decimal import Decimal

import pytest

from tests.builders import a_book, a_performance
from trader.model.trading import RiskReason, TradingState
from trader.risk.breakers.daily_loss import DailyLoss

THREE_PCT = DailyLoss(max_daily_loss_pct=Decimal(3))


@pytest.mark.req("DD1")
@pytest.mark.parametrize(
    ("day_start", "nav", "observed"),
    [
        pytest.param("1", "1.05", None, id="in profit"),
        pytest.param("1", "0.9701", None, id="just above the limit"),
        pytest.param("1", "0.97", "3", id="at the limit"),
        pytest.param("2", "1.5", "25", id="far beyond"),
    ],
)
def test_a_days_loss_trips_to_exits_only(day_start, nav, observed):
    value = a_performance(nav, peak="5", day_start=Decimal(day_start))

    trip = THREE_PCT.check(a_book(performance=value))

    if observed is None:
        assert trip is None
    else:
        assert (trip.breaker, trip.risk_reason, trip.state) == (
            "daily_loss", RiskReason.DAILY_LOSS, TradingState.REDUCING,
        )  # fmt: skip
        assert (trip.observed_pct, trip.limit_pct) == (Decimal(observed), 3)
