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


def test_bars_without_the_regimes_symbol_are_said_to_have_no_regime():
    blind = a_market("NEW-USD", 200_000_000, regime=replace(REGIME, pinned=None))

    assert blind.climate.warnings == ("no BTC-USD in the bars: the regime is taken as chop",)
    assert a_market("BTC-USD", 200_000_000, regime=replace(REGIME, pinned=None)).climate.warnings == ()
    assert a_market("NEW-USD", 200_000_000).climate.warnings == ()


@pytest.mark.req("U1")
@pytest.mark.parametrize(("volume", "never"), [(1_000, ["unlisted_volume"]), (200_000_000, [])])
def test_who_was_never_in_is_known_with_its_last_reason(volume, never):
    market = a_market("NEW-USD", volume)

    found = market.climate.never_eligible(market.first, market.last)

    assert [member.exclusion_reason for member in found] == never
    assert all(member.observed < member.limit for member in found)
