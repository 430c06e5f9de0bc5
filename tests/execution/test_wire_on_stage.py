"""The execution over the real adapter and the unmodified SDK, against the simulated Coinbase over TLS."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.execution.account import BTC
from tests.execution.staged import Staged
from tests.simulator.conftest import on_stage
from trader.model.decision import Decision, Proposals
from trader.model.events import StateMoved, StopMissing
from trader.model.orders import OrderIntent, OrderStatus, OrderType
from trader.model.trading import Side, TradingState

pytestmark = pytest.mark.slow


@pytest.fixture
def stage(tmp_path):
    with on_stage(tmp_path) as stage:
        yield stage


@pytest.mark.req("X1", "X2", "ROUTE", "EXITS")
def test_a_position_is_bought_protected_sold_and_both_books_agree_to_the_last_digit(stage):
    account = Staged(stage)

    bought = account.intent(1)
    account.until(lambda: account.life(bought).status.terminal and account.ledger.positions)
    assert account.agrees()

    account.until(lambda: any(life.intent.protects for life in account.execution.lives.live.values()))
    resting = [order for order in stage.see("/truth")["orders"] if order["status"] == "OPEN"]
    assert len(resting) == 1

    held = account.ledger.positions["sma", BTC].size
    sold = account.intent(2, Side.SELL, size=held)
    account.until(lambda: account.life(sold).status.terminal)

    assert not account.ledger.positions
    assert account.agrees()
    assert account.ledger.state is TradingState.ACTIVE
    assert not account.execution.lives.live


@pytest.mark.req("X1")
@pytest.mark.parametrize("kind", ["drop_after", "status_after", "cut_body", "empty_200", "silent_after"])
def test_an_answer_that_is_lost_leaves_one_order_which_is_found(stage, kind):
    account = Staged(stage)
    stage.fault(kind, "create_order", times=1)

    bought = account.intent(1)
    assert account.life(bought).status in (OrderStatus.UNKNOWN, OrderStatus.OPEN, OrderStatus.FILLED)
    assert account.ledger.book(account.clock.now(), {BTC: account.quote(BTC).mid}, {}, {}).total_exposure_usd > 0

    account.until(lambda: account.life(bought).status.terminal)
    entries = [order for order in stage.see("/truth")["orders"] if order["side"] == "BUY"]
    assert len(entries) == 1
    assert account.agrees()


@pytest.mark.req("X1")
def test_an_order_that_never_arrived_stays_reserved_and_is_proven_absent_in_the_end(stage):
    account = Staged(stage)
    stage.fault("drop_before", "create_order", times=1)

    bought = account.intent(1)
    assert account.life(bought).status is OrderStatus.UNKNOWN
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.UNKNOWN

    account.later(151)
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.UNKNOWN
    account.execution.sync()
    assert account.life(bought).status is OrderStatus.REJECTED
    assert not account.ledger.working


@pytest.mark.req("X1")
def test_what_the_venue_certainly_has_not_got_is_sent_again_with_its_own_id(stage):
    account = Staged(stage)
    stage.fault("throttled", "create_order", times=1)

    bought = account.intent(1)

    account.until(lambda: account.life(bought).status.terminal)
    assert [order["client_order_id"] for order in stage.see("/truth")["orders"] if order["side"] == "BUY"] == [
        bought.client_order_id
    ]


@pytest.mark.req("ROUTE")
def test_a_maker_entry_that_does_not_fill_is_followed_up_and_taken_in_the_end(stage):
    account = Staged(stage, maker_ttl=timedelta(seconds=0.2))

    first = account.intent(1, order_type=OrderType.LIMIT_MAKER)
    account.until(lambda: account.ledger.positions, rounds=120)

    chain = [life for life in account.execution.lives.lives.values() if life.intent.side is Side.BUY]
    assert sum(life.filled for life in chain) == first.size
    spent = sum(life.filled for life in chain)
    assert spent <= first.size
    assert account.agrees()


@pytest.mark.req("X1", "STOP")
def test_after_a_restart_what_may_have_left_is_unknown_and_found(stage):
    account = Staged(stage)
    stage.fault("silent_after", "create_order", times=1, seconds=0.1)
    bought = account.intent(1)

    again = Staged(stage, journal=account.journal)

    again.until(lambda: again.life(bought).status.terminal)
    assert again.agrees()


@pytest.mark.req("X2")
def test_an_order_that_is_not_ours_halts_and_counts(stage):
    account = Staged(stage)

    stage.limit_buy("from-the-app", size="0.001")
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED
    book = account.ledger.book(account.clock.now(), {BTC: account.quote(BTC).mid}, {}, {})
    assert book.exposure["EXTERNAL", BTC] > 0


@pytest.mark.req("X2")
def test_money_nobody_explains_halts_once_no_fill_can_explain_it(stage):
    account = Staged(stage)
    stage.direct("/deposit", currency="USD", amount="0.02")

    account.execution.sync()
    assert account.ledger.state is TradingState.ACTIVE
    account.later(61)
    account.execution.sync()

    assert account.ledger.state is TradingState.HALTED


@pytest.mark.req("X2", "STOP")
def test_after_a_start_nothing_is_entered_before_the_balances_agree(stage):
    before = Staged(stage)
    stage.direct("/deposit", currency="USD", amount="-3000")

    again = Staged(stage, journal=before.journal)
    refused = again.intent(1)

    assert again.ledger.state is TradingState.ACTIVE, "it may be a fill on its way"
    assert again.life(refused).status is OrderStatus.NOT_SENT
    assert stage.see("/truth")["orders"] == []

    stage.direct("/deposit", currency="USD", amount="3000")
    assert again.execution.sync()
    assert again.life(again.intent(2)).status is not OrderStatus.NOT_SENT


@pytest.mark.req("X2")
def test_nor_while_nothing_explains_that_they_do_not(stage):
    account = Staged(stage)
    bought = account.intent(1)
    account.until(lambda: account.life(bought).status.terminal)
    account.execution.sync()
    stage.direct("/deposit", currency="USD", amount="-3000")
    assert account.execution.sync()

    assert account.life(account.intent(2)).status is OrderStatus.NOT_SENT
    sold = account.intent(3, Side.SELL, size=account.life(bought).filled)
    assert account.life(sold).status is not OrderStatus.NOT_SENT, "an exit always leaves"


@pytest.mark.req("K1")
def test_once_killed_whatever_works_is_cancelled(stage):
    account = Staged(stage, maker_ttl=timedelta(hours=1))
    resting = account.intent(1, order_type=OrderType.LIMIT_MAKER)
    assert account.life(resting).status is OrderStatus.OPEN

    account.execution.record(StateMoved(account.clock.now(), TradingState.KILLED, "pressed", "test"))

    account.until(lambda: account.life(resting).status.terminal)
    assert all(order["status"] != "OPEN" for order in stage.see("/truth")["orders"])


@pytest.mark.req("EXITS")
def test_a_stop_that_was_refused_is_asked_for_again_after_a_while(stage):
    account = Staged(stage)
    stage.direct("/settings", stop_limit_on_spot=False)
    bought = account.intent(1)
    account.until(lambda: account.life(bought).status.terminal)
    account.execution.sync()
    ((key, why),) = account.execution.tender.unprotected.items()
    assert key == ("sma", BTC)
    assert why.startswith("it was not taken: ")

    stage.direct("/settings", stop_limit_on_spot=True)
    account.execution.sync()
    assert account.execution.tender.unprotected  # not with every look
    account.later(61)
    account.until(lambda: any(life.intent.protects for life in account.execution.lives.live.values()))

    assert account.execution.tender.unprotected == {}
    assert missing_stops(account) == [why, ""]


def missing_stops(account):
    return [event.why for event in account.journal.replay() if isinstance(event, StopMissing)]


@pytest.mark.req("EXITS")
def test_a_position_where_the_venue_takes_no_stop_is_recorded_as_bare_once(stage):
    account = Staged(stage, rests=lambda symbol: False)
    bought = account.intent(1)
    account.until(lambda: account.life(bought).status.terminal)
    account.execution.sync()

    why = f"the venue takes no stop in {BTC}"
    assert account.execution.tender.unprotected == {("sma", BTC): why}
    again = Staged(stage, journal=account.journal, rests=lambda symbol: False)
    assert again.execution.lives.bare == {("sma", BTC): why}
    assert missing_stops(again) == [why]


@pytest.mark.req("EXITS")
def test_a_position_whose_stop_is_still_to_be_asked_for_is_bare_until_then(stage):
    account = Staged(stage)
    bought = account.intent(1)
    for _ in range(40):
        account.execution.intake.take_in()
        if account.life(bought).status.terminal:
            break
        account.clock.sleep(0.05)

    assert account.execution.tender.unprotected == {("sma", BTC): "it is asked for with the next look at the venue"}
    account.execution.record(StateMoved(account.clock.now(), TradingState.HALTED, "by hand", "test"))
    account.execution.sync()
    assert missing_stops(account) == ["trading is halted"]

    account.execution.record(StateMoved(account.clock.now(), TradingState.ACTIVE, "by hand", "test"))
    account.execution.sync()
    assert account.execution.tender.unprotected == {}
    assert missing_stops(account) == ["trading is halted", ""]


def carried_out(account, n):
    """A market entry, decided and carried out as in a cycle."""
    price = account.quote(BTC).mid
    size = round(Decimal(200) / price, 6)
    stop = round(price * Decimal("0.9"), 2)
    intent = OrderIntent(
        f"t247-{BTC}-{n}-abc", account.clock.now(), BTC, Side.BUY, "sma", size, OrderType.MARKET, None, price,
        size * price * Decimal("1.02"), stop,
    )  # fmt: skip
    decision = Decision(intent.as_of, f"cycle-{n}", intents=(intent,))
    account.execution.carry_out(decision, Proposals(f"cycle-{n}", intent.as_of), f"cycle-{n}")


def resting_stops(stage):
    return [order for order in stage.see("/truth")["orders"] if order["status"] == "OPEN" and order["side"] == "SELL"]


@pytest.mark.req("EXITS")
def test_what_a_cycle_bought_has_its_stop_before_the_cycle_is_over(stage):
    account = Staged(stage)

    carried_out(account, 1)

    assert len(resting_stops(stage)) == 1
    assert account.execution.tender.unprotected == {}
    assert not account.execution.is_unsure


@pytest.mark.req("EXITS")
def test_a_fill_that_comes_late_is_looked_for_between_cycles(stage):
    account = Staged(stage)
    stage.direct("/settings", fills_late_seconds=0.5)

    carried_out(account, 1)
    assert (resting_stops(stage), account.execution.is_unsure) == ([], True)
    account.until(lambda: not account.execution.is_unsure)

    assert len(resting_stops(stage)) == 1
    assert account.agrees()
