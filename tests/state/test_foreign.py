"""What strangers' orders come to: what they may still cost, and what they have bought."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trader.model.events import AccountOpened, ExternalClaimed, ExternalSeen, ForeignHeld
from trader.model.trading import Side
from trader.model.wire import VenueOrder, VenueStatus
from trader.state.ledger import EXTERNAL, Ledger

pytestmark = pytest.mark.req("X2", "X3")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BTC = "BTC-USD"
MARKS = {BTC: Decimal(50_000)}


def theirs(side=Side.BUY, status=VenueStatus.FILLED, filled="0.04", price=40_000, size="0.04", name="V1"):
    done = Decimal(filled)
    return VenueOrder(
        name, f"app-{name}", BTC, side, "", status, NOW, Decimal(size), Decimal(price),
        filled_size=done, filled_value_usd=done * price,
    )  # fmt: skip


def at_risk(*events, marks=MARKS):
    ledger = Ledger()
    ledger.apply_all([AccountOpened(NOW, "live", "main", Decimal(8_000), "1", "h"), *events])
    book = ledger.book(NOW, marks, {}, {})
    return book.exposure.get((EXTERNAL, BTC), Decimal(0)), book.reserved_usd


def seen(**order):
    return ExternalSeen(NOW, theirs(**order))


def test_what_a_stranger_bought_counts_at_its_mark_claimed_or_not():
    assert at_risk(seen()) == (Decimal(2_000), 0)
    assert at_risk(seen(), ExternalClaimed(NOW, "V1", "me"), ForeignHeld(NOW, {"BTC": Decimal("0.04")})) == (2_000, 0)


def test_without_a_mark_it_counts_as_what_was_paid():
    assert at_risk(seen(), marks={}) == (Decimal(1_600), 0)


def test_what_works_counts_at_its_worst_and_is_reserved_and_what_it_filled_is_held():
    assert at_risk(seen(status=VenueStatus.OPEN, filled="0")) == (2_000, 2_000)
    assert at_risk(seen(status=VenueStatus.OPEN, filled="0.01")) == (2_000, 1_500)
    assert at_risk(seen(status=VenueStatus.CANCELLED, filled="0")) == (0, 0)


def test_what_others_sold_again_or_have_no_more_counts_no_longer():
    assert at_risk(seen(), seen(side=Side.SELL, name="V2", filled="0.01")) == (1_500, 0)
    assert at_risk(seen(side=Side.SELL)) == (0, 0)
    assert at_risk(seen(), ForeignHeld(NOW, {"BTC": Decimal("0.01")})) == (0, 0)
    working = seen(status=VenueStatus.OPEN, filled="0.01")
    assert at_risk(working, ForeignHeld(NOW, {})) == (2_000, 1_500), "what works is not over"


def test_what_the_account_held_before_is_its_owners():
    assert at_risk(ForeignHeld(NOW, {"BTC": Decimal(1)})) == (0, 0)
