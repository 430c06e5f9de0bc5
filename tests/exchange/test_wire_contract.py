"""
What every `Wire` promises, asked of Coinbase's over TLS and of the one the simulated worlds run on.

A proof in memory is worth something only where both answer alike.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from tests.exchange.coinbase_worlds import an_order, wire_to
from tests.simulation.clock import VirtualClock
from tests.simulation.prices import LISTINGS, a_path
from tests.simulation.venue import Venue, VenueHabits
from tests.simulation.weather import Profile
from tests.simulation.wire import SimulatedWire
from tests.simulator.conftest import on_stage
from trader.model.trading import Side
from trader.model.wire import VenueStatus, WireKind
from trader.ports import Acknowledged, Refused

HOUR = timedelta(hours=1)
HIGH = Decimal(900_000)


class OverTls:
    """Coinbase's wire to a simulator."""

    def __init__(self, stage):
        self.wire = wire_to(stage)

    def until(self, condition):
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.02)


class InMemory:
    """The simulated worlds' wire, in fine weather."""

    def __init__(self):
        self.clock = VirtualClock()
        paths = {one.symbol: a_path(one, "still", self.clock.ms, 100, Random(1)) for one in LISTINGS}
        self.venue = Venue(self.clock, paths, Decimal(1_000_000), Random(1), VenueHabits())
        self.venue.transfer("BTC", Decimal(10))
        self.wire = SimulatedWire(self.venue, self.clock, Random(1), Profile("fine"))

    def until(self, condition):
        for _ in range(100):
            if condition():
                return
            self.clock.sleep(1.0)
        raise AssertionError("it did not come about")


@pytest.fixture(params=[pytest.param("over TLS", marks=pytest.mark.slow), "in memory"])
def there(request, tmp_path):
    """A wire, and how to wait for what its venue does."""
    if request.param == "in memory":
        yield InMemory()
        return
    with on_stage(tmp_path, deposits={"USD": Decimal(1_000_000), "BTC": Decimal(10)}) as stage:
        found = OverTls(stage)
        yield found
        found.wire.close()


def crossing(client_order_id, side=Side.BUY):
    price = HIGH if side is Side.BUY else Decimal(1)
    return an_order(client_order_id, kind=WireKind.LIMIT_IOC, side=side, limit_price=price)


@pytest.mark.req("X1")
def test_an_order_that_is_acknowledged_is_there_as_it_was_sent(there):
    sent = an_order("rests", post_only=True)

    answer = there.wire.place(sent)
    order = there.wire.order(answer.order_id)

    for name in ("client_order_id", "symbol", "side", "kind", "size", "limit_price", "stop_price", "post_only"):
        assert getattr(order, name) == getattr(sent, name), name
    assert (order.status, order.filled_size) == (VenueStatus.OPEN, 0)


@pytest.mark.req("X1")
def test_the_same_order_again_is_the_same_order(there):
    first, again = there.wire.place(an_order("twice")), there.wire.place(an_order("twice"))
    now = there.wire.time()

    assert first == again
    assert [order.order_id for order in there.wire.orders(now - HOUR, now + HOUR)] == [first.order_id]


def test_a_list_has_the_window_and_whatever_works(there):
    done, rests = there.wire.place(crossing("done")), there.wire.place(an_order("rests"))
    now = there.wire.time()

    def listed(since, until):
        return {order.order_id for order in there.wire.orders(since, until)}

    assert listed(now - HOUR, now + HOUR) == {done.order_id, rests.order_id}
    assert listed(now + HOUR, now + 2 * HOUR) == {rests.order_id}


@pytest.mark.req("X2")
@pytest.mark.parametrize("side", Side)
def test_order_fills_and_wallets_agree_exactly(there, side):
    before = there.wire.balances()
    answer = there.wire.place(crossing("fills", side))
    there.until(lambda: there.wire.order(answer.order_id).status.final)

    order, after = there.wire.order(answer.order_id), there.wire.balances()
    rows = [fill for fill in there.wire.fills(order.created_at - HOUR) if fill.order_id == order.order_id]

    sign = 1 if side is Side.BUY else -1
    assert order.status is VenueStatus.FILLED
    assert sum(fill.size for fill in rows) == order.filled_size == order.size
    assert sum(fill.size * fill.price for fill in rows) == order.filled_value_usd
    assert sum(fill.fee_usd for fill in rows) == order.fees_usd > 0
    assert after["BTC"].total - before["BTC"].total == sign * order.filled_size
    assert before["USD"].total - after["USD"].total == sign * order.filled_value_usd + order.fees_usd
    assert after["USD"].hold == after["BTC"].hold == 0


def test_an_ioc_that_meets_nobody_is_over_and_empty(there):
    answer = there.wire.place(replace(crossing("nobody"), limit_price=Decimal(20_000)))
    there.until(lambda: there.wire.order(answer.order_id).status.final)

    assert there.wire.order(answer.order_id).status is VenueStatus.CANCELLED
    assert there.wire.fills(there.wire.time() - HOUR) == []


def test_what_works_holds_what_it_may_cost_and_a_cancel_gives_it_back(there):
    before = there.wire.balances()["USD"]
    answer = there.wire.place(an_order("holds"))
    during = there.wire.balances()["USD"]

    told = there.wire.cancel([answer.order_id, "nobody"])
    there.until(lambda: there.wire.order(answer.order_id).status is VenueStatus.CANCELLED)

    assert (told[answer.order_id], bool(told["nobody"])) == ("", True)
    assert during.total == before.total
    assert during.hold >= Decimal(20)
    assert there.wire.balances()["USD"] == before
    assert there.wire.cancel([answer.order_id])[answer.order_id]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"size": Decimal(900)}, id="no funds"),
        pytest.param({"limit_price": Decimal("20000.001")}, id="off the tick"),
        pytest.param({"size": Decimal("0.001000001")}, id="off the increment"),
        pytest.param({"post_only": True, "limit_price": HIGH}, id="would cross"),
    ],
)
def test_what_the_preview_objects_to_is_refused_and_leaves_nothing(there, more):
    order = an_order("no", **more)
    preview, answer = there.wire.preview(order), there.wire.place(order)
    now = there.wire.time()

    assert preview.errors
    assert isinstance(answer, Refused)
    assert there.wire.orders(now - HOUR, now + HOUR) == []
    assert there.wire.preview(an_order("yes")).errors == ()
    assert isinstance(there.wire.place(an_order("yes")), Acknowledged)


def test_what_the_venue_does_not_have_is_none_or_left_out(there):
    assert there.wire.order("nobody") is None
    products = there.wire.products(["BTC-USD", "NOPE-USD"])
    assert set(products) == {"BTC-USD"}
    assert products["BTC-USD"].tradable is True
    terms = there.wire.terms()
    assert (terms.maker_bps, terms.taker_bps, terms.can_trade) == (40, 60, True)
