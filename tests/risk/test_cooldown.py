from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import BETA, BTC, ETH, NOW, a_book, a_buy, a_sell, minutes
from trader.risk.rules.cooldown import Cooldown

RESTS = Cooldown(cooldown_minutes=Decimal(30), cooldown_after_stop_minutes=Decimal(120))


class ForgetsStops(Cooldown):
    """The negative control: a stop-out is a fill like any other."""

    def check(self, proposal, book):
        return super().check(proposal, replace(book, last_stop_at={}))


TABLE = [
    pytest.param(None, None, None, id="never traded"),
    pytest.param(29, None, 60, id="a minute too early"),
    pytest.param(30, None, None, id="exactly rested"),
    pytest.param(0, None, 1800, id="just now"),
    pytest.param(30, 30, 5400, id="stopped out: rests longer"),
    pytest.param(10, 119, 1200, id="the longer of the two counts"),
    pytest.param(30, 120, None, id="both over"),
    pytest.param(-5, None, 2100, id="a fill from the future"),
]


def seconds_left(rule, filled, stopped):
    book = a_book(
        last_fill_at={} if filled is None else {BTC: NOW - minutes(filled)},
        last_stop_at={} if stopped is None else {BTC: NOW - minutes(stopped)},
    )
    objection = rule.check(a_buy(), book)
    assert objection is None or objection.permitted_usd == 0
    return None if objection is None else objection.observed


@pytest.mark.req("CD1")
@pytest.mark.parametrize(("filled", "stopped", "expected"), TABLE)
def test_a_symbol_rests_after_a_fill_and_longer_after_a_stop(filled, stopped, expected):
    assert seconds_left(RESTS, filled, stopped) == expected


@pytest.mark.req("CD1")
def test_a_rule_that_forgets_stops_fails_the_same_table():
    forgetful = ForgetsStops(Decimal(30), Decimal(120))

    assert any(seconds_left(forgetful, *row.values[:2]) != row.values[2] for row in TABLE)


@pytest.mark.req("CD1")
def test_it_holds_for_all_strategies_and_for_this_symbol_alone():
    book = a_book(last_fill_at={BTC: NOW - timedelta(seconds=1)})

    assert RESTS.check(a_buy(strategy=BETA), book) is not None
    assert RESTS.check(a_buy(symbol=ETH), book) is None


@pytest.mark.req("CD1")
def test_exits_do_not_rest():
    assert RESTS.check(a_sell(), a_book(position_usd=100, last_stop_at={BTC: NOW})) is None
