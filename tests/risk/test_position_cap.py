from decimal import Decimal

import pytest

from tests.builders import ALPHA, BETA, BTC, ETH, PRICE, a_book, a_buy, a_sell
from trader.model.trading import RiskReason, Unit
from trader.risk.rule import beyond_cap
from trader.risk.rules.position_cap import PositionCap

FIVE_PCT = PositionCap(max_position_size_pct=Decimal(5))


class IgnoresWorkingOrders(PositionCap):
    """The negative control: counts what is held and forgets what is being bought."""

    def check(self, proposal, book):
        held = book.positions.get((proposal.strategy, proposal.symbol))
        exposure = held.size * book.marks[proposal.symbol] if held else Decimal(0)
        limit_pct = self.max_position_size_pct * min(Decimal(1), proposal.multiplier)
        return beyond_cap(RiskReason.POSITION_CAP, "position", proposal, book, exposure, limit_pct)


TABLE = [
    pytest.param("0", "0", "500", None, id="exactly the cap"),
    pytest.param("0", "0", "600", "500", id="trimmed to the limit"),
    pytest.param("300", "100", "100", None, id="fits beside what is held and working"),
    pytest.param("300", "100", "500", "100", id="only the room that working orders leave"),
    pytest.param("0", "490", "20", "10", id="a resting order near the cap leaves little"),
    pytest.param("500", "0", "10", "0", id="already full"),
    pytest.param("700", "0", "10", "0", id="already over, never negative"),
]


def permitted(rule, held, working, wanted):
    objection = rule.check(a_buy(wanted), a_book(nlv="10_000", position_usd=held, working_usd=working))
    return None if objection is None else objection.permitted_usd


@pytest.mark.req("E1", "E2")
@pytest.mark.parametrize(("held", "working", "wanted", "expected"), TABLE)
def test_a_buy_beyond_the_cap_is_trimmed_to_the_room_left(held, working, wanted, expected):
    assert permitted(FIVE_PCT, held, working, wanted) == (expected and Decimal(expected))


@pytest.mark.req("E2")
def test_a_rule_that_forgets_working_orders_fails_the_same_table():
    blind = IgnoresWorkingOrders(Decimal(5))

    assert any(permitted(blind, *row.values[:3]) != (row.values[3] and Decimal(row.values[3])) for row in TABLE)


@pytest.mark.req("E1")
def test_the_objection_has_the_numbers():
    objection = FIVE_PCT.check(a_buy(300), a_book(nlv=10_000, position_usd=250, working_usd=50))

    assert (objection.risk_reason, objection.cap_type) == (RiskReason.POSITION_CAP, "position")
    assert (objection.current_pct, objection.proposed_pct, objection.limit) == (3, 6, 5)
    assert (objection.observed, objection.unit) == (6, Unit.PCT_OF_NLV)


@pytest.mark.req("E1")
@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        pytest.param(BTC, "100", id="over all strategies"),
        pytest.param("BTC-USDC", "100", id="the same asset in another dollar"),
        pytest.param(ETH, None, id="another asset"),
        pytest.param("BT-USD", None, id="a name that only begins alike"),
    ],
)
def test_what_counts_is_the_asset(symbol, expected):
    book = a_book(nlv=10_000, held={(ALPHA, BTC): 250, (BETA, BTC): 150})

    objection = FIVE_PCT.check(a_buy(200, symbol=symbol), book)

    assert (objection and objection.permitted_usd) == (expected and Decimal(expected))


@pytest.mark.req("U3")
@pytest.mark.parametrize(("multiplier", "cap_usd"), [("0.6", 300), ("1.0", 500), ("1.2", 500), ("0", 0)])
def test_a_regime_shrinks_the_cap_and_never_raises_it(multiplier, cap_usd):
    objection = FIVE_PCT.check(a_buy(2000, multiplier=Decimal(multiplier)), a_book(nlv=10_000))

    assert objection.permitted_usd == cap_usd
    assert objection.limit == Decimal(cap_usd) / 100


@pytest.mark.req("E2")
def test_fee_and_slippage_count():
    factor = Decimal("1.0088")

    objection = FIVE_PCT.check(a_buy(500, cost_factor=factor), a_book(nlv=10_000))

    assert objection.permitted_usd == Decimal("495.63838223")
    assert objection.permitted_usd * factor <= 500 < (objection.permitted_usd + Decimal("1E-8")) * factor


@pytest.mark.req("E1")
def test_without_value_there_is_no_room():
    assert FIVE_PCT.check(a_buy(10), a_book(nlv=0, cash=100)).permitted_usd == 0
    assert FIVE_PCT.check(a_buy(10), a_book(nlv=-5, cash=100)).permitted_usd == 0


@pytest.mark.req("E1")
def test_an_exit_is_never_capped():
    assert FIVE_PCT.check(a_sell(Decimal(900) / PRICE), a_book(nlv=10_000, position_usd=900)) is None
