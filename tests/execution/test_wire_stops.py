"""A stop goes only for what takes its place, whatever halts or is down; and what was bought gets one, however late."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.execution.account import BTC
from tests.execution.staged import Staged
from tests.execution.test_wire_on_stage import missing_stops, resting_stops
from tests.simulator.conftest import on_stage
from trader.execution.wire_tend import LEAVING
from trader.model.events import StateMoved
from trader.model.orders import OrderStatus, OrderType
from trader.model.trading import ExitReason, Side, TradingState

pytestmark = pytest.mark.slow
KEY = ("sma", BTC)


@pytest.fixture
def stage(tmp_path):
    with on_stage(tmp_path) as stage:
        yield stage


def stops(account):
    return [life for life in account.execution.lives.live.values() if life.intent.protects]


def held(account):
    return account.ledger.positions[KEY].size if KEY in account.ledger.positions else 0


def protected(stage, **choices):
    """An account that has bought, and whose stop rests."""
    account = Staged(stage, **choices)
    bought = account.intent(1)
    account.until(lambda: stops(account) and account.life(bought).status.terminal)
    return account


def moved_to(account, state):
    account.execution.record(StateMoved(account.clock.now(), state, "by hand", "test"))


def forbidden_while_halted(account):
    """The last look that the books have."""

    def look(intent):
        return "trading is halted" if account.ledger.state is TradingState.HALTED else None

    account.execution._last_look = look


@pytest.mark.req("EXITS")
def test_a_halt_leaves_a_stop_that_is_for_less_than_is_held(stage):
    account = protected(stage)
    stage.direct("/settings", fills_late_seconds=0.5)
    before = held(account)
    account.intent(2)
    stage.limit_buy("from-the-app", below=0.5)

    account.until(lambda: held(account) > before)
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert len(resting_stops(stage)) == 1
    (why,) = account.execution.tender.unprotected.values()
    assert why == f"trading is halted, and its stop is for {before} of {held(account)}"
    assert missing_stops(account)[-1] == why

    moved_to(account, TradingState.ACTIVE)
    account.until(lambda: [stop.left for stop in stops(account)] == [held(account)])
    assert account.execution.tender.unprotected == {}


@pytest.mark.req("EXITS")
def test_a_halt_that_the_look_before_an_exit_finds_leaves_the_stop(stage):
    account = protected(stage)
    forbidden_while_halted(account)
    stage.limit_buy("from-the-app", below=0.5)

    kept = account.intent(2, Side.SELL, size=held(account))
    account.execution.sync()

    assert account.life(kept).status is OrderStatus.NOT_SENT
    assert account.ledger.state is TradingState.HALTED
    assert len(resting_stops(stage)) == 1
    assert account.execution.tender.unprotected == {}


@pytest.mark.req("EXITS")
def test_a_stop_that_was_asked_to_end_and_has_not_is_left_alone_once_halted(stage):
    account = protected(stage)
    (stop,) = stops(account)
    stage.fault("lost_cancel", "cancel_orders")
    account.execution.cancel([stop.intent.client_order_id])
    assert account.execution.sender.unwanted

    moved_to(account, TradingState.HALTED)
    account.execution.sync()

    assert not account.execution.sender.unwanted
    assert account.execution.tender.unprotected == {}


def not_listed(stage):
    """Nobody is told which orders there are, from now on."""
    stage.fault("status_before", "list_orders", status=500)


@pytest.mark.req("EXITS", "X1")
def test_an_exit_while_the_venue_cannot_be_read_leaves_its_stop_where_it_is(stage):
    account = protected(stage)
    not_listed(stage)

    kept = account.intent(2, Side.SELL, size=held(account))

    assert account.life(kept).status is OrderStatus.NOT_SENT
    assert account.life(kept).reason.startswith("its stop stays, for the venue cannot be read: ")
    assert len(resting_stops(stage)) == 1


@pytest.mark.req("EXITS", "X1")
def test_a_position_whose_stop_ended_unseen_is_bare_until_the_venue_can_be_read(stage):
    account = protected(stage)
    cancel = account.wire.cancel

    def cancel_and_fall_silent(order_ids):
        answer = cancel(order_ids)
        not_listed(stage)
        return answer

    account.wire.cancel = cancel_and_fall_silent
    kept = account.intent(2, Side.SELL, size=held(account))
    assert account.life(kept).status is OrderStatus.NOT_SENT
    assert account.execution.tender.unprotected == {KEY: LEAVING}
    assert not account.execution.sync()
    assert missing_stops(account) == [LEAVING]
    assert account.execution.is_unsure, "it is looked for between cycles"

    stage.direct("/faults", faults=[])
    account.wire.cancel = cancel
    account.until(lambda: len(resting_stops(stage)) == 1)
    assert account.execution.tender.unprotected == {}
    assert missing_stops(account) == [LEAVING, ""]


@pytest.mark.req("EXITS", "ST1")
@pytest.mark.parametrize("why", ["a last look", "its size", "an unknown product"])
def test_an_exit_that_could_not_leave_leaves_its_stop_where_it_is(stage, why):
    account = protected(stage)
    size = held(account)
    if why == "a last look":
        account.execution._last_look = lambda intent: None if intent.protects else "its quote is too old"
    elif why == "its size":
        size = Decimal("0.00001")
    else:
        account.execution.sender.products = {}

    kept = account.intent(2, Side.SELL, size=size)

    assert account.life(kept).status is OrderStatus.NOT_SENT
    assert len(resting_stops(stage)) == 1


@pytest.mark.req("EXITS")
def test_an_exit_whose_stop_sold_some_of_it_sells_the_rest(stage):
    account = protected(stage)
    size, take_in = held(account), account.execution.intake.take_in
    account.execution.tender._rests = lambda symbol: False

    def taken_in_after_a_sale():
        """Stands for a stop that was triggered while it was asked to end."""
        account.execution.intake.take_in = take_in
        take_in()
        (stop,) = stops(account)
        account.execution.cancel([stop.intent.client_order_id])
        while stops(account):
            take_in()
        account.intent(3, Side.SELL, size=Decimal("0.002"), exit_reason=ExitReason.STOP_LOSS)
        account.until(lambda: held(account) == size - Decimal("0.002"))

    account.execution.intake.take_in = taken_in_after_a_sale
    sold = account.intent(2, Side.SELL, size=size)
    account.until(lambda: account.life(sold).status.terminal)

    assert account.life(sold).status is OrderStatus.FILLED
    assert account.life(sold).filled == size - Decimal("0.002")
    assert not account.ledger.positions
    assert account.agrees()


@pytest.mark.req("EXITS", "X1")
def test_what_a_buy_that_was_over_here_bought_has_its_stop_once_somebody_resumes(stage):
    account = Staged(stage)
    stage.fault("unauthorized", "create_order", times=1)
    bought = account.intent(1, take_profit_price=Decimal(90_000))
    assert account.life(bought).status is OrderStatus.REJECTED

    stage.limit_buy(bought.client_order_id, size="0.004", below=1.02)
    account.until(lambda: held(account))
    account.until(lambda: not account.execution.is_unsure)
    assert account.ledger.state is TradingState.HALTED
    position = account.ledger.positions[KEY]
    assert (position.stop_price, position.take_profit_price) == (bought.stop_price, Decimal(90_000))
    assert account.execution.tender.unprotected == {KEY: "trading is halted"}

    moved_to(account, TradingState.ACTIVE)
    again = Staged(stage, journal=account.journal)
    again.until(lambda: stops(again))
    assert again.ledger.positions == account.ledger.positions
    assert [stop.intent.stop_price for stop in stops(again)] == [bought.stop_price]


@pytest.mark.req("CD1", "ROUTE")
@pytest.mark.parametrize("stopped_out", [False, True])
def test_nothing_goes_on_where_the_symbol_was_sold_meanwhile(stage, stopped_out):
    account = Staged(stage, rests=lambda symbol: False, reprices=0)
    bought = account.intent(1)
    account.until(lambda: account.life(bought).status.terminal)
    far = round(account.quote(BTC).bid * Decimal("0.9"), 2)
    resting = account.intent(2, order_type=OrderType.LIMIT_MAKER, limit=far)
    if stopped_out:
        sold = account.intent(3, Side.SELL, size=held(account), exit_reason=ExitReason.STOP_LOSS)
        account.until(lambda: account.life(sold).status.terminal)

    account.later(61)
    account.until(lambda: account.life(resting).status.terminal)

    went_on = [life for life in account.execution.lives.lives.values() if life.intent.replaces]
    assert bool(went_on) is not stopped_out


@pytest.mark.req("EXITS", "ROUTE")
def test_an_entry_that_fills_while_it_rests_has_its_stop_within_seconds(stage):
    account = Staged(stage, maker_ttl=timedelta(hours=1))
    account.intent(1, order_type=OrderType.LIMIT_MAKER)
    account.execution.sync()
    asked = len(stage.see("/log")["requests"])
    for _ in range(10):
        account.execution.look_gently()
    assert len(stage.see("/log")["requests"]) == asked, "not with every look"

    while not stage.see("/truth")["fills"]:
        stage.direct("/clock", step_seconds=60)
    account.later(6)
    account.execution.look_gently()

    assert held(account)
    assert len(resting_stops(stage)) == 1
    asked = len(stage.see("/log")["requests"])
    account.later(6)
    account.execution.look_gently()
    assert len(stage.see("/log")["requests"]) == asked, "a stop that rests is looked at in the cycle"


@pytest.mark.req("EXITS", "X1")
def test_while_only_the_products_are_down_fills_are_taken_in_and_stops_placed(stage):
    account = Staged(stage)
    stage.direct("/settings", fills_late_seconds=0.5)
    account.intent(1)
    stage.fault("status_before", "products", status=500)

    for _ in range(40):
        assert not account.execution.sync()
        if stops(account):
            break
        account.clock.sleep(0.05)

    assert len(resting_stops(stage)) == 1
    assert "products" in account.execution.down
    refused = account.intent(2)
    assert account.life(refused).status is OrderStatus.NOT_SENT
    assert account.life(refused).reason.startswith("the venue cannot be read: ")

    again = Staged.__new__(Staged)  # a new process knows no product at all, and takes no stop away
    with pytest.raises(AssertionError, match="products"):
        again.__init__(stage, journal=account.journal)
    assert len(resting_stops(stage)) == 1
    assert again.agrees()


@pytest.mark.req("EXITS", "O1")
def test_a_rest_too_small_for_a_stop_is_told_once_and_grows_no_record(stage):
    account = protected(stage)
    sold = account.intent(2, Side.SELL, size=held(account) - Decimal("0.00001"))
    account.until(lambda: account.life(sold).status.terminal)
    account.execution.sync()
    before = len(list(account.journal.replay()))

    for _ in range(5):
        account.later(61)
        account.execution.sync()

    assert len(list(account.journal.replay())) == before
    (why,) = account.execution.tender.unprotected.values()
    assert why.startswith("it cannot be sent: ")
    assert missing_stops(account) == [why]


@pytest.mark.req("EXITS", "X1")
def test_a_stop_that_waits_for_the_products_leaves_with_them(stage):
    account = protected(stage)
    stage.fault("status_before", "products", status=500)
    account.execution.sender.products = {}  # as in a new process
    account.execution.cancel([stops(account)[0].intent.client_order_id])
    while stops(account):
        account.execution.sync()
    assert account.execution.tender.unprotected == {KEY: "it cannot be sent: the venue does not list it"}

    stage.direct("/faults", faults=[])
    account.execution.sync()

    assert len(resting_stops(stage)) == 1
