"""The wire against the simulator over TLS: what leaves is what was meant, and what is there is what is read."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.exchange.coinbase_worlds import an_order, wire_to
from tests.simulator.conftest import on_stage, shared_stage, stage  # noqa: F401
from trader.model.money import Liquidity
from trader.model.trading import Side
from trader.model.wire import FillKind, VenueStatus, WireKind
from trader.ports import Acknowledged, OutcomeUnknown, Refused, Wire
from trader.running.clock import SystemClock
from trader.simulator.settings import VenueSettings

HOUR = timedelta(hours=1)
HIGH = Decimal(900_000)


@pytest.fixture
def wire(stage):  # noqa: F811
    """A wire to the module's simulator."""
    made = wire_to(stage)
    yield made
    made.close()


@pytest.fixture
def empty(tmp_path):
    """A simulator of one's own."""
    with on_stage(tmp_path, deposits={"USD": Decimal(1_000_000), "BTC": Decimal(10)}) as stage:  # noqa: F811
        yield stage


def read_back(wire, order):
    answer = wire.place(order)
    assert isinstance(answer, Acknowledged), answer
    return wire.order(answer.order_id)


def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_it_is_a_wire(wire):
    def told(port: Wire) -> str:
        return port.host

    assert told(wire).startswith("127.0.0.1:")
    names = [name for name in vars(Wire) if not name.startswith("_")]
    assert {"place", "cancel", "orders"} <= set(names)
    assert all(callable(getattr(wire, name)) for name in names if name != "host")


@pytest.mark.req("X1")
@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="gtc"),
        pytest.param({"post_only": True}, id="post only"),
        pytest.param({"kind": WireKind.LIMIT_GTD, "end_time": "soon"}, id="gtd"),
        pytest.param({"kind": WireKind.LIMIT_IOC}, id="ioc"),
        pytest.param({"side": Side.SELL, "limit_price": HIGH}, id="sell"),
        pytest.param({"kind": WireKind.STOP_LIMIT_GTC, "side": Side.SELL, "stop_price": Decimal("20100.5")}, id="stop"),
    ],
)
def test_what_is_read_back_is_what_was_sent(wire, more, request):
    if "end_time" in more:
        more = {**more, "end_time": wire.time() + HOUR}
    order = an_order(f"back-{request.node.callspec.id}", **more)

    there = read_back(wire, order)

    for name in ("client_order_id", "symbol", "side", "kind", "size", "limit_price", "stop_price", "post_only"):
        assert getattr(there, name) == getattr(order, name), name
    assert abs(there.created_at - wire.time()) < timedelta(minutes=1)


def test_a_fill_and_its_order_agree_to_the_last_digit(wire):
    there = read_back(wire, an_order("filled", kind=WireKind.LIMIT_IOC, limit_price=HIGH))
    rows = [fill for fill in wire.fills(there.created_at - HOUR) if fill.order_id == there.order_id]

    assert there.status is VenueStatus.FILLED
    assert sum(fill.size for fill in rows) == there.filled_size == Decimal("0.001")
    assert sum(fill.size * fill.price for fill in rows) == there.filled_value_usd
    assert sum(fill.fee_usd for fill in rows) == there.fees_usd
    assert {(fill.liquidity, fill.kind, fill.side) for fill in rows} == {(Liquidity.TAKER, FillKind.FILL, Side.BUY)}


def test_an_order_of_others_by_quote_is_read_in_base(stage, wire):  # noqa: F811
    answer = stage.sdk.market_order_buy("by quote", "BTC-USD", quote_size="10")
    there = wire.order(answer.success_response["order_id"])
    rows = [fill for fill in wire.fills(there.created_at - HOUR) if fill.order_id == there.order_id]

    assert (there.kind, there.size, there.quote_size) == ("", None, Decimal(10))
    assert sum(fill.size for fill in rows) == pytest.approx(there.filled_size, abs=Decimal("1e-15"))
    assert all(fill.size < 1 for fill in rows)


@pytest.mark.req("X1")
@pytest.mark.parametrize("refused", [False, True])
def test_the_same_id_again_is_never_a_second_order_nor_a_refusal(stage, wire, refused):  # noqa: F811
    stage.direct("/settings", duplicates_refused=refused)
    order = an_order(f"twice-{refused}")
    first = wire.place(order)

    again = wire.place(order)

    assert again == first if not refused else isinstance(again, OutcomeUnknown)
    assert sum(row["client_order_id"] == order.client_order_id for row in stage.see("/truth")["orders"]) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"size": Decimal("900")}, "INSUFFICIENT_FUND"),
        ({"symbol": "NOPE-USD"}, "INVALID_PRODUCT_ID"),
        ({"limit_price": Decimal("20000.001")}, "INVALID_PRICE_PRECISION"),
        ({"post_only": True, "limit_price": HIGH}, "INVALID_LIMIT_PRICE_POST_ONLY"),
    ],
)
def test_the_venues_no_is_told_with_its_code_and_the_preview_says_it_before(wire, more, words):
    order = an_order(f"no-{words}", **more)

    preview, answer = wire.preview(order), wire.place(order)

    assert any(words in error for error in preview.errors)
    assert isinstance(answer, Refused)
    assert words in answer.reason


def test_increments_that_change_under_way_are_seen(stage, wire):  # noqa: F811
    stage.direct("/listings", product_id="ETH-USD", price_increment="0.5", cancel_only=True)

    state = wire.products(["ETH-USD", "NOPE-USD"])

    assert set(state) == {"ETH-USD"}
    assert (state["ETH-USD"].price_increment, state["ETH-USD"].tradable) == (Decimal("0.5"), False)
    assert wire.products([]) == {}
    stage.direct("/listings", product_id="ETH-USD", price_increment="0.01", cancel_only=False)


def test_what_must_not_leave_does_not(stage, wire):  # noqa: F811
    before = len(stage.simulator.station.log)

    answer = wire.place(an_order(""))
    preview = wire.preview(an_order("x", size=Decimal("NaN")))

    assert answer == Refused("not sent: it has no client_order_id, and the SDK would invent one that nobody knows")
    assert preview.errors == ("size must be a positive number",)
    assert len(stage.simulator.station.log) == before


def test_a_cancel_is_taken_and_the_end_is_read(stage, wire):  # noqa: F811
    made = wire.place(an_order("ends"))

    assert wire.cancel([made.order_id, "nobody"]) == {made.order_id: "", "nobody": "UNKNOWN_CANCEL_ORDER"}
    until(lambda: wire.order(made.order_id).status is VenueStatus.CANCELLED)
    assert wire.order(made.order_id).reason == "User requested cancel"
    assert wire.cancel([]) == {}


@pytest.mark.slow
def test_more_cancels_than_a_call_takes(empty):
    wire = wire_to(empty)
    ids = [wire.place(an_order(f"many-{number}")).order_id for number in range(103)]

    told = wire.cancel(ids)

    assert told == dict.fromkeys(ids, "")
    assert sum(line.route == "cancel_orders" for line in empty.simulator.station.log) == 2
    wire.close()


@pytest.mark.slow
def test_lists_are_whole_whatever_the_page(empty):
    wire = wire_to(empty, rows_a_page=3)
    began = wire.time()
    made = [wire.place(an_order(f"row-{number}", kind=WireKind.LIMIT_IOC, limit_price=HIGH)) for number in range(10)]

    orders = wire.orders(began - HOUR, began + HOUR)
    fills = wire.fills(began - HOUR)

    assert [order.order_id for order in orders] == [answer.order_id for answer in made]
    assert {fill.order_id for fill in fills} == {answer.order_id for answer in made}
    assert [fill.time for fill in fills] == sorted(fill.time for fill in fills)
    assert wire.balances()["BTC"].total == 10 + sum(fill.size for fill in fills)
    wire.close()


def test_working_orders_are_listed_however_old_and_whatever_they_are_called(tmp_path):
    with on_stage(tmp_path, speed=0.0) as stage:  # noqa: F811
        wire = wire_to(stage)
        old = wire.place(an_order("old")).order_id
        stage.direct("/settings", pending_seconds=3600)
        queued = wire.place(an_order("queued", limit_price=Decimal(10_000))).order_id
        stage.direct("/settings", pending_seconds=0, cancel_seconds=86_400)
        leaving = wire.place(an_order("leaving", limit_price=Decimal(10_000))).order_id
        gone = wire.place(an_order("gone", kind=WireKind.LIMIT_IOC)).order_id
        wire.cancel([leaving])
        stage.direct("/clock", step_seconds=1800)
        now = wire.time()

        working = wire.orders(now, now + HOUR)
        everything = wire.orders(now - HOUR, now)

        assert {order.order_id: order.status for order in working} == {
            old: VenueStatus.OPEN,
            queued: VenueStatus.PENDING,
            leaving: VenueStatus.CANCEL_QUEUED,
        }
        assert {order.order_id for order in everything} == {old, queued, leaving, gone}
        wire.close()


def test_the_window_is_half_open(empty):
    wire = wire_to(empty)
    there = read_back(wire, an_order("edge", kind=WireKind.LIMIT_IOC))
    instant = timedelta(microseconds=1)

    assert wire.orders(there.created_at, there.created_at + instant) == [there]
    assert wire.orders(there.created_at - HOUR, there.created_at) == []
    assert wire.orders(there.created_at + instant, there.created_at + HOUR) == []
    wire.close()


def test_what_is_late_is_none_or_missing_and_comes(tmp_path):
    late = VenueSettings(seed=7, get_late_seconds=60, list_late_seconds=60, fills_late_seconds=60)
    with on_stage(tmp_path, settings=late, speed=0.0) as stage:  # noqa: F811
        wire = wire_to(stage)
        now = wire.time()
        made = wire.place(an_order("late", kind=WireKind.LIMIT_IOC, limit_price=HIGH))

        assert wire.order(made.order_id) is None
        assert wire.orders(now - HOUR, now + HOUR) == []
        assert wire.fills(now - HOUR) == []
        stage.direct("/clock", step_seconds=61)
        assert wire.order(made.order_id).status is VenueStatus.FILLED
        assert len(wire.orders(now - HOUR, now + HOUR)) == len(wire.fills(now - HOUR)) == 1
        wire.close()


@pytest.mark.req("X2")
def test_a_row_twice_is_one_row_and_a_correction_of_an_old_trade_comes(tmp_path):
    with on_stage(tmp_path, speed=0.0) as stage:  # noqa: F811
        wire = wire_to(stage)
        made = wire.place(an_order("restated", kind=WireKind.LIMIT_IOC, limit_price=HIGH))
        (fill,) = wire.fills(wire.time() - HOUR)
        stage.fault("duplicate_fill", "list_fills")
        assert wire.fills(fill.time) == [fill]
        stage.direct("/faults", faults=[])
        stage.direct("/clock", step_seconds=600)
        now = wire.time()
        assert wire.fills(now) == []
        stage.direct("/restate", entry_id=fill.entry_id, price=str(fill.price))

        kinds = sorted(row.kind for row in wire.fills(now))

        assert kinds == [FillKind.CORRECTION, FillKind.REVERSAL]
        assert {row.order_id for row in wire.fills(now)} == {made.order_id}
        wire.close()


def test_terms_wallets_and_time(empty):
    wire = wire_to(empty)
    terms, wallets = wire.terms(), wire.balances()

    assert (terms.maker_bps, terms.taker_bps, terms.can_trade, terms.can_transfer) == (40, 60, True, False)
    assert (wallets["USD"].total, wallets["BTC"].available) == (1_000_000, 10)
    wire.place(an_order("holds"))
    assert wire.balances()["USD"].hold == Decimal("20.12")
    assert wire.balances()["USD"].total == 1_000_000
    assert wire.time().utcoffset() == timedelta(0)
    wire.close()


@pytest.mark.slow
@pytest.mark.req("X1")
def test_many_threads_may_share_a_wire(empty):
    wire = wire_to(empty)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: wire.place(an_order(f"thread-{number}")), range(40)))

    truth = {row["client_order_id"]: row["order_id"] for row in empty.see("/truth")["orders"]}
    assert [answer.order_id for answer in answers] == [truth[f"thread-{number}"] for number in range(40)]
    wire.close()


@pytest.mark.slow
def test_a_restart_of_the_venue_is_bridged_by_asking_again(empty):
    wire = wire_to(empty, retries=3, clock=SystemClock())
    made = wire.place(an_order("before"))
    empty.direct("/restart", down_seconds=0.3)

    until(lambda: wire.order(made.order_id).client_order_id == "before")
    assert wire.place(an_order("after")) != made
    wire.close()
