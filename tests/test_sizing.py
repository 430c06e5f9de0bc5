"""What sizing writes down as a defect, and what the rules make of it."""

from decimal import Decimal

import pytest

from tests.builders import (
    ALPHA,
    BTC,
    ETH,
    NOW,
    a_book,
    a_health,
    a_proposal,
    a_quote,
    a_snapshot,
    a_universe_policy,
)  # fmt: skip
from tests.risk.worlds import every_rule
from trader.exits import ExitWish
from trader.model.market import FeedHealth, Quote, Regime
from trader.model.trading import ExitReason, RiskReason, Side
from trader.policy import ExecutionPolicy, RegimePolicy
from trader.risk.engine import RiskEngine
from trader.sizing import Sizer

BUY, SELL = Side.BUY, Side.SELL
SHORT, SCHEMA = RiskReason.SHORTING_DISALLOWED, RiskReason.SCHEMA
SIZER = Sizer(a_universe_policy(), RegimePolicy({regime: Decimal(1) for regime in Regime}), ExecutionPolicy())
HOUSE = RiskEngine(every_rule(40, 90))


def verdict_on(side, book=None, **changes):
    book = a_book(position_usd=300) if book is None else book
    return HOUSE.review(SIZER.size(a_proposal(side, **changes), a_snapshot(), book), book)


@pytest.mark.req("R1", "R2")
@pytest.mark.parametrize(
    ("side", "notional_pct", "reason", "limit"),
    [
        pytest.param(BUY, -3.0, SHORT, 0, id="a negative buy"),
        pytest.param(SELL, -3.0, SHORT, 0, id="a negative sell"),
        pytest.param(SELL, 150.0, SHORT, 100, id="a sell of more than all"),
        pytest.param(SELL, 101, SHORT, 100, id="in whole numbers too"),
        pytest.param(BUY, 150.0, SCHEMA, 100, id="a buy of more than all is no short"),
        pytest.param(BUY, 0.0, SCHEMA, 0, id="a buy of nothing"),
        pytest.param(SELL, 0.0, SCHEMA, 0, id="a sell of nothing"),
        pytest.param(SELL, float("nan"), SCHEMA, 0, id="no number"),
    ],
)
def test_a_size_that_would_be_a_short_is_refused_as_one(side, notional_pct, reason, limit):
    verdict = verdict_on(side, notional_pct=notional_pct)

    objection = verdict.objections[0]
    assert verdict.denied
    assert (objection.risk_reason, objection.field, objection.limit) == (reason, "notional_pct", limit)
    assert len(verdict.objections) == 1
    assert objection.observed == (0 if notional_pct != notional_pct else notional_pct)


@pytest.mark.req("R1")
def test_a_sell_of_what_is_not_held_is_refused_as_a_short():
    assert SHORT in {one.risk_reason for one in verdict_on(SELL, a_book(), notional_pct=50.0).objections}
    assert not verdict_on(SELL, notional_pct=100.0).denied


@pytest.mark.req("R2")
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"notional_pct": float("nan")}, id="no size"),
        pytest.param({"stop_loss_pct": -1.0}, id="a stop that is none"),
        pytest.param({"take_profit_pct": None}, id="no target"),
        pytest.param({"conviction": 7.0}, id="a conviction out of bounds"),
        pytest.param({"symbol": "XYZ-USD"}, id="a symbol nobody knows"),
    ],
)
def test_a_defect_is_counted_once(side, changes):
    """It sizes to nothing, which the other rules would call too small, without a stop, or not held."""
    verdict = verdict_on(side, **changes)

    assert verdict.denied
    assert [one.field for one in verdict.objections] == list(changes)


@pytest.mark.req("R2")
def test_rules_without_a_schema_still_judge_a_defective_proposal():
    defective = SIZER.size(a_proposal(conviction=7.0), a_snapshot(), a_book())
    others = [rule for rule in every_rule(40, 90) if type(rule).__name__ != "Schema"]

    assert RiskEngine(others).review(defective, a_book()).denied
    assert RiskEngine(others).review(defective, a_book()).objections


@pytest.mark.req("O1", "ST1")
@pytest.mark.parametrize(("bid", "ask"), [("0", "0"), ("-1", "1"), ("NaN", "100"), ("100", "Infinity")])
@pytest.mark.parametrize("wish", [a_proposal(BUY), a_proposal(SELL), ExitWish(ALPHA, BTC, ExitReason.MAX_HOLD)])
def test_a_quote_no_price_can_be_made_of_sizes_nothing_and_breaks_nothing(wish, bid, ask):
    book = a_book(position_usd=300)
    snapshot = a_snapshot(quotes={BTC: Quote(BTC, Decimal(bid), Decimal(ask), NOW)})

    sized = SIZER.size(wish, snapshot, book)

    assert (sized.quote, sized.reference_price, sized.notional_usd) == (None, 0, 0)
    assert [defect.risk_reason for defect in sized.defects] == [RiskReason.UNKNOWN_STATE]
    assert HOUSE.review(sized, book).denied


@pytest.mark.req("ST1", "O1", "EX1")
@pytest.mark.parametrize("wish", [a_proposal(BUY), a_proposal(SELL), ExitWish(ALPHA, BTC, ExitReason.MAX_HOLD)])
def test_a_candidate_carries_what_the_feed_reports_of_its_symbol(wish):
    book = a_book(position_usd=300)

    history = SIZER.size(wish, a_snapshot(), book)
    live = SIZER.size(wish, a_snapshot(health={BTC: a_health()}, exchange_down=True), book)
    forgotten = SIZER.size(wish, a_snapshot(health={ETH: a_health()}), book)

    assert (history.quote, history.health, history.exchange_down) == (a_quote(), None, False)
    assert (live.quote, live.health, live.exchange_down) == (a_quote(), a_health(), True)
    assert forgotten.health == FeedHealth(), "a symbol the feed says nothing about is vouched for in nothing"
