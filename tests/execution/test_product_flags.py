"""Each product flag, raised at the simulated Coinbase, read over the wire, and held against an order (EX1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.execution.account import Where
from tests.simulator.conftest import on_stage
from trader.model.market import FeedHealth, Quote
from trader.model.trading import RiskReason, Side
from trader.risk.freshness import Freshness, SendFacts, forbids

BTC = "BTC-USD"
ENTRY_TAKEN, ENTRY_RESTING, EXIT = (Side.BUY, False), (Side.BUY, True), (Side.SELL, False)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with on_stage(tmp_path_factory.mktemp("flags")) as stage:
        yield stage


@pytest.fixture(scope="module")
def wire(stage, tmp_path_factory):
    return Where.on(stage, tmp_path_factory.mktemp("journal")).wire()


def passes(stage, wire):
    """Which of the three kinds of order the last look lets through just now."""
    state = wire.products([BTC])[BTC]
    now = wire.time()
    book = stage.venue.depth(stage.venue.listings[BTC])
    found = set()
    for side, resting in (ENTRY_TAKEN, ENTRY_RESTING, EXIT):
        quote = Quote(BTC, book.bid, book.ask, now)
        facts = SendFacts(side, now, quote, FeedHealth(now - timedelta(seconds=1), 60, suspect=False), state.flags,
                          exchange_down=False, post_only=resting)  # fmt: skip
        objection = forbids(facts, Freshness())
        if objection is None:
            found.add((side, resting))
        else:
            assert objection.risk_reason is RiskReason.PRODUCT_DISABLED
    return found


@pytest.mark.req("EX1")
def test_without_a_flag_everything_passes(stage, wire):
    assert passes(stage, wire) == {ENTRY_TAKEN, ENTRY_RESTING, EXIT}


@pytest.mark.req("EX1")
@pytest.mark.parametrize(
    ("flag", "left"),
    [
        ("is_disabled", set()),
        ("trading_disabled", set()),
        ("cancel_only", set()),
        ("view_only", set()),
        ("auction_mode", set()),
        ("post_only", set()),
        ("limit_only", {EXIT}),
    ],
)
def test_each_flag_stops_entries_and_only_those_exits_it_forbids(stage, wire, flag, left):
    stage.direct("/listings", product_id=BTC, **{flag: True})
    try:
        assert passes(stage, wire) == left
    finally:
        stage.direct("/listings", product_id=BTC, **{flag: False})
    assert passes(stage, wire) == {ENTRY_TAKEN, ENTRY_RESTING, EXIT}


@pytest.mark.slow
@pytest.mark.req("EX1")
def test_a_product_that_is_offline_is_stopped_too(stage, wire):
    stage.direct("/listings", product_id=BTC, status="offline")
    try:
        assert passes(stage, wire) == set()
    finally:
        stage.direct("/listings", product_id=BTC, status="online")
