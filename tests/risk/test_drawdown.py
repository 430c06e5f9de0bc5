from decimal import Decimal

import pytest

from tests.builders import a_book, a_performance
from trader.model.decision import Trip
from trader.model.trading import RiskReason, TradingState
from trader.risk.breakers.drawdown import Drawdown

TEN_PCT = Drawdown(max_drawdown_pct=Decimal(10))


@pytest.mark.req("DD1")
@pytest.mark.parametrize(
    ("nav", "peak", "trips"),
    [
        pytest.param("1", "1", False, id="at the top"),
        pytest.param("0.9001", "1", False, id="just above the limit"),
        pytest.param("0.9", "1", True, id="at the limit"),
        pytest.param("0.5", "1", True, id="far beyond"),
        pytest.param("1.08", "1.2", True, id="in profit, but far below the peak"),
    ],
)
def test_a_fall_from_the_sessions_peak_trips_to_exits_only(nav, peak, trips):
    trip = TEN_PCT.check(a_book(performance=a_performance(nav, peak)))

    assert (trip is not None) is trips
    if trip is not None:
        fall = (Decimal(peak) - Decimal(nav)) / Decimal(peak) * 100
        assert trip == Trip("drawdown", TradingState.REDUCING, RiskReason.DRAWDOWN, fall, Decimal(10))


@pytest.mark.req("DD1")
@pytest.mark.parametrize(("window_days", "trips"), [(None, True), (30, True), (7, False)])
def test_a_rolling_window_forgets_older_peaks(window_days, trips):
    peaks = ((20_070, Decimal("1.2")), (20_085, Decimal("1.05")), (20_089, Decimal("1")))
    book = a_book(performance=a_performance("1", "1.2", peaks=peaks, day=20_089))

    assert (Drawdown(Decimal(10), window_days).check(book) is not None) is trips


@pytest.mark.req("DD1")
def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss():
    """Value per unit is what counts, so money that only moved cannot hide a fall or make one."""
    fallen = a_performance("0.85", "1")

    assert TEN_PCT.check(a_book(nlv=1_000_000, performance=fallen)) is not None
    assert TEN_PCT.check(a_book(nlv=5, performance=a_performance("1", "1"))) is None
