from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from tests.builders import ALPHA, BETA, BTC, PRICE, a_book, a_buy, a_sell
from tests.risk.test_laws import tried
from tests.risk.worlds import keys
from trader.model.trading import RiskReason
from trader.risk.engine import RiskEngine
from trader.risk.rules.no_shorts import NoShorts


class IgnoresClaims(NoShorts):
    """The negative control: looks at what is held and forgets what is being sold already."""

    def check(self, proposal, book):
        return super().check(proposal, replace(book, claimed={}))


SELLS = [
    pytest.param("1", "0", "1", None, id="all of it"),
    pytest.param("1", "0", "0.4", None, id="a part"),
    pytest.param("1", "0", "1.5", "100", id="beyond what is held: cut to it"),
    pytest.param("1", "0.6", "1", "40", id="only what working sells leave"),
    pytest.param("1", "1", "1", "0", id="all claimed already"),
    pytest.param("1", "1.2", "0.1", "0", id="over-claimed, never negative"),
    pytest.param("0", "0", "1", "0", id="nothing held"),
    pytest.param("0", "0", "0", "0", id="nothing held, nothing asked"),
    pytest.param("1", "0", "-1", "0", id="a negative size"),
]


def permitted(rule, held, claimed, wanted):
    book = a_book(position_usd=Decimal(held) * PRICE, claimed={(ALPHA, BTC): claimed})
    objection = rule.check(a_sell(wanted), book)
    assert objection is None or objection.risk_reason is RiskReason.SHORTING_DISALLOWED
    return None if objection is None else objection.permitted_usd


@pytest.mark.req("R1")
@pytest.mark.parametrize(("held", "claimed", "wanted", "expected"), SELLS)
def test_a_sell_is_cut_to_what_is_held_and_not_yet_being_sold(held, claimed, wanted, expected):
    assert permitted(NoShorts(), held, claimed, wanted) == (None if expected is None else Decimal(expected))


@pytest.mark.req("R1")
def test_a_rule_that_forgets_claims_fails_the_same_table():
    rows = [row.values for row in SELLS]

    assert any(permitted(IgnoresClaims(), *row[:3]) != (row[3] and Decimal(row[3])) for row in rows)


@pytest.mark.req("R1")
def test_another_strategys_holding_cannot_be_sold():
    book = a_book(held={(BETA, BTC): 300})

    assert NoShorts().check(a_sell(1, strategy=ALPHA), book).permitted_usd == 0


@pytest.mark.req("R1")
def test_a_sell_whose_money_says_more_than_its_size_is_cut_too():
    proposal = replace(a_sell(1), notional_usd=Decimal(500))

    assert NoShorts().check(proposal, a_book(position_usd=200)).permitted_usd == 200


@pytest.mark.req("R1")
def test_a_buy_of_a_negative_size_is_a_short():
    assert NoShorts().check(a_buy(100), a_book()) is None
    assert NoShorts().check(a_buy(-100), a_book(position_usd=500)).permitted_usd == 0


steps = st.lists(
    st.tuples(st.sampled_from(["buy fills", "sell", "sell", "sells fill"]), keys, st.decimals("0.01", 5, places=2)),
    max_size=30,
)


def never_below_zero(rule, stream):
    """Buys that fill, sells that rest and fill later, over two strategies and four symbols."""
    engine = RiskEngine([rule()])
    held, resting = defaultdict(Decimal), defaultdict(Decimal)
    for what, key, size in stream:
        if what == "buy fills":
            held[key] += size
        elif what == "sells fill":
            held[key] -= resting.pop(key, Decimal(0))
        else:
            book = a_book(held={one: owned * PRICE for one, owned in held.items()} or {key: 0}, claimed=resting)
            verdict = engine.review(a_sell(size, strategy=key[0], symbol=key[1]), book)
            resting[key] += verdict.approved_usd / PRICE
        assert held[key] >= 0


@pytest.mark.slow
@pytest.mark.req("R1")
def test_over_any_stream_of_proposals_and_fills_no_position_goes_below_zero():
    tried(never_below_zero, steps, on=NoShorts)
    with pytest.raises(AssertionError):
        tried(never_below_zero, steps, on=IgnoresClaims, until_broken=True)
