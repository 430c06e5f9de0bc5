"""Which symbols a run on a venue deals in: what was named, or what is to be had of the universe."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trader.model.wire import ProductState
from trader.running.dealt import NotToBeHad, for_account, listed

TICK = Decimal("0.01")


def states(*online, offline=()):
    return {name: ProductState(name, TICK, TICK, TICK, online=name in online) for name in (*online, *offline)}


def test_what_the_venue_has_not_is_left_out_and_said():
    found = listed(
        ["SOL-USD", "BTC-USD", "OLD-USD", "GONE-USD"], states("BTC-USD", "SOL-USD", offline=["OLD-USD"]), "v"
    )

    assert found.symbols == ("BTC-USD", "SOL-USD")
    assert found.notes == (
        "v does not list GONE-USD: left out of this run", "v has OLD-USD offline: left out of this run"
    )  # fmt: skip


def test_nothing_at_all_is_an_error():
    with pytest.raises(NotToBeHad, match="v: has none of A-USD, B-USD; name what it has in --symbols"):
        listed(["A-USD", "B-USD"], states(offline=["B-USD"]), "v")


def test_an_account_deals_in_dollars_alone():
    found = for_account(None, ("BTC-USD", "BTC-USDC"), states("BTC-USD", "BTC-USDC"), "v")

    assert found.symbols == ("BTC-USD",)
    (note,) = found.notes
    assert note.startswith("BTC-USDC: not paid from the USD wallet, which is all the books keep")
    assert note.endswith("the same market is BTC-USD; left out of this run")


@pytest.mark.parametrize(
    ("named", "says"),
    [
        (("BTC-USD", "NO-USD"), "v: does not list NO-USD; leave it out of --symbols"),
        (("BTC-USDC",), "--symbols: BTC-USDC: not paid from the USD wallet.* the same market is BTC-USD"),
    ],
)
def test_what_is_named_is_had_or_refused(named, says):
    there = states("BTC-USD", "BTC-USDC")

    with pytest.raises(NotToBeHad, match=says):
        for_account(named, ("BTC-USD",), there, "v")
    assert for_account(("BTC-USD",), ("ETH-USD",), there, "v").symbols == ("BTC-USD",)
