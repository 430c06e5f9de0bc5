from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import a_quote
from trader.model.market import ProductFlag, asset_of
from trader.model.wire import ProductState


@pytest.mark.req("E1")
@pytest.mark.parametrize(
    ("symbol", "asset"),
    [("BTC-USD", "BTC"), ("BTC-USDC", "BTC"), ("BTCST-USD", "BTCST"), ("00-USD", "00"), ("BTC", "BTC"), ("", "")],
)
def test_an_asset_is_one_whatever_it_is_quoted_in(symbol, asset):
    assert asset_of(symbol) == asset


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    ("bid", "ask", "sound"),
    [
        pytest.param("99.9", "100.1", True, id="bid below ask"),
        pytest.param("100", "100", True, id="locked"),
        pytest.param("100.1", "99.9", False, id="crossed"),
        pytest.param("0", "100", False, id="no bid"),
        pytest.param("0", "0", False, id="nothing"),
        pytest.param("-1", "100", False, id="negative"),
        pytest.param("NaN", "100", False, id="unreadable bid"),
        pytest.param("100", "NaN", False, id="unreadable ask"),
        pytest.param("100", "Infinity", False, id="infinite ask"),
    ],
)
def test_a_sound_quote_is_two_prices_in_order(bid, ask, sound):
    assert replace(a_quote(), bid=Decimal(bid), ask=Decimal(ask)).sound is sound


ONLINE = ProductState("BTC-USD", Decimal("0.1"), Decimal("0.01"), Decimal("0.1"))


@pytest.mark.req("EX1")
@pytest.mark.parametrize("flag", ProductFlag)
def test_each_switch_of_the_venue_is_a_flag_of_the_product(flag):
    thrown = replace(ONLINE, **({"online": False} if flag is ProductFlag.OFFLINE else {flag.value: True}))

    assert ONLINE.flags == frozenset()
    assert thrown.flags == {flag}
