import pytest

from trader.model.market import asset_of


@pytest.mark.req("E1")
@pytest.mark.parametrize(
    ("symbol", "asset"),
    [("BTC-USD", "BTC"), ("BTC-USDC", "BTC"), ("BTCST-USD", "BTCST"), ("00-USD", "00"), ("BTC", "BTC"), ("", "")],
)
def test_an_asset_is_one_whatever_it_is_quoted_in(symbol, asset):
    assert asset_of(symbol) == asset
