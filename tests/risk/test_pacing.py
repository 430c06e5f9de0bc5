from decimal import Decimal

import pytest

from tests.builders import NOW, a_book, a_buy, a_sell, minutes
from trader.model.trading import Unit
from trader.risk.rules.pacing import Pacing

PACE = Pacing(max_trades_per_hour=2, max_trades_per_day=4, min_seconds_between_trades=60)


@pytest.mark.req("PACE")
@pytest.mark.parametrize(
    ("minutes_ago", "observed", "limit", "unit"),
    [
        pytest.param([], None, None, None, id="the first"),
        pytest.param([1], None, None, None, id="exactly a minute after the last"),
        pytest.param([0.5], "30.0", 60, Unit.SECONDS, id="on its heels"),
        pytest.param([0], None, None, None, id="second of one instant"),
        pytest.param([0.5, 0], "30.0", 60, Unit.SECONDS, id="second of an instant on another's heels"),
        pytest.param([5, 0], 2, 2, Unit.COUNT, id="the instant's own count within the hour"),
        pytest.param([1400, 600, 300, 0], 4, 4, Unit.COUNT, id="and within the day"),
        pytest.param([59, 5], 2, 2, Unit.COUNT, id="third within the hour"),
        pytest.param([60, 5], None, None, None, id="the hour has moved on"),
        pytest.param([1400, 600, 300, 90], 4, 4, Unit.COUNT, id="fifth within the day"),
        pytest.param([1440, 600, 300, 90], None, None, None, id="the day has moved on"),
    ],
)
def test_entries_keep_their_pace(minutes_ago, observed, limit, unit):
    book = a_book(entries=tuple(NOW - minutes(ago) for ago in minutes_ago))

    objection = PACE.check(a_buy(), book)

    if observed is None:
        assert objection is None
    else:
        assert (objection.observed, objection.limit, objection.unit) == (Decimal(observed), limit, unit)
        assert objection.permitted_usd == 0


@pytest.mark.req("PACE")
def test_without_a_least_distance_the_counts_still_hold():
    loose = Pacing(max_trades_per_hour=2, max_trades_per_day=4, min_seconds_between_trades=0)

    assert loose.check(a_buy(), a_book(entries=(NOW,))) is None
    assert loose.check(a_buy(), a_book(entries=(NOW, NOW))) is not None


@pytest.mark.req("PACE")
def test_exits_are_not_paced():
    assert PACE.check(a_sell(), a_book(entries=(NOW,) * 9)) is None
