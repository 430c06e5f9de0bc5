import pytest

from tests.builders import ALPHA, BETA, BTC, DOGE, ETH, SOL, a_book, a_buy, a_sell
from trader.risk.rules.max_open_positions import MaxOpenPositions

TWO = MaxOpenPositions(max_open_positions=2)


@pytest.mark.req("PACE")
@pytest.mark.parametrize(
    ("held", "working", "symbol", "passes"),
    [
        pytest.param({}, {}, BTC, True, id="the first"),
        pytest.param({(ALPHA, BTC): 9}, {}, ETH, True, id="the second"),
        pytest.param({(ALPHA, BTC): 9, (ALPHA, ETH): 9}, {}, SOL, False, id="one too many"),
        pytest.param({(ALPHA, BTC): 9}, {(ALPHA, ETH): 9}, SOL, False, id="a working buy is as good as held"),
        pytest.param({(ALPHA, BTC): 9, (ALPHA, ETH): 9}, {}, ETH, True, id="adding to an open one"),
        pytest.param({(ALPHA, BTC): 9, (BETA, BTC): 9}, {}, SOL, True, id="one symbol of two strategies is one"),
        pytest.param({(ALPHA, BTC): 9, (ALPHA, ETH): 9, (ALPHA, DOGE): 9}, {}, SOL, False, id="over already"),
    ],
)
def test_only_so_many_symbols_at_a_time(held, working, symbol, passes):
    objection = TWO.check(a_buy(symbol=symbol), a_book(held=held, working=working))

    assert (objection is None) is passes
    assert objection is None or (objection.limit, objection.permitted_usd) == (2, 0)


@pytest.mark.req("PACE")
def test_exits_are_not_counted():
    assert TWO.check(a_sell(), a_book(held={(ALPHA, BTC): 9, (ALPHA, ETH): 9, (ALPHA, DOGE): 9})) is None
