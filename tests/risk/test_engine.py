from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import ALPHA, BETA, BTC, DOGE, ETH, a_book, a_buy, a_performance, a_sell
from trader.model.trading import RiskReason, TradingState
from trader.risk.breakers.daily_loss import DailyLoss
from trader.risk.breakers.drawdown import Drawdown
from trader.risk.breakers.weekly_loss import WeeklyLoss
from trader.risk.engine import RiskEngine
from trader.risk.rules.min_notional import MinNotional
from trader.risk.rules.no_shorts import NoShorts
from trader.risk.rules.position_cap import PositionCap
from trader.risk.rules.theme_cap import ThemeCap
from trader.risk.rules.total_cap import TotalCap

CAPS = (ThemeCap(Decimal(10)), PositionCap(Decimal(5)), TotalCap(Decimal(15)))


def reasons(verdict):
    return [objection.risk_reason.value for objection in verdict.objections]


@pytest.mark.req("E1")
def test_silence_approves_all_of_it():
    verdict = RiskEngine(CAPS).review(a_buy(500), a_book(nlv=10_000))

    assert (verdict.approved_usd, verdict.objections) == (500, ())
    assert not verdict.denied
    assert not verdict.trimmed


@pytest.mark.req("E1")
def test_the_smallest_room_wins_and_every_objection_is_recorded_in_the_rules_order():
    book = a_book(nlv=10_000, held={(ALPHA, ETH): 800, (BETA, DOGE): 650})

    verdict = RiskEngine(CAPS).review(a_buy(600), book)

    assert verdict.approved_usd == 50
    assert reasons(verdict) == ["theme_cap", "position_cap", "total_cap"]
    assert [objection.permitted_usd for objection in verdict.objections] == [200, 500, 50]


@pytest.mark.req("E1", "X3")
@pytest.mark.parametrize(
    ("held", "approved", "said"),
    [
        pytest.param(480, 20, ["position_cap"], id="room for a tradable rest"),
        pytest.param(495, 0, ["position_cap", "min_notional"], id="room for less than the minimum: denied"),
        pytest.param(500, 0, ["position_cap"], id="no room, nothing more to say"),
    ],
)
@pytest.mark.parametrize("first", [0, 1], ids=["minimum asked first", "minimum asked last"])
def test_what_trimming_leaves_is_held_against_the_minimum_again(held, approved, said, first):
    rules = (MinNotional(), PositionCap(Decimal(5)))

    verdict = RiskEngine(rules[::-1] if first else rules).review(a_buy(100), a_book(nlv=10_000, position_usd=held))

    assert (verdict.approved_usd, reasons(verdict)) == (approved, said)


@pytest.mark.req("E1")
def test_on_breach_deny_leaves_the_same_record_and_nothing_approved():
    book = a_book(nlv=10_000, position_usd=300)
    trim, deny = (RiskEngine(CAPS, on_breach=way).review(a_buy(600), book) for way in ("trim", "deny"))

    assert (trim.approved_usd, deny.approved_usd) == (200, 0)
    assert trim.objections == deny.objections


@pytest.mark.req("R1")
def test_on_breach_deny_is_about_entries_an_exit_is_cut_to_what_can_be_sold():
    book = a_book(position_usd=300, claimed={(ALPHA, BTC): 1})

    verdict = RiskEngine([NoShorts()], on_breach="deny").review(a_sell(3), book)

    assert verdict.approved_usd == 200


@pytest.mark.req("E1", "E2")
def test_the_second_of_two_buys_gets_what_the_first_leaves():
    engine = RiskEngine([PositionCap(Decimal(5)), MinNotional()])
    first, second, third = (a_buy(amount, strategy=name) for amount, name in ((300, ALPHA), (300, BETA), (50, ALPHA)))

    verdicts = engine.review_all([first, second, third], a_book(nlv=10_000))

    assert [verdict.approved_usd for verdict in verdicts] == [300, 200, 0]


@pytest.mark.req("R1", "E2")
def test_exits_are_judged_first_and_free_nothing_until_they_fill():
    engine = RiskEngine([NoShorts(), PositionCap(Decimal(5))])
    book = a_book(nlv=10_000, position_usd=500)

    verdicts = engine.review_all([a_buy(100), a_sell(5), a_sell(5)], book)

    assert [(verdict.proposal.side, verdict.approved_usd) for verdict in verdicts] == [
        ("SELL", 500), ("SELL", 0), ("BUY", 0),
    ]  # fmt: skip


@pytest.mark.req("STR3")
def test_entries_are_judged_in_the_order_given():
    engine = RiskEngine([TotalCap(Decimal(3))])

    verdicts = engine.review_all([a_buy(200, symbol=DOGE), a_buy(200, symbol=BTC)], a_book(nlv=10_000))

    assert [(verdict.proposal.symbol, verdict.approved_usd) for verdict in verdicts] == [(DOGE, 200), (BTC, 100)]


def test_no_candidates_no_verdicts():
    assert RiskEngine(CAPS).review_all([], a_book()) == ()


BREAKERS = (Drawdown(Decimal(10)), DailyLoss(Decimal(3)), WeeklyLoss(Decimal(6)))


@pytest.mark.req("DD1")
@pytest.mark.parametrize(
    ("nav", "tripped"),
    [
        ("1", []),
        ("0.97", ["daily_loss"]),
        ("0.94", ["daily_loss", "weekly_loss"]),
        ("0.9", ["drawdown", "daily_loss", "weekly_loss"]),
    ],
)
def test_every_breaker_is_asked(nav, tripped):
    value = a_performance(nav, "1", day_start=Decimal(1), week_start=Decimal(1))

    trips = RiskEngine(CAPS, BREAKERS).trips(a_book(performance=value))

    assert [trip.breaker for trip in trips] == tripped
    assert all(trip.state is TradingState.REDUCING for trip in trips)


@pytest.mark.req("DD1")
@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED, TradingState.KILLED])
def test_a_breaker_neither_trips_twice_nor_loosens_a_halt(state):
    fallen = a_book(performance=a_performance("0.5", "1"))

    assert RiskEngine(CAPS, BREAKERS).trips(fallen)
    assert RiskEngine(CAPS, BREAKERS).trips(replace(fallen, state=state)) == ()


@pytest.mark.req("E1")
def test_a_rule_that_cannot_compute_objects():
    verdict = RiskEngine(CAPS).review(replace(a_buy(100), cost_factor=Decimal("NaN")), a_book())

    assert verdict.denied
    assert {objection.risk_reason for objection in verdict.objections} == {RiskReason.UNKNOWN_STATE}
    assert [objection.field for objection in verdict.objections] == ["ThemeCap", "PositionCap", "TotalCap"]
