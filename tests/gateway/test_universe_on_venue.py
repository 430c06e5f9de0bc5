"""A run on the Coinbase feed: in what it deals where nobody names symbols, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway.sessions import a_session, in_folders, journaled
from tests.gateway.test_loop import looped
from tests.simulator.conftest import on_stage
from trader.market.coinbase_rest import PublicRest
from trader.model.events import Marked
from trader.running.asked import CannotRun

pytestmark = pytest.mark.slow

FEW = "policy.regime.trend_bars=2", "policy.regime.vol_bars=2", "policy.regime.crash_bars=2"
"""A regime that is read from a short history."""


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

    with a_session(tmp_path, *venue, *FEW, feed="coinbase", start=None, granularity="1m") as session:
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


@pytest.mark.req("STOP")
def test_it_ends_once_the_venue_has_its_last_bar(tmp_path, at_venue):
    stage, venue = at_venue
    end = PublicRest.at(stage.simulator.base_url, stage.simulator.papers.ca_file).time() + timedelta(minutes=30)
    end = end.replace(second=0, microsecond=0)
    options = {"feed": "coinbase", "start": None, "granularity": "1m", "symbols": ("BTC-USD",), "interval_seconds": 600}

    run, voice = looped(tmp_path, overrides=(*in_folders(tmp_path), *venue, *FEW), end=end, speed=60, **options)

    assert run.ended == "history is exhausted"
    assert f"history ends at {end:%Y-%m-%d %H:%M} UTC" in voice.notes[-1]
    marks = [event.time for event in journaled(tmp_path) if isinstance(event, Marked)]
    assert marks[-1] == end
    last_bars = [row for row in stage.see("/log")["requests"] if row["route"] == "public_candles"][-1]
    assert datetime.fromisoformat(last_bars["time"]) > end


def test_an_end_that_is_over_is_refused(tmp_path, at_venue):
    _, venue = at_venue
    options = {"feed": "coinbase", "start": None, "granularity": "1m", "symbols": ("BTC-USD",)}

    with (
        pytest.raises(CannotRun, match="--end 2025-01-01T00:00Z is over at"),
        a_session(tmp_path, *venue, end=datetime(2025, 1, 1, tzinfo=UTC), **options),
    ):
        pass
