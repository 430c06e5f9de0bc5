"""What a venue may say and not mean: orders it has and has not, under which name, and whose money is gone."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.execution.account import BTC
from tests.execution.staged import Staged
from tests.simulator.conftest import on_stage
from trader.model.events import BooksDiffer
from trader.model.orders import OrderStatus, OrderType
from trader.model.trading import Side, TradingState

pytestmark = pytest.mark.slow
NOBODYS = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def stage(tmp_path):
    with on_stage(tmp_path) as stage:
        yield stage


def taken_but_not_there(stage):
    """The next create is answered with success, and nothing happens (T7)."""
    success = {"success": True, "success_response": {"order_id": NOBODYS}}
    stage.fault("status_before", "create_order", status=200, body=json.dumps(success), times=1)


def differences_told(account):
    return [event.what for event in account.journal.replay() if isinstance(event, BooksDiffer)]


def working(stage):
    return [order for order in stage.see("/truth")["orders"] if order["status"] == "OPEN"]


@pytest.mark.req("X1", "X2")
def test_an_order_that_was_acknowledged_and_is_not_there_is_told_and_proven_absent(stage):
    account = Staged(stage)
    taken_but_not_there(stage)

    bought = account.intent(1)
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.OPEN, "it may only be late"
    assert account.ledger.state is TradingState.ACTIVE

    account.later(151)
    account.execution.sync()
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.UNKNOWN
    assert account.ledger.working, "it stays reserved"
    assert account.ledger.state is TradingState.HALTED
    assert differences_told(account) == [f"order {NOBODYS}"]

    account.execution.sync()
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.REJECTED
    assert not account.ledger.working


@pytest.mark.req("X1", "EXITS")
def test_a_stop_that_was_never_there_does_not_keep_its_exit_for_ever(stage):
    account = Staged(stage)
    bought = account.intent(1)
    taken_but_not_there(stage)
    account.until(lambda: account.life(bought).status.terminal)
    (stop,) = [life for life in account.execution.lives.live.values() if life.intent.protects]
    assert stop.order_id == NOBODYS

    kept = account.intent(2, Side.SELL, size=account.life(bought).filled)
    assert account.life(kept).status is OrderStatus.STORED, "the stop may rest there"
    account.later(151)
    for _ in range(4):
        account.execution.sync()
    assert account.life(kept).status is OrderStatus.NOT_SENT

    sold = account.intent(3, Side.SELL, size=account.life(bought).filled)
    account.until(lambda: account.life(sold).status.terminal)
    assert not account.ledger.positions
    assert account.agrees()


@pytest.mark.req("X1", "X2")
def test_an_order_that_is_there_under_another_id_than_acknowledged_is_followed_and_told(stage):
    account = Staged(stage, maker_ttl=timedelta(hours=1))
    stage.fault("set_field", "create_order", field="success_response.order_id", value=NOBODYS, times=1)

    resting = account.intent(1, order_type=OrderType.LIMIT_MAKER)
    assert account.life(resting).order_id == NOBODYS
    account.execution.sync()

    (there,) = stage.see("/truth")["orders"]
    assert account.life(resting).order_id == there["order_id"]
    assert account.ledger.state is TradingState.HALTED
    assert differences_told(account) == [f"order id of {resting.client_order_id}"]
    account.until(lambda: account.life(resting).status.terminal)  # a halt ends it, by the name it has there
    assert working(stage) == []


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize("ended", ["proven absent", "refused"])
def test_what_is_over_here_and_turns_up_there_is_told_and_ended(stage, ended):
    account = Staged(stage)
    stage.fault("drop_before" if ended == "proven absent" else "unauthorized", "create_order", times=1)
    bought = account.intent(1)
    account.later(151)
    account.execution.sync()
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.REJECTED

    stage.limit_buy(bought.client_order_id)
    assert len(working(stage)) == 1
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    (told,) = differences_told(account)
    account.until(lambda: not account.execution.is_unsure)
    assert working(stage) == []
    assert differences_told(account) == [told]


@pytest.mark.req("X2")
def test_somebody_who_only_looks_ends_nothing(stage):
    account = Staged(stage)
    account.execution._tends = False
    stage.fault("unauthorized", "create_order", times=1)
    bought = account.intent(1)

    stage.limit_buy(bought.client_order_id)
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert len(working(stage)) == 1


@pytest.mark.req("X2")
def test_money_that_no_working_order_explains_is_missed_while_one_works(stage):
    account = Staged(stage, maker_ttl=timedelta(hours=1))
    account.intent(1, order_type=OrderType.LIMIT_MAKER, limit=round(account.quote(BTC).bid * Decimal("0.8"), 2))
    account.execution.sync()
    assert len(working(stage)) == 1

    stage.direct("/deposit", currency="USD", amount="-3000")
    account.execution.sync()
    assert account.life(account.intent(2)).status is OrderStatus.NOT_SENT
    account.later(31)
    stage.direct("/deposit", currency="USD", amount="-1")  # another amount is the same doubt
    account.execution.sync()
    assert account.ledger.state is TradingState.ACTIVE
    account.later(31)
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert differences_told(account) == ["balance of USD"]
    account.until(lambda: not account.execution.lives.live)
    assert working(stage) == [], "and the BUY that works is ended with the same look"


@pytest.mark.req("X2")
def test_what_a_working_order_has_moved_already_is_no_difference(stage):
    account = Staged(stage)
    stage.direct("/settings", fills_late_seconds=1.0)

    bought = account.intent(1)
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.OPEN
    assert account.execution.differences(), "the balances are ahead of the fills"
    assert account.life(account.intent(2)).status is not OrderStatus.NOT_SENT, "so it keeps nothing back"
    account.until(lambda: account.life(bought).status.terminal)
    assert account.ledger.state is TradingState.ACTIVE


@pytest.mark.req("X2", "K1")
def test_a_halt_ends_a_working_buy_with_the_look_that_found_why(stage):
    account = Staged(stage, maker_ttl=timedelta(hours=1))
    resting = account.intent(1, order_type=OrderType.LIMIT_MAKER)
    stage.limit_buy("from-the-app", size="0.001", below=0.5)

    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    assert resting.client_order_id in account.execution.sender.unwanted
    account.until(lambda: account.life(resting).status.terminal)
    assert [order["client_order_id"] for order in working(stage)] == ["from-the-app"]


@pytest.mark.req("X1", "ST1")
def test_what_speaks_against_an_order_is_asked_once_more_at_its_first_byte(stage):
    looks = []

    def look(intent):
        looks.append(intent.client_order_id)
        return "its quote is too old" if len(looks) >= 3 else None

    account = Staged(stage, last_look=look)

    kept = account.intent(1)

    assert account.life(kept).status is OrderStatus.NOT_SENT
    assert account.life(kept).reason == "its quote is too old"
    assert stage.see("/truth")["orders"] == []
    assert len(looks) == 4, "before and after the commit, at the first byte, and before it would be sent again"


@pytest.mark.req("ROUTE")
@pytest.mark.parametrize("preview", [False, True])
def test_a_maker_entry_whose_price_has_come_is_repriced_at_once(stage, preview):
    account = Staged(stage, maker_ttl=timedelta(hours=1), preview=preview)

    crossing = account.intent(1, order_type=OrderType.LIMIT_MAKER, limit=account.quote(BTC).ask)

    assert account.life(crossing).status in (OrderStatus.REJECTED, OrderStatus.NOT_SENT)
    assert "POST_ONLY" in account.life(crossing).reason
    (goes_on,) = account.execution.lives.live.values()
    assert goes_on.intent.replaces == crossing.client_order_id
    assert goes_on.intent.limit_price <= account.quote(BTC).bid
    assert [order["client_order_id"] for order in working(stage)] == [goes_on.intent.client_order_id]


@pytest.mark.req("ROUTE")
def test_any_other_refusal_ends_a_maker_entry(stage):
    account = Staged(stage)

    refused = account.intent(1, order_type=OrderType.LIMIT_MAKER, usd=10_000_000)

    assert account.life(refused).status is OrderStatus.REJECTED
    assert "FUND" in account.life(refused).reason
    assert not account.execution.lives.live
