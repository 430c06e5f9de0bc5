"""A run on the Coinbase feed to which nobody named symbols deals in what the venue has of the universe."""

from __future__ import annotations

import pytest

from tests.gateway.sessions import a_session
from tests.simulator.conftest import on_stage

pytestmark = pytest.mark.slow


@pytest.fixture
def at_venue(tmp_path):
    (tmp_path / "papers").mkdir()
    with on_stage(tmp_path / "papers", speed=60) as stage:
        host = stage.simulator.base_url
        venue = (
            f"app.exchange.coinbase.rest_host={host}", f"app.exchange.coinbase.ws_url=wss://{host}/",
            f"app.exchange.coinbase.ca_file={stage.simulator.papers.ca_file}",
        )  # fmt: skip
        yield stage, venue


def test_what_the_venue_has_not_or_has_shut_is_left_out_and_said(tmp_path, at_venue):
    stage, venue = at_venue
    there = set(stage.venue.listings)
    stage.direct("/listings", product_id="SOL-USD", status="offline")

    few = "policy.regime.trend_bars=2", "policy.regime.vol_bars=2", "policy.regime.crash_bars=2"  # a short history
    with a_session(tmp_path, *venue, *few, feed="coinbase", start=None, granularity="1m") as session:
        universe = set(session.config.universe().tier_of)
        tradable, notes = set(session.market.tradable), " ".join(session.ground.warnings)

    assert tradable == universe & there - {"SOL-USD"} > {"BTC-USD"}
    assert "has SOL-USD offline: left out of this run" in notes
    assert all(symbol in notes for symbol in universe - there)
    assert "does not list 1INCH-USD" in notes


def test_a_twin_that_is_named_is_quoted_like_its_market(tmp_path, at_venue):
    _, venue = at_venue

    with a_session(tmp_path, *venue, feed="coinbase", start=None, granularity="1m", symbols=("ETH-USDC",)) as session:
        k = session.market.index_at_or_after(session.ground.clock.now())
        snapshot = session.gateway.begin(k).snapshot

        assert session.market.tradable == ("ETH-USDC",)
        assert snapshot.quotes["ETH-USDC"].sound
        assert session.market.mark("ETH-USDC", k) > 0
