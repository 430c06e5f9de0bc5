"""Rows and names that do not add up: each is told once with both sides, and nothing waits for ever."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.execution.account import BTC
from tests.execution.staged import Staged
from tests.execution.test_wire_lies import differences_told, working
from tests.simulator.conftest import on_stage
from trader.model.events import ExternalClaimed, StateMoved
from trader.model.money import ZERO
from trader.model.orders import OrderStatus, OrderType
from trader.model.trading import Side, TradingState
from trader.model.wire import VenueStatus
from trader.ports import WireDown
from trader.running.operating import _claim

pytestmark = pytest.mark.slow
A_DAY = 86_400


@pytest.fixture
def stage(tmp_path):
    with on_stage(tmp_path) as stage:
        yield stage


def bare(stage, journal=None, **more):
    """An account at a venue that takes no stops."""
    return Staged(stage, journal, rests=lambda symbol: False, **more)


def bought(account, n=1):
    intent = account.intent(n)
    account.until(lambda: account.life(intent).status.terminal)
    return account.life(intent).filled


def unanswered(order_id):
    raise WireDown(f"{order_id}: no answer")


def resumed(stage, account):
    """Another process, after the operator has let the account go on."""
    account.journal.append([StateMoved(account.clock.now(), TradingState.ACTIVE, "looked at it", "operator")])
    return bare(stage, account.journal)


@pytest.mark.req("X1", "X2")
def test_an_order_that_is_filled_and_whose_fills_never_come_halts(stage):
    account = bare(stage)
    stage.direct("/settings", fills_late_seconds=1e6)

    entry = account.intent(1)
    account.execution.sync()
    account.later(61)
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert differences_told(account) == [f"fills of {entry.client_order_id}"]
    assert account.ledger.working, "what it may have bought stays reserved"


@pytest.mark.req("X2")
def test_a_row_that_sells_more_than_is_held_halts_and_the_record_stays_readable(stage):
    account = bare(stage)
    size = bought(account)
    rows = account.wire.fills
    account.wire.fills = lambda since: [
        replace(row, size=row.size * 2) if row.side is Side.SELL else row for row in rows(since)
    ]

    account.intent(2, Side.SELL, size=size)
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert account.ledger.positions == {}
    again = bare(stage, account.journal)
    assert (again.ledger.positions, again.ledger.cash_usd) == ({}, account.ledger.cash_usd)


@pytest.mark.req("X1", "EXITS")
def test_an_exit_that_was_refused_and_is_filled_there_is_not_sent_a_second_time(tmp_path):
    with on_stage(tmp_path, deposits={"USD": Decimal(100_000), "BTC": Decimal(1)}) as stage:
        account = bare(stage)
        size = bought(account)
        stage.direct("/settings", fills_late_seconds=1.5)
        stage.fault("status_after", "create_order", status=401, body="Unauthorized", times=1)

        account.intent(2, Side.SELL, size=size)
        account.execution.sync()

        assert account.ledger.state is TradingState.HALTED, "before its fills are told"
        account.until(lambda: not account.ledger.positions)
        assert bare(stage, account.journal).ledger.positions == {}


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize("known", [True, False])
def test_our_order_told_without_its_name_is_no_strangers(stage, known):
    account = bare(stage, maker_ttl=timedelta(hours=1), reprices=0, taker_fallback=False)
    order = account.wire.order
    if not known:
        account.wire.order = unanswered
    deep = round(account.quote(BTC).bid * Decimal("0.8"), 2)
    resting = account.intent(1, order_type=OrderType.LIMIT_MAKER, limit=deep)
    account.wire.order = order
    if known:
        account.execution.sync()
    rows = account.wire.orders
    account.wire.orders = lambda since, until: [replace(row, client_order_id="") for row in rows(since, until)]
    account.execution.intake.take_in()
    account.wire.orders = rows

    assert account.execution.lives.external == {}
    assert (account.ledger.state is TradingState.ACTIVE) is known
    account.execution.sync()
    assert account.life(resting).status is OrderStatus.OPEN
    assert account.life(resting).order_id == stage.see("/truth")["orders"][0]["order_id"]


@pytest.mark.req("X1", "X2")
def test_an_order_that_is_not_what_was_sent_ends_with_the_venues_end_of_it(stage):
    account = bare(stage)
    lie = {"kind": "set_field", "value": "1.00"}
    price = "order_configuration.sor_limit_ioc.limit_price"
    lies = [
        {**lie, "route": "get_order", "field": f"order.{price}"},
        {**lie, "route": "list_orders", "field": f"orders.{price}"},
    ]
    stage.direct("/faults", faults=lies)

    entry = account.intent(1)
    account.until(lambda: account.life(entry).status.terminal)

    assert account.ledger.state is TradingState.HALTED
    assert account.life(entry).filled == account.life(entry).wire.size
    assert account.agrees()
    assert not account.execution.is_unsure
    assert resumed(stage, account).ledger.state is TradingState.ACTIVE


@pytest.mark.req("X2")
def test_a_reversed_fill_that_was_claimed_halts_no_later_start(stage):
    account = bare(stage)
    size = bought(account)
    sold = account.intent(2, Side.SELL, size=size)
    account.until(lambda: account.life(sold).status.terminal)
    fill = stage.see("/truth")["fills"][-1]
    stage.direct("/restate", entry_id=fill["entry_id"], price=str(Decimal(fill["price"]) + 1))

    account.execution.sync()
    assert account.ledger.state is TradingState.HALTED
    assert len(differences_told(account)) >= 2, "the reversal and the correction"
    _claim(account.execution, "balances")

    assert resumed(stage, account).ledger.state is TradingState.ACTIVE


@pytest.mark.req("X2")
def test_a_row_of_a_kind_nobody_knows_halts_and_the_others_count(stage):
    account = bare(stage)
    sold = account.intent(2, Side.SELL, size=bought(account))
    account.until(lambda: account.life(sold).status.terminal)
    entry = account.intent(3)
    stage.fault("set_field", "list_fills", field="fills.trade_type", value="GIFT", times=1)

    account.execution.sync()
    assert account.ledger.state is TradingState.HALTED
    account.until(lambda: account.life(entry).status.terminal)
    assert account.agrees(), "its row was read again as what it is"


@pytest.mark.req("X2")
@pytest.mark.parametrize("what", ["repeated with another price", "two orders of one name", "more than was sent"])
def test_what_cannot_be_halts(stage, what):
    account = bare(stage)
    size = bought(account)
    orders, fills = account.wire.orders, account.wire.fills
    if what == "repeated with another price":
        account.wire.fills = lambda since: [replace(row, price=row.price + 1) for row in fills(since)]
    elif what == "two orders of one name":
        deep = round(account.quote(BTC).bid * Decimal("0.8"), 2)
        resting = account.intent(2, order_type=OrderType.LIMIT_MAKER, limit=deep)
        twin = replace(account.wire.order(account.life(resting).order_id), order_id="1-2")
        account.wire.orders = lambda since, until: [*orders(since, until), twin]
    else:
        sold = account.intent(2, Side.SELL, size=size / 2)
        account.wire.fills = lambda since: [
            replace(row, size=size) if row.order_id == account.life(sold).order_id else row for row in fills(since)
        ]

    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert len(differences_told(account)) == 1


@pytest.mark.req("X2")
def test_one_late_comparison_is_looked_at_again_at_once(stage):
    account = bare(stage)
    balances, before = account.wire.balances, account.wire.balances()
    bought(account)
    assert not account.execution.is_unsure

    account.wire.balances = lambda: before
    account.execution.sync()
    assert account.execution.is_unsure, "the balances are behind the fills"
    account.wire.balances = balances
    account.execution.sync()
    assert not account.execution.is_unsure
    account.later(61)
    account.wire.balances = lambda: before
    account.execution.sync()

    assert account.ledger.state is TradingState.ACTIVE, "another doubt has its own minute"


@pytest.mark.req("X1", "X2")
def test_an_acknowledgement_with_a_strangers_id_ends_no_order_of_his(stage):
    account = bare(stage)
    theirs = stage.limit_buy("from-the-app", below=0.5).to_dict()["success_response"]["order_id"]
    account.execution.sync()
    account.execution.record(
        ExternalClaimed(account.clock.now(), theirs, "operator"),
        StateMoved(account.clock.now(), TradingState.ACTIVE, "looked at it", "operator"),
    )
    success = {"success": True, "success_response": {"order_id": theirs}}
    stage.fault("status_before", "create_order", status=200, body=json.dumps(success), times=1)

    entry = account.intent(1)
    assert (account.life(entry).status, account.life(entry).order_id) == (OrderStatus.UNKNOWN, "")
    account.later(151)
    for _ in range(3):
        account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert account.life(entry).status is OrderStatus.REJECTED
    assert [order["client_order_id"] for order in working(stage)] == ["from-the-app"]


@pytest.mark.req("X1", "X2")
def test_an_order_older_than_its_sending_is_anothers(stage):
    account = bare(stage)
    account.later(7_200)  # as if the venue had had it for two hours

    entry = account.intent(1)

    assert account.life(entry).status is OrderStatus.UNKNOWN
    assert account.ledger.state is TradingState.HALTED


@pytest.mark.req("X2")
def test_money_that_a_working_order_could_have_spent_is_missed_where_it_bought_nothing(stage):
    account = bare(stage, maker_ttl=timedelta(days=1))
    account.intent(1, order_type=OrderType.LIMIT_MAKER, limit=round(account.quote(BTC).bid * Decimal("0.8"), 2))
    account.execution.sync()
    stage.direct("/deposit", currency="USD", amount="-100")

    account.execution.sync()
    account.later(61)
    account.execution.sync()

    assert differences_told(account) == ["balance of USD"]


@pytest.mark.req("X2")
def test_a_list_that_shows_an_order_the_venue_failed_as_pending_is_only_late(stage):
    account = bare(stage)
    stage.direct("/settings", fails_with="HOLD_FAILURE")
    failed = account.intent(1)
    account.until(lambda: account.life(failed).status is OrderStatus.REJECTED)
    rows = account.wire.orders
    account.wire.orders = lambda since, until: [replace(row, status=VenueStatus.PENDING) for row in rows(since, until)]

    account.execution.sync()

    assert account.ledger.state is TradingState.ACTIVE


@pytest.mark.req("X2", "NF2")
def test_what_rests_for_a_month_makes_no_look_longer(stage):
    account = Staged(stage)
    entry = account.intent(1)
    account.until(lambda: account.life(entry).status.terminal and not account.execution.tender.unprotected)
    seconds = []
    orders, fills = account.wire.orders, account.wire.fills

    def watched_orders(since, until):
        seconds.append((until - since).total_seconds())
        return orders(since, until)

    def watched_fills(since):
        seconds.append((account.clock.now() - since).total_seconds())
        return fills(since)

    account.wire.orders, account.wire.fills = watched_orders, watched_fills
    account.later(30 * A_DAY)
    account.execution.sync()
    seconds.clear()
    account.execution.sync()

    assert max(seconds) < 600
    assert account.ledger.positions["sma", BTC].size > ZERO


@pytest.mark.req("X2")
def test_a_row_of_an_order_that_is_nowhere_is_not_asked_about_for_ever(stage):
    account = bare(stage)
    stage.sdk.market_order_buy("app", BTC, quote_size="20")
    orders, order, asked = account.wire.orders, account.wire.order, []
    account.wire.orders = lambda since, until: [row for row in orders(since, until) if row.client_order_id != "app"]

    def nowhere(order_id):
        asked.append(order_id)
        found = order(order_id)
        return None if found is not None and found.client_order_id == "app" else found

    account.wire.order = nowhere
    account.execution.sync()
    account.later(61)
    account.execution.sync()
    asked.clear()
    account.execution.sync()

    assert asked == []
