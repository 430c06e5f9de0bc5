"""Who is in and which regime it is, over a history."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import a_universe_policy
from tests.market.made_bars import at, made_bars
from trader.market.panel import Panel
from trader.market.replay import ReplayMarket
from trader.model.market import Regime
from trader.policy import RegimePolicy

REGIME = RegimePolicy({}, pinned=Regime.CHOP)

DEAR_LAST = a_universe_policy(
    tiers=(*a_universe_policy().tiers[:-1], replace(a_universe_policy().tiers[-1], spread_bps=Decimal(35)))
)


def a_market(symbol, volume, policy=DEAR_LAST, regime=REGIME):
    bars = made_bars(48)
    bars = bars.assign(volume=volume / bars["close"])
    return ReplayMarket(Panel({symbol: bars}, "1h", at(24), at(48)), policy, regime)


@pytest.mark.req("U1")
def test_an_unlisted_symbol_of_the_best_tiers_volume_is_in_and_quoted_with_that_tiers_spread():
    market = a_market("NEW-USD", volume=200_000_000)

    market.changes(market.last)
    member = market.membership["NEW-USD"]
    quote = market.quote("NEW-USD", market.last)

    assert (member.tier, member.eligible, member.exclusion_reason) == ("tier1", True, "")
    mid = (quote.bid + quote.ask) / 2
    assert round((quote.ask - quote.bid) / mid * 10_000, 9) == DEAR_LAST.tiers[0].spread_bps
